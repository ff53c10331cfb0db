"""How long what runs left stays: the newest of each page, by a setting. Folders of runs only; the ledger's rows stay for ever."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from workbench.pipelines.schedule import attempt
from workbench.pipelines.schedule.ledger import Ledger, State


def let_go(ledger: Ledger, newest: int) -> int:
    """Delete what runs left, but for the `newest` of each page and those under way; give how many went.

    Without the folder a run is still known, with its session, its end and why; its page and result are gone.
    """
    n = 0
    with contextlib.suppress(FileNotFoundError):  # nothing ran yet
        for page in (ledger.folder / "runs").iterdir():
            folders = list(page.iterdir()) if page.is_dir() else []
            if len(folders) > newest:
                n += sum(_let_go(ledger, each) for each in sorted(folders, key=lambda each: _due(ledger, each))[:-newest])
    return n


def _let_go(ledger: Ledger, folder: Path) -> bool:
    run = ledger.get(_key(folder))
    if (run is not None and run.state is State.RUNNING) or attempt.is_at_work(folder):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _due(ledger: Ledger, folder: Path) -> int:
    """Say when a run was due; what no row knows comes first."""
    run = ledger.get(_key(folder))
    return run.due_ns if run is not None else 0


def _key(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
