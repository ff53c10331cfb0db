"""What a person asks of logs: summaries, evaluations, plots. Reads stores; no engine, no venue, no order."""
