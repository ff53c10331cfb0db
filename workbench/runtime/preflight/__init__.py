"""The look before a session: whether everything a run with money stands on is there, line by line. Looks; places and changes nothing."""
