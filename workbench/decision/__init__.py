"""Which proposals of one barrier go to risk, and in which order. Pure; no I/O, no clock."""
