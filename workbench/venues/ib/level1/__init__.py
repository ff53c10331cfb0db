"""What the messages of a market data line (reqMktData) become."""
