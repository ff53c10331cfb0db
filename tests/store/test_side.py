"""Tables beside the records: each commit once, a session put together, and a writer that dies at any line of its code."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.store.killing import is_killed_at_line
from tests.store.victims import GAP_COLUMNS, GAP_ROWS, write_gaps
from workbench.domain.errors import StoreError
from workbench.store import delta_log
from workbench.store.side import SideTable

SESSION, NEXT = 20261120, 20261123
LINES = ("side", "delta_table", "delta_log", "whole")  # where a writer may be killed


def table(folder: Path) -> SideTable:
    return SideTable(folder / "gaps", "gaps", GAP_COLUMNS)


@pytest.mark.covers("S1-07")
def test_rows_come_back_by_session_and_a_commit_counts_once(tmp_path: Path) -> None:
    of = table(tmp_path)
    assert (of.sessions(), of.read(SESSION), of.version_of("a"), of.version) == ([], [], 0, -1)
    assert of.append(SESSION, [(2, "b", None), (1, None, 0.5)], ("a", 3)) and of.append(NEXT, [(9, "c", 1.0)], ("b", 1))
    assert not of.append(SESSION, [(7, "again", None)], ("a", 3)) and not of.append(SESSION, [], ("a", 4))
    assert of.read(SESSION) == [(1, None, 0.5), (2, "b", None)] and of.sessions() == [SESSION, NEXT] and of.version_of("a") == 3


def test_a_session_is_replaced_without_the_others(tmp_path: Path) -> None:
    of = table(tmp_path)
    of.replace(SESSION, [(1, "a", None)])
    of.append(NEXT, [(9, "c", 1.0)], ("b", 1))
    of.replace(SESSION, [(5, "z", None)])
    assert (of.read(SESSION), of.read(NEXT)) == ([(5, "z", None)], [(9, "c", 1.0)])
    of.replace(SESSION, [])
    assert of.sessions() == [NEXT]


def test_the_files_of_a_session_are_put_together(tmp_path: Path) -> None:
    of = table(tmp_path)
    for n in range(12):
        of.append(SESSION, [(n, str(n), None)], ("a", n + 1))
    assert of.compact(SESSION) == 12 and of.compact(SESSION) == 1
    assert of.read(SESSION) == [(n, str(n), None) for n in range(12)] and of.version_of("a") == 12
    of.vacuum()  # what older versions need stays for a week
    assert len(list((tmp_path / "gaps").glob("session=*/*.parquet"))) == 13


def test_another_s_table_is_refused(tmp_path: Path) -> None:
    table(tmp_path).append(SESSION, [(1, "a", None)], ("a", 1))
    with pytest.raises(StoreError, match="none of the workbench"):
        SideTable(tmp_path / "gaps", "snapshots", GAP_COLUMNS).read(SESSION)
    with pytest.raises(StoreError, match="partitioned by session"):
        SideTable(tmp_path / "x", "gaps", {"session": int})


@pytest.mark.parametrize("torn", [b"", b'{"add": {"pa'])
def test_a_commit_torn_by_a_power_cut_is_put_aside_and_written_again(tmp_path: Path, torn: bytes) -> None:
    of = table(tmp_path)
    of.append(SESSION, [(1, "a", None)], ("a", 1))
    delta_log.commit_path(tmp_path / "gaps", 1).write_bytes(torn)
    assert of.append(SESSION, [(2, "b", None)], ("a", 2))
    assert of.read(SESSION) == [(1, "a", None), (2, "b", None)]


def _killed(folder: Path, k: int) -> bool:
    """Let a writer die at its k-th line and another finish its work: every row is there, once."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    was_killed = is_killed_at_line(k, LINES, write_gaps, folder / "gaps")
    write_gaps(folder / "gaps")
    assert table(folder).read(SESSION) == GAP_ROWS
    return was_killed


@pytest.mark.covers("S1-32")
def test_a_writer_may_be_killed_at_any_line(tmp_path: Path) -> None:
    for k in random.Random(3).sample(range(10, 180), 4):
        _killed(tmp_path / "data", k)


@pytest.mark.nightly
def test_a_writer_may_be_killed_at_every_line(tmp_path: Path) -> None:
    k = 1
    while _killed(tmp_path / "data", k):
        k += 1
    assert k > 100
