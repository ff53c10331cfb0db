"""Research, replay, paper and live trading of futures with one deterministic engine."""
