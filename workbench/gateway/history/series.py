"""Prints and quotes of one contract over a time, as arrays: what bars, ticks and histograms are made of. Values; makes none up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def no_ints() -> Ints:
    """Give an empty array."""
    return np.zeros(0, np.int64)


class Prints(NamedTuple):
    """Trades: time (ns, rising), price and size in quanta."""

    ns: Ints
    px: Ints
    sz: Ints

    def between(self, start_ns: int, end_ns: int) -> Prints:
        """Cut out ``[start_ns, end_ns)``."""
        part = _slice(self.ns, start_ns, end_ns)
        return Prints(*(each[part] for each in self))


class Quotes(NamedTuple):
    """Two-sided quotes: time (ns, rising), prices and sizes in quanta."""

    ns: Ints
    bid: Ints
    ask: Ints
    bid_sz: Ints
    ask_sz: Ints

    def between(self, start_ns: int, end_ns: int) -> Quotes:
        """Cut out ``[start_ns, end_ns)``."""
        part = _slice(self.ns, start_ns, end_ns)
        return Quotes(*(each[part] for each in self))


def no_prints() -> Prints:
    """Give none."""
    return Prints(*(no_ints() for _ in Prints._fields))


def no_quotes() -> Quotes:
    """Give none."""
    return Quotes(*(no_ints() for _ in Quotes._fields))


def joined_prints(parts: list[Prints]) -> Prints:
    """Put parts that follow one another together."""
    return Prints(*(np.concatenate(each) for each in zip(*parts, strict=True))) if parts else no_prints()


def joined_quotes(parts: list[Quotes]) -> Quotes:
    """Put parts that follow one another together."""
    return Quotes(*(np.concatenate(each) for each in zip(*parts, strict=True))) if parts else no_quotes()


def _slice(ns: Ints, start_ns: int, end_ns: int) -> slice:
    begin, end = np.searchsorted(ns, [start_ns, end_ns])
    return slice(int(begin), int(end))
