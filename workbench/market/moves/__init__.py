"""How contracts moved together, one minute after the other: the pass over all pairs."""
