"""The microstructure family: quotes, book and order flow within the bar. Faces beside compiled steps; nothing is imported here."""
