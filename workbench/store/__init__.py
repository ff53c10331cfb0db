"""What is kept: the tail, the journal, the recordings, and the books beside them. Files of ours only; no engine, no venue."""
