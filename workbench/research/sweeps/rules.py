"""Rules a sweep knows, each a few numbers and a compiled signal known at a bar's close. Any other rule: `Ready`, or the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import ConfigError, DataError
from workbench.research.sweeps import kernels
from workbench.research.sweeps.series import Series

EXACT = 1 << 53  # below it a float holds every whole number
IN_CACHE = 4096  # bars
Signal = npt.NDArray[np.uint8]
Config = Mapping[str, float]
Fill = Callable[[Config], Signal]


class Rule(Protocol):
    """What a rule is: the names of its numbers, which of them go together, and its signals over bars."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its numbers, as a grid gives them."""

    def fits(self, config: Config) -> bool:
        """Whether these numbers mean something together."""

    def over(self, series: Series) -> Fill:
        """Prepare for bars: what it gives makes the signal of one configuration, in room that it uses again for the next."""


class Cross(NamedTuple):
    """Be long while the mean of the last `fast` closes is above that of the last `slow`, short while below; trades at the cross."""

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("fast", "slow")

    def fits(self, config: Config) -> bool:
        return 1 <= config["fast"] < config["slow"]

    def over(self, series: Series) -> Fill:
        whole = np.concatenate([np.zeros(1, np.int64), np.cumsum(series.close - series.close[0])])  # both means are as much lower
        floats, furthest = whole.astype(np.float64), 2 * int(np.abs(whole).max())
        out, sides = np.zeros(len(series.close), np.uint8), np.zeros(IN_CACHE, np.int8)

        def fill(config: Config) -> Signal:
            fast, slow = int(config["fast"]), int(config["slow"])
            kernels.cross(floats if furthest * slow < EXACT else whole, fast, slow, sides, out)
            return out

        return fill


class Breakout(NamedTuple):
    """Go with a close beyond the range of the `n` bars before it; leave at one behind the range of the last `n_near`."""

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("n", "n_near")

    def fits(self, config: Config) -> bool:
        return 1 <= config["n_near"] <= config["n"]

    def over(self, series: Series) -> Fill:
        n_bars = len(series.close)
        places = np.zeros(n_bars, np.int64)
        top, bottom, near_top, near_bottom = (np.zeros(n_bars, np.int64) for _ in range(4))
        out, made = np.zeros(n_bars, np.uint8), [0, 0]

        def fill(config: Config) -> Signal:
            n, near = int(config["n"]), int(config["n_near"])
            for at, length, high, low in ((0, n, top, bottom), (1, near, near_top, near_bottom)):
                if made[at] != length:  # neighbours in a grid share one
                    kernels.highest_before(series.high, length, 1, places, high)
                    kernels.highest_before(series.low, length, -1, places, low)
                    made[at] = length
            kernels.breakout(series.close, top, bottom, near_top, near_bottom, n, near, out)
            return out

        return fill


class Threshold(NamedTuple):
    """Act where a column comes to `low` or `high`: fade it, or follow it; leave where it is back at `middle`."""

    column: str
    follows: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        return ("low", "middle", "high")

    def fits(self, config: Config) -> bool:
        return config["low"] < config["middle"] < config["high"]

    def over(self, series: Series) -> Fill:
        x = np.ascontiguousarray(_column(series, self.column).cast(float).to_numpy(), np.float64)
        out = np.zeros(len(x), np.uint8)

        def fill(config: Config) -> Signal:
            kernels.threshold(x, config["low"], config["middle"], config["high"], int(self.follows), out)
            return out

        return fill


class Ready(NamedTuple):
    """Signals of your own, ready in a column: bits 1 buy, 2 sell short, 4 leave a long, 8 leave a short position."""

    column: str

    @property
    def parameters(self) -> tuple[str, ...]:
        return ()

    def fits(self, config: Config) -> bool:
        return True

    def over(self, series: Series) -> Fill:
        x = _column(series, self.column)
        if not x.dtype.is_integer() or x.null_count() or (len(x) and not x.is_between(0, 15).all()):
            raise ConfigError(f"{self.column} must hold whole numbers from 0 to 15, none unknown")
        out = np.ascontiguousarray(x.to_numpy(), np.uint8)
        return lambda _: out


def _column(series: Series, name: str) -> pl.Series:
    if name not in series.frame.columns:
        raise DataError(f"the bars have no column {name}: join it to them by time")
    return series.frame[name]
