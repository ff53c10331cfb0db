"""The socket protocol of TWS as values: frames, and messages of both directions by server version. No socket, no clock."""
