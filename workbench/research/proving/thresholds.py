"""What the tiers ask for, read from `thresholds.toml` beside this file. Values; judges nothing."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).with_name("thresholds.toml")


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one tier asks for; see the file for reasons.

    ``ece`` is the most, ``expectancy_r`` the least that is allowed; with ``must_be_sure`` the whole 95 % interval has to be above it,
    without it only not the whole of it below.
    """

    name: str
    sessions: int
    decisions: int
    round_trips: int
    outcomes: int
    ece: float
    expectancy_r: float
    must_be_sure: bool


class Rollback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What takes back what was promoted."""

    process_score: float
    drawdown_frac: float
    drawdown_floor_r: float
    round_trips: int


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. ``tiers`` in their order; ``why`` says of every number why it is asked for."""

    tiers: dict[str, Tier]
    rollback: Rollback
    why: dict[str, str]


@cache
def thresholds(path: Path = FILE) -> Thresholds:
    """Read them.

    >>> [tier.name for tier in thresholds().tiers.values()]
    ['1 day', '2 days', '1 week']
    """
    return msgspec.toml.decode(path.read_bytes(), type=Thresholds)


def thresholds_digest(path: Path = FILE) -> str:
    """Digest the file: a verdict names what it was held against."""
    return sha256(path.read_bytes()).hexdigest()
