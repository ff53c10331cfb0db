"""What a rehearsal came to is kept, and read back in the order in which it was rehearsed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from workbench.store.backup import backup, restore
from workbench.store.drills import Drilled, drills, keep_drill
from workbench.store.shadows import Slot, put_slot, slot

CLAIMS = (("stops in place", True, ""), ("our books are the gateway's", True, "3 executions"))


def test_drills_are_read_back_the_oldest_first(tmp_path: Path) -> None:
    assert drills(tmp_path) == []
    last = Drilled(drill="kill", at_ns=2_000_000_000_000_000_000, code="ab", seconds=61.2, claims=CLAIMS)
    first = msgspec.structs.replace(last, drill="restart", at_ns=1_900_000_000_000_000_000)
    paths = [keep_drill(tmp_path, each) for each in (last, first)]
    assert drills(tmp_path) == [(paths[1], first), (paths[0], last)] and last.is_good


def test_a_backup_holds_them_and_the_slot(tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep_drill(data, Drilled(drill="kill", at_ns=1, code="ab", seconds=61.2, claims=CLAIMS))
    put_slot(data, Slot(strategy="tour", recipe="", profile="demo", entered_ns=1))
    backup(data, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    assert drills(tmp_path / "again")[0][1].is_good and slot(tmp_path / "again", "tour") is not None


def test_one_claim_that_did_not_hold_or_none_at_all_is_no_good_drill() -> None:
    of = Drilled(drill="kill", at_ns=0, code="", seconds=0.0, claims=(*CLAIMS, ("it could go on", False, "halted")))
    assert not of.is_good and not msgspec.structs.replace(of, claims=()).is_good
