from __future__ import annotations

import pytest

from workbench.domain.errors import StoreError
from workbench.store.chain import EMPTY, Head, digest, follow


def row(head, **changes):
    fields = {"row_id": head.id + 1, "after_seq": 5, "n": 1, "recv_ns": 7, "what": "event", "v": 1, "body": b"abc"} | changes
    return (*fields.values(), digest(head.digest, **fields))


def test_a_chain_is_followed_row_by_row():
    one = follow(EMPTY, row(EMPTY))
    two = follow(one, row(one))
    assert (one.id, two.id) == (1, 2)
    assert one.digest != two.digest


def test_no_two_rows_read_the_same():
    assert row(EMPTY, what="eventa", body=b"bc")[-1] != row(EMPTY, what="event", body=b"abc")[-1]


@pytest.mark.parametrize("change", [{0: 3}, {0: "1"}, {1: None}, {3: 1 << 63}, {4: b"event"}, {6: "abc"}])
def test_a_row_that_does_not_follow_is_named(change):
    wrong = tuple(change.get(at, value) for at, value in enumerate(row(EMPTY)))
    with pytest.raises(StoreError, match="the journal is damaged: entry 1"):
        follow(EMPTY, wrong)


def test_a_row_follows_one_head_only():
    with pytest.raises(StoreError, match="does not follow entry 0"):
        follow(EMPTY, row(Head(0, bytes(32))))
