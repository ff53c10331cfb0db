"""Records on the gateway's clock."""

from __future__ import annotations

import numpy as np
import pytest

from tests.gateway.worlds import BEGIN_NS, small, tape
from workbench.domain.errors import DataError
from workbench.domain.units import SECOND
from workbench.gateway.tape import Tape


def test_every_record_is_handed_out_once_and_never_early():
    records = tape(50)
    player = Tape(records, most=7)
    seen: list[int] = []
    for now_ns in range(BEGIN_NS - SECOND, BEGIN_NS + 60 * SECOND, SECOND // 3):
        while True:
            start, stop = player.due(now_ns)
            if start == stop:
                break
            assert int(records["recv_ns"][stop - 1]) <= now_ns
            seen.extend(range(start, stop))
    assert seen == list(range(len(records)))
    assert player.is_over


def test_a_tape_that_is_not_sorted_is_refused():
    with pytest.raises(DataError, match="sorted"):
        Tape(tape(5)[::-1])
    with pytest.raises(DataError, match="market records"):
        Tape(np.zeros(3))


def test_what_lies_before_the_start_is_state_and_no_message():
    gateway, told = small(start_ns=BEGIN_NS + 100 * SECOND)
    assert told.n_records == 1 + 2 * 100 + 1
    assert gateway.now_ns == BEGIN_NS + 100 * SECOND


def test_a_service_is_woken_at_the_time_it_named_and_records_come_in_short_steps():
    gateway, told = small()
    told.due_ns = BEGIN_NS + 12_345
    told.times.clear()
    gateway.advance(BEGIN_NS + 5 * SECOND)
    assert told.times[0] == BEGIN_NS + 12_345
    assert told.times[-1] == BEGIN_NS + 5 * SECOND
    assert max(np.diff(told.times)) <= SECOND // 2


def test_time_does_not_go_back_and_an_overdue_service_does_not_hang_the_clock():
    gateway, told = small()
    told.due_ns = BEGIN_NS - 5
    told.advance = told.times.append
    gateway.advance(BEGIN_NS + SECOND)
    gateway.advance(BEGIN_NS)
    assert gateway.now_ns == BEGIN_NS + SECOND


def test_the_clock_runs_on_when_the_tape_is_over():
    gateway, _ = small()
    gateway.advance(BEGIN_NS + 86_400 * SECOND)
    assert gateway.is_over
    assert gateway.next_due_ns() is None
    assert gateway.now_ns == BEGIN_NS + 86_400 * SECOND
