"""One session of a line, arrival by arrival: records before events where a barrier stopped, marks before events, the close, the door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

from tests.runtime.live.test_grid import FIRST, phases, quotes
from workbench.clock import ManualClock, SystemClock
from workbench.config import Mode
from workbench.domain.events import AnyEvent, ClockStepped, ConnectionChanged, FeeReported, OrderRejected
from workbench.domain.orders import AnyCommand, Ask, Cause, Key, OrderType, Submit
from workbench.domain.records import Kind
from workbench.domain.units import MS, SECOND
from workbench.runtime.live import Door, Line, Recalled
from workbench.runtime.live.grid import Grid
from workbench.runtime.live.venue import STOPPED, LiveVenue
from workbench.venues.base import Batch, Happened

SUBMIT = Submit(1, Key("DU1", 1, "s"), FIRST, Cause(1, 0), 1, 1, OrderType.MARKET, 100, 90, 120)
ASK = Ask(0, Key("DU1", 0, ""), FIRST, Cause(1, 0), "account", "")


class Told:
    """An edge that hands out what it was told, and moves the clock to each."""

    accounts: Collection[str] = ("DU1",)

    def __init__(self, clock: ManualClock, *arrivals: Batch | Happened) -> None:
        self.clock, self.arrivals, self.settled = clock, arrivals, list[int]()
        self.sent: list[AnyCommand] = []

    def recall(self, recalled: Recalled) -> None:
        """Nothing was before."""

    async def events(self) -> AsyncIterator[Batch | Happened]:
        for arrival in self.arrivals:
            at = arrival.recv_ns if isinstance(arrival, Happened) else int(arrival.records["recv_ns"][arrival.stop - 1])
            self.clock.advance_to(at)
            yield arrival

    def settle(self, consumed: int) -> None:
        self.settled.append(consumed)

    async def send(self, command: AnyCommand) -> None:
        self.sent.append(command)


def batch(*steps_ms: int) -> Batch:
    made = quotes(list(steps_ms))
    return Batch(made, int(made.ctypes.data), 0, len(made))


def happened(at_ms: int, n: int = 1) -> Happened:
    return Happened(FIRST + at_ms * MS, FeeReported(f"x{n}", n))


class Drive:
    """Goes through a session; `stops` says how many records of a batch are consumed, call by call; the rest is taken whole."""

    def __init__(
        self, *arrivals: Batch | Happened, last_ms: int = 60_000, mode: Mode = Mode.PAPER, opening: tuple[AnyEvent, ...] = ()
    ) -> None:
        self.clock = ManualClock(FIRST)
        self.edge = Told(self.clock, *arrivals)
        self.line = Line(self.edge, self.clock)
        self.last_ns = FIRST + last_ms * MS
        self.door = Door(mode, "DU1", lambda: self.edge.accounts, None, self.clock)
        self.venue = LiveVenue(self.line, Grid(1, FIRST, phases([])), self.door, self.last_ns, opening)

    def go(self, stops: tuple[int, ...] = (), send: AnyCommand | None = None) -> list[str]:
        return asyncio.run(self.story(list(stops), send))

    def then(self, last_ms: int = 60_000) -> None:
        """Go on with the session that follows."""
        begin_ns, self.last_ns = self.last_ns + 1, FIRST + last_ms * MS
        self.venue = LiveVenue(self.line, Grid(2, begin_ns, phases([])), self.door, self.last_ns)

    async def story(self, stops: list[int], send: AnyCommand | None = None) -> list[str]:
        story: list[str] = []
        async for arrival in self.venue.events():
            if isinstance(arrival, Happened):
                story.append(f"{type(arrival.event).__name__}@{(arrival.recv_ns - FIRST) // MS}")
                continue
            n = min(stops.pop(0) if stops else arrival.stop, arrival.stop - arrival.start)
            part = arrival.records[arrival.start : arrival.start + n]
            story += [f"{Kind(row['kind']).name}@{(int(row['recv_ns']) - FIRST) // MS}" for row in part]
            self.venue.settle(arrival.start + n)
            if send is not None:
                await self.venue.send(send)
                send = None
        return story


def test_what_is_left_of_a_batch_comes_before_any_event() -> None:
    drive = Drive(batch(0, 1, 1, 1), happened(4))
    assert drive.go((2, 0, 1)) == ["QUOTE@0", "QUOTE@1", "QUOTE@2", "QUOTE@3", "FeeReported@4"]
    assert drive.edge.settled == [4]


def test_what_a_command_comes_back_as_waits_for_the_rest_of_its_batch() -> None:
    drive = Drive(batch(0, 1, 1), mode=Mode.OBSERVE)
    assert drive.go((1,), SUBMIT) == ["QUOTE@0", "QUOTE@1", "QUOTE@2", "OrderRejected@2"]
    assert drive.edge.sent == []


def test_a_question_leaves_in_every_mode_and_an_order_where_it_may() -> None:
    for mode, command, sent in ((Mode.OBSERVE, ASK, [ASK]), (Mode.PAPER, SUBMIT, [SUBMIT]), (Mode.RECORD, SUBMIT, [])):
        drive = Drive(batch(0, 1), mode=mode)
        drive.go((1,), command)
        assert drive.edge.sent == sent


def test_seconds_stand_before_the_event_that_is_later() -> None:
    drive = Drive(batch(0), happened(2_500), batch(3_500))
    assert drive.go() == ["QUOTE@0", "TIME@999", "TIME@1999", "FeeReported@2500", "TIME@2999", "QUOTE@3500"]


def test_what_arrives_behind_the_close_is_the_next_sessions() -> None:
    drive = Drive(batch(500, 1_000, 1_000), happened(3_000), last_ms=1_600)

    async def both() -> tuple[list[str], list[str]]:
        first = await drive.story([])
        assert drive.edge.settled == []  # the batch is not over: its last record waits
        drive.then()
        return first, await drive.story([])

    assert asyncio.run(both()) == (
        ["QUOTE@500", "TIME@999", "QUOTE@1500"],
        ["TIME@1999", "QUOTE@2500", "TIME@2999", "FeeReported@3000"],
    )
    assert drive.edge.settled == [3]


def test_a_record_at_the_close_itself_is_still_in_it() -> None:
    assert Drive(batch(0, 1_600), last_ms=1_600).go() == ["QUOTE@0", "TIME@999", "QUOTE@1600"]


def test_the_last_second_of_a_session_is_made_although_nothing_arrives() -> None:
    drive = Drive(batch(0), batch(4_500), last_ms=3_000)
    assert drive.go() == ["QUOTE@0", "TIME@999", "TIME@1999", "TIME@2999"]


def test_an_event_behind_the_close_is_the_next_sessions_too() -> None:
    drive = Drive(batch(0), happened(5_000), last_ms=1_600)

    async def both() -> tuple[list[str], list[str]]:
        first = await drive.story([])
        drive.then()
        return first, await drive.story([])

    first, second = asyncio.run(both())
    assert first == ["QUOTE@0", "TIME@999"] and second[-1] == "FeeReported@5000"


def test_a_clock_that_stepped_is_told() -> None:
    wall, steady = iter([FIRST, FIRST, FIRST + 9 * SECOND]), iter([0, 0, 1])
    drive = Drive(batch(5))
    drive.line.clock = SystemClock(1, lambda: next(wall, FIRST + 9 * SECOND), lambda: next(steady, 1))

    async def first_step() -> AnyEvent:
        async for arrival in drive.venue.events():
            if isinstance(arrival, Happened):
                return arrival.event
            drive.venue.settle(arrival.stop)
        raise AssertionError("no step was told")

    assert asyncio.run(first_step()) == ClockStepped(9 * SECOND - 1)


def test_a_person_ends_it_between_two_turns_and_that_is_the_last_event() -> None:
    drive = Drive(Happened(FIRST, ConnectionChanged(True, "there")), batch(5), batch(9))

    async def go() -> list[object]:
        found: list[object] = []
        async for arrival in drive.venue.events():
            if isinstance(arrival, Batch):
                drive.venue.settle(arrival.stop)
                drive.line.stop()
            else:
                found.append(arrival.event)
        return found

    assert asyncio.run(go()) == [ConnectionChanged(True, "there"), ConnectionChanged(False, STOPPED)]
    assert drive.venue.n_records == 1


def test_what_opens_a_run_comes_first_in_its_order() -> None:
    drive = Drive(batch(5), opening=(FeeReported("a", 1), FeeReported("b", 2)))
    assert drive.go() == ["FeeReported@0", "FeeReported@0", "QUOTE@5"]


def test_a_refused_order_is_told_as_such() -> None:
    drive = Drive(batch(0, 1))
    drive.edge.accounts = ()
    story = drive.go((2,), SUBMIT)
    assert story[-1].startswith(OrderRejected.__name__) and drive.edge.sent == []


class Late(Told):
    """An edge that came to speak only when all of it had come: the clock is far behind it."""

    def __init__(self, clock: ManualClock, *arrivals: Batch | Happened) -> None:
        super().__init__(clock, *arrivals)
        self.left = list(arrivals)

    @property
    def oldest_ns(self) -> int | None:
        if not self.left:
            return None
        first = self.left[0]
        return first.recv_ns if isinstance(first, Happened) else int(first.records["recv_ns"][first.start])

    async def events(self) -> AsyncIterator[Batch | Happened]:
        while self.left:
            await asyncio.sleep(0)
            yield self.left.pop(0)


def test_marks_stand_behind_what_came_before_them_however_late_it_is_taken() -> None:
    for last_ms in (60_000, 1_600):
        drive = Drive(last_ms=last_ms)
        edge = Late(drive.clock, batch(0, 998), happened(998), batch(1_500), happened(2_500))
        drive.line = Line(edge, drive.clock)
        drive.venue = LiveVenue(drive.line, Grid(1, FIRST, phases([])), drive.door, drive.last_ns)
        drive.clock.advance_to(FIRST + 3_100 * MS)
        late = ["QUOTE@0", "QUOTE@998", "FeeReported@998", "TIME@999", "QUOTE@1500", "TIME@1999", "FeeReported@2500", "TIME@2999"]
        assert drive.go() == [each for each in late if int(each.split("@")[1]) <= last_ms]
