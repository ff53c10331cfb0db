"""The compiled minute of all pairs leaves the same bits as the same arithmetic written with numpy, one array after the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.risk.correlation import MOST, Moves


class Twin:
    """The sums of `Moves`, in numpy."""

    def __init__(self, n: int) -> None:
        self.sums, self.inverse, self.weight = np.zeros((2, n + 1, n + 1)), np.zeros(n), 1.0

    def update(self, mids: np.ndarray, keep: float) -> None:
        ratios = mids * self.inverse
        told = np.sign(ratios)
        r = ratios - told
        wr = r * self.weight
        self.sums[0] += np.outer(np.append(wr, 0.0), np.append(r, 0.0))
        self.sums[1] += np.outer(np.append(wr * r, self.weight), np.append(told, 1.0))
        has = np.sign(mids)
        self.inverse = has / ((1.0 - has) + mids)
        self.weight /= keep
        if self.weight > MOST:
            self.sums *= 1 / self.weight
            self.weight = 1.0

    def bits(self) -> bytes:
        return self.sums.tobytes() + self.inverse.tobytes()


MID = st.one_of(st.just(0), st.integers(1, 1 << 40), st.integers(99_900, 100_100), st.sampled_from([0.5, 1e-9, 1e12, 24_041.5]))


@st.composite
def minutes(draw: st.DrawFn) -> tuple[list[list[float]], float]:
    n = draw(st.integers(1, 6))
    rows = st.lists(st.lists(MID, min_size=n, max_size=n), min_size=1, max_size=40)
    return draw(rows), draw(st.sampled_from([0.02, 0.5, 0.9885, 0.99995]))


@settings(max_examples=300, deadline=None)
@given(minutes())
def test_every_bit_is_that_of_numpy(made: tuple[list[list[float]], float]) -> None:
    rows, keep = made
    moves, twin = Moves(), Twin(len(rows[0]))
    moves.begin(range(1, len(rows[0]) + 1))
    for row in rows:
        moves.update(row, keep=keep)
        twin.update(np.asarray(row, np.float64), keep)
        assert bytes(moves.cells) == twin.bits() and moves.weight == twin.weight


def test_fifty_roots_over_a_week_of_minutes_leave_the_same_bits() -> None:
    rng = np.random.default_rng(5)
    mids = np.round(1e6 * np.exp(np.cumsum(rng.normal(0, 1e-4, (7_000, 50)), axis=0)))
    mids[rng.random(mids.shape) < 0.02] = 0
    moves, twin = Moves(), Twin(50)
    moves.begin(range(1, 51))
    for row in mids:
        moves.update(row, keep=0.5 ** (1 / 60))
        twin.update(row, 0.5 ** (1 / 60))
    assert bytes(moves.cells) == twin.bits()
