"""The recorder beside the run that records: its plan, snapshots, gaps, back-fill, and the process that keeps them. Decides nothing."""
