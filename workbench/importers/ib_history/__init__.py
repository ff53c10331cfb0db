"""Past bars of a broker into recordings: what to ask, how fast, what was answered. Asks through `venues.history`; knows no library."""
