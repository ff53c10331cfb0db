"""The lane: orders ahead of data, never more than IB bears, in virtual time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.errors import InvariantError
from workbench.venues.ib.lane import BURST, DATA, MAX_WAITING, MOST, Lane


class Time:
    """A loop that has nothing but time."""

    def __init__(self) -> None:
        self._now, self._due, self._n = 100.0, list[tuple[float, int, Callable[[], object]]](), count()

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> object:
        heapq.heappush(self._due, (when, next(self._n), callback))
        return None

    def run_until(self, when: float) -> None:
        while self._due and self._due[0][0] <= when:
            at, _, callback = heapq.heappop(self._due)
            self._now = max(self._now, at)
            callback()
        self._now = when


class Wire:
    def __init__(self) -> None:
        self.time = Time()
        self.left: list[tuple[float, bytes]] = []
        self.lane = Lane(lambda payload: self.left.append((self.time.time(), payload)), self.time)

    def when(self, payload: bytes) -> float:
        return next(at for at, each in self.left if each == payload)


def test_a_kill_leaves_within_a_quarter_second_with_a_thousand_messages_queued() -> None:
    wire = Wire()
    for n in range(1000):
        wire.lane.offer(b"20\0%d\0" % n)
    wire.time.run_until(103.1)
    kill = [b"58\x001\0", *(b"4\x001\0%d\0" % n for n in range(8)), *(b"3\0%d\0" % n for n in range(4))]
    for payload in kill:
        wire.lane.offer(payload)
    wire.time.run_until(104.0)
    assert max(wire.when(payload) for payload in kill) - 103.1 <= 0.25
    assert wire.lane.n_waiting > 800


def test_behind_a_word_that_it_was_too_fast_nothing_is_asked_for_a_second_and_orders_leave() -> None:
    wire = Wire()
    wire.lane.hold()
    for payload in (b"61\x001\0", b"49\x001\0", b"3\x007\0"):
        wire.lane.offer(payload)
    assert wire.left == [(100.0, b"3\x007\0")]
    wire.time.run_until(101.2)
    many = [b"3\0%d\0" % n for n in range(100, 160)]
    for payload in many:
        wire.lane.offer(payload)
    wire.time.run_until(103.0)
    assert wire.when(b"49\x001\0") <= wire.when(b"61\x001\0") and 101.25 <= wire.when(b"49\x001\0") < 102.3  # the heartbeat first
    assert [payload for _, payload in wire.left if payload in many] == many and wire.lane.n_waiting == 0


def test_an_order_leaves_in_the_same_turn_when_requests_wait() -> None:
    wire = Wire()
    for n in range(200):
        wire.lane.offer(b"9\x008\0%d\0" % n)
    wire.lane.offer(b"4\x001\x007\0")
    assert wire.when(b"4\x001\x007\0") == 100.0


def test_two_hundred_orders_at_once_keep_their_order_and_the_limit() -> None:
    wire = Wire()
    orders = [b"3\0%d\0" % n for n in range(200)]
    for payload in orders:
        wire.lane.offer(payload)
    wire.time.run_until(110.0)
    assert [payload for _, payload in wire.left] == orders
    assert _most_in_a_second([at for at, _ in wire.left]) <= MOST


def test_data_requests_leave_evenly_and_below_their_share() -> None:
    wire = Wire()
    for n in range(100):
        wire.lane.offer(b"1\x0011\0%d\0" % n)
    wire.time.run_until(106.0)
    assert len(wire.left) == 100
    assert _most_in_a_second([at for at, _ in wire.left][10:]) <= DATA + 1


def test_what_never_left_is_given_back_when_the_socket_is_gone() -> None:
    wire = Wire()
    for n in range(60):
        wire.lane.offer(b"3\0%d\0" % n)
    lost = wire.lane.drop()
    assert lost == [b"3\0%d\0" % n for n in range(MOST, 60)] and wire.lane.n_waiting == 0
    wire.time.run_until(110.0)
    assert len(wire.left) == MOST


def test_a_payload_that_is_refused_never_leaves_and_stops_no_other() -> None:
    wire, refused = Wire(), list[bytes]()

    def check(payload: bytes) -> None:
        if payload == b"3\x00bad\0":
            raise InvariantError("not what was commanded")

    def leave(payload: bytes) -> None:
        wire.left.append((0.0, payload))

    lane = Lane(leave, wire.time, check=check, refused=lambda payload, _: refused.append(payload))
    with pytest.raises(InvariantError):
        lane.offer(b"3\x00bad\0")
    lane.offer(b"3\x00good\0")
    assert [payload for _, payload in wire.left] == [b"3\x00good\0"] and not refused


def test_an_endless_loop_of_requests_ends_in_an_error() -> None:
    wire = Wire()
    for n in range(MAX_WAITING + BURST):
        wire.lane.offer(b"9\0%d\0" % n)
    with pytest.raises(OverflowError):
        wire.lane.offer(b"9\0one more\0")


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.5), st.booleans(), st.integers(1, 40)), max_size=30))
def test_no_mix_of_orders_and_data_ever_exceeds_the_limit_or_changes_their_order(bursts: list[tuple[float, bool, int]]) -> None:
    wire, at, n = Wire(), 100.0, 0
    offered: dict[bytes, list[bytes]] = {b"3": [], b"9": []}
    for pause, is_order, size in bursts:
        at += pause
        wire.time.run_until(at)
        for _ in range(size):
            kind = b"3" if is_order else b"9"
            payload = kind + b"\0%d\0" % n
            n += 1
            offered[kind].append(payload)
            wire.lane.offer(payload)
    wire.time.run_until(at + 100)
    for kind, payloads in offered.items():
        assert [payload for _, payload in wire.left if payload.startswith(kind)] == payloads
    assert _most_in_a_second([at for at, _ in wire.left]) <= MOST


def _most_in_a_second(times: list[float]) -> int:
    return max((sum(1 for each in times if start <= each < start + 1.0) for start in times), default=0)
