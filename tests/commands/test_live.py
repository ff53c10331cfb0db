"""``workbench record | observe | paper | live | arm``: what they refuse and how they say it, and a run that Ctrl-C ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.runtime.preflight.world import looked
from workbench.config import OVER_THE_WIRE, load_settings

NOBODY = ("--port", "1")  # no TWS listens there


@pytest.mark.parametrize("name", ["record", "observe", "paper", "live"])
def test_the_help_says_what_it_does_how_it_ends_and_gives_examples(name: str) -> None:
    said = workbench(name, "--help")
    assert said.code == 0
    for word in ("Ctrl-C ends it cleanly", "stops stay at the broker", "Exit code", f"workbench {name}", "--minutes"):
        assert word in said.text


@pytest.mark.parametrize("name", ["record", "observe", "paper"])
def test_without_a_tws_it_says_where_it_looked_and_what_helps(tmp_path: Path, name: str) -> None:
    said = workbench(name, "--data", tmp_path, *NOBODY)
    assert said.code == 1 and "no TWS at 127.0.0.1:1" in said.text and "workbench connect" in said.text
    assert not (tmp_path / "runs").exists()


def test_live_names_every_yes_that_is_missing_before_it_connects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_ARMED", raising=False)
    said = workbench("live", "--data", tmp_path, *NOBODY)
    assert said.code == 2
    for word in ("EXECUTION_MODE=live", "ib.account", "workbench arm"):
        assert word in said.text


def test_a_token_is_one_of_three_and_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_ARMED", raising=False)
    armed = workbench("arm", "U1234567", "--hours", "2", "--data", tmp_path)
    assert armed.code == 0 and "armed until" in armed.text
    refused = workbench("live", "--data", tmp_path, *NOBODY)
    assert refused.code == 2 and "workbench arm" not in refused.text and "ib.account" in refused.text
    assert workbench("arm", "U1234567", "--hours", "0", "--data", tmp_path).code == 0
    assert "workbench arm" in workbench("live", "--data", tmp_path, *NOBODY).text


@pytest.mark.parametrize("account", ["", "U12 U13"])
def test_a_token_is_for_one_account(tmp_path: Path, account: str) -> None:
    said = workbench("arm", account, "--data", tmp_path)
    assert said.code == 2 and "one word" in said.text
    assert not list(tmp_path.iterdir())


def test_with_three_yeses_and_a_green_look_live_goes_as_far_as_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXECUTION_MODE", "live")
    monkeypatch.setenv("WORKBENCH_IB__ACCOUNT", "U1234567")
    workbench("arm", "U1234567", "--data", tmp_path)
    said = workbench("live", "--data", tmp_path, *NOBODY)
    assert said.code == 2 and "nobody looked before session" in said.text and "workbench preflight --mode live" in said.text
    looked(tmp_path, load_settings(under=OVER_THE_WIRE), "U1234567")
    said = workbench("live", "--data", tmp_path, *NOBODY)
    assert said.code == 1 and "no TWS" in said.text


@pytest.mark.parametrize("words", [("--speed", "21"), ("--roots", "NOTAROOT"), ("--strategy", "")])
def test_what_cannot_be_meant_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert workbench("paper", "--data", tmp_path, *NOBODY, *words).code == 2


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[int]:
    """A simulated gateway in a process of its own; its port."""
    words = ["gateway", "--generate", "--roots", "ES", "--port", "0", "--speed", "20", "--json", "--data", str(tmp_path)]
    with subprocess.Popen([sys.executable, "-m", "workbench", *words], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        yield json.loads(serving.stdout.readline())["port"]
        serving.terminate()


def test_ctrl_c_ends_a_run_cleanly_and_it_can_be_replayed(tmp_path: Path, gateway: int) -> None:
    words = ["paper", "--roots", "ES", "--port", str(gateway), "--speed", "20", "--data", str(tmp_path), "--json"]
    with subprocess.Popen([sys.executable, "-m", "workbench", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None and run.stdout is not None
        seen = ""
        while "deciding" not in seen and (line := run.stderr.readline()):
            seen += line
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert "stops stay at the broker" in err and "connecting" in seen
    told = json.loads(out)
    assert told["mode"] == "paper" and told["account"] == "DUSIM1" and told["records"] > 0 and told["state"] == "active"
    replayed = workbench("replay", "--session", str(told["session"]), "--data", tmp_path, "--json")
    assert json.loads(replayed.out)["same"] and json.loads(replayed.out)["state_digest"] == told["state_digest"]
