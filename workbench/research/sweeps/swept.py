"""What a sweep walks: bars, a rule, terms, and whether positions stay overnight, as one value. Walks nothing, and counts nothing itself."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl

from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.research.sweeps.rules import Rule
from workbench.research.sweeps.series import Series, series_of
from workbench.research.sweeps.terms import Terms

HOLDS: Final = ("session", "overnight")
Hold = Literal["session", "overnight"]


class Swept(NamedTuple):
    """Bars of one contract, the rule that is tried over them, what it trades on, and how long it holds."""

    series: Series
    rule: Rule
    terms: Terms
    hold: Hold = "session"

    @property
    def said(self) -> dict[str, Any]:
        """Everything but its numbers that makes a configuration what it is. Of a column its name stands for what is in it."""
        fields = self.rule._asdict() if hasattr(self.rule, "_asdict") else {}
        terms = {"root": self.terms.root, "slip": self.terms.slippage_ticks, "fee": self.terms.fee_micros, "qty": self.terms.qty}
        bar_s = None if self.length_ns is None else self.length_ns / SECOND
        return {"rule": type(self.rule).__name__, "of": fields, "bar_s": bar_s, "hold": self.hold, **terms}

    @property
    def span(self) -> str:
        """The name of the data."""
        time = self.series.frame["time"]
        return f"{len(time)} bars of {self.terms.root}, {time[0]:%Y-%m-%d %H:%M} to {time[-1]:%Y-%m-%d %H:%M}"

    @property
    def length_ns(self) -> int | None:
        """The length of a bar: what most bars are apart; `None` where no length is that of most."""
        apart, n = np.unique(np.diff(self.series.frame["time"].dt.epoch("ns").to_numpy()), return_counts=True)
        return int(apart[n.argmax()]) if len(n) and 2 * n.max() > n.sum() else None


def swept(bars: pl.DataFrame, rule: Rule, terms: Terms, hold: Hold) -> Swept:
    """Put them together.

    Raises
    ------
    ConfigError
        There is no such way to hold.
    DataError
        The bars cannot be swept.
    """
    if hold not in HOLDS:
        raise ConfigError(f"hold={hold!r}: {' or '.join(HOLDS)}")
    return Swept(series_of(bars, terms), rule, terms, hold)
