"""A market, an exchange and an account of our own making: nothing in here has met the real ones."""
