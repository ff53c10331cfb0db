"""What every family is built from: rings, averages, and the way a value is told. Nothing here knows a feature."""
