"""The account's books, exactly: executions, round trips and equity of every run that traded, as decimals an accountant can add up.

Reads journals and manifests; needs no market record, so the books of a session stay when its records have gone.
"""
