"""The process score moves with how something trades, not with what it earns; a drawdown is the worst fall from the best."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.research.proving.made import stint, trip
from workbench.research.proving.score import drawdown_r, showing

R = st.lists(st.floats(-3, 3, allow_nan=False).map(lambda r: round(r, 3)), max_size=40)


@given(R)
@settings(max_examples=40)
def test_a_drawdown_is_the_worst_of_all_falls(rs: list[float]) -> None:
    totals = [0.0]
    for r in rs:
        totals.append(totals[-1] + r)
    worst = max(high - low for at, high in enumerate(totals) for low in totals[at:])
    assert drawdown_r([trip(r) for r in rs]) == pytest.approx(worst)


@given(R)
@settings(max_examples=20)
def test_what_it_earns_moves_no_score(rs: list[float]) -> None:
    assert showing([stint(rs=rs)]).process_score == showing([stint(rs=[-r for r in rs])]).process_score


def test_each_part_lowers_it() -> None:
    good = showing([stint(rs=[1, 1])])
    assert good.process_score is not None and set(good.parts) == {"plan", "orders", "execution", "calibration", "limits"}
    worse = {
        "plan": stint(trips=(trip(1), trip(1, 1, "uncovered"))), "orders": stint(rs=[1, 1], n_rejected=5),
        "execution": stint(rs=[1, 1], qualities=(0.5,)), "limits": stint(rs=[1, 1], n_violations=4),
    }  # fmt: skip
    for part, seen in worse.items():
        now = showing([seen])
        assert now.parts[part] < good.parts[part] and now.process_score is not None and now.process_score < good.process_score


def test_of_nothing_nothing_is_known() -> None:
    assert showing([]) == (None, {}, 0.0, 0, ())


def test_the_last_trips_alone_count_where_that_is_asked() -> None:
    rs = [-1.0] * 5 + [1.0] * 3
    assert showing([stint(rs=rs)]).drawdown_r == 5.0 and showing([stint(rs=rs)], last_trips=3).drawdown_r == 0.0
    assert showing([stint(rs=rs)], last_trips=0).drawdown_r == 0.0
