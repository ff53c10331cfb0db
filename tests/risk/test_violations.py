"""A violation counts when a limit breaks, not while it is broken."""

from __future__ import annotations

import math

import pytest

from workbench.risk.violations import Kind, Violations

pytestmark = pytest.mark.covers("S4-06")


def test_ten_kinds_are_named_as_the_seeds_name_them_said_for_futures_and_margin_beside_them() -> None:
    assert {kind.value for kind in Kind} == {
        "daily_loss", "position_size", "leverage", "correlation", "group_exposure", "portfolio_heat", "order_notional", "daily_notional",
        "volume", "open_interest", "margin",
    }  # fmt: skip


def test_each_edge_counts_once_and_leaves_the_window() -> None:
    seen = Violations()
    broken, whole = [(Kind.LEVERAGE, 3.0, 2.0), (Kind.MARGIN, math.nan, 1.0)], [(Kind.LEVERAGE, 2.0, 2.0)]
    assert [kind for kind, _, _ in seen.note(broken, 0, 100)] == [Kind.LEVERAGE, Kind.MARGIN]
    assert not seen.note(broken, 10, 100) and not seen.note(whole, 20, 100) and len(seen.note(broken[:1], 30, 100)) == 1
    assert seen.times_ns == [0, 0, 30]
    seen.note(whole, 101, 100)
    assert seen.times_ns == [30]
