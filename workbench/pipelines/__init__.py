"""Pages: notebooks that were promoted, what they must look like, and how one is run. Nothing that decides or computes lives here."""
