"""Warm-up over the wire: features are warm right after ready; what is refused, late or empty begins cold, and is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.replay.world import settings
from tests.runtime.live.whole import Whole
from workbench import calendars
from workbench.domain.events import BrokerSaid, ConnectionChanged
from workbench.domain.records import EVENT_TIME, PROVENANCE_SHIFT, Kind, Provenance
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.runtime import play
from workbench.runtime.generated import Generated, generated
from workbench.runtime.live.history import Needs
from workbench.runtime.live.past import filled, history_records, in_quanta
from workbench.runtime.logged import Logged, open_log
from workbench.simulation.market import MarketSettings
from workbench.venues.history import PastBar

SESSION = 20261119
TRADERS = [("vwap_reversion", "")]
SHORT = 95.0  # s; a minute closes twice, far from the fifteen that atr_14_1m takes


@pytest.fixture(scope="module")
def day() -> Generated:
    opens, _ = calendars.session_bounds(SESSION)
    last_ns = opens + 16 * HOUR  # 10:00 New York
    return generated(settings(), ["ES"], SESSION, seed=5, market=MarketSettings(activity=0.3), first_ns=last_ns - HOUR, last_ns=last_ns)


def start_of(day: Generated) -> int:
    return int(day.records["recv_ns"][0]) // MINUTE * MINUTE + 40 * MINUTE + 17 * SECOND


def live(tmp_path: Path, day: Generated, faults: Scenario | str | None = None, **more: object) -> tuple[Whole, Logged]:
    whole = Whole(tmp_path, day, start_ns=start_of(day), faults=faults)
    whole.run(SHORT, strategies=TRADERS, **more)
    return whole, open_log(tmp_path, SESSION)


def history(logged: Logged) -> np.ndarray:
    records = logged.records
    return records[(records["kind"] == Kind.BAR) & (records["flags"] >> PROVENANCE_SHIFT & 3 == Provenance.HISTORY)]


def test_features_are_warm_right_after_ready_and_the_replay_knows_them(tmp_path: Path, day: Generated) -> None:
    whole, logged = live(tmp_path, day)
    engine = whole.ended[-1].engine
    assert engine.view(1)["atr_14_1m"] is not None and engine.view(1)["vwap_offset_5s"] is not None
    assert not [news for news in whole.news if "cold" in news.why]
    bars = history(logged)
    assert len(bars) and (logged.records["kind"][: len(bars)] == Kind.BAR).all()  # before everything else
    assert int(bars["event_ns"].max()) <= int(logged.records["recv_ns"][0]) and int(bars["event_ns"][0]) < start_of(day) - 30 * MINUTE
    assert set(np.diff(bars["event_ns"][1::2]).tolist()) == {MINUTE, 5 * SECOND}
    played = asyncio.run(play.play_back(logged, play.setup_as_traded(whole.settings, logged)))
    assert played.difference is None and played.outcome.state_digest == whole.ended[-1].state_digest


def test_bars_that_were_asked_for_are_those_of_the_tape(tmp_path: Path, day: Generated) -> None:
    _, logged = live(tmp_path, day)
    bars = history(logged)
    prints, from_ns = day.records[day.records["kind"] == Kind.PRINT], int(day.records["recv_ns"][0]) + MINUTE
    bars = bars[np.repeat(bars["event_ns"][0::2] >= from_ns, 2)]  # the gateway has a past before its tape
    assert len(bars) > 900
    for head, tail in zip(bars[0::2], bars[1::2], strict=True):
        own = prints[(prints["event_ns"] >= head["event_ns"]) & (prints["event_ns"] < tail["event_ns"])]
        assert int(head["sz"]) == int(own["sz"].sum())
        if len(own):
            assert (head["px"], head["px2"], tail["px"], tail["px2"]) == (own["px"][0], own["px"].max(), own["px"].min(), own["px"][-1])
        assert tail["sz2"] == SESSION and head["flags"] & EVENT_TIME


def refused(*what: act.Action) -> Scenario:
    return Scenario(rules=(Rule(when=When(on="ReqHistoricalData"), what=what),))


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (refused(act.Refuse(code=162, why="API historical data query cancelled")), "162"),
        (refused(act.Refuse(code=321)), "321"),
        (refused(act.Ignore()), "no history within 45 s"),
        ("162_history_pacing", "pacing"),
    ],
)
def test_a_run_whose_history_is_refused_or_late_begins_cold_and_says_so(
    tmp_path: Path, day: Generated, faults: Scenario | str, words: str
) -> None:
    whole, logged = live(tmp_path, day, faults)
    [said] = [each.event for each in logged.arrivals if isinstance(each.event, BrokerSaid) and each.event.kind == "history"]
    assert said.contract == 1 and words in said.text.lower()
    assert ("history is not whole" if words == "pacing" else "features begin cold") in said.text  # 5 s bars were given then
    assert any(words in news.why.lower() and news.why.startswith("ESZ6: ") for news in whole.news)
    assert (whole.ended[-1].engine.view(1)["atr_14_1m"] is None) is ("begin cold" in said.text)
    assert [each.event.up for each in logged.arrivals if isinstance(each.event, ConnectionChanged)][-2:-1] == [True]
    played = asyncio.run(play.play_back(logged, play.setup_as_traded(whole.settings, logged)))
    assert played.difference is None and played.outcome.state_digest == whole.ended[-1].state_digest


def test_who_trades_nothing_asks_for_nothing(tmp_path: Path, day: Generated) -> None:
    whole = Whole(tmp_path, day, start_ns=start_of(day), faults=refused(act.Refuse(code=321)))
    whole.run(10.0, strategies=[])
    assert not [
        each for each in open_log(tmp_path, SESSION).arrivals if isinstance(each.event, BrokerSaid) and each.event.kind == "history"
    ]


def test_quiet_stretches_of_a_session_are_empty_bars_and_nothing_joins_two_sessions() -> None:
    es = settings().roots["ES"].contract(1, "2026-12-18")
    days = (calendars.Session(1, 0, 300 * SECOND), calendars.Session(2, 600 * SECOND, 900 * SECOND))
    bars = [in_quanta(es, PastBar(at * SECOND, "6000", "6001", "6000", "6000.5", "3", "6000.5", 2), 60) for at in (0, 180, 240, 600, 900)]
    made = filled([bar for bar in bars if bar is not None], days, 790 * SECOND)
    assert [(bar.start_ns // SECOND, bar.volume, session) for bar, session in made] == [
        (0, 3, 1), (60, 0, 1), (120, 0, 1), (180, 3, 1), (240, 3, 1), (600, 3, 2), (660, 0, 2), (720, 0, 2),
    ]  # fmt: skip
    records = history_records(1, made)
    assert records["px2"][3] == records["px"][2] == 24_002 and Needs().is_none
