"""Rehearsals of what goes wrong, on the project's own gateway: what an operator would see, and a verdict. No account can be touched."""
