"""``workbench demo``: one day from the market to the proof, in a folder of its own that it alone may clear."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.commands.calling import Said, workbench
from workbench.runtime.demonstration import ROOTS, SESSION
from workbench.runtime.logged import open_log
from workbench.runtime.replay import issued
from workbench.store import entries

pytestmark = pytest.mark.covers("S0-21", "S2-44", "S2-45", "S3-48")
KEYS = {
    "profile", "data", "session", "records", "round_trips", "pnl_usd", "fees_usd", "refusals", "hit_frac", "commands", "commands_digest",
    "state_digest", "same", "paper_records_per_s", "replay_records_per_s", "journal", "report", "wire",
}  # fmt: skip
TINY = ("--activity", "0.02", "--json")
SHORT = ("--wire-minutes", "4")  # twelve seconds: long enough for the strategy to be warm, and to trade


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The demo, in a folder in which an earlier one lies."""
    data = tmp_path_factory.mktemp("demo") / "data"
    (data / "runs" / "20261119-paper-9").mkdir(parents=True)
    (data / "this-is-a-demo").write_text("an earlier one\n")
    (data / "epoch").write_text("9\n")
    return data, workbench("demo", "--data", data, *TINY, *SHORT)


@pytest.fixture(scope="module")
def facts(shown: tuple[Path, Said]) -> dict[str, Any]:
    said = shown[1]
    assert said.code == 0, said.text
    found: dict[str, Any] = json.loads(said.out)
    return found


def test_it_ends_well_and_says_so_in_numbers(facts: dict[str, Any]) -> None:
    assert facts.keys() == KEYS
    assert facts["same"] is True and facts["session"] == SESSION and facts["profile"] == "demo"
    assert facts["records"] > 80_000 and facts["commands"] > 0 and len(facts["commands_digest"]) == 64
    assert 0.3 < facts["hit_frac"]["flow_1m"] < 0.7


def test_its_numbers_are_those_of_its_log(shown: tuple[Path, Said], facts: dict[str, Any]) -> None:
    logged = open_log(shown[0], SESSION)
    assert len(logged.records) == facts["records"] and str(logged.journal) == facts["journal"]
    assert len(issued(logged.facts())) == facts["commands"]
    assert [contract.root for contract in logged.contracts] == list(ROOTS)
    entries.verify(logged.journal, logged.run.journal_head)


@pytest.mark.covers("S3-18")
def test_its_report_tells_the_same_numbers(facts: dict[str, Any]) -> None:
    page = Path(facts["report"])
    told = json.loads((page.parent / "result.json").read_text())
    assert told["failure"] is None and told["result"]["parity"] is True
    for name in ("round_trips", "pnl_usd", "fees_usd", "commands_digest"):
        assert told["result"][name] == pytest.approx(facts[name]) if name.endswith("_usd") else told["result"][name] == facts[name]
    assert told["result"]["refused"] == sum(facts["refusals"].values())
    assert f"{facts['commands']:,} commands alike" in page.read_text()


def test_what_went_over_tcp_is_what_the_gateway_holds_and_replays_alike(shown: tuple[Path, Said], facts: dict[str, Any]) -> None:
    wire = facts["wire"]
    assert wire["good"] and wire["failure"] is None and wire["same"] and wire["books_equal"] and not wire["differences"]
    assert 3.5 < wire["minutes"] < 6 and wire["speed"] == 20 and 0 < wire["connected_s"] <= wire["ready_s"]
    assert wire["brackets"] > 0 and wire["fills"] > 0 and wire["executions"] == wire["fills"]
    logged = open_log(shown[0] / "wire", SESSION)
    assert logged.run.account == "DUSIM-WIRE" and len(issued(logged.facts())) == wire["commands"]


@pytest.mark.proof
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_in_the_middle_it_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    words = [sys.executable, "-X", "faulthandler", "-m", "workbench", "demo", "--data", str(data), "--pace", "1"]
    hears = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests may ignore Ctrl-C
    demo = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears)
    try:
        while len(_working_in(data)) < 2:  # the demo and the run; the gateway has no folder
            assert demo.poll() is None, demo.communicate()
            time.sleep(0.1)  # processes tell nobody when they begin
        demo.send_signal(number)
        demo.wait(60)
    except subprocess.TimeoutExpired:
        demo.send_signal(signal.SIGABRT)  # where it hangs is the message
        pytest.fail("\n".join(demo.communicate()))
    finally:
        demo.kill()
        demo.communicate()
    assert demo.returncode == 128 + number and not _working_in(data)


def _working_in(data: Path) -> list[str]:
    """Find processes by the folder they were given."""
    found = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in found if str(data) in line and "ps -eww" not in line]


@pytest.mark.proof
def test_a_process_that_fails_is_told_with_its_last_lines(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.runtime.rehearsal.wired.ACCOUNT", "U1234567")
    said = workbench("demo", "--data", here / "data", "--activity", "0.02")
    assert said.code == 1 and "workbench gateway ended with exit code 2; its last lines" in said.text and "DUSIM" in said.text
    assert "the very same" in said.text, "the day itself went well"


def test_it_begins_anew_where_an_earlier_demo_lies(shown: tuple[Path, Said], facts: dict[str, Any]) -> None:
    assert [path.name for path in (shown[0] / "runs").iterdir()] == [f"{SESSION}-paper-1"]
    assert facts["journal"].endswith(f"{SESSION}-paper-1/journal.db")


def test_a_folder_with_other_things_is_refused_and_untouched(here: Path) -> None:
    mine = here / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    said = workbench("demo", "--data", mine, *TINY)
    assert said.code == 1 and "name another folder" in said.err and "Traceback" not in said.text
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"] and (mine / "thesis.txt").read_text() == "years of work"


def test_a_file_where_the_folder_should_be_is_refused_and_untouched(here: Path) -> None:
    mine = here / "thesis.txt"
    mine.write_text("years of work")
    said = workbench("demo", "--data", mine, *TINY)
    assert said.code == 1 and "thesis.txt" in said.err and mine.read_text() == "years of work"


@pytest.mark.parametrize(
    "words",
    [("--activity", "0"), ("--activity", "9"), ("--seed", "x"), ("--sed", "7"), ("--pace", "0"), ("--from", "noon"), ("--from", "25:00")],
)
def test_what_cannot_be_meant_is_told_before_anything_is_written(here: Path, words: tuple[str, ...]) -> None:
    said = workbench("demo", "--data", here / "new", *words)
    assert said.code == 2 and words[0] in said.text and not (here / "new").exists()


@pytest.mark.proof
def test_at_a_pace_it_says_where_to_watch_and_comes_to_the_same(here: Path, facts: dict[str, Any]) -> None:
    said = workbench("demo", "--data", here / "data", "--activity", "0.02", "--no-wire", "--pace", "100000", "--from", "16:00")
    assert said.code == 0 and "workbench dashboard --data" in said.text and "the very same" in said.text
    assert facts["commands_digest"][:16] in said.text and facts["state_digest"][:16] in said.text
    assert "Over TCP" not in said.text and not (here / "data" / "wire").exists()


def test_its_help_says_that_nothing_is_needed(here: Path) -> None:
    said = workbench("demo", "--help")
    assert said.code == 0 and "No account, no server" in said.text
