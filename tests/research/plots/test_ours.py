"""What we did, as it is drawn: stops and targets exactly while they worked, refusals counted once, every fill where it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.research import Session
from workbench.research.frames.columns import schema
from workbench.research.plots.ours import counted, working

START = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def frame(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    columns = schema(name)
    return pl.DataFrame([dict.fromkeys(columns) | {"run": "r", "symbol": "ESZ6"} | row for row in rows], schema=columns)


def order(minutes: float, ref: int, leg: str, price: float | None, command: str = "submit") -> dict[str, Any]:
    return {"time": at(minutes), "ref": ref, "leg": leg, "command": command, "price_pts": price, "qty": 2.0}


def fill(minutes: float, ref: int, leg: str, qty: float) -> dict[str, Any]:
    return {"time": at(minutes), "ref": ref, "leg": leg, "qty": qty, "price_pts": 100.0, "side": 1}


def bracket(minutes: float, ref: int) -> list[dict[str, Any]]:
    return [order(minutes, ref, "entry", 100.0), order(minutes, ref, "stop", 98.0), order(minutes, ref, "target", 104.0)]


def stood(*rows: list[dict[str, Any]], fills: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    made = working(frame("orders", *(each for part in rows for each in part)), frame("fills", *fills))
    return list(made.select("ref", "leg", "price_pts", "start", "end").iter_rows())


def test_a_stop_works_from_the_first_entry_fill_to_the_last_exit() -> None:
    fills = [fill(1, 7, "entry", 1), fill(2, 7, "entry", 1), fill(5, 7, "target", 1), fill(6, 7, "exit", 1)]
    assert stood(bracket(0, 7), fills=fills) == [(7, "stop", 98.0, at(1), at(6)), (7, "target", 104.0, at(1), at(6))]


def test_a_moved_stop_stands_at_each_price_in_its_turn() -> None:
    moves = [order(3, 7, "stop", 99.0, "modify"), order(4, 7, "stop", 100.0, "modify")]
    made = stood(bracket(0, 7), moves, fills=[fill(1, 7, "entry", 2), fill(6, 7, "stop", 2)])
    stops = [row[2:] for row in made if row[1] == "stop"]
    assert stops == [(98.0, at(1), at(3)), (99.0, at(3), at(4)), (100.0, at(4), at(6))]


def test_a_bracket_that_was_never_entered_has_no_stop_to_show() -> None:
    assert stood(bracket(0, 7), fills=[]) == []
    assert stood(bracket(0, 7), bracket(0, 8), fills=[fill(1, 8, "entry", 2), fill(2, 8, "stop", 2)]) == [
        (8, "stop", 98.0, at(1), at(2)),
        (8, "target", 104.0, at(1), at(2)),
    ]


def test_what_still_works_has_no_end() -> None:
    assert {row[4] for row in stood(bracket(0, 7), fills=[fill(1, 7, "entry", 2), fill(3, 7, "target", 1)])} == {None}


def test_brackets_of_two_runs_that_share_a_number_stay_apart() -> None:
    orders = frame("orders", *bracket(0, 1), *({**row, "run": "s"} for row in bracket(10, 1)))
    fills = frame("fills", fill(1, 1, "entry", 2), fill(2, 1, "stop", 2), {**fill(11, 1, "entry", 2), "run": "s"})
    assert working(orders, fills).filter(pl.col("leg") == "stop").select("run", "start", "end").rows() == [
        ("r", at(1), at(2)),
        ("s", at(11), None),
    ]


@pytest.mark.covers("S0-13")
def test_the_levels_of_a_traded_session_are_those_of_its_orders(day: Session) -> None:
    """At each fill and order, the stop that stands is the one placed last, while something is open, and none else."""
    levels = working(day.orders, day.fills)
    placed = day.orders.filter(pl.col("command").is_in(["submit", "modify"]))
    moments = pl.concat([day.fills["time"], day.orders["time"]]).unique().sort()
    assert len(levels) > 20
    for ref in day.fills["ref"].unique():
        fills = day.fills.filter(pl.col("ref") == ref)
        for leg in ("stop", "target"):
            mine = levels.filter((pl.col("ref") == ref) & (pl.col("leg") == leg))
            prices = placed.filter((pl.col("ref") == ref) & (pl.col("leg") == leg))
            for now in moments.filter(moments.is_between(fills["time"].min(), fills["time"].max())):
                open_ = sum(q if leg_ == "entry" else -q for t, q, leg_ in fills.select("time", "qty", "leg").iter_rows() if t <= now)
                standing = mine.filter((pl.col("start") <= now) & ((pl.col("end") > now) | pl.col("end").is_null()))["price_pts"].to_list()
                last = prices.filter(pl.col("time") <= now)["price_pts"].to_list()[-1:]
                ended = fills["time"].max() == now and mine["end"].null_count() == 0
                assert standing == ([] if ended else last), (ref, leg, now, open_)


reasons = st.lists(st.tuples(st.integers(0, 900), st.sampled_from("abcdefg")), min_size=1, max_size=80)


@settings(max_examples=150, derandomize=True)
@given(reasons, st.integers(1, 10), st.integers(1, 6))
def test_every_refusal_is_counted_once(drawn: list[tuple[int, str]], n: int, most: int) -> None:
    drawn.sort()
    refused = frame("refusals", *({"time": START + timedelta(seconds=s), "reason": reason} for s, reason in drawn))
    made = counted(refused, n, most)
    totals = refused["reason"].value_counts()
    assert made["n"].sum() == len(drawn) and made["n"].dtype == pl.Int64
    own = dict(totals.iter_rows())
    for reason, total in made.unique("reason").select("reason", "total").iter_rows():
        assert total == own.get(reason, total) == made.filter(pl.col("reason") == reason)["n"].sum()
    order = made.unique("reason", maintain_order=True)
    named = order.filter(pl.col("reason") != "other")
    assert named["total"].to_list() == sorted(named["total"], reverse=True)
    assert len(named) == (len(own) if len(own) <= most + 1 else most)
    assert bool((made["start"] <= made["time"]).all()) and made["time"].is_in(refused["time"].implode()).all()
    if "other" in order["reason"]:
        assert order["reason"][-1] == "other"
