"""``workbench history`` as a person meets it: what it says before it asks, what it leaves in the data folder, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.calling import workbench
from tests.commands.served import served


def test_a_dry_run_says_what_it_would_ask_and_asks_nothing(tmp_path: Path) -> None:
    with served() as port:
        said = workbench("history", "ES", "--bars", "1h", "--since", "2y", "--dry-run", "--port", port, "--data", tmp_path)
    assert said.code == 0 and "ESZ4" in said.text and "questions; at least 10 min" in said.text
    assert "Nothing was asked for" in said.text and not list(tmp_path.iterdir())


def test_bars_become_sessions_and_a_second_time_nothing_is_asked(tmp_path: Path) -> None:
    words = ("history", "ES", "--bars", "1h", "--since", "2026-11-18", "--until", "2026-11-18", "--data", tmp_path)
    with served() as port:
        first = workbench(*words, "--port", port, "--json")
        again = workbench(*words, "--port", port)
    assert first.code == again.code == 0
    assert [each["session"] for each in json.loads(first.out)["sessions"]] == [20261118]
    assert "0 questions, 1 answered before" in again.text


def test_ticks_are_announced_with_what_they_cost_and_fetched(tmp_path: Path) -> None:
    words = ("history", "ES", "--ticks", "--days", 1, "--data", tmp_path)
    with served() as port:
        dry = workbench(*words, "--port", port, "--dry-run")
        done = workbench(*words, "--port", port, "--json")
    assert dry.code == 0 and "about" in dry.text and "No tick was asked for" in dry.text
    (session,) = json.loads(done.out)["sessions"]
    assert done.code == 0 and session["n_market"] > 1_000
    assert sum(file["kinds"].get("PRINT", 0) for file in json.loads(done.out)["files"]) == session["n_market"]


def test_what_cannot_be_meant_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert "bars of '7m'" in workbench("history", "ES", "--bars", "7m", "--data", tmp_path).text
    with served() as port:
        said = workbench("history", "ES", "--ticks", "--days", 99, "--port", port, "--data", tmp_path)
    assert said.code == 2 and "ticks of 99 days: 1 to 60" in said.text


def test_where_nobody_listens_it_says_what_helps(tmp_path: Path) -> None:
    said = workbench("history", "ES", "--port", 1, "--data", tmp_path)
    assert said.code == 1 and "workbench connect" in said.text
