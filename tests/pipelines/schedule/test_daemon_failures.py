"""Pages that die, hang, flood and fill, run by a scheduler in real processes: each is a clear line, a kept page, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.pipelines.schedule.planning import Said, planned
from workbench.clock import ManualClock
from workbench.pipelines.schedule.daemon import Scheduler, started_here, work_off
from workbench.pipelines.schedule.ending import left_by
from workbench.pipelines.schedule.ledger import Run, State
from workbench.pipelines.schedule.trigger import ns_of

SESSION = "20261116"
SOON = ns_of(datetime(2026, 11, 16, 22, 31, tzinfo=UTC))
WRITES = "from workbench.pipelines.kernel import own_folder\n(own_folder() / 'model.bin').write_bytes(b'1' * 9)"
RESULT = "result = {'far': far, 'is_up': is_up, 'session': session}\nresult"
DEAF = """import signal, subprocess, sys, time
_ = signal.signal(signal.SIGTERM, signal.SIG_IGN)
_ = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(50)', 'deaf-5c2e'], start_new_session=True, stdout=-3, stderr=-3)
time.sleep(60)"""
FILL = "import tempfile\n_ = tempfile.TemporaryFile().write(bytes(40_000_000))"
# name -> what the cell `outputs` does when it has written, the budget, what is told
FAILS = {
    "dies": ("import faulthandler\nfaulthandler._sigsegv()", "", "outputs: kernel died: the kernel was ended by SIGSEGV"),
    "hangs": (DEAF, "seconds = 5", "outputs: too slow: the page took longer than 5 s"),
    "floods": ("print('x' * 1_000_000_000)", "", "outputs: too much output"),
    "fills": (FILL, "disk_mb = 20", "outputs: OSError: [Errno 27] File too large"),
}


def ended(of: Scheduler) -> dict[str, Run]:
    of.look()
    for _ in range(8):
        work_off(of, look_s=0.1)
        of.look()
    return {run.page: run for run in of.ledger.runs()}


@pytest.mark.covers("S1-12", "S3-20")
@pytest.mark.parametrize(
    "names",
    [pytest.param(("dies", "hangs"), marks=pytest.mark.proof), pytest.param(("fills", "floods"), marks=pytest.mark.nightly)],
)
def test_whatever_a_page_does_is_a_clear_line_a_kept_page_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # where it is set, ipykernel leaves what compiled code prints where it is
    pages, data, said = tmp_path / "pages", tmp_path / "data", Said()
    for name in names:
        work, budget, _ = FAILS[name]
        toml = f'retries = 0\n[budget]\n{budget}\n[reads]\nprograms = ["python"]\n[writes]\nfiles = ["model.bin"]'
        planned(pages, name, "close+30m", toml, effects="artefact", outputs=f"{WRITES}\n{work}\n{RESULT}")
    of = Scheduler(data, [pages], ManualClock(SOON), hand=said)
    runs = ended(of)
    for name in names:
        run, folder, told = runs[name], of.ledger.folder_of(runs[name].key), FAILS[name][2]
        assert run.state is State.FAILED and run.attempts == 1 and told in run.why, run
        assert "es: 8" in (folder / "page.html").read_text() and "This page failed" in (folder / "page.html").read_text()
        assert not list(data.rglob("model.bin")) and not list(data.rglob(".parts/*.[0-9]*"))
        assert left_by(folder) == [] and sum(path.stat().st_size for path in folder.iterdir()) < 40_000_000
    assert sorted(said.titles) == [f"{name} failed" for name in names]
    assert not [each for each in psutil.process_iter(["cmdline"]) if "deaf-5c2e" in (each.info["cmdline"] or [])]


@pytest.mark.proof
@pytest.mark.covers("S1-12")
def test_a_cluster_that_is_away_fails_the_run_in_those_words(tmp_path: Path) -> None:
    pages, data, said = tmp_path / "pages", tmp_path / "data", Said()
    planned(pages, "report", "close+30m", "retries = 0")
    away = Scheduler(data, [pages], ManualClock(SOON), start=partial(started_here, address="tcp://127.0.0.1:9"), hand=said)
    run = ended(away)["report"]
    assert run.state is State.FAILED and "compute.address is tcp://127.0.0.1:9, and no scheduler answers there" in run.why
    assert said.titles == ["report failed"] and not list(data.rglob("page.html"))
