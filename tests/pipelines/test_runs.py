"""Runs are listed, found and held beside one another by what they left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.pipelines.runs import differences, find, runs
from workbench.pipelines.schedule.ledger import Ledger, Run, State

pytestmark = pytest.mark.covers("S1-12")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of two pages: one good, one that failed, one that was missed."""
    folder = tmp_path_factory.mktemp("ran")
    ledger = Ledger(folder, is_written=True)
    left = {
        "report/20261119-close-ab": {"result": {"pnl_usd": 4.5}, "parameters": {"session": 20261119}, "seconds": 12.5, "peak_mb": 300.0,
                                     "data": [{"table": "recordings", "part": "20261119", "digest": "aa"}]},
        "report/20261120-close-ab": {"result": {"pnl_usd": 4.5}, "parameters": {"session": 20261120}, "seconds": 11.0, "peak_mb": 310.0,
                                     "data": [{"table": "recordings", "part": "20261120", "digest": "bb"}]},
    }  # fmt: skip
    for n, (key, told) in enumerate(left.items()):
        ledger.claim(Run(key=key, page="report", digest="ab", session=20261119 + n, slot="close", due_ns=(n + 1) * SECOND, begun_ns=SECOND))
        ledger.end(key, State.FAILED if n else State.DONE, 9 * SECOND, "checks: no data\nmore" if n else "")
        ledger.folder_of(key).mkdir(parents=True)
        (ledger.folder_of(key) / "result.json").write_text(json.dumps(told))
        (ledger.folder_of(key) / "page.html").write_text("<html>")
    ledger.claim(
        Run(key="scan/1", page="scan", digest="cd", session=20261120, slot="open", due_ns=9 * SECOND, state=State.MISSED, why="late")
    )
    return folder


def test_the_last_one_comes_first_with_what_it_left(data: Path) -> None:
    found = runs(data)
    assert [each.run.key[:4] for each in found] == ["scan", "repo", "repo"]
    assert (found[1].seconds, found[1].peak_mb, found[1].run.why) == (11.0, 310.0, "checks: no data\nmore")
    assert found[1].page is not None and found[0].page is None and found[0].seconds is None
    assert [each.run.session for each in runs(data, "report")] == [20261120, 20261119]


def test_a_ledger_leaves_out_what_was_due_before(data: Path) -> None:
    assert [run.page for run in Ledger(data).runs(since_ns=2 * SECOND)] == ["report", "scan"]


def test_one_is_found_by_its_page_or_a_beginning_that_fits_it_alone(data: Path) -> None:
    assert find(data, "report").run.session == 20261120
    assert find(data, "report/20261119").run.session == 20261119
    with pytest.raises(ConfigError, match="beginning of 2 runs"):
        find(data, "report/")
    with pytest.raises(ConfigError, match="knows no run 'reports'"):
        find(data, "reports")


def test_two_are_held_beside_one_another_part_by_part(data: Path) -> None:
    one, other = find(data, "report/20261119"), find(data, "report/20261120")
    assert {each.where: (each.one, each.other) for each in differences(one, other)} == {
        "parameters.session": (20261119, 20261120),
        "data.recordings 20261119": ("aa", None),
        "data.recordings 20261120": (None, "bb"),
    }
    assert differences(one, one) == []


def test_the_commands_tell_a_person_and_a_script(data: Path, tmp_path: Path) -> None:
    told = workbench("runs", "list", "--data", data)
    assert told.code == 0 and "failed" in told.out and "checks: no data" in told.out and "late" in told.out
    listed = json.loads(workbench("runs", "list", "report", "--json", "--data", data).out)
    assert [each["state"] for each in listed] == ["failed", "done"]
    shown = workbench("runs", "show", "report/20261119", "--data", data)
    assert shown.code == 0 and "pnl_usd = 4.5" in shown.out and "12.5 s" in shown.out and "page.html" in shown.out
    assert workbench("runs", "diff", "report/20261119", "report/20261120", "--data", data).code == 1
    assert workbench("runs", "show", "nothing", "--data", data).code == 2
    assert "nothing ran" in workbench("runs", "list", "--data", tmp_path).out
