"""The live edge: Interactive Brokers through ib_async. The only door to that library."""
