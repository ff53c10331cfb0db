"""One bracket as we believe it: quantities counted from executions, where its stop is, how far its life has come. A value; no rules.

Its phase is moved here and nowhere else, by the table of `lifecycle`.
"""

from __future__ import annotations

import msgspec

from workbench.domain.chase import Chase
from workbench.domain.contracts import Contract
from workbench.domain.decisions import AnyFact, BracketMoved, RoundTripClosed, Thesis
from workbench.domain.orders import Key, Leg, OrderType
from workbench.domain.views import PositionView
from workbench.execution.lifecycle import On, Phase, after


class Bracket(msgspec.Struct):
    """One life. Prices in quanta; ``entry_value`` and ``out_value`` are sums of price x quantity."""

    ref: int
    key: Key
    side: int
    qty: int
    stop_px: int
    target_px: int
    hold_ns: int
    thesis: Thesis | None
    risk_micros: int
    sent_ns: int
    since_ns: int = 0  # when its phase began
    is_answered: bool = False  # the venue has said something about its exit
    phase: Phase = Phase.PENDING
    opened_ns: int = 0
    filled: int = 0
    entry_value: int = 0
    out: int = 0
    out_value: int = 0
    dead: int = 0  # of the entry, cancelled or rejected
    covered: int = 0  # by a confirmed stop
    fees_micros: int = 0
    n_fees_unknown: int = 0  # contracts whose fee is not known yet
    day: int = 0  # account day it was submitted on
    leaving: str = ""  # why it is being left, once it is
    n_exits: int = 0  # exits sent
    is_stop_refused: bool = False  # the next acknowledgement of the stop tells where it stands
    cancelling: bool = False
    withdrawn_ns: int = 0  # when that was said last
    n_withdrawn: int = 0  # how often
    breakeven_px: int | None = None
    watch: int | None = None  # of the market's table, while one waits
    last_leg: Leg = Leg.ENTRY
    told_stop_px: int | None = None  # where the venue last said that its stop stands
    entry_type: OrderType = OrderType.MARKET
    entry_px: int = 0  # where its entry was commanded to rest last
    first_px: int = 0  # the worst that it was approved to
    first_stop_px: int = 0
    n_changes: int = 0  # of its entry's limit
    changed_ns: int = 0  # when that was last
    told_entry_px: int | None = None  # where the venue last said that its entry rests
    chase: Chase | None = None
    n_repairs: int = 0
    repaired_ns: int = 0  # when the last of them was sent
    by_hand: int = 0  # contracts that somebody closed at a price nobody knows yet: open by our executions, at the broker no more
    wrong_ns: int | None = None  # since when a barrier has found its stop to be of another size than what is held

    @property
    def open(self) -> int:
        """Contracts held now, by executions."""
        return self.filled - self.out

    @property
    def held(self) -> int:
        """Contracts held now, less what a hand closed: what must be covered, and can be left."""
        held = self.filled - self.out - self.by_hand
        return held if held > 0 else 0  # noqa: FURB136 - a call of `max` costs more than the rest, at every barrier

    @property
    def is_unknown(self) -> bool:
        """Whether the venue has said nothing about what was sent last of it."""
        return self.phase is Phase.PENDING or (self.phase is Phase.CLOSING and not self.is_answered)

    @property
    def is_wrong(self) -> bool:
        """Whether the confirmed stop is not over exactly what is there; while the entry still works it may be over more."""
        held = self.held
        return held > 0 and (self.covered < held or (self.covered > held and not self.rest))

    @property
    def is_moving(self) -> bool:
        """Whether the stop was moved and the venue has not said so yet."""
        return self.told_stop_px not in (None, self.stop_px)

    @property
    def rest(self) -> int:
        """Contracts of the entry that may still fill."""
        rest = self.qty - self.filled - self.dead
        return rest if rest > 0 else 0  # noqa: FURB136 - as above

    def move(self, on: On, facts: list[AnyFact], now_ns: int) -> None:
        """Go on in the table."""
        old, self.phase = self.phase, after(self.phase, on)
        if old is not self.phase:
            self.since_ns = now_ns
            facts.append(BracketMoved(self.ref, old.value, on.value, self.phase.value))

    def reprice(self, entry_px: int, now_ns: int) -> None:
        """Take that the limit of its entry is moved."""
        self.entry_px, self.n_changes, self.changed_ns = entry_px, self.n_changes + 1, now_ns

    def withdraw(self, now_ns: int) -> None:
        """Take that what is left of the entry is withdrawn; told twice of one moment, it is once."""
        if not self.cancelling or self.withdrawn_ns != now_ns:
            self.cancelling, self.withdrawn_ns, self.n_withdrawn = True, now_ns, self.n_withdrawn + 1

    def view(self) -> PositionView:
        """Show the position as its strategy sees it."""
        entry_px = self.entry_value // self.filled if self.filled else 0
        return PositionView(
            self.key,
            self.ref,
            self.side,
            self.open,
            entry_px,
            self.stop_px,
            self.target_px,
            self.opened_ns,
            self.hold_ns,
            self.thesis,
            self.phase is Phase.PROTECTED,
        )


def notional_of(b: Bracket, contract: Contract) -> int:
    """Give the notional of a bracket in micros: what is held at its average entry, the rest at the worst price its entry may come to."""
    value = abs(b.open * b.entry_value) // b.filled if b.filled else 0
    return contract.cost_micros(value + (max(abs(b.entry_px), abs(b.first_px)) or abs(b.target_px)) * b.rest)


def closed(b: Bracket, contract: Contract, pnl: int, pnl_micros: int, now_ns: int) -> RoundTripClosed:
    """Tell the whole of a round trip that is over: `pnl` in price quanta x size, `pnl_micros` after fees."""
    return RoundTripClosed(
        b.ref,
        b.key,
        b.side,
        b.filled,
        contract.to_pts(b.entry_value) / b.filled,
        contract.to_pts(b.out_value) / b.out,
        b.opened_ns,
        now_ns,
        pnl,
        b.fees_micros,
        pnl_micros,
        pnl_micros / b.risk_micros,
        b.last_leg.name.lower(),
    )
