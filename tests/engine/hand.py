"""An engine driven by hand: records and events one by one, at stated times, with a strategy that says what it was told to say."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tests.simulation.pit import future, quote_record, record, share
from workbench.domain.decisions import Adjust, AnyFact, ExitWish, Proposal
from workbench.domain.events import AccountValued, AnyEvent, Arrival, OperatorAction, OperatorSaid, OrderAccepted, OrderFilled
from workbench.domain.orders import AnyCommand, Key, Leg, OrderType, Submit
from workbench.domain.records import Kind, Phase, Records
from workbench.domain.units import MICROS, MS, SECOND
from workbench.domain.views import PositionView, View
from workbench.engine import Engine, Setup, gating
from workbench.execution.supervisor import Bracket
from workbench.risk import tables
from workbench.risk.constitution import Constitution, parse
from workbench.risk.limits import Terms

ACCOUNT = "DUSIM1"
T0 = 1_795_100_400 * SECOND  # 2026-11-19 15:00 UTC
BAR = 5 * SECOND
ES, SPY = future(1), share(2)
ES_TERMS = Terms(ES, fee_micros=2_250_000, margin_micros=15_000 * MICROS)
SPY_TERMS = Terms(SPY, fee_micros=5_000, margin_frac=0.5, fee_min_micros=MICROS)
LONG = Proposal(1, OrderType.MARKET, 24_000, 23_992, 24_024, 600 * SECOND)  # 8 ticks of stop: 100 USD a contract
FEE = 4_500_000  # of two ES, a side
KEY = Key(ACCOUNT, 1, "script")
ONCE = T0 + 2 * BAR  # until then a script wishes: one entry
SHORT = Proposal(-1, OrderType.MARKET, 24_000, 24_008, 23_976, 600 * SECOND)


class Script(NamedTuple):
    """A strategy that wishes what it was given, on its contract and until its time; pure like any other."""

    wish: Proposal | None = None
    until_ns: int = 1 << 62
    about: Adjust | ExitWish | None = None
    name: str = "script"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        return self.wish if view.now_ns <= self.until_ns else None

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return self.about


LAW: dict[str, dict[str, Any]] = {
    "risk": dict(
        max_loss_per_trade_usd=600.0, max_loss_per_day_usd=6_000.0, max_entries_per_day=400, max_entries_per_hour=100,
        min_seconds_between_entries=0.0, max_losses_in_row=12, max_contracts_per_order=2, max_contracts_per_account=2_000,
        max_open_brackets=6, max_heat_frac=0.06, max_notional_usd=1_500_000.0, max_friction_frac=1.0, start_equity_usd=300_000.0,
    ),
    "sessions": dict(phases=("ETH", "RTH"), flat_before_close_s=120.0, no_entry_before_close_s=0.0),
    "data": dict(entry_quality=0.8, hold_quality=0.6, kill_quality=0.3, max_spread_ticks=6.0),
    "execution": dict(
        min_stop_ticks=2, max_stop_ticks=400, max_orders_per_minute=600, entry_ttl_seconds=90.0, min_confidence=0.5, slippage_ticks=0.5,
        cover_seconds=15.0, answer_seconds=30.0,
    ),
}  # fmt: skip


def law(**changes: Any) -> Constitution:
    """A law that lets one trade after another happen, with fields changed by name (``max_loss_per_day_usd=150``)."""
    kinds = Constitution.__annotations__
    known = {part: {*fields, *getattr(tables, kinds[part]).__struct_fields__} for part, fields in LAW.items()}
    table = {part: fields | {name: changes.pop(name) for name in [*changes] if name in known[part]} for part, fields in LAW.items()}
    assert not changes, changes
    return parse({"profile": "hand", **table})


def setup(*strategies: Any, by: Constitution | None = None, both: bool = False, **more: Any) -> Setup:
    """One account on ES, or on ES and SPY; each strategy works on all contracts."""
    terms = (ES_TERMS, SPY_TERMS) if both else (ES_TERMS,)
    ids = tuple(each.contract.id for each in terms)
    return Setup(ACCOUNT, terms, by or law(), strategies=tuple((strategy, ids) for strategy in strategies), **more)


class Hand:
    """Feeds an engine and keeps what it said. Records come 1 ms after one another unless a time is stated."""

    def __init__(self, of: Setup, *, now_ns: int = T0, is_known: bool = True) -> None:
        self.engine, self.now_ns, self.seq, self.n = Engine(of), now_ns, 0, 0
        self.facts: list[AnyFact] = []
        self.commands: list[AnyCommand] = []
        if is_known:
            self.hear(AccountValued(ACCOUNT, 300_000 * MICROS, 300_000 * MICROS))

    def numbered(self, *parts: Records) -> Records:
        """Join records and number them behind those said before."""
        records = np.concatenate(parts)
        records["seq"] = np.arange(self.seq + 1, self.seq + 1 + len(records))
        return records

    def say(self, *parts: Records) -> list[AnyCommand]:
        """Feed records to the last one, whatever commands come on the way; give those."""
        records, at, made = self.numbered(*parts), 0, []
        while True:
            at, commands = self.engine.feed(records.ctypes.data, at, len(records))
            made += commands
            self.facts += self.engine.take_facts()
            if at == len(records) and not commands:
                break
        self.seq, self.n = self.seq + len(records), 0
        self.now_ns = max(self.now_ns, int(records["recv_ns"][-1]) + MS)
        self.commands += made
        return made

    def hear(self, *events: AnyEvent) -> list[AnyCommand]:
        """Step through events behind the last record."""
        made: list[AnyCommand] = []
        for event in events:
            self.n += 1
            made += self.engine.step(Arrival(self.seq, self.n, self.now_ns, event))
            self.facts += self.engine.take_facts()
        self.commands += made
        return made

    # ------------------------------------------------------------------ what is said most
    def phase(self, phase: Phase = Phase.RTH, contract: int = 1) -> list[AnyCommand]:
        return self.say(record(Kind.PHASE, self.now_ns, contract, level=phase, px=20261119))

    def quote(self, bid: int = 23_999, ask: int = 24_000, contract: int = 1) -> list[AnyCommand]:
        return self.say(quote_record(self.now_ns, bid, ask, contract=contract))

    def until(self, at_ns: int) -> list[AnyCommand]:
        """Let the clock say `at_ns`; every barrier on the way closes, the last one if it lies on the grid."""
        return self.say(record(Kind.TIME, at_ns, 0))

    def bar(self, n: int = 1) -> list[AnyCommand]:
        """Close the bar under way, and `n` - 1 more."""
        return self.until((self.now_ns // BAR + n) * BAR)

    def opened(self) -> Hand:
        """Open ES, show a quote, and close the bar in which the opening lies: it is broken, nothing is bought on it."""
        self.phase()
        self.quote()
        self.bar()
        return self

    def entered(self) -> Submit:
        """Go on to the bar whose wish is granted."""
        self.opened()
        [command] = self.bar()
        assert isinstance(command, Submit)
        return command

    def filled(self, qty: int | None = None, px: int | None = None, fee_micros: int | None = 4_500_000) -> Submit:
        """Enter, and have the entry filled; its stop is not there yet."""
        sent = self.entered()
        self.hear(OrderAccepted(sent.ref, Leg.ENTRY, sent.qty, sent.entry_px))
        self.fill(sent.ref, Leg.ENTRY, qty or sent.qty, px or sent.entry_px, fee_micros)
        return sent

    def protected(self, px: int | None = None) -> Submit:
        """Enter, be filled, and have the stop confirmed."""
        sent = self.filled(px=px)
        self.hear(OrderAccepted(sent.ref, Leg.STOP, sent.qty, sent.stop_px))
        return sent

    def fill(self, ref: int, leg: Leg, qty: int, px: int, fee_micros: int | None = 4_500_000, id_: str | None = None) -> list[AnyCommand]:
        return self.hear(OrderFilled(ref, leg, qty, px, id_ or f"x{len(self.engine.desk.memory.book.executions)}", fee_micros))

    def made(self, kind: type[Any]) -> list[Any]:
        """Facts of one kind, in order."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def bracket(self) -> Bracket | None:
        """The bracket that was opened first of those that live."""
        return next(self.engine.desk.supervisor.brackets(), None)

    @property
    def state(self) -> str:
        return self.engine.desk.breaker.state.value


def said(action: OperatorAction) -> OperatorSaid:
    return OperatorSaid(action, "by hand")


def day(hand: Hand) -> Any:
    return hand.engine.desk.ledger.day(ACCOUNT)


def standing(hand: Hand) -> Any:
    """What limits would look at now."""
    return gating.standing(hand.engine.desk, KEY, hand.now_ns)


def lost(hand: Hand, px: int = LONG.stop_px) -> None:
    """Enter, be covered, be stopped out at `px`."""
    sent = hand.protected()
    hand.fill(sent.ref, Leg.STOP, sent.qty, px)


def position(of: Any = None, **wish: Any) -> Hand:
    """A protected position in two ES, long from 24,000."""
    hand = Hand(of or setup(Script(LONG._replace(**wish), until_ns=ONCE)))
    hand.protected()
    return hand
