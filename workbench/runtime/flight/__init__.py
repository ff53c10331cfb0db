"""A recorded socket played again: its bytes through the real client library and the whole runner, and what comes held against the log."""
