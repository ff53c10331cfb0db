"""Features of a session: the engine's own bank stepped through its barriers, each value kept. Reads memory only; no formula here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.bars import RICH, Bars
from workbench.domain.contracts import Contract
from workbench.features.bank import FeatureBank
from workbench.features.base import Feature
from workbench.research.frames.bars import Begun, Folded
from workbench.research.frames.sheet import Ints, Make, Sheet, named, times, where

Own = Sequence[Callable[[], Feature]]


class BankOf(NamedTuple):
    """What a bank of features is made with; see `features.bank.FeatureBank`.

    ``begun``: what the run began with; ``own``: a user's features that it valued, as far as they are there.
    """

    contracts: tuple[Contract, ...]
    lengths_ns: tuple[int, ...]
    leaders: Mapping[int, int]
    kinds: Mapping[int, Collection[str]] | None
    begun: Begun | None
    own: Own = ()

    def bank(self, own: Own = ()) -> FeatureBank:
        """Make it, as it was when the session began; `own` are more features, or those of the run in another version."""
        more = {feature().name for feature in own}
        every = [*(feature for feature in self.own if feature().name not in more), *own]

        def failed(name: str, _: int, error: Exception) -> None:
            if name in more:  # of those the run had it is as it was in the run: silent from here on
                raise error

        made = FeatureBank(self.contracts, lengths_ns=self.lengths_ns, leaders=self.leaders, own=every, kinds=self.kinds, on_failure=failed)
        if self.begun is not None and not own:  # with a feature more it is another bank: it begins cold
            made.restore(self.begun.bank)
        return made


class Valued(NamedTuple):
    """Some features at every barrier: a row each (barrier, slot) whose contract closed a bar, a column beside the other in memory."""

    k: Ints
    slot: Ints
    values: npt.NDArray[np.float64]  # columns x rows
    warm: npt.NDArray[np.uint8]


def columns_of(of: BankOf, own: Own = ()) -> dict[str, int]:
    """Name the features of a bank, each with its column."""
    return dict(of.bank(own).columns)


def value(folded: Folded, of: BankOf, columns: Sequence[int], own: Own = ()) -> Valued:
    """Step the bank through every barrier, as the engine does, and keep what some columns said."""
    bank, n = of.bank(own), len(of.contracts)
    live: Bars = np.zeros(n, RICH)
    bank.bind(live)
    there = folded.bars["t_end"] != 0
    k, slot = np.nonzero(there)
    kept = np.array(columns, np.int64)
    values, warm = np.empty((len(kept), len(k))), np.empty((len(kept), len(k)), np.uint8)
    now_values = np.frombuffer(bank.values).reshape(n, bank.n).T  # both are the bank's memory: what it says now
    now_warm = np.frombuffer(bank.warm, np.uint8).reshape(n, bank.n).T
    past, at, cells = list(folded.past), 0, live.view(np.int64)
    for number, row in enumerate(folded.cells):
        while past and past[0].at <= number:
            old = past.pop(0)
            bank.warm_up(old.slot, old.bar, old.length_ns)
        cells[:] = row
        bank.step()
        open_ = np.flatnonzero(there[number])
        end = at + len(open_)
        pick = (kept, slice(None)) if len(open_) == n else np.ix_(kept, open_)
        values[:, at:end], warm[:, at:end] = now_values[pick], now_warm[pick]
        at = end
    return Valued(k, slot, values, warm)


def feature_sheet(
    folded: Folded, of: BankOf, zone: str, wanted: Collection[int], *, names: Collection[str] | None = None, own: Own = ()
) -> Sheet:
    """Make the frame of features of the wanted contract ids.

    Parameters
    ----------
    names
        Only these columns; `None`: all.
    own
        Factories of a researcher's features, as for the bank.
    """
    there = columns_of(of, own)
    chosen = {name: column for name, column in there.items() if names is None or name in names}
    valued = value(folded, of, list(chosen.values()), own)
    slots = [slot for slot, contract in enumerate(of.contracts) if contract.id in wanted]
    mine: Any = slice(None) if len(slots) == len(of.contracts) else np.flatnonzero(np.isin(valued.slot, slots))
    k, slot = valued.k[mine], valued.slot[mine]
    ends = folded.bars["t_end"]

    def column(row: int) -> Make:
        return lambda: where(valued.values[row][mine], valued.warm[row][mine] != 0)

    columns: dict[str, Make] = {
        "time": lambda: times(ends[k, slot], zone),
        "symbol": lambda: named([contract.symbol for contract in of.contracts], slot),
    }
    return Sheet(folded.now_ns[k], columns | {name: column(row) for row, name in enumerate(chosen)})
