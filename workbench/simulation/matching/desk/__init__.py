"""The order desk of the simulated exchange: what commands and fills do to orders. It meets no record."""
