from __future__ import annotations

import numpy as np
import pytest

from tests.store.tapes import SESSION, tape
from workbench.domain.errors import StoreError
from workbench.store import segments, whole
from workbench.store.segments import BOOT_AT, CLOSED_AT, COMMITTED_AT, DTYPE_AT, FORMAT_AT, HEADER, MAGIC_AT, SIZE, SYNCED_AT


@pytest.fixture
def path(tmp_path):
    path = tmp_path / str(SESSION) / "1-0.seg"
    segments.write(path, tape(100), session=SESSION, epoch=1, stamp=7)
    return path


def set_cell(path, at, value):
    with path.open("r+b") as file:
        file.seek(at * 8)
        file.write(int(value).to_bytes(8, "little", signed=True))


def reopen(path, *, committed=100, synced=0):
    """Make it a segment whose writer is gone and never closed it."""
    set_cell(path, CLOSED_AT, 0)
    set_cell(path, COMMITTED_AT, HEADER + committed * SIZE)
    set_cell(path, SYNCED_AT, HEADER + synced * SIZE)


def blank(path, first, last):
    """Undo what was written of some records, as a power cut does with pages."""
    with path.open("r+b") as file:
        file.seek(HEADER + first * SIZE)
        file.write(bytes((last - first) * SIZE))


def test_what_was_written_is_read_with_its_header(path):
    segment, records = segments.read(path)
    assert (segment.name, segment.n, segment.first_seq, segment.is_closed) == ("20261120/1-0", 100, tape(1)["seq"][0], True)
    assert records.tobytes() == tape(100).tobytes()
    assert segments.stamp_of(path) == 7
    with pytest.raises(ValueError, match="read-only"):
        records["px"] = 0


def test_records_stay_readable_after_the_file_is_gone(path):
    _, records = segments.read(path)
    path.unlink()
    assert records.tobytes() == tape(100).tobytes()


def test_an_open_segment_ends_where_its_writer_counted_to(path):
    reopen(path, committed=40)
    assert segments.read(path)[1].tobytes() == tape(40).tobytes()


def test_a_hole_behind_the_last_sync_ends_an_open_segment(path):
    reopen(path, synced=30)
    blank(path, 64, 80)
    assert len(segments.read(path)[1]) == 64


def test_what_was_synced_is_believed_without_a_look(path):
    reopen(path, synced=100)
    blank(path, 64, 80)
    assert len(segments.read(path)[1]) == 100


def test_old_bytes_behind_a_hole_do_not_count(path):
    reopen(path)
    with path.open("r+b") as file:
        file.seek(HEADER + 50 * SIZE)
        file.write(tape(1, start=3).tobytes())  # a seq that falls
    assert len(segments.read(path)[1]) == 50


def test_after_a_power_cut_an_old_count_hides_nothing_that_was_synced(path):
    reopen(path, committed=20, synced=10)
    set_cell(path, BOOT_AT, whole.this_boot() + 1)
    blank(path, 90, 100)
    assert len(segments.read(path)[1]) == 90
    assert segments.finish(path).n == 90
    assert segments.read(path)[1].tobytes() == tape(90).tobytes()


def test_while_the_machine_has_been_up_nothing_behind_the_count_is_read(path):
    reopen(path, committed=20, synced=10)
    set_cell(path, BOOT_AT, whole.this_boot())
    assert segments.read(path)[1].tobytes() == tape(20).tobytes()


def test_finishing_closes_at_what_a_reader_trusts(path):
    reopen(path, synced=10)
    blank(path, 60, 100)
    done = segments.finish(path)
    assert done.is_closed
    assert done.n == 60
    assert path.stat().st_size == HEADER + 60 * SIZE
    assert segments.read(path)[0] == done
    assert segments.finish(path) == done


def test_finishing_one_without_a_record_deletes_it(path):
    reopen(path, committed=0)
    assert segments.finish(path) is None
    assert not path.exists()


@pytest.mark.parametrize(
    ("at", "value", "text"),
    [
        (MAGIC_AT, 5, "is no segment"),
        (FORMAT_AT, 99, "update the workbench"),
        (DTYPE_AT, 99, "update the workbench"),
        (COMMITTED_AT, HEADER + 101 * SIZE, "is damaged"),
        (COMMITTED_AT, HEADER + 1, "is damaged"),
        (COMMITTED_AT, -1, "is damaged"),
    ],
)
def test_a_header_that_cannot_be_is_refused(path, at, value, text):
    set_cell(path, at, value)
    with pytest.raises(StoreError, match=text):
        segments.read(path)


def test_a_file_too_short_for_a_header_is_refused(path):
    path.write_bytes(b"WB")
    with pytest.raises(StoreError, match="ends within its header"):
        segments.read(path)


def test_segments_are_listed_in_the_order_of_their_records(tmp_path):
    names = ["20261120/1-2", "20261120/1-10", "20261120/2-0", "20261121/2-1"]
    for name in reversed(names):
        session, rest = name.split("/")
        segments.write(tmp_path / session / f"{rest}.seg", tape(1), session=int(session))
    (tmp_path / "20261120" / ".0.part").touch()
    assert [f"{path.parent.name}/{path.stem}" for path in segments.paths(tmp_path)] == names
    assert [path.stem for path in segments.paths(tmp_path, 20261121)] == ["2-1"]
    assert segments.paths(tmp_path / "absent") == []


def test_an_empty_segment_can_be_written(tmp_path):
    segments.write(tmp_path / "a.seg", np.empty(0, tape(1).dtype), session=SESSION)
    assert len(segments.read(tmp_path / "a.seg")[1]) == 0
