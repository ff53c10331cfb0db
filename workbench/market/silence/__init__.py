"""Whether a contract's feed is alive: by the pauses it usually makes, and by what its siblings do. Moved by records alone."""
