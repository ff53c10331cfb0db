"""What is spoken about on every floor: contracts, records, events, orders, decisions. Plain values; no I/O, no clock."""
