"""Of the runs that know a session, the one that is meant is found; and its records are its own."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from workbench.domain.errors import DataError
from workbench.domain.records import RECORD, Kind, Records
from workbench.store.folders import Folders
from workbench.store.manifest import Mode, RunManifest, write_manifest
from workbench.store.sessions import records_written, sessions_between, tellers, told
from workbench.store.tail import Tail

SESSION = 20261119


def a_run(data: Path, name: str, mode: Mode, *, at: int, epoch: int = 0, source: str = "", **more: object) -> RunManifest:
    made = RunManifest(run=name, mode=mode, sessions=(SESSION,), epoch=epoch, created_ns=at, source=source, is_closed=True)
    made = msgspec.structs.replace(made, **more)
    write_manifest(Folders(data).run(name), made)
    return made


def written(data: Path, epoch: int, n: int, session: int = SESSION) -> Records:
    records = np.zeros(n, RECORD)
    records["seq"], records["kind"] = (epoch << 40) + np.arange(1, n + 1), Kind.PRINT
    with Tail(Folders(data).tail, session=session, epoch=epoch) as tail:
        tail.append(records)
    return records


def test_an_import_is_told_by_the_newest_simulation_over_it(tmp_path: Path) -> None:
    a_run(tmp_path, "import-1", "import", at=1, epoch=1)
    assert told(tmp_path, SESSION).run is None
    for n, at in ((1, 3), (2, 2)):
        a_run(tmp_path, f"simulate-{n}", "simulate", at=at, source="import-1")
    found = told(tmp_path, SESSION)
    assert found.writer.run == "import-1" and found.run is not None and found.run.run == "simulate-1"
    assert [run.run for run in found.runs] == ["import-1", "simulate-2", "simulate-1"]


def test_a_run_that_traded_tells_its_own_session(tmp_path: Path) -> None:
    a_run(tmp_path, "paper-1", "paper", at=1, epoch=1)
    a_run(tmp_path, "simulate-1", "simulate", at=2, source="paper-1")
    found = told(tmp_path, SESSION)
    assert found.run is found.writer and found.run is not None and found.run.run == "paper-1"
    for wanted in ("simulate", "simulate-1"):
        chosen = told(tmp_path, SESSION, wanted)
        assert chosen.run is not None and (chosen.run.run, chosen.writer.run) == ("simulate-1", "paper-1")


def test_of_two_writers_the_later_one_is_read_and_the_earlier_one_when_asked_for(tmp_path: Path) -> None:
    a_run(tmp_path, "paper-1", "paper", at=1, epoch=1, last_seq=(1 << 40) + 3)
    a_run(tmp_path, "paper-2", "paper", at=2, epoch=2, last_seq=(2 << 40) + 5)
    written(tmp_path, 1, 3)
    written(tmp_path, 2, 5)
    assert told(tmp_path, SESSION).writer.run == "paper-2"
    assert [len(records_written(tmp_path, SESSION, told(tmp_path, SESSION, run).writer)) for run in ("paper-1", "paper-2")] == [3, 5]


def test_a_simulation_of_what_was_replaced_tells_nothing(tmp_path: Path) -> None:
    a_run(tmp_path, "import-1", "import", at=1, epoch=1)
    a_run(tmp_path, "simulate-1", "simulate", at=2, source="import-1")
    a_run(tmp_path, "import-2", "import", at=3, epoch=2, replaced=("import-1",))
    assert [run.run for run in tellers(tmp_path, SESSION)] == ["import-2"] and told(tmp_path, SESSION).run is None


def test_a_run_that_goes_on_is_read_as_far_as_it_came(tmp_path: Path) -> None:
    run = a_run(tmp_path, "paper-1", "paper", at=1, epoch=1, is_closed=False)
    records = written(tmp_path, 1, 4)
    assert np.array_equal(records_written(tmp_path, SESSION, run), records)


def test_what_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no session 20261119; sessions there: none; import one, or run the demo"):
        told(tmp_path, SESSION)
    a_run(tmp_path, "import-1", "import", at=1, epoch=1)
    for n, session in enumerate(range(20261101, 20261116), 1):
        written(tmp_path, n, 1, session)
    with pytest.raises(DataError, match="has no run 'paper'; runs there: import-1"):
        told(tmp_path, SESSION, "paper")
    with pytest.raises(DataError, match=r"no session from 20270101 to 20270102; .* 20261101, .* \.\.\. .* 20261115 \(15 of them\)"):
        sessions_between(tmp_path, 20270101, 20270102)
    assert sessions_between(tmp_path, 20261103, 20261105) == [20261103, 20261104, 20261105]
