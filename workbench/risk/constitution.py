"""The numbers nobody learns: declared, versioned, hashed limits. Values and their validation; no I/O.

A constitution is one TOML of four tables (risk, sessions, data, execution). It is read once at start; a change is a new file and a
restart. Ceilings in this code bound every file: a typing error cannot buy a hundred contracts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import msgspec

from workbench.domain.errors import ConfigError
from workbench.domain.records import Phase
from workbench.domain.units import MICROS


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be lost and held. USD unless a name says otherwise."""

    max_loss_per_trade_usd: float  # between entry and stop, fees excluded
    max_loss_per_day_usd: float  # before an entry: day's loss before costs + planned loss must fit; afterwards everything counts
    max_entries_per_day: int
    max_entries_per_hour: int
    min_seconds_between_entries: float
    max_losses_in_row: int
    max_contracts_per_order: int
    max_contracts_per_account: int
    max_open_brackets: int
    max_heat_frac: float  # sum of |price - stop| x value x contracts / equity
    max_notional_usd: float  # of one order
    max_friction_frac: float  # fees + spread + slippage of a round trip, over the move the target asks for
    start_equity_usd: float  # equity until the venue has said it; simulated accounts start with it


class Sessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When entries are allowed."""

    phases: tuple[str, ...]  # of ETH, RTH
    flat_before_close_s: float  # positions leave this long before their instrument session ends; 0: they may stay
    no_entry_before_close_s: float


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What data must be worth."""

    entry_quality: float  # 0 to 1
    hold_quality: float
    kill_quality: float
    max_spread_ticks: float


class Execution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How orders may look."""

    min_stop_ticks: int
    max_stop_ticks: int
    max_orders_per_minute: int
    entry_ttl_seconds: float
    min_confidence: float  # 0 to 1; a proposal without confidence is not held against it
    slippage_ticks: float  # assumed for friction, a side
    cover_seconds: float = 15.0  # a position no confirmed stop covers for so long is left
    answer_seconds: float = 30.0  # an order or exit the venue is silent about for so long halts the system


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

    @property
    def digest(self) -> str:
        """SHA-256 of its canonical form; stands on every run."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


# What no file may exceed: (table, field) -> (least, most). Reasons: one person's account, one order a decision.
CEILINGS: Final[Mapping[tuple[str, str], tuple[float, float]]] = {
    ("risk", "max_loss_per_trade_usd"): (0.01, 50_000),
    ("risk", "max_loss_per_day_usd"): (0.01, 250_000),
    ("risk", "max_entries_per_day"): (0, 5_000),
    ("risk", "max_entries_per_hour"): (0, 1_000),
    ("risk", "min_seconds_between_entries"): (0, 86_400),
    ("risk", "max_losses_in_row"): (1, 1_000),
    ("risk", "max_contracts_per_order"): (1, 10_000),  # shares count as contracts
    ("risk", "max_contracts_per_account"): (1, 50_000),
    ("risk", "max_open_brackets"): (1, 64),
    ("risk", "max_heat_frac"): (0.0001, 0.25),
    ("risk", "max_notional_usd"): (1, 50_000_000),
    ("risk", "max_friction_frac"): (0.0, 10.0),
    ("risk", "start_equity_usd"): (1, 1_000_000_000),
    ("data", "entry_quality"): (0, 1),
    ("data", "hold_quality"): (0, 1),
    ("data", "kill_quality"): (0, 1),
    ("data", "max_spread_ticks"): (0, 10_000),
    ("execution", "min_stop_ticks"): (1, 100_000),
    ("execution", "max_stop_ticks"): (1, 100_000),
    ("execution", "max_orders_per_minute"): (1, 600),
    ("execution", "entry_ttl_seconds"): (1, 86_400),
    ("execution", "min_confidence"): (0, 1),
    ("execution", "slippage_ticks"): (0, 100),
    ("execution", "cover_seconds"): (1, 60),
    ("execution", "answer_seconds"): (1, 300),
    ("sessions", "flat_before_close_s"): (0, 86_400),
    ("sessions", "no_entry_before_close_s"): (0, 86_400),
}


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
    unknown = set(found.sessions.phases) - {"ETH", "RTH"}
    if unknown:
        raise ConfigError(f"constitution {name}: sessions.phases knows ETH and RTH, not {', '.join(sorted(unknown))}")
    if found.execution.min_stop_ticks > found.execution.max_stop_ticks:
        raise ConfigError(f"constitution {name}: execution.min_stop_ticks is above max_stop_ticks")
    return found


def micros(usd: float) -> int:
    """Turn declared dollars into integer micros.

    >>> micros(15.0)
    15000000
    """
    return round(usd * MICROS)
