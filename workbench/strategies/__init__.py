"""What decides: pure functions of a view. One strategy a file; catalogue below. No state, no I/O, no clock."""
