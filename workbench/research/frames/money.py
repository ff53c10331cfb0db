"""The account through a session, from fills and bars: realised, open, drawdown, after costs. Pure arithmetic; reads no store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from workbench.domain.bars import BAR_AT, BAR_WIDTH, PRICED, Bars
from workbench.domain.contracts import Contract
from workbench.domain.orders import Leg, Submit
from workbench.domain.records import ASK, BID
from workbench.domain.units import MICROS
from workbench.research.frames.bars import Folded
from workbench.research.frames.journal import Fill, Story
from workbench.research.frames.sheet import Sheet, rows_sheet
from workbench.store.sessions import FOREVER

_HAS, _BID, _ASK, _CLOSE, _FLAGS, _T_END = (BAR_AT[name] for name in ("has", "bid", "ask", "close", "flags", "t_end"))


class _Bracket:
    """What one bracket holds and has cost, in quanta x size and micros."""

    def __init__(self, first: Submit, of: Contract) -> None:
        self.side, self.contract, self.of = first.side, first.key.contract, of
        self.qty = self.entry_value = self.n_in = self.out_value = self.n_out = 0
        self.mark_px: int | None = None

    def fill(self, fill: Fill) -> None:
        if fill.leg is Leg.ENTRY:
            self.n_in += fill.qty
            self.entry_value += fill.qty * fill.px
        else:
            self.n_out += fill.qty
            self.out_value += fill.qty * fill.px
        self.qty = self.n_in - self.n_out
        if self.mark_px is None:
            self.mark_px = fill.px

    @property
    def realised_micros(self) -> int:
        """Of what was left again, before costs, entries at their average."""
        if not self.n_in:
            return 0
        return self.of.value_micros(self.side * (self.out_value * self.n_in - self.entry_value * self.n_out)) // self.n_in

    @property
    def open_micros(self) -> int:
        if not self.qty or self.mark_px is None or not self.n_in:  # an exit taken back, its correction still to come
            return 0
        return self.of.value_micros(self.side * (self.qty * self.mark_px * self.n_in - self.entry_value * self.qty)) // self.n_in


class _Account:
    """Running sums of an account; `row` says them."""

    def __init__(self, start_micros: int, run: str) -> None:
        self._start, self._run = start_micros, run
        self.brackets: dict[int, _Bracket] = {}  # those that hold something
        self.closed_micros = self.fees_micros = 0
        self._best: int | None = None

    def fill(self, fill: Fill, first: Submit, of: Contract) -> None:
        """Book an execution; of a bracket that is flat again only its result is kept."""
        bracket = self.brackets.setdefault(fill.ref, _Bracket(first, of))
        bracket.fill(fill)
        if bracket.qty == 0:
            self.closed_micros += of.value_micros(bracket.side * (bracket.out_value - bracket.entry_value))
            del self.brackets[fill.ref]

    def begin(self) -> None:
        """Count what is held now into what the account began with: the venue's word of its equity held it already."""
        self._start -= sum(self._worth())

    def _worth(self) -> tuple[int, int]:
        """Give what is realised, after costs, and what is open."""
        realised = self.closed_micros - self.fees_micros + sum(each.realised_micros for each in self.brackets.values())
        return realised, sum(each.open_micros for each in self.brackets.values())

    def row(self, now_ns: int) -> tuple[Any, ...]:
        """Give the row of the frame as of now."""
        realised, open_ = self._worth()
        equity = self._start + realised + open_
        self._best = equity if self._best is None else max(self._best, equity)
        return now_ns, self._run, equity / MICROS, realised / MICROS, open_ / MICROS, (equity - self._best) / MICROS


def equity_sheet(
    story: Story,
    folded: Folded,
    contracts: Sequence[Contract],
    zone: str,
    wanted: Collection[int],
    *,
    began: Bars | None = None,
    until_ns: int = FOREVER,
) -> Sheet:
    """Make the frame of the account: a row at its beginning, at each fill and commission, and at each barrier while something is open.

    What was held when the run began counts from its entry, its costs with it, as its round trip will; equity begins as the venue said it.

    Parameters
    ----------
    wanted
        Ids of the contracts whose results count.
    began
        What the market was when the run began; `None`: nothing was known.
    until_ns
        Rows after this are left out: of a run that goes on, journal and records are not read up to the same moment.
    """
    rows = [row for row in _rows(story, folded, contracts, wanted, began) if row[0] <= until_ns]
    return rows_sheet("equity", zone, rows, [row[0] for row in rows])


class _Moment(NamedTuple):
    """A fill, or the commission of one that came later."""

    now_ns: int
    fill: Fill | None
    fee_micros: int


def _rows(
    story: Story, folded: Folded, contracts: Sequence[Contract], wanted: Collection[int], began: Bars | None
) -> Iterator[tuple[Any, ...]]:
    of = {contract.id: contract for contract in contracts}
    account = _Account(story.equity_micros[0][1] if story.equity_micros else 0, story.run)
    began_ns = story.equity_micros[0][0] if story.equity_micros else story.began_ns
    slots = {contract.id: slot for slot, contract in enumerate(contracts)}
    _hold(account, story, of, wanted, None if began is None else began.view(np.int64).reshape(len(began), BAR_WIDTH), slots)
    if began_ns is not None:
        yield account.row(began_ns)
    cells = folded.cells.reshape(*folded.bars.shape, BAR_WIDTH)
    k = 0
    for moment in _moments(story, wanted):
        behind = int(np.searchsorted(folded.now_ns, moment.now_ns, side="left"))
        if account.brackets:
            yield from _marked(account, folded, cells, slots, range(k, behind))
        k = behind
        account.fees_micros += moment.fee_micros
        if moment.fill is not None and moment.fill.bracket is not None:
            account.fill(moment.fill, moment.fill.bracket, of[moment.fill.bracket.key.contract])
        yield account.row(moment.now_ns)
    if account.brackets:
        yield from _marked(account, folded, cells, slots, range(k, len(folded.now_ns)))


def _moments(story: Story, wanted: Collection[int]) -> list[_Moment]:
    made = []
    for fill in story.fills:
        if fill.bracket is None or fill.bracket.key.contract not in wanted:
            continue
        is_late = fill.fee_ns != fill.now_ns
        made.append(_Moment(fill.now_ns, fill, 0 if is_late else fill.fee_micros or 0))
        if is_late and fill.fee_ns != FOREVER:
            made.append(_Moment(fill.fee_ns, None, fill.fee_micros or 0))
    return sorted(made, key=lambda moment: moment.now_ns)


def _hold(account: _Account, story: Story, of: dict[int, Contract], wanted: Collection[int], bars: Any, slots: dict[int, int]) -> None:
    """Let an account begin with what the runs before had left open."""
    for fill in story.held:
        if fill.bracket is not None and fill.bracket.key.contract in wanted:
            account.fees_micros += fill.fee_micros or 0
            account.fill(fill, fill.bracket, of[fill.bracket.key.contract])
    if bars is not None:
        for bracket in account.brackets.values():
            _mark(bracket, bars[slots[bracket.contract]])
    account.begin()


def _marked(account: _Account, folded: Folded, cells: Any, slots: dict[int, int], barriers: range) -> Iterator[tuple[Any, ...]]:
    """Mark what is open at each barrier: at the side it can be left at, at the last price where there are no quotes."""
    for k in barriers:
        for bracket in account.brackets.values():
            bar = cells[k, slots[bracket.contract]]
            if bar[_T_END]:
                _mark(bracket, bar)
        yield account.row(int(folded.now_ns[k]))


def _mark(bracket: _Bracket, bar: Any) -> None:
    flag, at = (BID, _BID) if bracket.side > 0 else (ASK, _ASK)
    if bar[_HAS] & flag:
        bracket.mark_px = int(bar[at])
    elif bar[_FLAGS] & PRICED:
        bracket.mark_px = int(bar[_CLOSE])
