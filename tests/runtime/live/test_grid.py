"""The frame of live records: cut into whatever chunks and ticks, it is the one `market.sessions.weave` makes of the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.records import Kind, Phase, Records, empty
from workbench.domain.units import MS, SECOND
from workbench.market.sessions import SEQ_BITS, weave
from workbench.runtime.live.grid import Grid

FIRST = 100 * SECOND + 7


def quotes(steps_ms: list[int]) -> Records:
    made = empty(len(steps_ms))
    made["kind"], made["contract"], made["px"] = Kind.QUOTE, 1, np.arange(len(steps_ms))
    made["recv_ns"] = FIRST + np.cumsum(np.array(steps_ms, np.int64)) * MS
    return made


def phases(at_ms: list[int]) -> Records:
    made = empty(len(at_ms))
    made["kind"], made["level"], made["contract"] = Kind.PHASE, Phase.RTH, 1
    made["recv_ns"] = FIRST + np.array(at_ms, np.int64) * MS if at_ms else 0
    return made


@given(
    st.lists(st.integers(0, 700), min_size=1, max_size=60),
    st.lists(st.integers(0, 20_000), max_size=4),
    st.lists(st.integers(1, 9), min_size=1, max_size=8),
    st.booleans(),
)
def test_any_chunks_and_ticks_make_the_frame_of_the_whole(steps: list[int], at: list[int], sizes: list[int], ticks: bool) -> None:
    market, marks = quotes(steps), phases(at)
    grid, made, i, n = Grid(3, FIRST, marks), [], 0, 0
    while i < len(market):
        stop = min(len(market), i + sizes[n % len(sizes)])
        if ticks and n % 2:
            made.append(grid.tick(int(market["recv_ns"][i]) - 1).copy())
        made.append(grid.take(market[i:stop]).copy())
        i, n = stop, n + 1
    written = np.concatenate(made)
    last = int(market["recv_ns"][-1])
    whole = weave(market, marks[marks["recv_ns"] <= last], first_ns=FIRST, last_ns=last)
    assert written["seq"].tolist() == [(3 << SEQ_BITS) + k for k in range(1, len(written) + 1)]
    for name in whole.dtype.names or ():
        assert name == "seq" or np.array_equal(written[name], whole[name])


@given(st.lists(st.tuples(st.integers(-3_000, 3_000), st.integers(1, 5)), max_size=20))
def test_whatever_stamps_come_in_what_goes_out_never_falls(story: list[tuple[int, int]]) -> None:
    grid, seen = Grid(1, FIRST, phases([])), [FIRST]
    for at_ms, n in story:
        part = quotes([0] * n)
        part["recv_ns"] = FIRST + at_ms * MS
        seen += grid.take(part)["recv_ns"].tolist()
    assert seen == sorted(seen)


def test_a_record_that_waited_while_a_second_passed_comes_behind_it() -> None:
    grid = Grid(1, FIRST, phases([]))
    assert grid.tick(FIRST + 2 * SECOND)["kind"].tolist() == [Kind.TIME, Kind.TIME]
    late = grid.take(quotes([5]))
    assert late["kind"].tolist() == [Kind.QUOTE] and int(late["recv_ns"][0]) == FIRST + 2 * SECOND


def test_what_the_venue_keeps_is_not_written_over() -> None:
    market = quotes([1, 2])
    Grid(1, FIRST, phases([])).take(market)
    assert market["seq"].tolist() == [0, 0]


def test_gaps_are_known_when_they_are_said() -> None:
    made = Grid(1, FIRST, phases([])).gaps([1, 2], FIRST)
    assert made["kind"].tolist() == [Kind.GAP] * 2 and made["contract"].tolist() == [1, 2] and set(made["recv_ns"].tolist()) == {FIRST}
