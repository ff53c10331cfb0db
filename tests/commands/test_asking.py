"""What a person says from any shell, and what is answered: by a run that lives, and where nobody runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from workbench.clock import SystemClock
from workbench.commands import asking
from workbench.store.requests import Request, done, halted, waiting
from workbench.store.status import Status, say


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_S", 0.3)


@contextmanager
def runner(data: Path, answer: str) -> Iterator[list[Request]]:
    """Somebody who answers every request, and has a heart that beats."""
    taken, is_over = list[Request](), threading.Event()

    def answers() -> None:
        while not is_over.is_set():
            state = "halted" if halted(data) else "active"
            say(data, Status(process="runner", pid=1, said_ns=SystemClock().now_ns(), state=state))
            for each in waiting(data):
                taken.append(each.request)
                done(each.path, answer)
            time.sleep(0.02)  # it looks again and again, as a real one does

    thread = threading.Thread(target=answers)
    thread.start()
    try:
        time.sleep(0.1)  # its first word is said
        yield taken
    finally:
        is_over.set()
        thread.join()


@pytest.mark.covers("S2-47")
def test_halt_lays_the_file_down_whether_or_not_somebody_runs(tmp_path: Path) -> None:
    said = workbench("halt", "--data", tmp_path, "--why", "smoke")
    assert said.code == 0 and "nobody runs here" in said.text and "next start is halted" in said.text
    assert halted(tmp_path) == "operator: smoke"
    with runner(tmp_path, ""):
        said = workbench("halt", "--data", tmp_path, "--json")
    assert said.code == 0 and json.loads(said.out) == {
        "good": True,
        "is_running": True,
        "answer": "halted: no entries; stops and exits go on",
    }


def test_flatten_must_be_meant_and_say_what(tmp_path: Path) -> None:
    for words, why in (
        (("--all",), "--yes"),
        (("--yes",), "--all, or --root"),
        (("--all", "--root", "ES", "--yes"), "--all, or --root"),
    ):
        said = workbench("flatten", "--data", tmp_path, "--why", "x", *words)
        assert said.code == 2 and why in said.text, said.text
    assert workbench("flatten", "--data", tmp_path, "--all", "--yes").code == 2  # a reason is asked for
    assert not list(tmp_path.rglob("*.request"))


def test_flatten_that_nobody_hears_halts_the_next_start_and_flattens_nothing_later(tmp_path: Path) -> None:
    said = workbench("flatten", "--data", tmp_path, "--all", "--yes", "--why", "out")
    assert said.code == 1 and "do it in TWS" in said.text
    assert "flatten was asked and nobody answered: out" in (halted(tmp_path) or "") and waiting(tmp_path) == []


@pytest.mark.covers("S2-25")
def test_what_a_run_answers_is_said_and_a_refusal_ends_with_one(tmp_path: Path) -> None:
    with runner(tmp_path, "halted; 2 positions are being left") as taken:
        said = workbench("flatten", "--data", tmp_path, "--root", "ES", "--yes", "--why", "out")
    assert said.code == 0 and "2 positions" in said.text and (taken[0].action, taken[0].details) == ("flatten", {"root": "ES"})
    with runner(tmp_path, "refused: the HALT file lies there"):
        said = workbench("resume", "--data", tmp_path, "--why", "looked")
    assert said.code == 1 and "refused" in said.text


def test_resume_can_take_the_halt_file_away_first(tmp_path: Path) -> None:
    workbench("halt", "--data", tmp_path)
    with runner(tmp_path, "resumed: active") as taken:
        said = workbench("resume", "--data", tmp_path, "--why", "over", "--lift", "--words", "resume after a loss")
    assert said.code == 0 and halted(tmp_path) is None and taken[0].details == {"words": "resume after a loss"}
    said = workbench("resume", "--data", tmp_path, "--why", "over")
    assert said.code == 1 and "nobody runs here" in said.text


def test_adopt_and_a_typed_fill_bring_what_was_said(tmp_path: Path) -> None:
    with runner(tmp_path, "adopted as bracket 3") as taken:
        assert workbench("adopt", "ES", "--stop", "5000", "--target", "5100", "--hold", "30", "--qty", "1", "--data", tmp_path).code == 0
        assert workbench("fills", "type", "17", "stop", "2", "5000.25", "--why", "log", "--data", tmp_path).code == 0
    first, second = taken
    assert first.details == {"root": "ES", "stop": "5000", "target": "5100", "hold_s": "1800.0", "qty": "1"}
    [row] = json.loads(second.details["rows"])
    assert (row["ref"], row["leg"], row["qty"], row["px"]) == (17, "stop", 2, "5000.25") and second.why == "log"
    assert workbench("adopt", "ES", "--stop", "5000", "--data", tmp_path).code == 1


def test_a_statement_without_anything_of_ours_says_so(tmp_path: Path) -> None:
    path = tmp_path / "flex.xml"
    path.write_text("<FlexQueryResponse><Trade ibExecID='a' quantity='1' tradePrice='2'/></FlexQueryResponse>")
    said = workbench("fills", "import", path, "--data", tmp_path, "--json")
    assert said.code == 0 and json.loads(said.out)["answer"] == "1 executions of others passed over"


@pytest.mark.parametrize("name", ["halt", "flatten", "resume", "adopt", "fills", "fills import", "fills type"])
def test_every_command_teaches_what_it_does(name: str) -> None:
    said = workbench(*name.split(), "--help")
    assert said.code == 0 and len(said.out) > 300


def test_who_breaks_off_while_he_waits_has_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    said = workbench("flatten", "--all", "--yes", "--data", tmp_path, "--why", "leaving")
    assert said.code != 0 and waiting(tmp_path) == [] and not list(tmp_path.glob("requests/*"))
