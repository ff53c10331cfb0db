"""A run's law is known by its digest, wherever its file lies; a law that changed since is not that law."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.dashboard.laws import law_of
from workbench.runtime import build

pytestmark = pytest.mark.covers("S0-19")


def test_the_shipped_ones_are_found_by_what_they_say() -> None:
    law = build.constitution("micro")
    assert law_of("anything", law.digest) == law == law_of("micro", None)


def test_one_in_the_workspace_is_found_under_any_name(workspace: Path, of) -> None:
    assert law_of("demo", of.setup.law.digest, workspace) == of.setup.law
    assert law_of("demo", of.setup.law.digest) is None


def test_files_that_are_no_law_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("profile = [")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "c.toml").write_text('profile = "c"')
    assert law_of("demo", build.constitution("demo").digest, tmp_path) == build.constitution("demo")
