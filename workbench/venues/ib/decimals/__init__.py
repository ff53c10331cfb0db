"""How numbers are read from the text of a frame."""
