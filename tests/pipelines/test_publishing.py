"""Whoever opens a page finds all of one run, however often it is replaced under his eyes; what cannot be replaced stays."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from workbench.domain.errors import StoreError
from workbench.pipelines.publishing import publish
from workbench.store.whole import only_one

N = 200


def part_of(folder: Path, text: str) -> Path:
    part = folder.parent / ".parts" / f"{folder.name}.1"
    part.mkdir(parents=True)
    for name in ("page.html", "result.json"):
        (part / name).write_text(text)
    return part


def seen(folder: Path) -> set[str]:
    """Read both files of the folder that is there at this moment; none if it was taken away meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        texts = set()
        for name in ("page.html", "result.json"):
            with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=handle)) as file:
                texts.add(file.read())
        return texts
    except FileNotFoundError:
        return set()
    finally:
        os.close(handle)


def test_a_reader_never_sees_a_mixture_and_never_nothing(tmp_path: Path) -> None:
    folder, over, mixed = tmp_path / "pages" / "20261119", threading.Event(), []
    publish(part_of(folder, "0"), folder, "busy")

    def read() -> None:
        while not over.is_set():
            mixed.append(len(seen(folder)) > 1)  # an absent folder would raise

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(1, N):
        publish(part_of(folder, str(n)), folder, "busy")
    over.set()
    reader.join()
    assert mixed and not any(mixed) and seen(folder) == {str(N - 1)}
    assert [path.name for path in folder.parent.iterdir() if path.name != ".parts"] == ["20261119"]


def test_a_page_that_another_run_publishes_is_waited_for_and_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.pipelines.publishing.WAIT_S", 0.0)
    folder = tmp_path / "pages" / "20261119"
    publish(part_of(folder, "old"), folder, "busy")
    part = part_of(folder, "new")
    with only_one(part.with_name("20261119.lock"), "") as _, pytest.raises(StoreError, match="busy"):
        publish(part, folder, "busy")
    assert seen(folder) == {"old"}
