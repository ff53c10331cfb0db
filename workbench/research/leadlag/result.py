"""What was found about who leads whom: numbers, tables, the stage of the evidence, one sentence. A frozen value; measures nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from textwrap import fill
from typing import Any, Final

import polars as pl

from workbench.research.leadlag.costs import Costs
from workbench.research.tables import show

WIDTH: Final = 110  # of a line
SHOWN: Final = (
    "horizon_s",
    "n",
    "corr_same",
    "corr_after",
    "ic",
    "p",
    "hit_frac",
    "gain_usd",
    "cost_usd",
    "net_usd",
    "n_acted",
    "acted_usd",
)


class Stage(StrEnum):
    """How far the evidence has grown."""

    COLLECT = "collect"  # too little to conclude anything from
    CORRELATE = "correlate"  # whether one leads can be said
    ASSESS = "assess"  # and what it is worth after costs
    DECIDE = "decide"  # and that it is worth a trial


NEEDED: Final = {Stage.COLLECT: 0, Stage.CORRELATE: 7, Stage.ASSESS: 10, Stage.DECIDE: 20}  # days of both: one week, two, four


def stage_of(n_days: int) -> Stage:
    """Say how far so many days carry.

    >>> stage_of(6).value, stage_of(7).value, stage_of(11).value, stage_of(20).value
    ('collect', 'correlate', 'assess', 'decide')
    """
    return [stage for stage, least in NEEDED.items() if n_days >= least][-1]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Lead:
    """Who leads whom, by how much, how sure that is, and what it is worth.

    Attributes
    ----------
    first, second
        As asked; a lead above 0 is of `first`.
    kind, step_s
        What it was measured on: quotes, prints (0 s), or bars of so many seconds.
    n_days, stage
        Days on which both were there, and how far they carry. In stage ``collect`` nothing is concluded: what follows is `None`.
    lags
        ``lag_s corr lo hi``: correlation at each lag, and its 95 % range, each lag for itself.
    horizons
        What the leader says of the follower's next so many seconds; columns: `worth.worth_of`.
    lead_s, range_s
        Lag of the highest correlation, and where it lies in 95 of 100 samples.
    p
        Chance that markets of which none leads look so one-sided, corrected for the number of lags.
    is_shown
        Whether one leads: p below 0.05 and a range that leaves out 0.
    leader, follower
        Who leads where it is shown; else as asked.
    best
        Row of `horizons` with the surest gain after costs, if any forecast was above them.
    is_worth
        Whether that gain is told from nothing, corrected for the number of horizons.
    costs
        Of a round trip in the follower.
    verdict, headline
        All of it in words, and in a line.
    notes
        What a reader should know besides.
    """

    first: str
    second: str
    kind: str
    step_s: float
    n_days: int
    stage: Stage
    source: str = ""
    lags: pl.DataFrame
    horizons: pl.DataFrame
    corr_peak: float
    corr_same: float
    lead_s: float | None = None
    range_s: tuple[float, float] | None = None
    p: float | None = None
    is_shown: bool = False
    leader: str
    follower: str
    best: dict[str, Any] | None = None
    is_worth: bool = False
    costs: Costs
    verdict: str = ""
    headline: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def basis(self) -> str:
        """Say what it rests on: days, kind, source."""
        kind = f"bars of {self.step_s:g} s" if self.step_s else self.kind
        days = f"{self.n_days} day{'s' * (self.n_days != 1)}"
        return " · ".join(filter(None, (f"stage {self.stage.value}", f"{days} of both", kind, self.source)))

    def __repr__(self) -> str:
        return "\n".join(
            [fill(self.verdict, WIDTH), *(fill(f"  {each}", WIDTH, subsequent_indent="  ") for each in (self.basis, *self.notes))]
        )

    def _repr_html_(self) -> str:
        notes = "".join(f"<br>{escape(note)}" for note in self.notes)
        shown = show(self.horizons, *SHOWN)._repr_html_()
        return f"<p><b>{escape(self.verdict)}</b><br>{escape(self.basis)}{notes}</p>{shown}"
