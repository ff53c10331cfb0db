"""The numbers nobody learns: declared, versioned, hashed limits, read from one TOML of four tables. Values and their validation; no I/O.

It is read once at start; a change is a new file and a restart. Ceilings in code (`risk.ceilings`) bound every file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import msgspec

from workbench.domain.errors import ConfigError
from workbench.domain.records import Phase
from workbench.domain.units import MICROS
from workbench.risk.ceilings import CEILINGS
from workbench.risk.tables import Data, Execution, Foreign, Horizon, Risk, Sessions

__all__ = ["CEILINGS", "Constitution", "micros", "parse"]
_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class Constitution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One profile's limits.

    Examples
    --------
    >>> parse({"profile": "x"})
    Traceback (most recent call last):
    ...
    workbench.domain.errors.ConfigError: constitution x: Object missing required field `risk`
    """

    profile: str
    risk: Risk
    sessions: Sessions
    data: Data
    execution: Execution

    @cached_property
    def open_phases(self) -> frozenset[int]:
        """Phases entries are allowed in."""
        return frozenset(int(Phase[name]) for name in self.sessions.phases)

    @cached_property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """Minutes of the day, of the windows' own clock, in which nothing is entered: (first, one behind the last)."""
        return tuple(_minutes(text) for text in self.sessions.no_entry_windows)

    def horizon_of(self, strategy: str) -> Horizon:
        """How long a strategy's positions may last."""
        return self.sessions.horizons.get(strategy, self.sessions.horizon)

    def foreign_of(self, root: str) -> Foreign:
        """What is done with contracts of a root that somebody else holds or trades in our account."""
        return self.risk.foreign_by_root.get(root, self.risk.foreign)

    @property
    def digest(self) -> str:
        """SHA-256 of its canonical form; stands on every run."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def parse(table: Mapping[str, Any]) -> Constitution:
    """Make a constitution of what a TOML file said; `ConfigError` names the table, the field and what is allowed."""
    name = table.get("profile", "without a profile name")
    try:
        found = msgspec.convert(table, Constitution)
    except msgspec.ValidationError as error:
        raise ConfigError(f"constitution {name}: {error}") from None
    for (part, field), (least, most) in CEILINGS.items():
        value = getattr(getattr(found, part), field)
        if not least <= value <= most:  # also refuses nan
            raise ConfigError(f"constitution {name}: {part}.{field} = {value} is outside {least} to {most}")
    for wrong in _contradictions(found):
        raise ConfigError(f"constitution {name}: {wrong}")
    return found


def _contradictions(law: Constitution) -> Iterator[str]:
    """Say what cannot be meant."""
    sessions, execution = law.sessions, law.execution
    if unknown := set(sessions.phases) - {"ETH", "RTH"}:
        yield f"sessions.phases knows ETH and RTH, not {', '.join(sorted(unknown))}"
    for text in sessions.no_entry_windows:
        if not _WINDOW.fullmatch(text) or text.partition("-")[2] > "24:00" or len(set(text.split("-"))) == 1:
            yield f"sessions.no_entry_windows: {text!r} is no window such as 09:30-09:35"
    floors = [tier.from_equity_usd for tier in sessions.tiers]
    if floors and (floors[0] != 0 or any(not low < high for low, high in pairwise(floors))):
        yield "sessions.tiers begin at 0 USD and rise"
    if any(tier.max_stop_ticks < execution.min_stop_ticks for tier in sessions.tiers):
        yield "sessions.tiers: a tier's max_stop_ticks is below execution.min_stop_ticks"
    if execution.min_stop_ticks > execution.max_stop_ticks:
        yield "execution.min_stop_ticks is above max_stop_ticks"
    if law.data.kill_quality > law.data.hold_quality:
        yield "data.kill_quality is above hold_quality"
    if execution.eqs_kill > execution.eqs_hold:
        yield "execution.eqs_kill is above eqs_hold"
    weights = execution.eqs_weights.values()
    if not all(weight >= 0 for weight in weights) or not abs(sum(weights) - 1) < 1e-9:
        yield "execution.eqs_weights are not negative and sum to 1"
    if not execution.max_clock_skew_s <= execution.halt_clock_skew_s:
        yield "execution.max_clock_skew_s is above halt_clock_skew_s"
    if not execution.repair_seconds <= execution.cover_seconds:
        yield "execution.repair_seconds is above cover_seconds"
    for short, long in (("day", "week"), ("week", "month")):
        less, more = (getattr(law.risk, f"max_loss_per_{each}_usd") for each in (short, long))
        if less and more and less > more:
            yield f"risk.max_loss_per_{short}_usd is above that of the {long}"


def _minutes(window: str) -> tuple[int, int]:
    first, end = (int(text[:2]) * 60 + int(text[3:]) for text in window.split("-"))
    return first, end


def micros(usd: float) -> int:
    """Turn declared dollars into integer micros.

    >>> micros(15.0)
    15000000
    """
    return round(usd * MICROS)
