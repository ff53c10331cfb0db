"""States that are rare and must be reached: counted, so that a proof which never saw one says so. Counts; judges nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.simulation.disaster.machine import Death, Process
from workbench.domain.orders import Leg
from workbench.gateway.faults import kinds
from workbench.simulation.broker.reports import Execution, Report
from workbench.venues.ib.book import Stage, read_ref

if TYPE_CHECKING:
    from tests.simulation.disaster.world import World

ANSWERS: Final = {"OpenOrder", "OpenOrderEnd", "ExecutionData", "ExecutionDataEnd", "Position", "PositionEnd", "order-reports", "account"}
STATES: Final = (
    "unknown, with a resting order and a muted answer",
    "crash between a fill and its state",
    "crash between a command and its order",
    "crash in the middle of a bracket",
    "crash while an order works",
    "crash while a position is open",
    "crash with an entry filled in part",
    "crash before the run before was taken up",
    "crash at a checkpoint",
    "power lost in the middle of a commit",
    "a fill while nobody lived",
    "a fill during an outage whose reports are lost",
    "a fill of an order whose cancel had left",
    "hand close with a working stop",
    "hand close while nobody lived",
    "an order shown late",
    "order ids rolled back",
    "the id still taken",
    "a position whose stop never arrived",
    "an execution corrected",
    "a disk in trouble with a position open",
)
EXPECTED: Final = ("guardian against a stopped runner",)  # reached by the guardian's own drill, not here


class Rare:
    """Counts what one run reached."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.reached: Counter[str] = Counter()

    def reach(self, state: str) -> None:
        assert state in STATES, state
        self.reached[state] += 1

    # ---- at a death -------------------------------------------------------------------------------------------------------------------
    def dying(self, process: Process, death: Death) -> None:
        """Look at how things stand the moment before."""
        world, wire, broker = self._world, self._world.wire, self._world.broker
        assert broker is not None
        heard = {exec_id for exec_id, (_, each) in world.safety.executions.items() if read_ref(each.order_ref) is not None}
        if heard - wire.fills_durable and "a fill arrived, not read" in world.in_life:
            self.reach("crash between a fill and its state")
        legs = Counter(asked.ref for asked in wire.ids.values() if asked.leg is not Leg.EXIT)
        if any(ref not in legs for ref in wire.commanded):
            self.reach("crash between a command and its order")
        if any(0 < n < 3 for n in legs.values()):
            self.reach("crash in the middle of a bracket")
        live = [state for state in broker.orders() if read_ref(state.order.order_ref) is not None]
        if live:
            self.reach("crash while an order works")
        if any(each.qty for each in broker.positions("DUSIM1")):
            self.reach("crash while a position is open")
        if any(0 < state.filled < state.qty for state in live if state.order.order_ref.endswith(":E")):
            self.reach("crash with an entry filled in part")
        if process.number > 1 and (world.venue is None or world.venue.connection.n_connects == 0):
            self.reach("crash before the run before was taken up")
        if world.here == "a commit under way" and death is Death.POWER:
            self.reach("power lost in the middle of a commit")
        if any(point.startswith("a checkpoint") for point in world.in_life):
            self.reach("crash at a checkpoint")

    # ---- at a report ------------------------------------------------------------------------------------------------------------------
    def reported(self, reports: list[Report]) -> None:
        """Look at what the broker says."""
        world = self._world
        for each in reports:
            if not isinstance(each, Execution) or read_ref(each.order_ref) is None:
                continue
            if each.replaces is not None:
                self.reach("an execution corrected")
            elif world.process is not None and world.process.is_dead:
                self.reach("a fill while nobody lived")
            elif self._is_muted({"order-reports"}, keeps=False):
                self.reach("a fill during an outage whose reports are lost")
            if each.order_id in world.wire.cancels:
                self.reach("a fill of an order whose cancel had left")

    def _is_muted(self, what: set[str], *, keeps: bool | None = None) -> bool:
        names = frozenset[str]().union(*(kinds.names_of(each) for each in what))
        return any(names & window.names and keeps in (None, window.keeps) for window in self._world.gateway.faults.windows)

    # ---- each half second -------------------------------------------------------------------------------------------------------------
    def look(self) -> None:
        """Look at what both sides believe."""
        world, venue, broker = self._world, self._world.venue, self._world.broker
        if broker is None:
            return
        ours = {state.order.order_ref: state for state in broker.orders() if read_ref(state.order.order_ref) is not None}
        if venue is not None and venue.connection.n_connects:
            sent = [life for life in venue.book.lives.values() if life.entry.stage is Stage.SENT and not life.entry.has_lived]
            rests = {named.ref for text in ours if (named := read_ref(text)) is not None and named.leg is Leg.ENTRY}
            if any(life.submit.ref in rests for life in sent):
                if self._is_muted(ANSWERS, keeps=False):
                    self.reach("unknown, with a resting order and a muted answer")
                elif self._is_muted(ANSWERS, keeps=True):
                    self.reach("an order shown late")
        self._look_for_a_missing_stop()
        faults = world.gateway.faults
        if faults.roll_back_ids and venue is not None and venue.connection.n_connects:
            self.reach("order ids rolled back")
        if venue is not None and "326" in venue.connection.why:
            self.reach("the id still taken")

    def disk(self) -> None:
        """Look at what is at stake when the disk fails."""
        broker = self._world.broker
        if broker is not None and any(each.qty for each in broker.positions("DUSIM1")):
            self.reach("a disk in trouble with a position open")

    def _look_for_a_missing_stop(self) -> None:
        world, broker = self._world, self._world.broker
        assert broker is not None
        asked = {each.ref for each in world.wire.ids.values() if each.leg is Leg.STOP}
        taken = {named.ref for row in broker._desk.rows.values() if (named := read_ref(row.order.order_ref)) and named.leg is Leg.STOP}
        filled = {named.ref for each in broker.executions() if (named := read_ref(each.order_ref)) is not None}
        if asked & filled - taken:
            self.reach("a position whose stop never arrived")

    def hand(self, what: str) -> None:
        """Look at what somebody at the screen acts on."""
        world, broker = self._world, self._world.broker
        assert broker is not None
        stops = [state for state in broker.orders() if state.order.order_ref.endswith(":S")]
        if what in ("close", "turn", "cut") and any("child" not in state.why_held for state in stops):
            is_dead = world.process is None or world.process.is_dead
            self.reach("hand close while nobody lived" if is_dead else "hand close with a working stop")
