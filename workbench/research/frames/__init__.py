"""A session as frames: market, bars, features, forecasts, decisions, orders, money. Reads stores; no engine, no venue, writes nothing."""
