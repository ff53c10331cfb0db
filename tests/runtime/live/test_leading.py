"""A roll while a run goes on: the next session begins with the contract that leads then, and the streams with it; what is held stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from tests.replay.world import settings
from tests.runtime.live.whole import Whole
from workbench import calendars
from workbench.domain.contracts import Contract
from workbench.domain.events import ConnectionChanged, FrontChanged, StreamChanged
from workbench.domain.records import Kind, Phase
from workbench.domain.units import MINUTE, SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.gateway.transports import serve
from workbench.market.sessions import weave
from workbench.runtime import play
from workbench.runtime.build import as_run
from workbench.runtime.flight.rebuilt import open_recording, replay_wire
from workbench.runtime.generated import Generated
from workbench.runtime.live import Ended, Stage
from workbench.runtime.live.leading import Leading, not_entered
from workbench.runtime.live.looking import look, traded
from workbench.runtime.logged import open_log
from workbench.simulation.market import MarketSettings, generate
from workbench.simulation.virtual import run
from workbench.venues.ib.contracts import Names

OLD, NEW = 20261210, 20261211  # from the second on ESH7 leads
ROOT = settings().roots["ES"]
Z6, H7 = ROOT.contract(1, "2026-12-18"), ROOT.contract(2, "2027-03-19")


def at(text: str) -> int:
    return int(datetime.strptime(f"2026-12-10 {text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("America/Chicago")).timestamp()) * SECOND


@pytest.fixture(scope="module")
def around() -> Generated:
    """The end of one session and the beginning of the next, in both contracts."""
    parts = []
    for session, first, last in ((OLD, at("15:45"), at("16:00")), (NEW, at("17:00"), at("17:20"))):
        shown = {contract.id: [(first, last, Phase.ETH)] for contract in (Z6, H7)}
        parts.append(generate(session, (Z6, H7), shown, seed=3, settings=MarketSettings(activity=0.2)))
    phases = np.concatenate([calendars.phase_records(contract, at("15:45"), at("17:20")) for contract in (Z6, H7)])
    records = weave(np.concatenate(parts), phases, first_ns=at("15:45"), last_ns=at("17:20"))
    return Generated((Z6, H7), records)


def over_the_roll(tmp_path: Path, around: Generated, faults: Scenario | None = None) -> tuple[Whole, Ended, Ended]:
    whole = Whole(tmp_path, around, start_ns=at("15:56"), faults=faults)
    whole.run(4 * 60 + 3600 + 8 * 60, strategies=[("vwap_reversion", "")])
    [first, second] = whole.ended
    return whole, first, second


def symbols(ended: Ended) -> list[str]:
    return [contract.symbol for contract in ended.run.contracts]


def live_streams(events: Iterable[object], contract: int) -> set[str]:
    states: dict[str, str] = {}
    for event in events:
        if isinstance(event, StreamChanged) and event.contract == contract:
            states[event.stream] = event.state
    return {stream for stream, state in states.items() if state == "live"}


def is_the_same_again(whole: Whole, ended: Ended) -> bool:
    logged = open_log(whole.data, ended.run.sessions[0])
    played = asyncio.run(play.play_back(logged, play.setup_as_traded(whole.settings, logged)))
    return played.difference is None and played.outcome.state_digest == ended.state_digest


@pytest.mark.proof
def test_a_session_begins_with_the_contract_that_leads_then_and_the_streams_follow(tmp_path: Path, around: Generated) -> None:
    whole, first, second = over_the_roll(tmp_path, around)
    assert (symbols(first), symbols(second)) == (["ESZ6"], ["ESH7"]) and first.run.ended_flat
    old, new = first.run.contracts[0].id, second.run.contracts[0].id
    assert old != new and "contracts" in second.run.notes and second.run.not_entered == ()
    assert (second.run.starts_from, second.run.carries) == (first.run.run, "orders")
    for ended, own in ((first, old), (second, new)):
        logged = open_log(tmp_path, ended.run.sessions[0])
        market = logged.records[~np.isin(logged.records["kind"], (Kind.TIME, Kind.PHASE))]
        assert set(market["contract"].tolist()) == {own} and len(market) > 100
        events = [each.event for each in logged.arrivals]
        assert [each for each in events if isinstance(each, FrontChanged)] == [FrontChanged("ES", own)]  # the plan says it, and nobody else
        assert "tick-by-tick" in live_streams(events, own)
        assert True in [event.up for event in events if isinstance(event, ConnectionChanged)]
        assert is_the_same_again(whole, ended)
    assert [news.stage for news in whole.news if news.session == NEW and news.stage is Stage.DECIDING]
    for session, n in ((OLD, 1), (NEW, 2)):  # over its wire too, from where the process began
        recording = open_recording(whole.settings, tmp_path, session)
        assert len(recording.then) == n and replay_wire(tmp_path, recording).divergence is None


def test_what_ended_with_something_open_goes_on_beside_what_leads_now_and_is_not_entered(tmp_path: Path, around: Generated) -> None:
    unknown = Scenario(rules=(Rule(when=When(after_s=120.0), what=(act.Say(code=31_415, text="what now", who="all"),)),))
    whole, first, second = over_the_roll(tmp_path, around, unknown)  # latched until a person has read it: no flat end
    assert not first.run.ended_flat and symbols(second) == ["ESZ6", "ESH7"]
    assert (second.run.starts_from, second.run.carries) == (first.run.run, "orders")
    held, leads = (contract.id for contract in second.run.contracts)
    assert second.run.not_entered == (held,) and [ids for _, ids in second.engine.desk.setup.strategies] == [(leads,)]
    assert second.engine.desk.breaker.latched  # the halt of the run before stands
    logged = open_log(tmp_path, NEW)
    [led] = [each.event for each in logged.arrivals if isinstance(each.event, FrontChanged)][:1]
    assert led.contract == leads  # another leads, and it is said
    assert set(logged.records["contract"][logged.records["kind"] == Kind.QUOTE].tolist()) == {held, leads}
    assert is_the_same_again(whole, first) and is_the_same_again(whole, second)


def test_what_ends_within_a_week_or_leads_no_more_is_not_entered() -> None:
    assert not_entered((Z6,), (Z6,), 20261211) == () and not_entered((Z6,), (Z6,), 20261212) == (1,)
    assert not_entered((Z6, H7), (H7,), 20261211) == (1,)
    spy = settings().roots["SPY"].contract(3)
    assert not_entered((spy,), (spy,), NEW) == ()


def test_a_setup_is_changed_by_what_a_run_began_with_and_by_nothing_else(around: Generated) -> None:
    from workbench.runtime import build

    made = build.setup(settings(), (Z6, H7), [NEW], build.constitution("demo"), account="DUSIM1", strategies=[("vwap_reversion", "")])
    assert as_run(made, {}, ()) is made
    changed = as_run(made, {1: (at("12:00") + MINUTE,)}, (2,))
    assert changed.closes == {**made.closes, 1: (at("12:00") + MINUTE,)} and [ids for _, ids in changed.strategies] == [(1,)]


def leads(session: int, volumes: dict[int, int], led: tuple[Contract, ...] = ()) -> list[str]:
    known = Leading(Names([named(Z6, 1), named(H7, 2)]), [ROOT], {}, led)
    known.volumes = volumes
    return [contract.symbol for contract in known.on(session)]


def named(contract: Contract, con_id: int) -> Contract:
    return msgspec.structs.replace(contract, venue_ids={"ib": str(con_id)})


def test_the_next_month_leads_as_soon_as_it_traded_more_near_the_end_and_the_old_one_never_again() -> None:
    assert leads(20261204, {1: 900, 2: 800}) == ["ESZ6"] and leads(20261204, {1: 900, 2: 901}) == ["ESH7"]
    assert leads(20261204, {}) == ["ESZ6"] and leads(20261204, {2: 901}) == ["ESZ6"]  # not known decides nothing
    assert leads(20261110, {1: 900, 2: 901}) == ["ESZ6"]  # too early for volume
    assert leads(20261204, {1: 900, 2: 800}, (named(H7, 2),)) == ["ESH7"]


def test_months_are_contested_only_near_the_end() -> None:
    known = Leading(Names([named(Z6, 1), named(H7, 2)]), [ROOT], {})
    assert [contract.symbol for contract in known.contested(20261204)] == ["ESZ6", "ESH7"]
    assert known.contested(20261001) == ()


def test_what_was_traded_in_the_session_that_ended_is_asked_of_a_tws(tmp_path: Path, around: Generated) -> None:
    whole, volumes = Whole(tmp_path, around, start_ns=at("15:56")), dict[int, int]()

    async def ask() -> None:
        door = await serve(whole.gateway, "127.0.0.1", 7497)
        rows = (await look("127.0.0.1", 7497, 9, [ROOT])).contracts["ES"]
        con_id = {row.contract.local_symbol: row.contract.con_id for row in rows}
        months = [named(each, con_id[each.symbol]) for each in around.contracts]
        volumes.update(await traded("127.0.0.1", 7497, 9, months, NEW))
        await door.close()

    run(lambda _: ask(), seed=1, epoch_ns=whole.start_ns, horizon_s=60)
    assert set(volumes) == {contract.id for contract in around.contracts} and min(volumes.values()) > 0
