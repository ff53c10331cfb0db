"""A session of the stores through the engine: played back equal, or not equal and told; traded anew, as often as one likes."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.replay.world import SESSION, settings
from tests.runtime.conftest import Traded
from tests.runtime.folders import BARS_SESSION, cut_off, trade
from workbench import features
from workbench.domain.decisions import Issued, ParityBroken
from workbench.domain.errors import ConfigError, DataError, StoreError
from workbench.domain.events import Answered, Known, OrderFilled, decode_event, encode_event
from workbench.domain.orders import Leg
from workbench.learning.models import DEFAULT
from workbench.runtime import play
from workbench.runtime.logged import Logged, open_log
from workbench.runtime.play import Played
from workbench.runtime.replay import issued
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.log import read_log
from workbench.store.manifest import read_manifest
from workbench.store.sealer import seal

POOR = Known({"equity_micros": 1, "available_micros": 1})
pytestmark = pytest.mark.covers("S0-22", "S0-27", "S3-55")


def back(logged: Logged, of: Traded) -> Played:
    return asyncio.run(play.play_back(logged, of.of.setup))


def anew(data: Path, session: int = SESSION, strategies: Any = None) -> Played:
    logged = open_log(data, session)
    setup = play.setup_of(settings(), logged, "demo", strategies)
    return asyncio.run(play.trade_anew(settings(), logged, setup))


# ---------------------------------------------------------------------- played back
def test_a_traded_session_plays_back_equal(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    for _ in ("in the tail", "sealed"):
        logged = open_log(data, SESSION)
        played = back(logged, traded)
        assert played.difference is None and played.mode == "replay" and played.run is None
        assert played.outcome.commands_digest == traded.done.commands_digest
        assert played.outcome.state_digest == traded.done.state_digest
        assert len(played.outcome.commands) == traded.done.n_commands > 20
        seal(data)


def test_what_is_played_back_writes_nothing(traded: Traded) -> None:
    def files() -> list[tuple[Path, bytes]]:
        # SQLite's own two are no content: a reader may make them, empty, and notes there that it reads
        own = (".db-shm", ".db-wal")
        return sorted((path, path.read_bytes()) for path in traded.data.rglob("*") if path.is_file() and path.suffix not in own)

    before = files()
    back(open_log(traded.data, SESSION), traded)
    assert files() == before


def test_a_session_that_was_cut_off_and_taken_up_plays_back_equal(traded: Traded, tmp_path: Path) -> None:
    for turns in (20, 45):
        cut_off(tmp_path, traded.of, turns)
    done = trade(tmp_path, traded.of)
    played = back(open_log(tmp_path, SESSION), traded)
    assert played.difference is None and played.outcome.state_digest == done.state_digest


def test_a_session_that_was_cut_off_and_left_plays_back_equal_as_far_as_it_went(traded: Traded, tmp_path: Path) -> None:
    cut_off(tmp_path, traded.of, 60)
    logged = open_log(tmp_path, SESSION)
    played = back(logged, traded)
    # the last turn may have decided what nobody wrote any more: all that was written is made again
    assert played.outcome.commands[: len(issued(logged.facts()))] == issued(logged.facts())


def changed(logged: Logged, kind: type, **fields: Any) -> Logged:
    """The log with the first event of a kind altered."""
    at = next(n for n, arrival in enumerate(logged.arrivals) if isinstance(arrival.event, kind))
    event = msgspec.structs.replace(logged.arrivals[at].event, **fields)
    return logged._replace(arrivals=(*logged.arrivals[:at], logged.arrivals[at]._replace(event=event), *logged.arrivals[at + 1 :]))


def test_an_event_that_was_altered_shows_as_a_difference(traded: Traded) -> None:
    logged = open_log(traded.data, SESSION)
    poor = changed(logged, Answered, answer=POOR)
    told = back(poor, traded).difference
    assert isinstance(told, ParityBroken) and told.recorded.startswith("Submit")


def test_events_that_are_missing_show_as_a_difference(traded: Traded) -> None:
    logged = open_log(traded.data, SESSION)
    first_fill = next(n for n, a in enumerate(logged.arrivals) if isinstance(a.event, OrderFilled) and a.event.leg is Leg.ENTRY)
    assert back(logged._replace(arrivals=logged.arrivals[:first_fill]), traded).difference is not None


@pytest.mark.covers("S4-08")
def test_a_journal_that_was_tampered_with_shows_twice(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    journal = Folders(data).journal(traded.done.run.run)
    assert entries.verify(journal, traded.done.run.journal_head) == traded.done.run.journal_head
    db = sqlite3.connect(journal)
    rows = db.execute("SELECT id, body FROM entry WHERE what = 'event' ORDER BY id").fetchall()
    row, body = next((row, body) for row, body in rows if isinstance(decode_event(body), Answered))
    db.execute("DROP TRIGGER entry_is_never_changed")
    poor = msgspec.structs.replace(decode_event(body), answer=POOR)
    db.execute("UPDATE entry SET body = ? WHERE id = ?", (encode_event(poor), row))
    db.commit()
    db.close()
    assert back(open_log(data, SESSION), traded).difference is not None
    with pytest.raises(StoreError, match=f"entry {row}"):
        entries.verify(journal)


def test_what_changed_since_is_named(traded: Traded) -> None:
    logged = open_log(traded.data, SESSION)
    assert play.what_changed(settings(), logged, traded.of.setup) == []
    other = msgspec.structs.replace(logged.run, digests=logged.run.digests | {"code": "x", "constitution": "y"})
    assert play.what_changed(settings(), logged._replace(run=other), traded.of.setup) == ["code", "constitution"]


# ---------------------------------------------------------------------- which way, with what
def test_only_what_was_traded_has_orders_to_be_played_back(traded: Traded, barred: Path) -> None:
    assert play.has_orders(open_log(traded.data, SESSION)) and not play.has_orders(open_log(barred, BARS_SESSION))


def test_a_session_of_bars_alone_gets_the_recipe_that_needs_no_more(barred: Path, traded: Traded) -> None:
    bars = play.setup_of(settings(), open_log(barred, BARS_SESSION), "demo")
    assert [strategy.name for strategy, _ in bars.strategies] == ["learned_bars"]
    assert [recipe.name for recipe, _ in bars.recipes] == [play.BARS_RECIPE]
    ticks = play.setup_of(settings(), open_log(traded.data, SESSION), "micro")
    assert ticks.traders == (("learned", DEFAULT), ("vwap_reversion", "")) and ticks.law.profile == "micro"
    chosen = play.setup_of(settings(), open_log(barred, BARS_SESSION), "demo", [("vwap_reversion", "")])
    assert chosen.traders == (("vwap_reversion", ""),) and chosen.recipes == ()


def test_a_contract_without_data_and_a_name_nobody_has_are_sentences(traded: Traded) -> None:
    logged = open_log(traded.data, SESSION)
    alone = logged._replace(records=logged.records[logged.records["contract"] != 2])
    setup = play.setup_of(settings(), alone, "demo")
    assert {id_ for _, ids in setup.strategies for id_ in ids} == {1} and play.not_traded(alone, setup) == ["SPY"]
    with pytest.raises(DataError, match="no quotes, prints or bars of SPY"):
        play.setup_of(settings(), alone, "demo", roots=["SPY"])
    with pytest.raises(DataError, match="no quotes, prints or bars of ES"):
        play.setup_of(settings(), logged._replace(records=logged.records[:0]), "demo")
    with pytest.raises(ConfigError, match="no constitution"):
        play.setup_of(settings(), logged, "nobody")
    with pytest.raises(ConfigError, match="no strategy"):
        play.setup_of(settings(), logged, "demo", [("nobody", "")])


def test_features_that_cannot_speak_are_named(barred: Path, traded: Traded) -> None:
    bars = play.what_stays_none(play.setup_of(settings(), open_log(barred, BARS_SESSION), "demo"))
    assert bars == sorted(features.stays_none({"bars"})) and "ofi" in bars and "rsi_14" not in bars
    assert play.what_stays_none(traded.of.setup) == []


# ---------------------------------------------------------------------- traded anew
def test_trading_anew_is_a_run_of_its_own_and_always_the_same(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    before = read_log(data, SESSION).copy()
    first, second = anew(data), anew(data)
    assert first.run is not None and second.run is not None
    assert [first.run.run, second.run.run] == [f"{SESSION}-simulate-1", f"{SESSION}-simulate-2"]
    assert first.outcome.commands_digest == second.outcome.commands_digest
    assert (read_log(data, SESSION) == before).all() and open_log(data, SESSION).run == traded.done.run
    for made in (first, second):
        kept = read_manifest(Folders(data).run(made.run.run))
        assert kept == made.run and kept.is_closed and kept.mode == "simulate" and kept.source == traded.done.run.run
        journal = Folders(data).journal(kept.run)
        entries.verify(journal)
        facts = [fact for row in entries.read_journal(journal) if isinstance(row.content, tuple) for fact in row.content]
        assert facts == made.outcome.facts and list(entries.arrivals(journal)) == made.outcome.arrivals


def test_what_is_traded_anew_can_be_played_back_from_its_own_journal(traded: Traded, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(traded.data, data)
    logged = open_log(data, SESSION)
    made = asyncio.run(play.trade_anew(settings(), logged, traded.of.setup))
    assert made.run is not None and made.outcome.n_commands > 20
    journal = Folders(data).journal(made.run.run)
    own = logged._replace(run=made.run, arrivals=tuple(entries.arrivals(journal)))
    played = back(own, traded)
    assert played.difference is None and played.outcome.state_digest == made.outcome.state_digest


def test_a_session_of_bars_is_played_alike_every_time(barred: Path, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(barred, data)
    first, second = anew(data, BARS_SESSION), anew(data, BARS_SESSION)
    assert first.outcome.state_digest == second.outcome.state_digest and first.outcome.n_commands == 1
    assert any(isinstance(fact, Issued) for fact in first.outcome.facts)
