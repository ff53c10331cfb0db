"""A label is used once, in order, and never before its horizon; what cannot be known is counted."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.errors import InvariantError
from workbench.learning.labels import Label, LabelLedger


def label(made_ns: int, mid2: int = 100) -> Label:
    return Label(made_ns, {"a": float(made_ns)}, mid2, 0.5, 0)


def test_a_label_matures_with_the_first_bar_at_its_horizon() -> None:
    ledger = LabelLedger(horizon_ns=10, every_ns=5)
    ledger.add(label(5))
    ledger.add(label(10))
    assert ledger.take(14, 101) == []
    assert ledger.take(15, 101) == [(label(5), True)]
    assert ledger.take(20, 99) == [(label(10), False)]
    assert (len(ledger), ledger.n_matured) == (0, 2)


def test_no_move_is_no_label_but_is_counted() -> None:
    ledger = LabelLedger(horizon_ns=5, every_ns=5)
    ledger.add(label(5))
    assert ledger.take(10, 100) == []
    assert (len(ledger), ledger.n_tied, ledger.n_matured) == (0, 1, 0)


def test_an_outcome_more_than_a_cadence_late_is_void() -> None:
    ledger = LabelLedger(horizon_ns=10, every_ns=5)
    ledger.add(label(5))
    ledger.add(label(10))
    assert ledger.drop_late(25) == 1
    assert ledger.take(25, 101) == [(label(10), True)]
    assert ledger.n_voided == 1


def test_two_labels_within_a_cadence_are_a_broken_invariant() -> None:
    ledger = LabelLedger(horizon_ns=10, every_ns=5)
    ledger.add(label(5))
    with pytest.raises(InvariantError, match="less than a cadence"):
        ledger.add(label(9))


def test_more_labels_than_the_horizon_admits_are_a_broken_invariant() -> None:
    ledger = LabelLedger(horizon_ns=10, every_ns=5)
    ledger.add(label(5))
    ledger.add(label(10))
    with pytest.raises(InvariantError, match="the horizon admits 2"):
        ledger.add(label(15))


class Step(NamedTuple):
    gap: int  # cadences since the bar before
    move: int
    is_broken: bool


steps = st.lists(
    st.builds(Step, st.sampled_from((1, 1, 1, 1, 2, 3, 9)), st.integers(-1, 1), st.sampled_from((False,) * 9 + (True,))), max_size=60
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(steps, st.integers(1, 6))
def test_the_ledger_agrees_with_a_plain_recomputation(steps: list[Step], horizon: int) -> None:
    every = 5
    ledger = LabelLedger(horizon_ns=horizon * every, every_ns=every)
    seen: list[tuple[int, int, bool]] = []
    taken: list[tuple[int, int, bool]] = []
    now, mid2 = 0, 1_000
    for step in steps:
        now, mid2 = now + step.gap * every, mid2 + step.move
        seen.append((now, mid2, step.is_broken))
        if step.is_broken:
            ledger.void()
            continue
        ledger.drop_late(now)
        for made, up in ledger.take(now, mid2):
            taken.append((made.made_ns, now, up))
        ledger.add(label(now, mid2))

    expected, n_tied, n_voided, n_waiting = [], 0, 0, 0
    for at, (made_ns, made_mid2, is_broken) in enumerate(seen):
        if is_broken:
            continue
        fate = None
        for t, m, broken in seen[at + 1 :]:
            if broken or t > made_ns + horizon * every + every:
                fate = "void"
            elif t >= made_ns + horizon * every:
                fate = "tie" if m == made_mid2 else "label"
                if fate == "label":
                    expected.append((made_ns, t, m > made_mid2))
            if fate:
                break
        n_tied += fate == "tie"
        n_voided += fate == "void"
        n_waiting += fate is None
    assert sorted(taken) == sorted(expected)
    assert taken == sorted(taken)
    assert (ledger.n_tied, ledger.n_voided, len(ledger), ledger.n_matured) == (n_tied, n_voided, n_waiting, len(expected))
    assert all(known >= made + horizon * every for made, known, _ in taken)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(0, 40), st.integers(1, 8))
def test_a_ledger_restored_from_its_state_goes_on_alike(n: int, horizon: int) -> None:
    one, other = (LabelLedger(horizon_ns=horizon, every_ns=1) for _ in range(2))
    for now in range(1, n + 1):
        one.take(now, now % 3)
        one.add(label(now, now % 3))
    other.load(one.state())
    for now in range(n + 1, n + 20):
        assert one.take(now, now % 3) == other.take(now, now % 3)
        assert one.state() == other.state()
