"""The tap: the socket's bytes split by us, market data to us alone, all else to ib_async as if we were not there."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ib_async import IB, Contract

from tests.data import shared
from tests.venues.ib.frames import ES, GOOD, NOW, STREAMS, Listener, cut, joined, payload
from workbench.clock import ManualClock
from workbench.domain.records import ASK, BID, Kind
from workbench.venues.ib.hot import Hot
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.raw import TapClient, tapped
from workbench.venues.ib.streams import QUOTES, Source
from workbench.wire.framing import frame

HELLO = joined([payload(178, "20261120 08:31:00 US/Central"), payload(15, 1, "DU1,DU2"), payload(9, 1, 41)])


class Wire(asyncio.Transport):
    """The other end of a socket: keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))

    def write_eof(self) -> None:
        self.is_closed = True

    def close(self) -> None:
        self.is_closed = True


class Edge:
    """A tapped client with a socket in memory."""

    def __init__(self) -> None:
        self.hot = Hot(Intake(ManualClock(NOW), 1 << 10))
        self.ib = tapped(self.hot)
        self.client: TapClient = self.ib.client
        self.frames: list[list[str]] = []
        self.troubles: list[str] = []
        self.client.on_frame = self.frames.append
        self.client.on_trouble = lambda what, _: self.troubles.append(what)
        self.wire = Wire()
        self.client.conn.transport = self.wire
        self.client.connState = TapClient.CONNECTING
        self.client.conn.connection_made(self.wire)

    def feed(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self.client.conn.data_received(chunk)


@pytest.fixture
def edge() -> Any:
    async def made() -> Edge:
        return Edge()

    return asyncio.run(made())


def test_the_handshake_makes_the_client_ready_however_it_is_cut(edge: Edge) -> None:
    edge.feed(*[HELLO[n : n + 1] for n in range(len(HELLO))])
    assert (edge.client.isReady(), edge.client.getAccounts(), edge.client.getReqId()) == (True, ["DU1", "DU2"], 41)
    assert edge.client.serverVersion() == 178
    assert edge.wire.written == [frame(payload(71, 2, -1, ""))]
    assert edge.hot.is_open


def test_a_server_that_is_too_old_is_refused_in_words(edge: Edge) -> None:
    edge.feed(joined([payload(140, "then")]))
    assert edge.wire.is_closed
    assert "972" in edge.troubles[0]


def test_market_data_of_ours_is_ours_alone_and_all_else_goes_on_unchanged(edge: Edge) -> None:
    edge.feed(HELLO)
    edge.hot.open(7, ES, Source.BID_ASK, QUOTES)
    ours, theirs = payload(99, 7, 3, 1_700_000_000, "10", "10.25", 1, 1, 0), payload(99, 8, 3, 1, "10", "10.25", 1, 1, 0)
    news = payload(4, 2, -1, 2104, "Market data farm connection is OK:usfarm", "")
    said: list[tuple[object, ...]] = []
    edge.ib.errorEvent += lambda *args: said.append(args)
    edge.feed(joined([ours, theirs, news, ours]))
    assert [f[0] for f in edge.frames[2:]] == ["99", "4"]
    assert edge.frames[-1] == news.decode().split("\0")[:-1]
    assert said[0][:3] == (-1, 2104, "Market data farm connection is OK:usfarm")
    assert len(edge.hot.intake.take().records[:2]) == 2


def test_a_reader_of_ours_that_raises_closes_nothing_and_ib_async_hears_the_frame_all_the_same(edge: Edge) -> None:
    edge.feed(HELLO)
    seen = []
    edge.ib.wrapper.currentTime = lambda time: seen.append(time)
    edge.client.on_frame = lambda fields: {}["no"]
    edge.feed(joined([payload(49, 1, 5), b"", payload("x"), payload(49, 1, 6)]))
    assert seen == [5, 6]
    assert not edge.wire.is_closed
    assert "KeyError" in edge.troubles[0]


def test_a_length_of_two_gigabytes_closes_the_socket_and_is_told(edge: Edge) -> None:
    edge.feed(HELLO, struct.pack(">I", 2**31 - 1) + b"1\x00")
    assert edge.wire.is_closed
    assert "cannot be meant" in edge.troubles[0]


def test_everything_that_goes_through_the_socket_is_seen_by_the_recorder(edge: Edge) -> None:
    class Ear:
        seen: list[tuple[str, bytes | str | None]] = []  # noqa: RUF012  one test, one ear

        def came(self, data: bytes) -> None:
            self.seen.append(("came", data))

        def left(self, data: bytes) -> None:
            self.seen.append(("left", data))

        def made(self) -> None:
            self.seen.append(("made", None))

        def refused(self, why: str) -> None:
            self.seen.append(("refused", why))

        def ended(self, error: str | None) -> None:
            self.seen.append(("ended", error))

    ear = edge.client.conn.recorder = Ear()
    edge.client.conn.connection_made(edge.wire)
    edge.feed(HELLO)
    edge.client.write(payload(49, 1))
    edge.client.conn.eof_received()
    edge.client.conn.connection_lost(ConnectionResetError("reset"))
    came = [("came", HELLO), ("left", frame(payload(71, 2, -1, ""))), ("left", frame(payload(49, 1)))]
    assert ear.seen == [("made", None), *came, ("ended", None), ("ended", "reset")]


def test_a_lane_is_offered_what_leaves_and_gives_back_what_never_left(edge: Edge) -> None:
    class Lane:
        waiting: list[bytes] = []  # noqa: RUF012  one test, one lane

        def offer(self, payload: bytes) -> None:
            self.waiting.append(payload)

        def drop(self) -> list[bytes]:
            return self.waiting

    edge.feed(HELLO)
    edge.client.lane, n = Lane(), len(edge.wire.written)
    unsent: list[bytes] = []
    edge.client.on_unsent = unsent.extend
    edge.client.cancelMktData(5)
    assert len(edge.wire.written) == n
    edge.client.conn.connection_lost(None)
    assert unsent == [payload(2, 2, 5)]
    assert not edge.hot.is_open


NOISE = st.one_of(
    st.binary(max_size=40),
    st.tuples(st.sampled_from([1, 2, 12, 13, 45, 46, 58, 99]), st.lists(st.text(max_size=6), max_size=9)).map(
        lambda t: payload(t[0], *t[1])
    ),
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(NOISE, max_size=20), st.lists(st.integers(0, 900), max_size=8))
def test_garbage_is_survived_and_what_comes_behind_it_is_read(bodies: list[bytes], places: list[int]) -> None:
    async def read() -> tuple[bool, bool, list[object]]:
        edge = Edge()
        edge.feed(HELLO)
        for req_id, source in enumerate((Source.LEVEL1, Source.LAST, Source.BID_ASK, Source.DEPTH)):
            edge.hot.open(req_id, ES, source, QUOTES)
        edge.client.decoder.interpret = lambda fields: None  # what ib_async makes of it is its own
        edge.feed(*cut(joined(bodies), places))
        edge.hot.open(77, ES, Source.BID_ASK, QUOTES)
        n = int(edge.hot.intake.state[0])
        edge.feed(joined([payload(99, 77, 3, 1_700_000_000, "10", "10.25", 1, 2, 0)]))
        last = edge.hot.intake.records[n % edge.hot.intake.capacity]
        return edge.wire.is_closed, edge.client.isReady(), [int(last[name]) for name in ("px", "sz", "px2", "sz2")]

    assert asyncio.run(read()) == (False, True, [40, 1, 41, 2])


class Ticks:
    """What ib_async makes of market data, as it tells its wrapper."""

    def __init__(self, ib: IB) -> None:
        self.said: list[tuple[object, ...]] = []
        for name in ("tickByTickAllLast", "tickByTickBidAsk", "updateMktDepth", "updateMktDepthL2", "priceSizeTick", "tickSize"):
            setattr(ib.wrapper, name, self._keep(name))

    def _keep(self, name: str) -> Any:
        return lambda *args: self.said.append((name, *args))


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(GOOD.map(lambda fields: payload(*fields)), min_size=1, max_size=30), st.lists(st.integers(0, 3000), max_size=6))
def test_our_numbers_are_those_of_ib_async_for_what_both_decode(payloads: list[bytes], places: list[int]) -> None:
    async def theirs() -> list[tuple[object, ...]]:
        ib = IB()
        ticks = Ticks(ib)
        for each in payloads:
            ib.client.decoder.interpret(each.decode().split("\0")[:-1])
        return ticks.said

    compare(Listener().feed(*cut(joined(payloads), places)), asyncio.run(theirs()))


def compare(log: list[Any], said: list[tuple[object, ...]]) -> None:
    """Each record of a tick-by-tick or depth message stands among what ib_async said, in the same order and with the same numbers."""
    at = 0
    expected = [each for each in map(as_floats, said) if each is not None]
    for row in log:
        if (
            not isinstance(row, tuple)
            or len(row) != 10
            or row[0] in {"DEPTH_RESET", "GAP"}
            or (row[0] in {"QUOTE", "PRINT"} and not row[6])
        ):
            continue
        of = next(contract for contract, _, _ in STREAMS.values() if contract.id == row[1])
        mine = (
            row[0],
            of.to_pts(row[2]),
            row[3] * float(of.size_quantum),
            of.to_pts(row[4]),
            row[5] * float(of.size_quantum),
            row[6],
            row[8],
        )
        if row[0] == "PRINT" and row[6] % 10**9:
            continue  # RTVolume: text to ib_async
        while at < len(expected) and not is_same(mine, expected[at], row):
            at += 1
        assert at < len(expected), f"ib_async never said {mine}"
        at += 1


def as_floats(said: tuple[Any, ...]) -> tuple[Any, ...] | None:
    match said:
        case ("tickByTickAllLast", _, _, time, price, size, *_):
            return "PRINT", price, size, 0.0, 0.0, time * 10**9, 0
        case ("tickByTickBidAsk", _, time, bid, ask, bid_size, ask_size, _):
            return "QUOTE", bid, bid_size, ask, ask_size, time * 10**9, 0
        case ("updateMktDepth", _, level, operation, _, price, size) | ("updateMktDepthL2", _, level, _, operation, _, price, size, _):
            return Kind(Kind.DEPTH_INSERT + operation).name if 0 <= operation <= 2 else "", price, size, 0.0, 0.0, 0, level
    return None


def is_same(mine: tuple[Any, ...], theirs: tuple[Any, ...], row: tuple[Any, ...]) -> bool:
    if (mine[0], *mine[5:]) != (theirs[0], *theirs[5:]):
        return False
    if row[0] == "DEPTH_DELETE":
        return True
    bid = row[0] != "QUOTE" or row[9] & BID
    ask = row[0] == "QUOTE" and row[9] & ASK
    return (not bid or mine[1:3] == theirs[1:3]) and (not ask or mine[3:5] == theirs[3:5])


def recorded() -> list[bytes]:
    """Every frame that a real gateway sent and somebody recorded."""
    lines = shared("ib_recorded/wire_frames.jsonl").read_text().splitlines()
    frames = [json.loads(line) for line in lines]
    return [each["payload"].encode() for each in frames if each["direction"] != "client->tws"]


def test_recorded_frames_reach_ib_async_whole_and_those_of_ours_become_what_it_says() -> None:
    payloads = recorded()
    listener = Listener({1001: (STREAMS[2][0], Source.LEVEL1, QUOTES)})
    log = listener.feed(*cut(joined(payloads), list(range(0, 70_000, 7))))
    hot = [each for each in payloads if each.split(b"\0")[0] in {b"1", b"2", b"58"} and b"\x001001\x00" in each]
    assert [each for each in log if isinstance(each, bytes)] == [each for each in payloads if each not in hot]
    assert listener.hot.counts.bad == 0
    assert listener.hot.counts.hot == len(hot)
    assert ("DATA_TYPE", 1001, 3) in log and ("DELAYED", 1001, 1) in log


def test_a_recorded_day_of_level_1_becomes_the_quotes_that_ib_async_shows() -> None:
    ticks = json.loads(shared("ib_recorded/nautilus_ib/streaming/tick_data.json").read_text())
    payloads = [level1(each) for each in ticks if each["tickType"] in {0, 1, 2, 3}]

    async def theirs() -> list[tuple[float, float, float, float]]:
        ib = IB()
        ticker = ib.wrapper.startTicker(1, Contract(conId=1), "mktData")
        seen = []
        for each in payloads:
            ib.client.decoder.interpret(each.decode().split("\0")[:-1])
            now = (ticker.bid, ticker.bidSize, ticker.ask, ticker.askSize)
            if not seen or seen[-1] != now:
                seen.append(now)
        return seen

    of = STREAMS[2][0]
    log = Listener({1: (of, Source.LEVEL1, QUOTES)}, capacity=1 << 15).feed(joined(payloads))
    ours = [(of.to_pts(r[2]), float(r[3]), of.to_pts(r[4]), float(r[5])) for r in log if r[0] == "QUOTE" and r[9] & 3 == 3]
    shown, told = asyncio.run(theirs()), set(ours)
    assert len(ours) > 1000
    assert ours[-1] == shown[-1]
    assert told <= set(shown)
    assert sum(each in told for each in shown) >= 0.9 * len(shown)  # the rest: a bid at or over an ask that had not come yet


def level1(tick: dict[str, Any]) -> bytes:
    """The message that a recorded tick came in."""
    if tick["tickType"] in {1, 2}:
        return payload(1, 6, 1, tick["tickType"], tick["price"], tick["size"], 0)
    return payload(2, 6, 1, tick["tickType"], tick["size"])
