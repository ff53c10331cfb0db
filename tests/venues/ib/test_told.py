"""What a message of a real-time bar becomes, and which are none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from workbench.config import load_roots
from workbench.domain.units import SECOND
from workbench.store.told_bars import ToldBar
from workbench.venues.ib.told import told_bar
from workbench.wire import RealtimeBar

ES = load_roots()["ES"].contract(1, "2026-12-18")


def said(**changes: object) -> RealtimeBar:
    of: dict[str, object] = {
        "req_id": 7, "time": 1_000, "open": Decimal("6000.25"), "high": Decimal("6000.75"), "low": Decimal("6000.00"),
        "close": Decimal("6000.50"), "volume": Decimal(12), "wap": Decimal("6000.4375"), "count": 5,
    }  # fmt: skip
    return RealtimeBar(**(of | changes))


def test_a_bar_is_kept_in_quanta_with_when_it_began_and_when_it_came() -> None:
    assert told_bar(ES, said(), 9) == ToldBar(1_000 * SECOND, 1, 24_001, 24_003, 24_000, 24_002, 12, 6000.4375, 5, 9)


@pytest.mark.parametrize("changes", [{"volume": Decimal(0)}, {"wap": Decimal("1.7976931348623157E308")}])
def test_of_what_was_not_traded_or_not_told_no_mean_is_known(changes: dict[str, object]) -> None:
    bar = told_bar(ES, said(**changes), 9)
    assert bar is not None and bar.wap_pts is None


@pytest.mark.parametrize(
    "changes",
    [{"open": Decimal("6000.1")}, {"low": Decimal("6000.50")}, {"high": Decimal("6000.25")}, {"volume": Decimal(-1)}, {"count": -1},
     {"volume": Decimal("0.5")}, {"volume": Decimal(10) ** 30}, {"time": 1 << 40}, {"time": -1}],
)  # fmt: skip
def test_what_is_off_the_grid_contradicts_itself_or_is_not_known_is_no_bar(changes: dict[str, object]) -> None:
    assert told_bar(ES, said(**changes), 9) is None
