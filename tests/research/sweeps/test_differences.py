"""Each cause of a difference is told by its own name, on trips made by hand."""

from __future__ import annotations

import pytest

from tests.research.sweeps.test_sweep import ES
from workbench.domain.decisions import At, BracketMoved, RoundTripClosed
from workbench.research.sweeps import differences
from workbench.research.sweeps.differences import Replayed, Trip, causes, trips_of_engine

MINUTE = 60 * 10**9


def trip(asked=0, side=1, qty=1, entry=6000.0, exit_=6004.0, fees=4.5, how="target", closed=10):
    return Trip(asked * MINUTE, closed * MINUTE, side, qty, entry, exit_, fees * qty, side * (exit_ - entry) * 50 * qty - fees * qty, how)


CASES = {
    "nothing": ([trip()], [trip()], [], [], {}),
    "entry": ([trip()], [trip(entry=6000.25)], [], [], {differences.ENTRY: (1, -12.5)}),
    "exit": ([trip()], [trip(exit_=6003.5)], [], [], {differences.EXIT: (1, -25.0)}),
    "otherwise": ([trip()], [trip(exit_=5996.0, how="stop")], [], [], {differences.OTHERWISE: (1, -400.0)}),
    "fees": ([trip()], [trip(fees=5.0)], [], [], {differences.FEES: (1, -0.5)}),
    "size": ([trip()], [trip(qty=2)], [], [], {differences.SIZE: (1, 195.5)}),
    "refused": ([trip()], [], [(5, "spread")], [], {"refused: spread": (1, -195.5)}),
    "held": ([trip(5)], [trip(4, side=-1, closed=7)], [], [], {differences.HELD: (1, -195.5), differences.EXTRA: (1, -204.5)}),
    "still open": ([trip(5)], [], [], [5 * MINUTE + 1], {differences.NOT_LEFT: (1, -195.5)}),
    "behind it": ([trip(5)], [], [], [4 * MINUTE], {differences.HELD: (1, -195.5)}),
    "absent": ([trip()], [], [], [], {differences.ABSENT: (1, -195.5)}),
    "short": ([trip(side=-1)], [trip(side=-1, entry=5999.0)], [], [], {differences.ENTRY: (1, -50.0)}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_difference_has_its_cause(name):
    ours, theirs, refused, left, wanted = CASES[name]
    found = causes(ours, Replayed(theirs, refused, left), 0.0, ES, MINUTE)
    assert {cause: (n, pytest.approx(usd)) for cause, (n, usd) in found.items()} == wanted
    assert sum(usd for _, usd in found.values()) == pytest.approx(sum(t.usd for t in theirs) - sum(t.usd for t in ours))


def test_what_the_sweep_counts_open_is_a_cause_of_its_own():
    assert causes([], Replayed([], [], []), 30.0, ES, MINUTE) == {differences.OPEN: (1, -30.0)}


def test_what_one_session_left_open_is_not_closed_by_the_next_ones_bracket_of_the_same_number():
    came = [At(5 * MINUTE, (0, 0)), BracketMoved(1, "working", "entry_filled", "exposed")]
    again = [At(9 * MINUTE, (0, 0)), BracketMoved(1, "working", "entry_filled", "exposed")]
    left = RoundTripClosed(1, ("", 1, "swept"), 1, 1, 6000.0, 6001.0, 9 * MINUTE, 10 * MINUTE, 4, 4_500_000, 45_500_000, 0.1, "stop")
    replayed = trips_of_engine([came, [*again, left]])
    assert replayed.open_ns == [5 * MINUTE] and [each.usd for each in replayed.trips] == [45.5]
