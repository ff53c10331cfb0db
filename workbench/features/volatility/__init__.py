"""The volatility family: how far prices travel. Faces beside compiled steps; nothing is imported here."""
