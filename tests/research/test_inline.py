"""A function of the last bars is a feature like any other: it sees no bar that comes, keeps no bar that is used again, and pickles."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.research.conftest import Traded
from workbench.domain.bars import BAR_FIELDS, RICH, RichBar
from workbench.features.bank import FeatureBank
from workbench.features.conformance import check, sample_bars
from workbench.research.inline import Bar, inline


def climb(bars: Sequence[Any]) -> float | None:
    return bars[-1].close - bars[0].close


def pushed(bars: Sequence[Any]) -> float | None:
    volume = sum(bar.volume for bar in bars)
    return sum(bar.signed for bar in bars) / volume if volume else None


@pytest.mark.parametrize("make", [inline(climb, bars=1), inline(climb, bars=7), inline(pushed, bars=12, needs=("prints",))])
def test_it_keeps_to_the_rules_of_every_feature(make: Any) -> None:
    assert check(make) == []


def test_it_is_asked_with_as_many_bars_as_it_wants_and_never_with_fewer() -> None:
    seen: list[tuple[int, ...]] = []

    def watch(bars: Sequence[Any]) -> float | None:
        seen.append(tuple(bar.close for bar in bars))
        return None

    feature, bars = inline(watch, bars=3)(), sample_bars(5)
    memory = bars.view("<i8").data
    for at in range(5):
        feature.update(RichBar(memory, at))
    closes = bars["close"].tolist()
    assert seen == [tuple(closes[at : at + 3]) for at in range(3)] and feature.value is None


def test_its_bars_are_its_own_and_have_every_field() -> None:
    row = np.zeros(1, RICH)
    feature, face = inline(climb, bars=2)(), RichBar(row.view("<i8").data, 0)
    for close in (100, 107):  # the engine uses the same memory again at each bar
        row["close"] = close
        feature.update(face)
    assert feature.value == 7.0 and Bar._fields == BAR_FIELDS
    assert pickle.loads(pickle.dumps(feature)).value == 7.0


def test_the_bank_gives_it_a_column_a_length(traded: Traded) -> None:
    bank = FeatureBank([terms.contract for terms in traded.of.setup.terms], own=[inline(climb, bars=2)])
    assert {"climb_5s", "climb_1m", "climb_5m"} <= bank.columns.keys()
    frame = traded.open().features_with(inline(climb, bars=2), symbol="ES").drop_nulls("climb_1m")
    assert len(frame) > 100


@pytest.mark.parametrize(("bars", "needs", "said"), [(0, ("bars",), "one bar or more"), (2, ("tick",), "tick is none of them")])
def test_what_cannot_be_meant_is_told(bars: int, needs: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        inline(climb, bars=bars, needs=needs)
