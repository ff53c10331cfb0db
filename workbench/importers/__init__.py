"""The way in for other people's files: each importer turns one maker's format into records. No sockets, no engine."""
