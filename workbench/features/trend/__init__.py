"""The trend family: where prices came from. Faces beside compiled steps; nothing is imported here."""
