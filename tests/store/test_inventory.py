"""What lies in a data folder: counted once, whether sealed, in the tail, let go or kept as bars."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.store.tapes import SESSION, START_NS, tape
from tests.store.victims import WINDOWS, take_in_session
from workbench.store.bars import keep_bars
from workbench.store.folders import Folders
from workbench.store.inventory import inventory
from workbench.store.sealer import seal
from workbench.store.tail import Tail
from workbench.store.thinning import thin

NEXT = 20261123


def test_every_record_is_counted_once_wherever_it_lies(tmp_path: Path) -> None:
    take_in_session(tmp_path, 120, 1)
    with Tail(Folders(tmp_path).tail, session=NEXT, epoch=2, segment_records=64) as tail:
        tail.append(tape(40, epoch=2))
        seal(tmp_path)
        tail.append(tape(10, epoch=2, start=40))
        first, second = inventory(tmp_path)
    assert (first.session, first.n_records, first.n_in_tail, first.n_small, first.is_thinned) == (SESSION, 120, 0, 0, False)
    assert (first.first_ns, first.writers) == (START_NS, (f"{SESSION}-import-1",)) and first.n_bytes > 0
    assert (second.session, second.n_records, second.n_in_tail, second.writers) == (NEXT, 50, 10, ())


def test_what_was_let_go_is_listed_with_what_is_left(tmp_path: Path) -> None:
    take_in_session(tmp_path, 120, 1)
    keep_bars(tmp_path, SESSION, "1m", pl.DataFrame({"time": [1]}))
    done = thin(tmp_path, SESSION, WINDOWS, 7)
    (held,) = inventory(tmp_path)
    assert (held.is_thinned, held.n_records, held.bars) == (True, done.n_after, ("1m",))
