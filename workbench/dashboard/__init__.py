"""The page to keep open while something trades: what it is doing, and why it is not. Reads stores; can reach no engine, no venue."""
