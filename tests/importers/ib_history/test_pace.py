"""Whoever asks when `Pace` allows it is never refused by the limits IB documents, however the questions are mixed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from tests.importers.ib_history.pasts import ESH6
from workbench.config import load_roots
from workbench.domain.units import SECOND
from workbench.gateway.history.pacing import Pacing
from workbench.importers.ib_history.pace import MOST_PENALTY_S, PENALTY_S, Pace
from workbench.venues.history import BarsAsked, TicksAsked

SPY = load_roots()["SPY"].contract(2)
KINDS = (
    lambda n: BarsAsked(ESH6, n * SECOND, (n + 1) * SECOND, 5),
    lambda n: BarsAsked(SPY, n * SECOND, (n + 1) * SECOND, 30),
    lambda n: TicksAsked(ESH6, n * SECOND, 10**18),
    lambda n: TicksAsked(ESH6, n * SECOND, 10**18, quotes=True),
    lambda n: TicksAsked(SPY, n * SECOND, 10**18, quotes=True, is_last=True),
)


@given(asked=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.floats(0, 3)), max_size=150))
@example_settings(max_examples=60, deadline=None, derandomize=True)
def test_no_mixture_of_questions_is_too_fast(asked):
    pace, limits, now_s = Pace(), Pacing(), 1_000.0
    for kind, n, idle_s in asked:
        one = KINDS[kind](n)
        now_s += idle_s
        while (wait_s := pace.wait_s(one, now_s)) > 0:
            now_s += wait_s
        pace.sent(one, now_s)
        what = (one.of, one.weight, isinstance(one, BarsAsked))
        assert limits.admits(round(now_s * SECOND), what, (one.of, one.key), one.weight)


def test_sixty_questions_for_quotes_take_twice_as_long():
    def took_s(quotes: bool) -> float:
        pace, now_s = Pace(), 0.0
        for n in range(60):
            one = TicksAsked(ESH6, n * SECOND, 10**18, quotes)
            now_s += pace.wait_s(one, now_s)
            pace.sent(one, now_s)
        return now_s

    assert 600 <= took_s(False) < 700 and 1_200 <= took_s(True) < 1_400


def test_refusals_in_a_row_are_waited_out_ever_longer_until_an_answer_comes():
    pace, one = Pace(), BarsAsked(ESH6, 0, SECOND, 5)
    waits = []
    for _ in range(6):
        pace.refused(0.0)
        waits.append(pace.wait_s(one, 0.0))
    assert waits == [PENALTY_S, 120.0, 240.0, 480.0, MOST_PENALTY_S, MOST_PENALTY_S]
    pace.answered()
    pace.refused(0.0)
    assert pace.wait_s(one, 0.0) == PENALTY_S
