"""The life of our orders: the bracket's table, its supervisor, the exits, the ledger. Pure accumulators; no I/O, no clock."""
