"""What must hold at every instant, by the gateway's own books: checked after everything the broker says, and each half second.

=====  ===============================================================================================================
I1     of each intent: what lives at the broker and what was filled is never more than was commanded; never two live orders
I2     a command is durable before the first byte of its order leaves                                          (`wire`)
I7     no position of ours is without a stop or exit at the broker for long while connected
I8     what rests to close is never more than is held: no exit works without a position
I9     no entry leaves before open orders and executions were asked for since the link last broke, or IB's did   (`wire`)
I11    what leaves is finite, on the tick, near the market, for our account, no larger than the law               (`wire`)
I19    an order id is never used twice                                                                             (`wire`)
=====  ===============================================================================================================
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.simulation.disaster.machine import Death, Process
from tests.simulation.disaster.rare import Rare
from workbench.domain.orders import Leg
from workbench.gateway.orders.world import broker_of
from workbench.simulation.broker.orders import OrderState
from workbench.simulation.broker.reports import Execution, OrderReport, Report
from workbench.venues.ib.book import read_ref

if TYPE_CHECKING:
    from tests.simulation.disaster.world import World

NAKED_S: Final = 20.0  # five to repair, fifteen to leave (execution.repair_seconds, cover_seconds)
BEYOND_S: Final = 5.0  # for an exit that works beyond what is held to be withdrawn or cut
BEHIND_S: Final = 6.0  # the same behind somebody's hand: five seconds, and the way to the broker
MOST_SAID: Final = 20


class Violation(NamedTuple):
    """A broken law: which, when, and in words."""

    law: str
    at_s: float
    text: str


class Safety:
    """Watches the broker of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.violations: list[Violation] = []
        self._said: set[tuple[str, str]] = set()
        self.hands: list[tuple[float, str]] = []
        self.executions: dict[str, tuple[float, Execution]] = {}  # by id as first told, with when
        self.touched: set[int] = set()  # brackets whose executions the exchange changed: their sums are not theirs alone
        self._naked_s: float | None = None
        self._behind_s: float | None = None
        self._beyond_s: dict[int, float] = {}
        self.rare = Rare(world)

    def say(self, law: str, text: str) -> None:
        """Note a broken law, once."""
        if (law, text) not in self._said and len(self.violations) < MOST_SAID:
            self._said.add((law, text))
            self.violations.append(Violation(law, self._world.now_s, text))

    def watch(self) -> None:
        """Stand behind the broker: whatever it reports, look."""
        broker = broker_of(self._world.gateway.world)
        take = broker.take

        def taken() -> list[Report]:
            reports = take()
            if reports:
                self._reported(reports)
            return reports

        broker.take = taken

    def _reported(self, reports: list[Report]) -> None:
        world = self._world
        for each in reports:
            if isinstance(each, Execution):
                self.executions.setdefault(each.exec_id, (world.now_s, each))
                if each.replaces is not None and (named := read_ref(each.order_ref)) is not None:
                    self.touched.add(named.ref)
            elif isinstance(each, OrderReport) and each.state.order.order_ref == "":
                continue
        world.wire._hash.update(repr([(type(each).__name__, getattr(each, "exec_id", "")) for each in reports]).encode())
        self._check()
        self.rare.reported(reports)

    # ---- the laws -----------------------------------------------------------------------------------------------------------------------
    def _check(self) -> None:
        live, filled = _by_bracket(self._world)
        self._no_exit_behind_a_hand(live)
        for ref in live.keys() | filled.keys():
            states = live.get(ref, [])
            self._no_more_than_commanded(ref, states, filled[ref])
            self._no_exit_without_a_position(ref, states, filled[ref])

    def _no_more_than_commanded(self, ref: int, states: list[OrderState], filled: Counter[Leg]) -> None:
        """I1."""
        entries = [state for state in states if state.leg is Leg.ENTRY]
        commanded = self._world.wire.commanded.get(ref)
        most = commanded.qty if commanded is not None else 0
        if (n := sum(state.remaining for state in entries) + filled[Leg.ENTRY]) > most and ref not in self.touched:
            self.say("I1", f"bracket {ref} may come to {n} contracts, {most} were commanded")
        if len(entries) > 1:
            self.say("I1", f"bracket {ref} has {len(entries)} live entries")

    def _no_exit_without_a_position(self, ref: int, states: list[OrderState], filled: Counter[Leg]) -> None:
        """I8: a group of one cancels all counts as its largest; what a fill leaves over is withdrawn within seconds."""
        held = filled[Leg.ENTRY] - filled[Leg.STOP] - filled[Leg.TARGET] - filled[Leg.EXIT]
        groups: dict[str, int] = defaultdict(int)
        for state in states:
            if state.leg is not Leg.ENTRY and state.working:
                group = state.group or f"alone {state.perm_id}"
                groups[group] = max(groups[group], state.working)
        if held < 0 and ref not in self.touched:
            self.say("I8", f"bracket {ref} was closed for {-held} more than it held")
        if (n := sum(groups.values())) <= max(0, held) or ref in self.touched or not self._is_connected():
            self._beyond_s.pop(ref, None)
        elif self._world.now_s - self._beyond_s.setdefault(ref, self._world.now_s) > BEYOND_S:
            self.say("I8", f"bracket {ref} holds {held}, and orders for {n} work to close it for more than {BEYOND_S:g} s")

    def _no_exit_behind_a_hand(self, live: dict[int, list[Seen]]) -> None:
        """I8 for the account: what somebody closed at the screen is soon not closed a second time by what rests."""
        world, held = self._world, self.at_the_broker()
        groups: dict[str, int] = defaultdict(int)
        for state in (each for states in live.values() for each in states if each.leg is not Leg.ENTRY):
            groups[state.group] = max(groups[state.group], state.working)
        if not self.hands or sum(groups.values()) <= held or not self._is_connected():
            self._behind_s = None
        elif self._behind_s is None:
            self._behind_s = world.now_s
        elif world.now_s - self._behind_s > BEHIND_S:
            self.say("I8", f"{sum(groups.values())} rest to close the {held} that a hand left, for more than {BEHIND_S:g} s")

    def at_the_broker(self) -> int:
        """Give how many contracts the account holds, whoever they are of."""
        assert self._world.broker is not None
        return abs(self._world.broker.position("DUSIM1", self._world.contracts[0].id).qty)

    def _is_connected(self) -> bool:
        """Whether the program hears the broker: what is said over a half-open link reaches nobody, and no one can know it for seconds."""
        venue = self._world.venue
        return venue is not None and venue.connection.is_ready and not self._world.gateway.faults._half_open

    def look(self) -> None:
        """I7, each half second: unprotected while the program is there and connected."""
        world = self._world
        venue = world.venue
        naked = 0
        if world.broker is not None:
            self._check()
        if venue is not None and venue.connection.is_ready and world.broker is not None:
            live, filled = _by_bracket(world)
            for ref in live.keys() | filled.keys():
                counted = filled[ref]
                held = counted[Leg.ENTRY] - counted[Leg.STOP] - counted[Leg.TARGET] - counted[Leg.EXIT]
                covered = sum(state.remaining for state in live.get(ref, []) if state.leg in (Leg.STOP, Leg.EXIT))
                naked += max(0, held - covered) if ref not in self.touched else 0
            beyond = self.at_the_broker() - sum(each.remaining for of in live.values() for each in of if each.leg in (Leg.STOP, Leg.EXIT))
            naked = min(naked, max(0, beyond))  # what a stranger closed of ours is there no more
        if not naked:
            self._naked_s = None
        elif self._naked_s is None:
            self._naked_s = world.now_s
        elif world.now_s - self._naked_s > NAKED_S and not self.hands:
            self.say("I7", f"{naked} contracts have neither stop nor exit for more than {NAKED_S:g} s")
        self.rare.look()

    def hand(self, what: str) -> None:
        """Hear that somebody acts at the screen."""
        self.hands.append((self._world.now_s, what))
        self.rare.hand(what)

    def dying(self, process: Process, death: Death) -> None:
        """Hear that a process is about to die."""
        if self._world.broker is not None:
            self.rare.dying(process, death)


class Seen(NamedTuple):
    """A live order of ours at the broker."""

    perm_id: int
    leg: Leg
    remaining: int
    working: int  # what the market may take now
    group: str


def _by_bracket(world: World) -> tuple[dict[int, list[Seen]], dict[int, Counter[Leg]]]:
    """Sort what the broker has by bracket: live orders, and what was filled of each leg."""
    broker = world.broker
    assert broker is not None
    live: dict[int, list[Seen]] = defaultdict(list)
    filled: dict[int, Counter[Leg]] = defaultdict(Counter)
    for row in broker._desk.rows.values():
        named = read_ref(row.order.order_ref)
        if named is None:
            continue
        filled[named.ref][named.leg] += row.filled
        if row.is_sent and not row.is_done:
            live[named.ref].append(Seen(row.perm_id, named.leg, row.qty - row.filled, row.working, row.oca))
    return live, filled
