"""The frames of a run say what its facts and events say, found another way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import polars as pl
import pytest

from tests.research.conftest import Traded
from tests.research.folders import ES, OPENS_NS
from workbench.domain.decisions import (
    AnyFact,
    Approved,
    At,
    FeeCharged,
    ForecastMade,
    Issued,
    LabelMatured,
    Refused,
    RoundTripClosed,
    StateChanged,
    TradingState,
)
from workbench.domain.events import Arrival, FeeReported, FillCorrected, OrderFilled, RunStarted
from workbench.domain.orders import Cancel, Cause, Exit, Key, Leg, Modify, OrderType, Submit
from workbench.domain.units import MICROS, SECOND
from workbench.research import Session, open_session
from workbench.research.evaluate import summarise
from workbench.research.frames.journal import FRAMES, Story, story_sheet
from workbench.research.frames.sheet import known
from workbench.runtime.logged import open_log
from workbench.store.journal import Journal

KEY = Key("DUSIM1", ES.id, "by_hand")
CAUSE = Cause(41, 0)
SUBMIT = Submit(7, KEY, OPENS_NS, CAUSE, -1, 2, OrderType.LIMIT, 24_000, 24_020, 23_960)


def told(tmp_path: Path, *rows: Arrival | tuple[int, list[AnyFact]]) -> Story:
    """Write a journal by hand and read it."""
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.append(Arrival(40, 1, OPENS_NS - SECOND, RunStarted("paper", "by-hand", {})))
        for row in rows:
            if isinstance(row, Arrival):
                journal.append(row)
            else:
                journal.extend(41, 0, row[0], [At(row[0], CAUSE), *row[1]])
    story = Story("by-hand", [ES])
    story.read(path)
    return story


def frame(story: Story, name: str, until_ns: int | None = None) -> pl.DataFrame:
    return known([story_sheet(name, story, "UTC", None)]).at(until_ns)


def test_counts_and_money_are_those_of_the_evaluation(traded: Traded, day: Session) -> None:
    facts = list(open_log(traded.data, traded.session).facts())
    summary = summarise(facts)
    assert dict(day.refusals["reason"].value_counts().iter_rows()) == dict(summary.refusals) and len(day.refusals) > 0
    assert len(day.decisions) == sum(isinstance(fact, Approved | Refused) for fact in facts)
    assert day.decisions.filter(verdict="refused").equals(day.refusals)
    assert len(day.round_trips) == summary.n_trips > 0
    assert day.round_trips["pnl_usd"].sum() == pytest.approx(summary.pnl_micros / MICROS)
    assert day.round_trips["fees_usd"].sum() == pytest.approx(summary.fees_micros / MICROS)
    (forecasts,) = summary.forecasts
    assert len(day.forecasts) == forecasts.n_made and set(day.forecasts["recipe"]) == {forecasts.name}
    hits = day.forecasts.filter(pl.col("is_up").is_not_null()).select(((pl.col("p_up") > 0.5) == pl.col("is_up")).sum()).item()
    assert forecasts.hit_frac is not None and hits == round(forecasts.hit_frac * forecasts.n_known)


@pytest.mark.covers("S0-13")
def test_an_outcome_stands_beside_the_forecast_it_is_of(traded: Traded, day: Session) -> None:
    facts = list(open_log(traded.data, traded.session).facts())
    matured = [fact for fact in facts if isinstance(fact, LabelMatured) and fact.p_up is not None]
    symbol = {of.id: of.symbol for of in day.contracts}
    there = {(row["symbol"], row["time_ns"] // (5 * SECOND) * 5 * SECOND): row for row in
             day.forecasts.with_columns(pl.col("time").dt.epoch("ns").alias("time_ns")).to_dicts()}  # fmt: skip
    assert len(matured) == day.forecasts["is_up"].is_not_null().sum() > 100
    for fact in matured:
        row = there[symbol[fact.contract], fact.made_ns]
        assert row["is_up"] is fact.up and row["p_up"] == fact.p_up


def test_every_fill_has_an_order_of_its_leg_and_side(day: Session) -> None:
    orders = day.orders.select("ref", "leg", "side", "symbol", "strategy").unique()
    joined = day.fills.join(orders, on=["ref", "leg", "side", "symbol", "strategy"], how="left", coalesce=False)
    assert len(day.fills) > 0 and joined["ref_right"].null_count() == 0
    by_ref = day.fills.group_by("ref").agg((pl.col("side") * pl.col("qty")).sum().alias("left"))
    flat = by_ref.join(day.round_trips.select("ref"), on="ref")
    assert (flat["left"] == 0).all() and len(flat) == len(day.round_trips)


def test_every_row_names_the_record_it_answers(day: Session) -> None:
    bars = day.bars(length="5s").select("seq", "symbol")
    for name in ("forecasts", "decisions"):
        rows = day.frame(name).select("seq", "symbol")
        assert len(rows.join(bars, on=["seq", "symbol"], how="semi")) == len(rows), name


def test_a_bracket_is_three_orders_and_what_moves_it_one_more(tmp_path: Path) -> None:
    moved: list[AnyFact] = [
        Issued(Modify(7, KEY, OPENS_NS + 1, CAUSE, 24_010)),
        Issued(Cancel(7, KEY, OPENS_NS + 1, CAUSE)),
        Issued(Exit(7, KEY, OPENS_NS + 1, CAUSE, "thesis")),
    ]
    orders = frame(told(tmp_path, (OPENS_NS, [Issued(SUBMIT)]), (OPENS_NS + 1, moved)), "orders")
    assert orders.select("leg", "command", "side", "qty", "type", "price_pts", "why").rows() == [
        ("entry", "submit", -1, 2.0, "limit", 6000.0, None),
        ("stop", "submit", 1, 2.0, "stop", 6005.0, None),
        ("target", "submit", 1, 2.0, "limit", 5990.0, None),
        ("stop", "modify", 1, None, "stop", 6002.5, None),
        ("entry", "cancel", -1, None, None, None, None),
        ("exit", "exit", 1, None, "market", None, "thesis"),
    ]
    assert set(orders["run"]) == {"by-hand"} and set(orders["ref"]) == {7}


def test_a_commission_that_came_later_is_not_known_before(tmp_path: Path) -> None:
    story = told(
        tmp_path,
        (OPENS_NS, [Issued(SUBMIT)]),
        Arrival(42, 1, OPENS_NS + 1, OrderFilled(7, Leg.ENTRY, 2, 24_000, "x1", None)),
        Arrival(42, 2, OPENS_NS + 2, OrderFilled(7, Leg.STOP, 2, 24_020, "x2", 1_240_000)),
        Arrival(43, 1, OPENS_NS + SECOND, FeeReported("x1", 1_250_000)),
        Arrival(43, 2, OPENS_NS + SECOND, FeeReported("nobody's", 1)),
    )
    assert frame(story, "fills")["fee_usd"].to_list() == [1.25, 1.24]
    assert frame(story, "fills", OPENS_NS + 2)["fee_usd"].to_list() == [None, 1.24]
    assert frame(story, "fills")["side"].to_list() == [-1, 1] and frame(story, "fills")["price_pts"].to_list() == [6000.0, 6005.0]


def test_a_correction_takes_the_old_execution_back_and_books_the_new_one(tmp_path: Path) -> None:
    story = told(
        tmp_path,
        (OPENS_NS, [Issued(SUBMIT)]),
        Arrival(42, 1, OPENS_NS + 1, OrderFilled(7, Leg.ENTRY, 2, 24_000, "x1.01", 1_250_000)),
        Arrival(42, 2, OPENS_NS + 2, FillCorrected(7, Leg.ENTRY, 2, 24_004, "x1.02", "x1.01")),
        Arrival(42, 3, OPENS_NS + 3, FillCorrected(7, Leg.ENTRY, 2, 24_004, "x1.02", "x1.01")),  # brokers tell things again
        Arrival(42, 4, OPENS_NS + 4, FillCorrected(7, Leg.ENTRY, 0, 24_004, "x1.03", "x1.02")),  # and bust them in the end
    )
    fills = frame(story, "fills")
    assert fills.select("qty", "price_pts", "fee_usd").rows() == [
        (2.0, 6000.0, 1.25),
        (-2.0, 6000.0, 0.0),
        (2.0, 6001.0, 0.0),
        (-2.0, 6001.0, 0.0),
    ]
    assert frame(story, "fills", OPENS_NS + 1).equals(fills.head(1))


def test_a_corrected_execution_is_charged_once_whenever_its_commission_comes(tmp_path: Path) -> None:
    filled = OrderFilled(7, Leg.ENTRY, 2, 24_000, "x1.01", None)
    fees = FeeReported("x1.01", 1_250_000), FeeReported("x1.02", 1_250_000)
    corrected = FillCorrected(7, Leg.ENTRY, 2, 24_004, "x1.02", "x1.01")
    for n, order in enumerate(((fees[0], corrected, fees[1]), (corrected, fees[1]), (corrected, *fees), (corrected, fees[0]))):
        happened = [Arrival(42, at, OPENS_NS + at, event) for at, event in enumerate((filled, *order), 1)]
        (tmp_path / str(n)).mkdir()
        story = told(tmp_path / str(n), (OPENS_NS, [Issued(SUBMIT)]), *happened)
        assert frame(story, "fills")["fee_usd"].sum() == 1.25, order


def test_a_commission_after_the_close_is_taken_off_what_the_trip_earned(tmp_path: Path) -> None:
    trip = RoundTripClosed(7, KEY, -1, 2, 6000.0, 5990.0, OPENS_NS, OPENS_NS + 5, 80, 1_000_000, 9_000_000, 0.9, "target")
    story = told(tmp_path, (OPENS_NS, [Issued(SUBMIT)]), (OPENS_NS + 5, [trip]), (OPENS_NS + SECOND, [FeeCharged(7, KEY, 1_000_000)]))
    trips = frame(story, "round_trips").select("pnl_usd", "fees_usd", "r").rows()
    assert [tuple(round(value, 9) for value in row) for row in trips] == [(8.0, 2.0, 0.8)]
    assert frame(story, "round_trips", OPENS_NS + 5).select("pnl_usd", "fees_usd").rows() == [(None, None)]


def test_a_fill_of_nobodys_bracket_is_shown_without_what_is_not_known(tmp_path: Path) -> None:
    story = told(tmp_path, Arrival(42, 1, OPENS_NS + 1, OrderFilled(9, Leg.ENTRY, 2, 24_000, "x1", 0)))
    shown = frame(story, "fills").select("symbol", "strategy", "side", "qty", "price_pts", "fee_usd").row(0)
    assert shown == (None, None, None, 2.0, None, 0.0)


def test_outcomes_pass_over_forecasts_that_were_void_or_tied(tmp_path: Path) -> None:
    def at(n: int, *facts: AnyFact) -> tuple[int, list[AnyFact]]:
        return OPENS_NS + n * 5 * SECOND, list(facts)

    made = [ForecastMade(ES.id, "r", p, None, 10 * SECOND) for p in (0.6, 0.4, 0.7)]
    end = OPENS_NS + 2 * 5 * SECOND
    story = told(
        tmp_path,
        at(0, LabelMatured(ES.id, "r", OPENS_NS - 60 * SECOND, 0.9, True), made[0]),  # of a forecast of the session before
        at(1, made[1]),
        at(2, made[2]),
        at(3, LabelMatured(ES.id, "r", OPENS_NS + 5 * SECOND, 0.4, False)),
        at(4, LabelMatured(ES.id, "r", end, 0.7, True), LabelMatured(ES.id, "other", end, 0.7, True)),
    )
    assert frame(story, "forecasts")["is_up"].to_list() == [None, False, True]
    assert frame(story, "forecasts", OPENS_NS + 15 * SECOND)["is_up"].to_list() == [None, False, None]


def test_states_and_nothing_at_all(tmp_path: Path) -> None:
    story = told(tmp_path, (OPENS_NS, [StateChanged(TradingState.HALTED, "day loss")]))
    assert frame(story, "states").select("run", "state", "why").row(0) == ("by-hand", "halted", "day loss")
    assert {name: len(frame(story, name)) for name in FRAMES} == Counter(dict.fromkeys(FRAMES, 0)) | {"states": 1}


def test_a_round_trip_is_told_in_money_and_r(tmp_path: Path) -> None:
    closed = RoundTripClosed(7, KEY, -1, 2, 6000.0, 6005.0, OPENS_NS, OPENS_NS + SECOND, -40, 2_490_000, -502_490_000, -1.1, "stop")
    story = told(tmp_path, (OPENS_NS + SECOND, [closed]))
    trip = frame(story, "round_trips").to_dicts()[0]
    assert (trip["pnl_usd"], trip["fees_usd"], trip["r"], trip["why"], trip["qty"]) == (-502.49, 2.49, -1.1, "stop", 2.0)
    assert len(frame(story, "round_trips", OPENS_NS + SECOND - 1)) == 0
    assert msgspec.structs.asdict(closed)["side"] == trip["side"]


@pytest.mark.parametrize(("how", "why"), [("exit", "time"), ("stop", "stop"), ("target", "target")])
def test_a_round_trip_we_ended_says_why_as_its_last_exit_did(tmp_path: Path, how: str, why: str) -> None:
    closed = RoundTripClosed(7, KEY, -1, 2, 6000.0, 6005.0, OPENS_NS, OPENS_NS + SECOND, -40, 2_490_000, -502_490_000, -1.1, how)
    exits = [Issued(Exit(7, KEY, OPENS_NS + 1, CAUSE, "thesis")), Issued(Exit(7, KEY, OPENS_NS + 2, CAUSE, "time"))]
    story = told(tmp_path, (OPENS_NS, [Issued(SUBMIT), *exits]), (OPENS_NS + SECOND, [closed]))
    assert frame(story, "round_trips")["why"].to_list() == [why]


def test_a_round_trip_whose_exit_nobody_told_keeps_the_name_of_the_order(tmp_path: Path) -> None:
    closed = RoundTripClosed(7, KEY, -1, 2, 6000.0, 6005.0, OPENS_NS, OPENS_NS + SECOND, -40, 2_490_000, -502_490_000, -1.1, "exit")
    assert frame(told(tmp_path, (OPENS_NS + SECOND, [closed])), "round_trips")["why"].to_list() == ["exit"]


def test_why_is_what_the_exit_order_of_that_bracket_says(two_days: Path) -> None:
    day = open_session("2026-01-26", data=two_days)
    said = dict(day.orders.filter(leg="exit").select("ref", "why").iter_rows())
    assert {"time", "oversold"} <= set(day.round_trips["why"]) <= {"time", "oversold", "stop", "target"}
    left = day.round_trips.filter(~pl.col("why").is_in(["stop", "target"]))
    assert left["why"].to_list() == [said[ref] for ref in left["ref"]]
