"""A simulated TWS: it speaks the real socket protocol, so that the real ib_async, or anybody else's client, runs against it."""
