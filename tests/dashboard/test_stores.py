"""Whatever happens to the stores, a look gives a picture: of what is there, or of what is the matter and what to do."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.dashboard.running import count
from tests.replay.world import World
from tests.runtime.folders import import_bars, trade
from workbench.config import Settings
from workbench.dashboard.picture import Picture
from workbench.dashboard.stores import Stores, picture
from workbench.dashboard.trading import head
from workbench.domain.units import MICROS, SECOND
from workbench.store.folders import Folders
from workbench.store.manifest import runs, write_manifest
from workbench.store.sealer import seal
from workbench.store.status import Status, heard, say

pytestmark = pytest.mark.covers("S0-19", "S0-20", "S0-25", "S1-18", "S1-30", "S3-18")
ZONE = "America/New_York"


def look(stores: Stores) -> Picture:
    return picture(stores.look(), stores, ZONE)


def journal_of(data: Path) -> Path:
    return Folders(data).journal(runs(data)[0].run)


def test_an_empty_folder_says_what_to_do(tmp_path: Path, settings: Settings) -> None:
    for data in (tmp_path, tmp_path / "not even there"):
        shown = look(Stores((data,), settings))
        assert shown.card is None and shown.advice and not shown.trouble


def test_a_folder_of_imports_alone_holds_nothing_that_traded(tmp_path: Path, settings: Settings) -> None:
    import_bars(tmp_path, tmp_path)
    assert look(Stores((tmp_path,), settings)).advice


def test_the_figures_are_those_of_the_journal(open_: Path, settings: Settings) -> None:
    shown, told = look(Stores((open_,), settings)), count(open_)
    assert shown.money is not None and shown.runner is not None and not shown.trouble
    assert shown.money.realised_micros == told.realised_micros and shown.money.fees_micros == told.fees_micros
    assert (shown.money.n_trips, shown.money.n_won) == (told.n_trips, told.n_won)
    assert shown.money.equity_micros == told.equity_micros and shown.runner.n_entries == told.n_entries
    held = [line.position for line in shown.lines if line.position is not None and line.position.qty]
    assert sorted(each.qty for each in held) == sorted(told.held.values())
    assert [each.protection for each in held] == ["covered"] * len(told.protected & told.held.keys())
    assert shown.money.today_micros == told.realised_micros + shown.money.open_micros == shown.money.line[-1][1]


def test_looking_on_takes_only_what_is_new_and_comes_to_the_same(open_: Path, of: World, settings: Settings) -> None:
    stores = Stores((open_,), settings)
    first = look(stores)
    trade(open_, of)
    shown, fresh = look(stores), look(Stores((open_,), settings))
    assert shown.money is not None and first.money is not None and shown.card is not None and shown.card.is_over
    assert shown.money.n_trips > first.money.n_trips and shown.money.realised_micros == count(open_).realised_micros
    for part in ("money", "lines", "limits", "refusals", "recipes", "closed", "strategies", "state"):
        assert getattr(shown, part) == getattr(fresh, part), part


def test_sealing_takes_nothing_away(open_: Path, of: World, settings: Settings) -> None:
    stores = Stores((open_,), settings)
    look(stores)
    trade(open_, of)
    seal(open_)
    shown, fresh = look(stores), look(Stores((open_,), settings))
    assert shown.runner is not None and fresh.runner is not None
    assert shown.runner.n_records == fresh.runner.n_records == len(of.records) and shown.money == fresh.money
    again = look(stores)
    assert again.runner is not None and again.runner.n_records == len(of.records)


def test_a_journal_that_is_gone_is_said_beside_what_was_read(open_: Path, settings: Settings) -> None:
    stores = Stores((open_,), settings)
    before = look(stores)
    journal = journal_of(open_)
    kept = [(path, path.read_bytes()) for path in journal.parent.glob("journal.db*")]
    for path, _ in kept:
        path.unlink()
    assert look(stores).advice  # nothing that could be shown is left
    for path, content in kept:
        path.write_bytes(content)
    after = look(stores)
    assert after.money == before.money and not after.trouble


def test_a_journal_somebody_locks_is_said_and_the_figures_stay(open_: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = Stores((open_,), settings)
    before = look(stores)
    with sqlite3.connect(journal_of(open_), isolation_level=None) as writer:
        writer.execute("PRAGMA locking_mode = EXCLUSIVE")
        writer.execute("BEGIN EXCLUSIVE")
        during = look(stores)
        assert during.money == before.money  # WAL: a writer stops no reader, and an open reader's view stays
        writer.execute("ROLLBACK")


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\xff" * 4096, b"not a database at all"])
def test_a_journal_that_is_no_journal_is_said(open_: Path, settings: Settings, content: bytes) -> None:
    journal = journal_of(open_)
    for path in journal.parent.glob("journal.db-*"):
        path.unlink()
    journal.write_bytes(content)
    shown = look(Stores((open_,), settings))
    assert "journal" in shown.trouble and "Traceback" not in shown.trouble


def test_half_a_card_hides_no_other_run(over: Path, settings: Settings) -> None:
    broken = Folders(over).run("20261119-paper-99")
    broken.mkdir()
    (broken / "manifest.json").write_text('{"format": 1, "run": "20261119-pa')
    shown = look(Stores((over,), settings))
    assert shown.card is not None and shown.card.run.endswith("-1") and "20261119-paper-99" in shown.trouble


def test_a_word_that_cannot_be_read_costs_only_the_word(over: Path, settings: Settings) -> None:
    (Folders(over).status / "runner.status").write_bytes(b"\x00half")
    shown = look(Stores((over,), settings))
    assert shown.card is not None and shown.money is not None and "runner.status" in shown.trouble


@pytest.mark.parametrize("size", [100, 4_096, 5_000])  # at 0 its header never reached the disk: it holds nothing
def test_a_segment_cut_short_is_said_and_the_journal_still_shown(open_: Path, settings: Settings, size: int) -> None:
    told = count(open_)
    [segment] = Folders(open_).tail.glob("*/*.seg")
    with segment.open("r+b") as file:
        file.truncate(size)
    shown = look(Stores((open_,), settings))
    assert shown.trouble and str(segment.name) in shown.trouble
    assert shown.money is not None and shown.money.realised_micros == told.realised_micros and shown.money.n_trips == told.n_trips


def test_a_folder_that_is_made_anew_is_followed_anew(open_: Path, of: World, settings: Settings) -> None:
    stores = Stores((open_,), settings)
    before = look(stores)
    shutil.rmtree(open_)
    assert look(stores).advice
    trade(open_, of, source="another one")
    after = look(stores)
    assert before.card is not None and after.card is not None and before.card.run == after.card.run
    assert (before.card.is_over, after.card.is_over, after.card.source) == (False, True, "another one")


def test_the_demo_is_shown_while_nothing_traded_in_the_folder_itself(tmp_path: Path, over: Path, settings: Settings) -> None:
    shutil.move(over, tmp_path / "data" / "demo")
    stores = Stores((tmp_path / "data", tmp_path / "data" / "demo"), settings)
    shown = look(stores)
    assert shown.card is not None and shown.data.endswith("demo")
    shutil.copytree(tmp_path / "data" / "demo", tmp_path / "own")
    for part in ("runs", "tail", "epoch"):
        shutil.move(tmp_path / "own" / part, tmp_path / "data" / part)
    assert look(stores).data.endswith("data")


def speak(data: Path, said_ns: int, note: str = "") -> None:
    word = heard(data)[0]
    say(data, Status(process="runner", pid=word.pid, said_ns=said_ns, run=word.run, mode=word.mode, note=note))


def test_a_runner_lives_as_long_as_it_speaks(open_: Path, settings: Settings) -> None:
    now_s = [1_000.0]
    stores = Stores((open_,), settings, wall_ns=lambda: int(now_s[0] * SECOND), steady=lambda: now_s[0])
    speak(open_, int(now_s[0] * SECOND))
    shown = look(stores)
    assert shown.runner is not None and (shown.runner.word, shown.runner.feed_age_s) == ("runs", 0.0)
    now_s[0] += 4.0
    still = look(stores)
    assert still.runner is not None and (still.runner.word, still.runner.age_s, still.runner.feed_age_s) == ("runs", 4.0, 4.0)
    now_s[0] += 60.0
    silent = look(stores)
    assert silent.runner is not None and (silent.runner.word, silent.runner.age_s) == ("silent", 64.0)
    assert silent.notes[0].level == "bad" and "keeps its stops" in silent.notes[0].text  # it holds a position
    speak(open_, int(now_s[0] * SECOND))
    alive = look(stores)
    assert alive.runner is not None and alive.runner.word == "runs" and alive.runner.feed_age_s == 64.0
    assert any("No record has come for" in note.text for note in alive.notes)


def test_a_run_that_is_named_is_shown_and_no_other(over: Path, of: World, settings: Settings) -> None:
    trade(over, of, source="the second")
    newest, named = look(Stores((over,), settings)), look(Stores((over,), settings, "20261119-paper-1"))
    assert newest.card is not None and newest.card.source == "the second"
    assert named.card is not None and named.card.run == "20261119-paper-1" and len(named.choices) == 2
    assert look(Stores((over,), settings, "no such run")).card is None


def test_a_shadow_is_shown_where_it_is_chosen_and_says_what_it_is(over: Path, settings: Settings) -> None:
    (card,) = runs(over)
    shadow = replace(card, run="20261119-shadow-tour-1", mode="simulate", account="shadow:tour", created_ns=card.created_ns + 1)
    write_manifest(Folders(over).run(shadow.run), shadow)
    shutil.copy(journal_of(over), Folders(over).journal(shadow.run))
    usual, chosen = look(Stores((over,), settings)), look(Stores((over,), settings, shadow.run))
    assert usual.card is not None and usual.card.run == card.run and "shadow tour" in " ".join(map(str, usual.choices))
    assert chosen.card is not None and chosen.card.mode == "shadow" and "shadow: nothing is sent" in head(chosen, ZONE)


def test_what_a_page_costs_is_little(open_: Path, settings: Settings) -> None:
    stores = Stores((open_,), settings)
    look(stores)
    again = stores.look()
    assert again.following is not None and again.following.board.n_entries == count(open_).n_entries
    assert len(again.following.line) < 1_500 and again.following.board.realised_micros % 1 == 0
    assert abs(again.following.worth_micros()) < 1_000_000 * MICROS
