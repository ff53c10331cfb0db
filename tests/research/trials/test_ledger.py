"""What was evaluated is written down once, and stays."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from workbench.domain.errors import DataError
from workbench.research.trials import families, family, family_of, note, noting
from workbench.store.backup import backup, restore
from workbench.store.folders import Folders


def test_a_configuration_counts_once_however_often_it_is_evaluated(tmp_path: Path):
    for parameters, returns in (({"a": 1, "b": 2}, [1.0, 2.0]), ({"b": 2, "a": 1}, [1.0, 2.0]), ({"a": 1, "b": 3}, [1.0, 2.0])):
        note(tmp_path, "idea", parameters, returns)
    note(tmp_path, "idea", {"a": 1, "b": 2}, [4.0, 5.0], periods=[7, 9], span="another day")
    note(tmp_path, "other", {"a": 1, "b": 2}, [1.0])
    seen = family(tmp_path, "idea")
    assert seen.n_trials == 2 and len(seen.rows) == 3 and families(tmp_path) == {"idea": 2, "other": 1}
    assert seen.rows[0].parameters == {"a": 1, "b": 2} and seen.rows[-1].span == "another day"
    (_, returns), *_ = seen.series().values()
    assert returns.tolist() == [1.0, 2.0, 4.0, 5.0]


def test_another_result_on_the_same_data_is_another_trial_and_has_a_column_of_its_own(tmp_path: Path):
    for returns in ([1.0, 2.0], [3.0, 4.0], [1.0, 2.0]):
        note(tmp_path, "idea", {"column": "z"}, returns, span="a day")
    note(tmp_path, "idea", {"column": "z"}, [5.0, 6.0], span="another day")
    seen = family(tmp_path, "idea")
    assert seen.n_trials == 2 and families(tmp_path) == {"idea": 2} and len(seen.rows) == 3
    assert [returns.tolist() for _, returns in seen.series().values()] == [[5.0, 6.0], [3.0, 4.0]]
    assert [seen.parameters(digest) for digest in seen.series()] == [{"column": "z"}] * 2


def test_nothing_is_changed_or_deleted(tmp_path: Path):
    note(tmp_path, "idea", {}, [1.0])
    base = sqlite3.connect(Folders(tmp_path).trials)
    for words in ("UPDATE trials SET family = 'x'", "DELETE FROM trials"):
        with pytest.raises(sqlite3.DatabaseError, match="never"):
            base.execute(words)
    base.close()
    assert families(tmp_path) == {"idea": 1}


def test_a_backup_holds_them(tmp_path: Path):
    note(tmp_path / "data", "idea", {"k": 1}, [1.0])
    backup(tmp_path / "data", tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    assert families(tmp_path / "again") == {"idea": 1}


def test_configurations_are_lined_up_over_the_periods_that_all_have(tmp_path: Path):
    note(tmp_path, "idea", {"k": 1}, [0.1, 0.2, 0.3], periods=[1, 2, 3])
    note(tmp_path, "idea", {"k": 2}, [0.9, 0.8], periods=[2, 3])
    seen = family(tmp_path, "idea").matrix()
    assert seen.periods.tolist() == [2, 3] and seen.returns.tolist() == [[0.2, 0.9], [0.3, 0.8]]


def test_many_are_one_commit_and_none_where_it_fails(tmp_path: Path):
    with suppress(DataError), noting(tmp_path) as write:
        write("idea", {"k": 1}, [1.0])
        write("idea", {"k": 2}, [float("inf")])
    assert families(tmp_path) == {}
    with noting(tmp_path) as write:
        assert [write("idea", {"k": k % 3}, np.ones(4)) for k in range(5)] == [True, True, True, False, False]
    assert families(tmp_path) == {"idea": 3}


@pytest.mark.parametrize(("returns", "periods"), [([1.0, float("nan")], None), ([1.0, 2.0], [2, 1]), ([1.0, 2.0], [1]), ([[1.0]], None)])
def test_what_is_no_series_is_refused(tmp_path: Path, returns, periods):
    with pytest.raises(DataError, match="one finite number a period"):
        note(tmp_path, "idea", {}, returns, periods=periods)


def test_a_family_is_what_a_person_says_or_the_notebook(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WORKBENCH_FAMILY", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert family_of(None, "usual") == "usual" and family_of("mine", "usual") == "mine"
    monkeypatch.setenv("JPY_SESSION_NAME", "lab/gap_idea.ipynb")
    assert family_of(None, "usual") == "gap_idea"
    monkeypatch.setenv("WORKBENCH_FAMILY", "gaps")
    assert family_of(None, "usual") == "gaps"
