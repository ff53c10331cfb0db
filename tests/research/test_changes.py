"""Terms that changed between sessions, and nights that look like a split; nothing where nothing changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from workbench.config import load_roots
from workbench.domain.contracts import Contract
from workbench.research import Session, keep_frames, open_session
from workbench.research.changes import changes, split_of

DAYS = (date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19))
SPY = load_roots()["SPY"].contract(1, None)
ES = load_roots()["ES"].contract(2, "2026-12-18")


def prints(on: date, *prices: float) -> pl.DataFrame:
    first = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    times = [first + timedelta(minutes=n) for n in range(len(prices))]
    return pl.DataFrame({"time": times, "price_pts": prices, "size": [100] * len(prices)})


def recorded(data: Path, of: list[Contract], prices: list[tuple[float, ...]]) -> Session:
    for on, contract, each in zip(DAYS, of, prices, strict=True):
        keep_frames(prints(on, *each), contract, data=data, source="prints")
    return open_session(DAYS[0], DAYS[-1], data=data)


@pytest.mark.covers("S4-19")
def test_a_split_is_named_and_a_bad_night_is_not(tmp_path: Path) -> None:
    day = recorded(tmp_path, [SPY] * 3, [(640.0, 641.0), (599.0, 602.0), (150.6, 151.0)])
    assert changes(day).rows() == [(DAYS[2], "SPY", "split?", "602", "150.6, as after 4 for 1")]


@pytest.mark.covers("S4-19")
def test_terms_that_changed_are_told_by_name(tmp_path: Path) -> None:
    finer = replace(ES, price_quantum="0.05", order_increment="0.05")
    day = recorded(tmp_path, [ES, ES, finer], [(6000.0, 6000.25)] * 3)
    assert changes(day).rows() == [
        (DAYS[2], "ESZ6", "order_increment", "0.25", "0.05"),
        (DAYS[2], "ESZ6", "price_quantum", "0.25", "0.05"),
    ]


def test_of_one_session_there_is_nothing_to_list(tmp_path: Path) -> None:
    keep_frames(prints(DAYS[0], 640.0), SPY, data=tmp_path, source="prints")
    assert changes(open_session(DAYS[0], data=tmp_path)).is_empty()


@given(st.sampled_from([(2, 1), (3, 1), (3, 2), (4, 1), (10, 1), (20, 1), (5, 2)]), st.floats(0.97, 1.03), st.floats(1.0, 5_000.0))
def test_a_split_is_found_through_a_nights_move(ratio: tuple[int, int], move: float, price: float) -> None:
    new, old = ratio
    after = price * old / new * move
    assert split_of(price, after) == f"{new} for {old}" and split_of(after, price) == f"{old} for {new}"
