"""One suite over the whole catalogue of features and over own ones; bars no market should send; and features that break each rule."""

from __future__ import annotations

import time
from functools import partial
from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings

from tests.features.market import contract, nasty_bars, nasty_stretches
from workbench.domain.bars import RICH, RichBar
from workbench.features import SHIPPED
from workbench.features.bank import FeatureBank
from workbench.features.base import Compiled
from workbench.features.conformance import check, cost_us
from workbench.features.trend.averages import RelativeStrength


class CloseAboveMean:
    """A researcher's feature in plain Python: close over the mean close so far, minus one."""

    name = "close_above_mean"
    uses = (RichBar,)
    needs = ("bars",)
    warm_up_bars = 10

    def __init__(self) -> None:
        self._n = 0
        self._sum = 0
        self._value: float | None = None

    @property
    def value(self) -> float | None:
        return self._value

    def update(self, bar: RichBar, /) -> None:
        self._n += 1
        self._sum += bar.close
        self._value = bar.close * self._n / self._sum - 1 if self._n >= 10 and self._sum else None


every_feature = pytest.mark.parametrize(
    "make", [*(face.at for face in SHIPPED), CloseAboveMean], ids=[*(face.name for face in SHIPPED), "an own one"]
)


@pytest.mark.covers("S4-28")
@every_feature
def test_a_feature_keeps_to_the_rules(make):
    assert check(make) == []


@pytest.mark.covers("S4-16")
def test_what_a_bar_costs_is_printed(capsys):
    costs = {make().name: cost_us(make, time.perf_counter_ns) for make in (*(face.at for face in SHIPPED[::8]), CloseAboveMean)}
    with capsys.disabled():
        print("\n" + "\n".join(f"{name:<24} {cost:8.2f} us a bar, alone in Python" for name, cost in costs.items()))
    assert all(cost > 0 for cost in costs.values())


@settings(max_examples=60)
@given(nasty_stretches)
def test_no_bar_however_ugly_makes_a_value_that_is_not_finite(stretches):
    bars, lead = nasty_bars(stretches), nasty_bars([(kind, n, seed + 1) for kind, n, seed in stretches])
    bank = FeatureBank([contract(1, "0.0001"), contract(2, "7")], leaders={1: 2, 2: 1}, own=[CloseAboveMean])
    live = np.zeros(2, RICH)
    bank.bind(live)
    for one, other in zip(bars, lead, strict=True):
        live[0], live[1] = one, other
        bank.step()
        assert np.isfinite(np.asarray(bank.values)).all()
    for name in ("floats", "values"):
        assert np.isfinite(bank.arrays[name]).all()


@settings(max_examples=10)
@given(nasty_stretches)
def test_ugly_bars_lie_about_nothing_that_was_said_before(stretches):
    """Causality on ugly bars: whatever is appended, the values before stay."""
    bars = nasty_bars([("usual", 30, 1), *stretches])
    told = []
    for n in (30, len(bars)):
        bank, live = FeatureBank([contract()]), np.zeros(1, RICH)
        bank.bind(live)
        for bar in bars[:n]:
            live[0] = bar
            bank.step()
            if bar["t_end"] == bars["t_end"][29]:
                told.append((bytes(bank.values), bytes(bank.warm)))
    assert told[0] == told[1]


class Own(CloseAboveMean):
    """Fine so far; each heir breaks one rule."""


class NotFinite(Own):
    @property
    def value(self) -> float | None:
        return float("inf") if self._n > 50 else None


class Random(Own):
    def update(self, bar: RichBar, /) -> None:
        super().update(bar)
        self._value = float(np.random.default_rng().random()) if self._n >= 10 else None


class SharedMemory(Own):
    seen: list[int] = []  # noqa: RUF012 - the very mistake

    def update(self, bar: RichBar, /) -> None:
        super().update(bar)
        self.seen.append(bar.close)
        self._value = float(len(self.seen)) if self._n >= 10 else None


class KeepsTheBar(Own):
    last: RichBar | None = None

    def update(self, bar: RichBar, /) -> None:
        super().update(bar)
        before = self.last.close if self.last is not None else 0
        self._value = float(bar.close - before) if self._n >= 10 else None
        self.last = bar

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"last": None}


class Unpicklable(Own):
    def __init__(self) -> None:
        super().__init__()
        self.how = lambda: None


class Forgetful(Own):
    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_sum": 0}


class TooEarly(Own):
    warm_up_bars = 11


class TooLate(Own):
    warm_up_bars = 9


class Hungry(Own):
    needs = ("gossip",)


class Nameless(Own):
    name = "Close Above Mean"


class TalksAtOnce(Own):
    @property
    def value(self) -> float | None:
        return 0.0


class NoValue:
    name = "no_value"

    def update(self, bar: RichBar, /) -> None:
        """Never tells."""


class Undocumented(RelativeStrength):
    """Nothing to see here."""


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (NotFinite, "a value is finite, or None"),
        (Random, "two things about the same bars"),
        (SharedMemory, "two things about the same bars"),
        (KeepsTheBar, "keeps a bar"),
        (Unpicklable, "does not pickle"),
        (Forgetful, "goes on differently"),
        (TooEarly, "speaks after 10 bars, and declares 11"),
        (TooLate, "is silent after 9 bars, and declares 9"),
        (Hungry, "needs ['gossip']"),
        (Nameless, "is called 'Close Above Mean'"),
        (TalksAtOnce, "before its first bar"),
        (NoValue, "five names"),
        (Undocumented, "without the row 'Source'"),
    ],
)
def test_a_feature_that_breaks_a_rule_is_told_which(make, says):
    assert any(says in wrong for wrong in check(make)), check(make)


def test_a_face_is_a_feature_and_a_feature_needs_no_base_class():
    assert isinstance(RelativeStrength(), Compiled)
    assert not isinstance(CloseAboveMean(), Compiled)
    assert check(partial(RelativeStrength, 3)) == []
    assert isfinite(cost_us(CloseAboveMean, time.perf_counter_ns))
