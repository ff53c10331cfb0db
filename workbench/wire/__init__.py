"""The socket protocol of TWS as values: frames, texts, messages of both directions by server version. No socket, no clock, no state of a client."""
