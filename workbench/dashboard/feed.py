"""The market of a run as its engine saw it: the same records through the same fold and features. Decides nothing, reads no store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from workbench.domain.bars import BROKEN, PRICED, RICH
from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, PROVENANCE_SHIFT, Phase, Provenance, Records
from workbench.domain.units import MINUTE
from workbench.features.bank import FeatureBank
from workbench.market.fold import Market, address_of
from workbench.market.state import CLOCK_AT, Stop
from workbench.risk.groups import group_of

_T_END: Final = CLOCK_AT["t_end"]


class Seen(NamedTuple):
    """One contract now. Prices in quanta, `None` where there is none; ``quality_frac`` of its last bar, `None` before the first."""

    contract: Contract
    phase: Phase | None
    bid_px: int | None
    ask_px: int | None
    close_px: int | None
    quality_frac: float | None
    is_broken: bool
    last_bar_ns: int | None

    @property
    def spread_ticks(self) -> float | None:
        """Ask minus bid in order increments, `None` of a one-sided quote."""
        if self.bid_px is None or self.ask_px is None:
            return None
        return (self.ask_px - self.bid_px) / self.contract.tick

    def leave_px(self, side: int) -> int | None:
        """Where a position could be left now: a long one at the bid; `None` without a quote."""
        return self.bid_px if side > 0 else self.ask_px

    def mark_px(self, side: int, since_ns: int) -> int | None:
        """What a position is worth now: where it could be left, or the last price where nobody quotes (as `frames.money` marks).

        `None` where there is neither: no bar has closed since `since_ns`, when it was opened, and what was paid is the newest price.
        """
        px = self.leave_px(side)
        return px if px is not None or self.last_bar_ns is None or self.last_bar_ns < since_ns else self.close_px


class Feed:
    """Folds records and remembers each contract's last bar.

    Parameters
    ----------
    contracts
        All that the records may name.
    lengths_ns, leaders
        Of the features, as the run's settings have them.
    """

    def __init__(self, contracts: Sequence[Contract], *, lengths_ns: Sequence[int], leaders: Mapping[int, int]) -> None:
        self.contracts = sorted(contracts, key=lambda contract: contract.id)
        self.slot = {contract.id: slot for slot, contract in enumerate(self.contracts)}
        self.market = Market([contract.id for contract in self.contracts])
        self.market.relate([group_of(contract, {}) for contract in self.contracts])
        self.bank = FeatureBank(self.contracts, lengths_ns=lengths_ns, leaders=leaders)
        self.bank.bind(self.market.bars)
        self._bars = np.zeros(len(self.contracts), RICH)  # the last one of each
        self.last_seq = self.now_ns = self.n_records = 0
        self.is_generated = False

    def fold(self, records: Records, at_minute: Callable[[int], None]) -> None:
        """Take the next records; `at_minute` hears each whole minute at which bars closed, before its first record counts.

        Raises
        ------
        InvariantError
            If they are not the records of one log.
        """
        n = len(records)
        if not n:
            return
        market, addr, i = self.market, address_of(records), 0
        while True:
            i, stop = market.fold(addr, i, n)
            if stop == Stop.END:
                break
            if stop == Stop.SILENCE:
                continue
            if stop == Stop.HISTORY:
                slot, length_ns = market.fired()
                self.bank.warm_up(slot, market.states[slot : slot + 1]["past"], length_ns)
                continue
            self.bank.step()
            closed = market.bars["t_end"] != 0
            self._bars[closed] = market.bars[closed]
            if (t_end := market.now[_T_END]) % MINUTE == 0:
                at_minute(t_end)
        last = records[-1]
        self.last_seq, self.now_ns, self.n_records = int(last["seq"]), int(last["recv_ns"]), self.n_records + n
        self.is_generated = bool((records["flags"] >> PROVENANCE_SHIFT == Provenance.GENERATED).any()) or self.is_generated

    def seen(self, contract: int) -> Seen:
        """Show a contract."""
        slot = self.slot[contract]
        state, bar = self.market.states[slot], self._bars[slot]
        has, last_bar_ns = int(state["has"]), int(bar["t_end"])
        return Seen(
            self.contracts[slot],
            Phase(int(state["phase"])) if self.n_records else None,
            int(state["bid"]) if has & BID else None,
            int(state["ask"]) if has & ASK else None,
            int(bar["close"]) if last_bar_ns and int(bar["flags"]) & PRICED else None,
            int(bar["quality"]) / 1000 if last_bar_ns else None,
            bool(int(bar["flags"]) & BROKEN),
            last_bar_ns or None,
        )

    def features(self, contract: int) -> dict[str, float | None]:
        """Give all features of a contract; `None` where not warm or not defined."""
        return self.bank.row(self.slot[contract])
