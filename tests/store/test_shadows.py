"""The slot's book: who is in, from when to when, read back as it was written."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.shadows import Slot, is_shadow, put_slot, slot, slots

MINE = Slot(strategy="learned", recipe="flow_1m", profile="micro", entered_ns=10, digests={"own strategies/mine.py": "ab"})


def test_a_stay_is_read_back_and_a_later_one_of_the_name_stands_in_its_place(tmp_path: Path) -> None:
    assert slots(tmp_path) == [] and slot(tmp_path, "learned:flow_1m") is None
    put_slot(tmp_path, MINE)
    later = msgspec.structs.replace(MINE, entered_ns=20)
    put_slot(tmp_path, later)
    assert slots(tmp_path) == [later] and slot(tmp_path, "learned:flow_1m") == later
    assert later.account == "shadow:learned:flow_1m" and is_shadow(later.account)


@given(st.integers(0, 100), st.none() | st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=20)
def test_it_holds_from_when_it_entered_until_it_left(entered: int, left: int | None, at: int) -> None:
    stay = msgspec.structs.replace(MINE, entered_ns=entered, left_ns=left)
    assert stay.held(at) is (entered <= at and (left is None or at < left))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a:b:c", "x" * 61, "a\n"])
def test_what_is_no_name_leads_to_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="is no name of a candidate"):
        slot(tmp_path, name)


def test_garbage_is_an_error_with_its_file(tmp_path: Path) -> None:
    Folders(tmp_path).shadow.mkdir()
    (Folders(tmp_path).shadow / "x.json").write_bytes(b"\xff")
    with pytest.raises(StoreError, match=r"x\.json is no slot"):
        slots(tmp_path)
