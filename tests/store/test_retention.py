"""Marks of what was let go: said once, of the runs that had written it, and refused where they cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.tapes import SESSION
from tests.store.victims import take_in_session
from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.retention import Thinned, is_thinned, mark, thinned, writers_of


def test_a_mark_is_read_back_and_stands_while_its_writers_are_those_of_the_session(tmp_path: Path) -> None:
    assert thinned(tmp_path) == {} and is_thinned(tmp_path, SESSION) is None
    take_in_session(tmp_path, 10, 1)
    what = Thinned(session=SESSION, writers=writers_of(tmp_path, SESSION), n_before=10, n_after=2, windows=((1, 2),), decided_ns=7)
    mark(tmp_path, what)
    assert is_thinned(tmp_path, SESSION) == what and thinned(tmp_path) == {SESSION: what}
    take_in_session(tmp_path, 10, 2, replace=True)
    assert is_thinned(tmp_path, SESSION) is None and thinned(tmp_path) == {}


def test_a_mark_that_cannot_be_read_or_is_newer_is_an_error(tmp_path: Path) -> None:
    path = Folders(tmp_path).thinned / f"{SESSION}.json"
    path.parent.mkdir(parents=True)
    for content in ("x", '{"format": 99, "session": 1, "writers": [], "n_before": 1, "n_after": 0, "windows": [], "decided_ns": 0}'):
        path.write_text(content)
        with pytest.raises(StoreError):
            is_thinned(tmp_path, SESSION)
