"""The same rule for other engines. Each file is a program for its own environment (`benchmarks.peers`); none imports the workbench."""
