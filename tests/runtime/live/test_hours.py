"""A broker's hours win over calendars: phases and closes are those it tells, also of a close that only it knows of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.replay.world import settings
from tests.runtime.live.whole import Whole
from workbench import calendars
from workbench.domain.events import BrokerSaid
from workbench.domain.records import Kind, Phase, Records
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.runtime import play
from workbench.runtime.generated import Generated, generated
from workbench.runtime.live.hours import BrokersHours, Open
from workbench.runtime.logged import open_log
from workbench.simulation.market import MarketSettings

SESSION = 20261119
ES = settings().roots["ES"].contract(1, "2026-12-18")
CHICAGO = ZoneInfo("America/Chicago")


def at(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=CHICAGO).timestamp()) * SECOND


USUAL = [Open(at("2026-11-18 17:00"), at("2026-11-19 16:00")), Open(at("2026-11-19 17:00"), at("2026-11-20 16:00"))]
EARLY = [Open(at("2026-11-18 17:00"), at("2026-11-19 12:00")), USUAL[1]]


def hours(told: Sequence[tuple[int, int]]) -> BrokersHours:
    return BrokersHours("CME Globex Equity", lambda contract: told if contract == 1 else ())


def shown(records: Records) -> list[tuple[str, str, int]]:
    return [
        (
            datetime.fromtimestamp(int(each["recv_ns"]) // SECOND, CHICAGO).strftime("%d %H:%M"),
            Phase(int(each["level"])).name,
            int(each["px"]),
        )
        for each in records
    ]


@pytest.mark.parametrize("told", [(), USUAL, USUAL[:1], [Open(at("2026-11-16 17:00"), at("2026-11-17 16:00"))]])
def test_where_a_broker_tells_nothing_or_the_same_the_calendar_holds(told: list[Open]) -> None:
    first, last = at("2026-11-19 09:00"), at("2026-11-19 16:00")
    made = hours(told).phases(ES, first, last)
    assert made.tobytes() == calendars.phase_records(ES, first, last).tobytes() and hours(told).closes(ES, first) is None


def test_a_pause_that_ends_two_stretches_of_one_hour_is_joined_by_nothing() -> None:
    parts = [Open(at("2026-11-18 17:00"), at("2026-11-19 02:00")), Open(at("2026-11-19 02:00"), at("2026-11-19 16:00"))]
    assert hours(parts).closes(ES, at("2026-11-19 09:00")) is None


def test_an_early_close_the_calendar_does_not_know_closes_the_contract() -> None:
    first = at("2026-11-19 09:00")
    assert shown(hours(EARLY).phases(ES, first, at("2026-11-20 16:00"))) == [
        ("19 09:00", "RTH", 20261119),
        ("19 12:00", "CLOSED", 20261120),
        ("19 16:00", "MAINTENANCE", 20261120),
        ("19 17:00", "ETH", 20261120),
        ("20 08:30", "RTH", 20261120),
        ("20 15:00", "ETH", 20261120),
        ("20 16:00", "CLOSED", 20261123),
    ]
    closes = hours(EARLY).closes(ES, first)
    assert closes is not None and closes[:2] == (at("2026-11-19 12:00"), at("2026-11-20 16:00")) and len(closes) > 2


def test_a_late_close_and_a_pause_are_the_brokers_too() -> None:
    late = [Open(at("2026-11-18 17:00"), at("2026-11-19 10:00")), Open(at("2026-11-19 10:15"), at("2026-11-19 16:30"))]
    made = shown(hours(late).phases(ES, at("2026-11-19 09:00"), at("2026-11-19 17:00")))
    assert ("19 10:00", "MAINTENANCE", 20261119) in made and ("19 10:15", "RTH", 20261119) in made
    assert not [each for each in made if each[0] == "19 16:00"] and made[-1][:2] == ("19 17:00", "ETH")  # its session goes on
    assert [each for each in made if each[0] == "19 16:30"] == [("19 16:30", "MAINTENANCE", 20261120)]
    closes = hours(late).closes(ES, at("2026-11-19 09:00"))
    assert closes is not None and closes[:2] == (at("2026-11-19 16:00"), at("2026-11-19 16:30"))  # a quarter of an hour ends no session


USUAL_CLOSE = {26: "12:00", 27: "12:15", 24: "12:15"}  # Thanksgiving, the day after, Christmas Eve; all of 2026, in Chicago


@pytest.mark.covers("S4-20")
@pytest.mark.parametrize(("month", "day", "before"), [(11, 26, 25), (11, 27, 26), (12, 24, 23)])
@pytest.mark.parametrize("minutes", [-30, -1, 0, 1, 60, 225])
def test_on_a_short_day_the_earlier_of_both_closes_is_what_must_be_kept(month: int, day: int, before: int, minutes: int) -> None:
    opens, ours = at(f"2026-{month}-{before} 17:00"), at(f"2026-{month}-{day} {USUAL_CLOSE[day]}")
    told = [Open(opens, ours + minutes * MINUTE)]
    assert ours in calendars.around(ES.calendar, [opens]).columns.closes
    closes = hours(told).closes(ES, opens + HOUR)
    assert (closes is None) == (minutes == 0)
    if closes is not None:
        assert closes[0] == min(ours, told[0].close_ns) and (told[0].close_ns in closes) and list(closes) == sorted(set(closes))


@pytest.mark.covers("S4-20")
def test_a_broker_that_tells_of_no_maintenance_hour_keeps_nobody_in_over_it() -> None:
    closes = hours([Open(USUAL[0].open_ns, USUAL[1].close_ns)]).closes(ES, at("2026-11-19 09:00"))
    assert closes is not None and closes[:2] == (USUAL[0].close_ns, USUAL[1].close_ns)


def test_a_table_that_ends_before_a_year_does_is_asked_for_the_next() -> None:
    told = [Open(at("2026-12-30 17:00"), at("2026-12-31 12:00"))]
    closes = hours(told).closes(ES, at("2026-12-31 09:00"))
    assert closes is not None and closes[0] == at("2026-12-31 12:00")


@pytest.fixture(scope="module")
def day() -> Generated:
    opens, _ = calendars.session_bounds(SESSION)
    last_ns = opens + 16 * HOUR  # 9:00 in Chicago
    return generated(settings(), ["ES"], SESSION, seed=5, market=MarketSettings(activity=0.3), first_ns=last_ns - HOUR, last_ns=last_ns)


def test_a_run_closes_with_an_early_close_only_ib_knows_of_and_its_replay_does(tmp_path: Path, day: Generated) -> None:
    told = "20261118:1700-20261119:0850;20261119:1700-20261120:1600"
    early = Scenario(rules=(Rule(when=When(on="ContractData"), what=(act.Change(fields={"trading_hours": told}),)),))
    whole = Whole(tmp_path, day, start_ns=at("2026-11-19 08:46"), faults=early)
    ended = whole.run(6 * 60.0, strategies=[("vwap_reversion", "")])
    logged = open_log(tmp_path, SESSION)
    phases = logged.records[logged.records["kind"] == Kind.PHASE]
    assert shown(phases)[:2] == [("19 08:46", "RTH", 20261119), ("19 08:50", "CLOSED", 20261120)]
    said = [each.event for each in logged.arrivals if isinstance(each.event, BrokerSaid) and each.event.kind == "hours"]
    assert said and "IB's hours differ" in said[0].text
    assert ended.run.closes[1][0] == at("2026-11-19 08:50")
    assert ended.engine.desk.ns_to_close(1, at("2026-11-19 08:47")) == 3 * MINUTE  # entries end, positions are left before it
    played = asyncio.run(play.play_back(logged, play.setup_as_traded(whole.settings, logged)))
    assert played.difference is None and played.outcome.state_digest == ended.state_digest
