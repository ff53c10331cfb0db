"""Ports to the world: what turns sockets, recordings or a simulation into arrivals, and takes commands."""
