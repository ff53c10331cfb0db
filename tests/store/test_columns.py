from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.store.tapes import SESSION, tape
from workbench.domain.records import RECORD, Kind, empty
from workbench.store.columns import BLOCK, COLUMNS, SHARE, to_frame, to_records


def by_kind(frame):
    return [(kind, frame.filter(frame["kind"] == kind).select(COLUMNS)) for kind in frame["kind"].unique().to_list()]


@given(arrays.arrays(RECORD, st.integers(0, 60), elements=arrays.from_dtype(RECORD)), st.permutations(range(60)))
def test_any_bits_come_back(records, order):
    records["seq"] = np.arange(1, len(records) + 1) * np.int64(3)
    records["contract"] %= 1 << 31
    shuffled = records[[at for at in order if at < len(records)]]
    assert to_records(by_kind(to_frame(SESSION, [shuffled[:7], shuffled[7:]]))).tobytes() == records.tobytes()


def test_blocks_with_and_without_gaps_come_back():
    for records in (tape(3 * BLOCK + 5), tape(3 * BLOCK)[np.arange(3 * BLOCK) % 7 != 3], tape(1), tape(0)):
        assert to_records(by_kind(to_frame(SESSION, [records]))).tobytes() == records.tobytes()


def test_what_several_threads_put_together_of_one_kind_comes_back():
    records = tape(2 * SHARE + BLOCK + 5)
    records["kind"] = Kind.QUOTE
    for each in (records, records[np.arange(len(records)) % 7 != 3]):
        assert to_records(by_kind(to_frame(SESSION, [each]))).tobytes() == each.tobytes()


def test_a_number_twice_in_the_place_of_another_loses_no_row():
    records = empty(5)
    records["seq"], records["px"] = (10, 11, 11, 13, 14), range(5)
    records["kind"] = Kind.PRINT
    back = to_records(by_kind(to_frame(SESSION, [records])))
    assert back["seq"].tolist() == [10, 11, 11, 13, 14] and back["px"].tolist() == [0, 1, 2, 3, 4]
