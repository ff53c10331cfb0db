"""What runs: the one loop, and the ways to start it. Here modules are put together by name."""
