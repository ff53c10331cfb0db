"""Longer bars out of shorter ones, exactly. The compiled step calls it; nothing is imported here."""
