"""The plan of a recorder: under the account's budget, with a reason where something is left away, and amounts with their source."""

from __future__ import annotations

import pytest

from tests.replay.world import settings
from workbench.runtime.recorder.chosen import by_rule, plan_of
from workbench.runtime.recorder.plan import OpenHours, planned
from workbench.venues.ib.budget import Budget

NINE = ("ES", "NQ", "RTY", "SPY", "QQQ", "IWM", "MES", "MNQ", "M2K")
BEFORE, AROUND, HOLIDAY = 20261119, 20261207, 20261126  # ESZ6 ends on 18 December 2026


@pytest.mark.covers("S1-22", "S1-08")
def test_shipped_settings_record_indices_funds_and_micros() -> None:
    assert settings().recorder.roots == NINE


@pytest.mark.covers("S1-05")
def test_around_a_roll_both_months_are_taken_the_near_ones_first() -> None:
    known = settings().model_copy(update={"active": ("ES", "NQ", "SPY")})
    assert [each.symbol for each in by_rule(known, BEFORE)] == ["ESZ6", "NQZ6", "SPY"]
    assert [each.symbol for each in by_rule(known, AROUND)] == ["ESZ6", "NQZ6", "SPY", "ESH7", "NQH7"]


@pytest.mark.covers("S1-11")
def test_a_plan_says_what_is_asked_for_what_is_degraded_and_why() -> None:
    plan = plan_of(settings().model_copy(update={"active": NINE}), BEFORE)
    asked = [(row.symbol, row.stream) for row in plan.rows if row.is_asked]
    assert len(asked) == 9 + 3 + 3 + 9 and plan.n_requests == 25  # RTY's prints flow until ES may ask for its second tick-by-tick stream
    assert plan.used == {"lines": (18, 100), "by_tick": (3, 3), "depth": (3, 3)}
    assert [each for each in asked if "L1" not in each[1] and "bars" not in each[1]] == [
        ("ESZ6", "prints"), ("ESZ6", "quotes"), ("NQZ6", "prints"), ("ESZ6", "depth, 10 rows"), ("NQZ6", "depth, 10 rows"),
        ("RTYZ6", "depth, 10 rows"),
    ]  # fmt: skip
    whys = {row.stream: row.why for row in plan.rows if not row.is_asked}
    assert whys["quotes"] == whys["prints"] == "no room in the account's budget: its line brings them, 250 ms together"
    assert whys["depth, 10 rows"] == "no room in the account's budget: not recorded"
    assert ("SPY", "L1 250 ms, implied volatility") in asked and ("ESZ6", "L1 250 ms, open interest") in asked
    assert 0.001 < plan.gb_a_day < 1 and plan.records_a_day > 1e6


def test_with_fewer_lines_the_last_contracts_have_none() -> None:
    contracts = by_rule(settings().model_copy(update={"active": ("ES", "NQ", "SPY")}), BEFORE)
    plan = planned(contracts, Budget(lines=2, by_tick=0, depth=0), {each.id: OpenHours(6.5, 16.5) for each in contracts})
    assert [(row.symbol, row.is_asked) for row in plan.rows if "L1" in row.stream] == [("ESZ6", True), ("NQZ6", True), ("SPY", False)]


@pytest.mark.covers("S2-29")
def test_ibs_bars_are_the_last_of_the_list_and_the_first_to_go() -> None:
    known = settings().model_copy(update={"active": ("ES", "NQ", "SPY")})
    contracts, open_ = by_rule(known, BEFORE), {each.id: OpenHours(6.5, 16.5) for each in by_rule(known, BEFORE)}
    for lines, n_bars in ((6, 3), (5, 2), (3, 0)):
        plan = planned(contracts, Budget(lines=lines), open_)
        bars = [row for row in plan.rows if row.stream == "5 s bars"]
        assert list(plan.rows[-3:]) == bars and [row.is_asked for row in bars] == [at < n_bars for at in range(3)]
        assert sum(row.is_asked for row in plan.rows if "L1" in row.stream) == 3 and plan.used["lines"] == (3 + n_bars, lines)
        assert {row.why for row in bars[n_bars:]} <= {"no room in the account's budget: nobody counts its prints again"}
        assert {(row.records_a_day, row.bytes_a_day) for row in bars[:n_bars]} <= {(720 * 23.0, 720 * 23.0 * 21.7)}
    assert "5 s bars" not in {row.stream for row in planned(contracts, Budget(), open_, bars=False).rows}
    off = known.model_copy(update={"recorder": known.recorder.model_copy(update={"bars": False})})
    assert {row.stream for row in plan_of(known, BEFORE).rows} - {row.stream for row in plan_of(off, BEFORE).rows} == {"5 s bars"}


@pytest.mark.covers("S0-06")
def test_a_short_day_brings_less_and_a_fund_nothing_on_a_holiday() -> None:
    known = settings().model_copy(update={"active": ("ES", "SPY")})
    usual, short = (plan_of(known, session) for session in (BEFORE, HOLIDAY))
    assert short.records_a_day < usual.records_a_day / 2
    spy = {plan.records_a_day: sum(row.records_a_day for row in plan.rows if row.symbol == "SPY") for plan in (usual, short)}
    assert spy[short.records_a_day] < spy[usual.records_a_day] / 10  # the evening before, after its close
