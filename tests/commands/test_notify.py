"""``workbench notify``: what it says, and the process that a run starts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.runtime.notify.servers import web
from workbench.runtime.notify import memory
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.runtime.notify.schedule import Policy
from workbench.store.status import heard


@pytest.mark.covers("S3-17")
def test_a_test_says_of_each_channel_whether_it_arrived_and_ends_with_1_if_one_did_not(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with web() as sink:
        monkeypatch.setenv("HOOK", f"{sink.url}/canary-hook")
        monkeypatch.setenv("WORKBENCH_NOTIFY__CHANNELS", '["webhook", "ntfy"]')
        monkeypatch.setenv("WORKBENCH_NOTIFY__WEBHOOK__URL", "env:HOOK")
        said = workbench("notify", "test", "--data", here / "data", "--json")
        assert said.code == 1 and {each["channel"]: each["arrived"] for each in json.loads(said.out)} == {
            "log": True,
            "webhook": True,
            "ntfy": False,
        }
        assert "notify.ntfy.topic" in said.text and sink.got[0].json["title"] == "Test of the workbench"
        monkeypatch.setenv("WORKBENCH_NOTIFY__CHANNELS", '["webhook"]')
        assert workbench("notify", "test", "--data", here / "data").code == 0
        sink.code, sink.says = 500, "{path}"
        said = workbench("notify", "test", "--data", here / "data")
        assert said.code == 1 and "failed" in said.text and "canary" not in said.text
    assert "canary" not in (here / "data/notices/tests.json").read_text()


def test_what_was_told_is_listed_and_acknowledged_by_number_or_all_at_once(here: Path) -> None:
    assert "nothing was told" in workbench("notify", "list", "--data", here).text
    kept = memory.Memory()
    for n in range(3):
        halt = Notice(about=About.HALT, severity=Severity.CRITICAL, key=str(n), text=f"HALTED: cause {n}")
        kept.schedule.take(halt, 1_795_000_000 * 10**9, Policy({"log": Severity.INFO}))
    import msgspec

    memory.remember(here, msgspec.json.encode(kept))
    assert "cause 1" in workbench("notify", "list", "--data", here).text
    assert "acknowledged 2: HALTED: cause 1" in workbench("notify", "ack", 2, "--data", here).text
    waiting = json.loads(workbench("notify", "list", "--open", "--json", "--data", here).out)
    assert [each["id"] for each in waiting] == [1, 3]
    assert workbench("notify", "ack", "--data", here).code == 0
    assert "nothing waits" in workbench("notify", "list", "--open", "--data", here).text
    assert workbench("notify", "ack", 99, "--data", here).code == 2


def test_it_runs_until_it_is_told_to_end_and_a_second_one_has_nothing_to_do(here: Path) -> None:
    words = [sys.executable, "-m", "workbench", "notify", "run", "--data", str(here)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert "channels log" in running.stdout.readline()
        second = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 0 and "another notifier" in second.stdout
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    (word,) = heard(here)
    assert word.process == "notifier" and word.note == "ended"
