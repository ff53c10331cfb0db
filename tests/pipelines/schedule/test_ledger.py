"""A key is claimed once and ends once, by whom ever; a reader finds nothing where nothing ran."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec.structs import replace

from workbench.pipelines.schedule.ledger import Ledger, Run, State

RUN = Run(key="report/20261120-close-ab", page="report", digest="ab", session=20261120, slot="close", due_ns=5, begun_ns=6)


def test_of_many_who_claim_a_key_one_gets_it(tmp_path: Path) -> None:
    Ledger(tmp_path, is_written=True)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: Ledger(tmp_path, is_written=True).claim(RUN), range(16)))
    assert sum(got) == 1


def test_a_run_ends_once_and_is_not_begun_again_afterwards(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, is_written=True)
    ledger.claim(RUN)
    assert ledger.again(RUN.key, 9) and ledger.end(RUN.key, State.DONE, 12)
    assert not ledger.end(RUN.key, State.FAILED, 13, "late") and not ledger.again(RUN.key, 14)
    assert ledger.get(RUN.key) == replace(RUN, state=State.DONE, attempts=2, begun_ns=9, ended_ns=12)


def test_a_reader_makes_no_file_and_finds_what_a_writer_wrote(tmp_path: Path) -> None:
    reader = Ledger(tmp_path)
    assert reader.runs() == [] and reader.of("report") is None and not list(tmp_path.iterdir())
    Ledger(tmp_path, is_written=True).claim(RUN)
    assert reader.runs("report") == [RUN] == reader.runs(states=(State.RUNNING,)) and reader.runs("other") == []
