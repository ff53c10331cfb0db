"""The market as records make it: the fold, bars, books, phases, rolls. Exact integers; no I/O, no clock."""
