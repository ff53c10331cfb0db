"""Learning as the market goes: labels that arrive late, online models, calibrated confidence, drift. No I/O, no clock.

River lives in this package alone, and is imported where a model is built: importing the package costs nothing of it.
"""
