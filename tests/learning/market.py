"""A small seeded market for tests of learners: rows of features, and a mid that follows the first of them as strongly as asked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from workbench.domain.units import BAR_NS, SECOND
from workbench.learning.recipe import Recipe

FEATURES = ("ofi_5s", "ret_1_5s", "imb_5s", "spread_5s")
COLUMNS = {"unused": 0, **{name: at for at, name in enumerate(FEATURES, start=1)}}
RECIPE = Recipe(
    name="planted", model="scaled_logistic", features=FEATURES, horizon_ns=10 * SECOND, min_labels=20, min_outcomes=50, on_drift="tell"
)


class Bar(NamedTuple):
    """What a learner is called with at one bar."""

    t_end_ns: int
    row: list[float]
    warm: bytes
    mid2: int | None
    is_broken: bool


def bars(n: int, *, seed: int = 1, follow: float = 0.8, turns: tuple[int, ...] = (), columns: int = len(COLUMNS)) -> Iterator[Bar]:
    """Give `n` bars: each move goes the way of column 1 at the bar before with chance `follow`; after each of `turns`, the other way."""
    rng = random.Random(seed)
    mid2, wish = 48_000, 0.0
    for i in range(n):
        row = [rng.gauss(0.0, 1.0) for _ in range(columns)]
        with_it = rng.random() < follow
        if sum(i > turn for turn in turns) % 2:
            with_it = not with_it
        mid2 += 2 if (wish > 0) is with_it else -2
        wish = row[1]
        yield Bar((i + 1) * BAR_NS, row, b"\1" * columns, mid2, False)
