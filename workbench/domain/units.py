"""Units of time and money as integers. Pure arithmetic; no state, no I/O.

Rules
-----
1. Time is nanoseconds since 1970-01-01 UTC (``_ns``); time integrals weigh in microseconds (``_us``).
2. Money is millionths of a currency unit (``_micros``); a person sees it divided by 1,000,000, once, at the edge.
3. Prices and sizes are integers of their contract's quanta (`workbench.domain.contracts`); nothing here knows a contract.
"""

from __future__ import annotations

US = 1_000  # ns
MS = 1_000_000  # ns
SECOND = 1_000_000_000  # ns
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

BAR_NS = 5 * SECOND  # the barrier's grid; every longer bar is a multiple of it
MICROS = 1_000_000  # money micros in one currency unit


def money(micros: int) -> str:
    """Write an amount as a person reads it.

    >>> money(-12_500_000), money(1_234_567_890)
    ('-12.50', '1,234.57')
    """
    return f"{micros / MICROS:,.2f}"
