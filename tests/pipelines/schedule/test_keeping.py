"""The newest runs of a page keep what they left; one under way keeps it however old it is; no row goes."""

from __future__ import annotations

from pathlib import Path

from workbench.pipelines.schedule.keeping import let_go
from workbench.pipelines.schedule.ledger import Ledger, Run, State


def test_the_newest_stay_and_what_runs_and_every_row(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, is_written=True)
    assert let_go(ledger, 1) == 0
    for page in ("scan", "report"):
        for n in range(5 if page == "scan" else 2):
            run = Run(
                key=f"{page}/20261120-open+{9 - n}m-ab", page=page, digest="ab", session=20261120, slot=f"open+{9 - n}m", due_ns=n + 1
            )
            assert ledger.claim(run)
            (ledger.folder_of(run.key)).mkdir(parents=True)
            (ledger.folder_of(run.key) / "page.html").write_text("a page")
            if (page, n) != ("scan", 0):
                ledger.end(run.key, State.DONE, 9)
    (tmp_path / "schedule" / "runs" / "scan" / "of-nobody").mkdir()
    assert let_go(ledger, 2) == 3 and let_go(ledger, 2) == 0
    left = sorted(path.name for path in (tmp_path / "schedule" / "runs" / "scan").iterdir())
    assert left == ["20261120-open+5m-ab", "20261120-open+6m-ab", "20261120-open+9m-ab"], "the two due last, and the one that runs"
    assert len(list((tmp_path / "schedule" / "runs" / "report").iterdir())) == 2 and len(ledger.runs()) == 7
