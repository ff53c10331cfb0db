"""The sample is made once, anew when the code has changed, whole or not at all; a copy of it is nobody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from workbench.domain.units import MINUTE
from workbench.research import sample as module
from workbench.research.sample import SESSION, STAMP, sample, sample_copy, usual_folder
from workbench.runtime.logged import open_log
from workbench.store.digests import code_digest


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A workspace, and a sample of an hour without the rest of the day: what is made matters here, not how much."""
    monkeypatch.setattr(module, "ROOTS", ("ES",))
    monkeypatch.setattr(module, "ACTIVITY", 0.02)
    monkeypatch.setattr(module, "BEFORE", 5 * MINUTE)
    (tmp_path / "workbench.toml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_it_is_made_once_in_the_workspace_around_and_again_when_code_changed(small: Path) -> None:
    folder = sample()
    assert folder.resolve() == small / "data" / "sample" == usual_folder().resolve()
    assert (folder / STAMP).read_text() == code_digest()
    first = open_log(folder, SESSION)
    assert len(first.records) > 5_000 and first.run.mode == "paper" and "generated" in first.run.source
    made = (folder / STAMP).stat().st_mtime_ns
    assert sample() == folder and (folder / STAMP).stat().st_mtime_ns == made
    (folder / STAMP).write_text("other code")
    (folder / "of-old").touch()
    (folder / "pages" / "mine").mkdir(parents=True)
    assert (sample() / STAMP).read_text() == code_digest() and not (folder / "of-old").exists()
    assert (folder / "pages" / "mine").is_dir(), "what is written there at this moment stays"
    assert open_log(folder, SESSION).records.tobytes() == first.records.tobytes()
    assert [path.name for path in folder.parent.iterdir() if path.name.endswith(".part")] == []


def test_it_can_be_made_within_an_event_loop_as_a_notebook_runs_its_cells(small: Path) -> None:
    async def cell() -> Path:
        return sample()

    assert (asyncio.run(cell()) / STAMP).exists()


def test_a_copy_is_changed_without_harm(small: Path) -> None:
    (sample() / "pages").mkdir()
    copy, named = sample_copy(), sample_copy(small / "mine" / "data")
    assert len(open_log(copy, SESSION).records) == len(open_log(named, SESSION).records)
    assert not (copy / "pages").exists() and not (copy / STAMP).exists()
    (copy / "epoch").unlink()
    assert (sample() / "epoch").exists()


def test_no_setting_of_a_workspace_changes_it(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_log(sample(), SESSION)
    (small / "workbench.toml").write_text('[simulation]\nmarket_slippage_ticks = 3\n\n[roots.ES]\ncommission = "99"\n')
    (sample() / STAMP).write_text("other code")
    after = open_log(sample(), SESSION)
    assert list(after.facts()) == list(before.facts()) and after.run.digests["settings"] == before.run.digests["settings"]
