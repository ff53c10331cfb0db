"""`workbench prove`: a tour of somebody's paper TWS, both directions written down, compared with what the simulated gateway would say."""
