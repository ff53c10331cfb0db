"""``workbench replay | simulate | sessions``: exit codes, numbers for a script, sentences for a person."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from tests.commands.calling import workbench
from tests.replay.world import SESSION
from tests.runtime.folders import BARS_SESSION
from workbench.config import load_roots
from workbench.domain.decisions import Issued, LabelMatured, decode_facts, encode_facts
from workbench.research import keep_frames, open_session
from workbench.store import entries
from workbench.store.folders import Folders
from workbench.store.manifest import run_folders

pytestmark = pytest.mark.covers("S0-22", "S2-44", "S3-55")
KEYS = {
    "mode", "session", "records", "round_trips", "pnl_usd", "refusals", "commands", "commands_digest", "state_digest", "same",
    "quarantined", "run",
}  # fmt: skip


def journal_of(data: Path) -> Path:
    [folder] = run_folders(data)
    return folder / "journal.db"


def change(journal: Path, statement: str, *values: object) -> None:
    """Do to a journal what nobody may."""
    db = sqlite3.connect(journal)
    for trigger in ("entry_is_never_changed", "entry_is_never_deleted"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute(statement, values)
    db.commit()
    db.close()


def test_a_traded_session_is_played_back_and_every_command_is_the_recorded_one(traded: Path, here: Path) -> None:
    said = workbench("replay", "--session", SESSION, "--data", traded, "--json")
    assert said.code == 0, said.text
    told = json.loads(said.out)
    assert told.keys() == KEYS and (told["mode"], told["same"], told["session"]) == ("replay", True, SESSION)
    assert len(run_folders(traded)) == 1  # it wrote nothing
    person = workbench("replay", "--session", SESSION, "--data", traded)
    assert "every command is the recorded one" in person.text and "recorded fills" in person.text and told["commands_digest"] in person.text
    assert "changed since" not in person.text


def test_a_command_that_differs_is_an_exit_code_and_told(traded: Path, here: Path) -> None:
    journal = journal_of(traded)
    [(row, body)] = sqlite3.connect(journal).execute("SELECT id, body FROM entry WHERE what = 'facts' ORDER BY id LIMIT 1").fetchall()
    facts = decode_facts(body)
    at = next(n for n, fact in enumerate(facts) if isinstance(fact, Issued))
    facts[at] = Issued(msgspec.structs.replace(facts[at].command, ref=99))
    change(journal, "UPDATE entry SET body = ? WHERE id = ?", encode_facts(facts), row)
    said = workbench("replay", "--session", SESSION, "--data", traded)
    assert said.code == 1 and "PARITY BROKEN" in said.text and "ref=99" in said.text
    assert json.loads(workbench("replay", "--session", SESSION, "--data", traded, "--json").out)["same"] is False


def test_a_log_that_contradicts_itself_is_broken_and_no_traceback(traded: Path, here: Path) -> None:
    last = "(SELECT MAX(id) FROM entry WHERE what = 'event')"
    change(journal_of(traded), f"UPDATE entry SET after_seq = after_seq + 1000000 WHERE id = {last}")
    said = workbench("replay", "--session", SESSION, "--data", traded)
    assert said.code == 3 and said.err.startswith("broken: ")


def test_what_a_replay_takes_from_its_log_cannot_be_asked_for(traded: Path, here: Path) -> None:
    for words in (("--profile", "micro"), ("--strategy", "vwap_reversion")):
        said = workbench("replay", "--session", SESSION, "--data", traded, *words)
        assert said.code == 2 and "simulate" in said.err


def test_a_traded_session_is_traded_anew_when_asked(traded: Path, here: Path) -> None:
    words = ("--session", SESSION, "--data", traded, "--profile", "micro", "--strategy", "vwap_reversion", "--json")
    first, second = (json.loads(workbench("simulate", *words).out) for _ in range(2))
    assert first["mode"] == "simulate" and first["same"] is True
    assert (first["run"], second["run"]) == (f"{SESSION}-simulate-1", f"{SESSION}-simulate-2")
    assert first["state_digest"] == second["state_digest"] and len(run_folders(traded)) == 3
    assert workbench("replay", "--session", SESSION, "--data", traded).code == 0  # what was traded is still what is replayed


def test_bars_are_simulated_and_what_they_lack_is_said(barred: Path, here: Path) -> None:
    said = workbench("replay", "--session", BARS_SESSION, "--data", barred)
    assert said.code == 0, said.text
    assert "modelled fills" in said.text and "has no quotes, prints, depth" in said.text and "stay None" in said.text
    assert "ofi" in said.text and f"{BARS_SESSION}-simulate-1" in said.text.replace(" ", "")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--session", 20261120), 1, f"no session 20261120; sessions there: {SESSION}"),
        (("--session", SESSION, "--data", "nowhere"), 1, "none; import one, or run the demo"),
        (("--session", "yesterday"), 2, "a session is a date, 2026-11-19 or 20261119, not 'yesterday'"),
        (("--session", "2026-02-30"), 2, "a session is a date"),
        ((), 2, "--session"),
        (("--session", SESSION, "--sesion", 1), 2, "--sesion"),
    ],
)
@pytest.mark.parametrize("verb", ["replay", "simulate"])
def test_a_mistake_is_a_sentence_and_an_exit_code(
    traded: Path, here: Path, verb: str, words: tuple[object, ...], code: int, says: str
) -> None:
    said = workbench(verb, *(("--data", traded) if "--data" not in words else ()), *words)
    assert said.code == code and says in said.text and "Traceback" not in said.text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--profile", "nobody"), "there are demo, micro"),
        (("--strategy", "nobody"), "there are learned"),
        (("--strategy", "learned:nobody"), "there are flow_1m"),
        (("--strategy", ":flow_1m"), "STRATEGY:RECIPE"),
    ],
)
def test_a_name_nobody_has_is_told_with_those_there_are(barred: Path, here: Path, words: tuple[str, str], says: str) -> None:
    said = workbench("simulate", "--session", BARS_SESSION, "--data", barred, *words)
    assert said.code == 2 and says in said.text
    assert len(run_folders(barred)) == 1  # nothing was begun


def test_a_data_folder_that_is_a_file_is_a_sentence(here: Path) -> None:
    (here / "file").write_text("x")
    for words in (("replay", "--session", SESSION), ("sessions",), ("seal",)):
        said = workbench(*words, "--data", here / "file")
        assert said.code in (1, 2) and "file" in said.text


def test_sessions_are_listed_with_what_they_are(traded: Path, barred: Path, here: Path) -> None:
    said = workbench("sessions", "--data", traded)
    assert said.code == 0 and f"{SESSION} {SESSION}-paper-1 " in said.text
    [row] = json.loads(workbench("sessions", "--data", traded, "--json").out)
    n = json.loads(workbench("replay", "--session", SESSION, "--data", traded, "--json").out)["records"]
    assert row == {
        "session": SESSION, "run": f"{SESSION}-paper-1", "mode": "paper", "source": "ten minutes", "records": n,
        "first": "2026-11-19 14:25:00", "last": "2026-11-19 14:35:00", "played": [],
    }  # fmt: skip
    assert f"{n:,}" in said.text
    assert [row["mode"] for row in json.loads(workbench("sessions", "--data", barred, "--json").out)] == ["import"]


def test_sessions_are_listed_with_the_runs_that_played_them(barred: Path, here: Path) -> None:
    words = ("--session", BARS_SESSION, "--data", barred, "--profile", "micro", "--strategy", "vwap_reversion", "--json")
    told = json.loads(workbench("simulate", *words).out)
    [row] = json.loads(workbench("sessions", "--data", barred, "--json").out)
    assert row["records"] == told["records"] and row["first"] < row["last"]
    assert row["played"] == [{"run": told["run"], "profile": "micro", "traders": [["vwap_reversion", ""]], "is_closed": True}]
    said = workbench("sessions", "--data", barred)
    assert told["run"] in said.out and "profile micro" in said.text  # a name is never broken


# ---------------------------------------------------------------------- several sessions, some contracts
def dashed(session: int) -> str:
    return f"{session // 10_000}-{session // 100 % 100:02}-{session % 100:02}"


@pytest.mark.parametrize("verb", ["replay", "simulate"])
def test_a_session_is_written_as_people_write_dates(barred: Path, here: Path, verb: str) -> None:
    said = workbench(verb, "--session", dashed(BARS_SESSION), "--data", barred, "--json")
    assert said.code == 0 and json.loads(said.out)["session"] == BARS_SESSION


def test_several_sessions_are_traded_one_after_another_with_a_sum(here: Path) -> None:
    folder, es = here / "three", load_roots()["ES"].contract(1, "2026-12-18")
    times = [datetime(2026, 11, 17, 15, tzinfo=UTC) + timedelta(days=day) + timedelta(seconds=n) for day in range(3) for n in range(60)]
    frame = pl.DataFrame({"time": times, "price_pts": [6000.0 + n % 7 for n in range(180)], "size": [1] * 180})
    assert keep_frames(frame, es, data=folder, source="three days") == [20261117, 20261118, 20261119]
    words = ("--data", folder, "--strategy", "vwap_reversion")
    said = workbench("simulate", "--session", "2026-11-17:2026-11-18", "--session", "20261119", *words)
    assert said.code == 0 and "3 sessions" in said.text and "20261117-simulate-1" in said.out and "all" in said.text
    told = json.loads(workbench("simulate", "--session", "20261101:20261118", *words, "--json").out)
    assert [each["session"] for each in told["sessions"]] == [20261117, 20261118] and told["pnl_usd"] == 0 and told["round_trips"] == 0
    backwards = workbench("simulate", "--session", "20261118:20261117", *words)
    assert backwards.code == 2 and "from the earlier session to the later one" in backwards.err
    assert workbench("simulate", "--session", "20260101:20260102", *words).code == 1


def test_only_some_contracts_may_be_traded_and_the_others_are_still_seen(traded: Path, here: Path) -> None:
    words = ("--session", SESSION, "--data", traded)
    all_, es = (json.loads(workbench("simulate", *words, *more, "--json").out) for more in ((), ("--roots", "ES")))
    assert all_["records"] == es["records"]
    learnt = {fact.contract for _, fact in entries.facts(Folders(traded).journal(es["run"])) if isinstance(fact, LabelMatured)}
    assert learnt == {contract.id for contract in open_session(SESSION, data=traded).contracts}
    assert "seen, not traded: SPY" in workbench("simulate", *words, "--roots", "ESZ6").text
    wrong = workbench("simulate", *words, "--roots", "ES,NQ")
    assert wrong.code == 2 and "has no NQ; there are ES, ESZ6, SPY" in wrong.text
    assert workbench("replay", *words, "--roots", "ES").code == 2  # what was traded takes its contracts from its log


def test_no_sessions_is_no_error_and_says_how_to_get_one(here: Path) -> None:
    said = workbench("sessions")
    assert said.code == 0 and "import one" in said.text
    assert json.loads(workbench("sessions", "--json").out) == []


def test_the_data_folder_of_the_workspace_is_the_one_that_is_meant(traded: Path, here: Path) -> None:
    (here / "workbench.toml").write_text('data_folder = "traded"\n')
    assert str(SESSION) in workbench("sessions").text
    assert workbench("replay", "--session", SESSION).code == 0
