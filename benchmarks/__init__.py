"""Rows of the performance table, each beside its peer in one run: ``make bench``, or ``make bench-quick`` without the peers."""
