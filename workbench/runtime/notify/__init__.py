"""Telling a person: a process that reads what others wrote, decides what is worth a word, and says it over channels. Trades nothing."""
