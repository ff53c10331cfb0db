"""Correlation is what the text book says of the same weighted minutes, warm only when it may be believed, and restored bit for bit."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import msgspec
import numpy as np
import pytest

from workbench.risk.correlation import MOST, N_WARM, Moves

pytestmark = pytest.mark.covers("S4-05")


def walks(n: int, minutes: int, seed: int = 3) -> np.ndarray:
    """Prices that share a part of their moves."""
    rng = np.random.default_rng(seed)
    common, own = rng.normal(0, 1, (minutes, 1)), rng.normal(0, 1, (minutes, n))
    return np.asarray(np.round(1e6 * np.exp(np.cumsum((common + own) * 1e-4, axis=0))))


def by_hand(prices: np.ndarray, i: int, j: int, keep: float) -> float:
    """The definition, one minute after the other."""
    product = own = others = 0.0
    for before, now in pairwise(prices):
        product, own, others = product * keep, own * keep, others * keep
        if before[i] and before[j] and now[i] and now[j]:
            a, b = now[i] / before[i] - 1, now[j] / before[j] - 1
            product, own, others = product + a * b, own + a * a, others + b * b
    return product / sqrt(own * others)


def fed(prices: np.ndarray, keep: float) -> Moves:
    moves = Moves()
    moves.begin(range(1, prices.shape[1] + 1))
    for row in prices:
        moves.update(row, keep=keep)
    return moves


def test_it_is_the_definition_also_where_one_of_them_was_closed_for_a_while() -> None:
    prices, keep = walks(4, 400), 0.5 ** (1 / 60)
    prices[200:230, 2] = 0
    moves = fed(prices, keep)
    for i, j in ((0, 1), (0, 3)):
        assert moves.correlation(i + 1, j + 1) == pytest.approx(by_hand(prices, i, j, keep), rel=1e-6)
    whole = by_hand(prices, 0, 2, keep)
    assert moves.correlation(1, 3) == pytest.approx(whole, rel=0.05) and moves.correlation(3, 1) == moves.correlation(1, 3)


def test_it_is_not_known_before_half_an_hour_in_common_and_not_of_strangers() -> None:
    prices = walks(2, N_WARM + 2)  # the first one has no return
    moves = fed(prices[:-1], 0.99)
    assert moves.correlation(1, 2) is None
    moves.update(prices[-1], keep=0.99)
    assert moves.correlation(1, 2) is not None and moves.correlation(1, 9) is None


def test_one_that_closes_long_enough_is_forgotten() -> None:
    prices = walks(2, 300)
    prices[40:, 1] = 0
    assert fed(prices[:41], 0.5 ** (1 / 60)).correlation(1, 2) is not None and fed(prices, 0.5 ** (1 / 60)).correlation(1, 2) is None


def test_a_copy_goes_on_to_the_same_bits() -> None:
    prices, keep = walks(5, 200), 0.98
    whole, half = fed(prices, keep), fed(prices[:90], keep)
    copy = msgspec.msgpack.decode(msgspec.msgpack.encode(half), type=Moves)
    for row in prices[90:]:
        copy.update(row, keep=keep)
    assert msgspec.msgpack.encode(copy) == msgspec.msgpack.encode(whole)


def test_weights_that_have_grown_too_far_begin_anew_and_change_nothing() -> None:
    prices, keep = walks(2, 400), 0.5
    moves = fed(prices, keep)
    assert 2.0**399 > MOST > moves.weight and moves.correlation(1, 2) == pytest.approx(by_hand(prices, 0, 1, keep), rel=1e-6)


def test_a_market_that_stands_still_has_no_correlation_and_no_warning() -> None:
    still = np.full((60, 2), 100.0)
    with np.errstate(all="raise"):
        assert fed(still, 0.99).correlation(1, 2) is None
