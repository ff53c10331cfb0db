"""What may be risked: the constitution, sizing, limits, the breaker, and the chain that alone makes `Approved`. No I/O, no clock."""
