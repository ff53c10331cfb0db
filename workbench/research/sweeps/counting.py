"""A sweep as trials: every configuration that was walked goes into the ledger, with one number a period. It walks nothing itself.

Periods are sessions where there are twenty of them and more, else stretches of five minutes, as of a simulation.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.config import load_settings
from workbench.domain.units import MICROS
from workbench.research.sweeps.rules import Config
from workbench.research.sweeps.series import Ints, Series
from workbench.research.sweeps.swept import Swept
from workbench.research.trials.counting import EARNED, STRETCH_NS
from workbench.research.trials.ledger import family_of, noting

LEAST_SESSIONS: Final = 20
A_SESSION: Final = "USD a session, after costs"


class Periods(NamedTuple):
    """What a configuration's P&L is cut into. ``ends``: the last bar of each period; `None`: the blocks of the walk are the periods."""

    numbers: Ints
    metric: str
    ends: Ints | None

    def earned(self, blocks: Ints, equity: Ints) -> npt.NDArray[np.float64]:
        """Give the P&L of each period in USD."""
        of = blocks if self.ends is None else np.diff(equity[self.ends], prepend=0)
        return of / MICROS


def periods_of(series: Series) -> Periods:
    """Say what P&L over these bars is cut into."""
    if len(series.edges) > LEAST_SESSIONS:
        days = series.frame["session"].gather(series.edges[:-1])
        ended = series.frame["time"].gather(series.edges[1:] - 1).dt.epoch("ns")  # of sessions that have names
        numbers = (days if days.dtype.is_temporal() or days.dtype.is_integer() else ended).cast(int).to_numpy()
        return Periods(np.asarray(numbers, np.int64), A_SESSION, None)
    stretch = (series.frame["time"].dt.epoch("ns").to_numpy() - 1) // STRETCH_NS  # a bar's time is its end
    ends = np.flatnonzero(np.append(stretch[1:] != stretch[:-1], True))
    return Periods(np.asarray(stretch[ends], np.int64), EARNED, np.asarray(ends, np.int64))


def note_sweep(
    of: Swept, told: Iterable[tuple[Config, npt.NDArray[np.float64]]], data: Path | str | None, family: str | None, *, law: str = ""
) -> str:
    """Write down what each configuration came to; give their family: the one given, else the notebook's name, else the rule's.

    Parameters
    ----------
    told
        Configurations, and what each earned in every period.
    data
        Data folder; `None`: that of the settings.
    law
        Digest of the law by which the engine evaluated them: its word on a configuration is another trial than the kernel's.
    """
    named, periods = family_of(family, type(of.rule).__name__.lower()), periods_of(of.series)
    folder = Path(data) if data is not None else load_settings().data_path
    fixed, span = of.said | ({"by": "engine", "law": law} if law else {"by": "sweep"}), of.span
    with noting(folder) as write:
        for config, earned in told:
            write(named, fixed | {"config": dict(config)}, earned, periods=periods.numbers, span=span, metric=periods.metric)
    return named
