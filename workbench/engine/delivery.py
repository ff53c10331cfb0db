"""Whether a contract's market data may be traded on, by what the venue says of its streams. Pure; no state, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TRADABLE: Final = frozenset({"tick-by-tick", "l1-250ms", "bars-5s"})  # streams that tell a price
DELIVERS: Final = frozenset({"live", "degraded"})  # states in which a stream tells something
DELAYED: Final = "delayed"


def is_delivered(streams: Mapping[str, str]) -> bool:
    """Tell whether streams of a contract may be traded on: something tells prices, and nothing is delayed.

    >>> is_delivered({}), is_delivered({"l1-250ms": "live", "depth": "refused"}), is_delivered({"delayed": "live"})
    (True, True, False)
    """
    if not streams:
        return True  # nobody said anything: a market without a socket
    return streams.get(DELAYED) not in DELIVERS and any(streams.get(stream) in DELIVERS for stream in TRADABLE)
