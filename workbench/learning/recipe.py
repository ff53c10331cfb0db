"""The recipe: which model learns what from which features, how often, and what it does about drift. A value; it learns nothing itself."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Literal

import msgspec

from workbench.domain.errors import ConfigError
from workbench.domain.units import BAR_NS

Need = Literal["quotes", "prints", "depth", "bars"]
OnDrift = Literal["restart", "background", "tell"]
Param = bool | int | float | str

MAX_OUTCOMES: Final = 100_000  # outcomes a reliability table holds; a snapshot carries them
MAX_WAITING: Final = 4_096  # labels under way at once; each holds its row of features


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One model with its features, its label and its manners.

    Parameters
    ----------
    name
        What its forecasts are called: ``view.forecasts[name]``.
    model
        Entry of the models' catalogue.
    features
        Columns it reads, in the order of its learn log: ``ofi_5s``, ``rsi_14_1m``.
    horizon_ns
        How far ahead it looks: 1 to 4,096 cadences, so that every outcome is told by a bar on the cadence.
    every_ns
        Cadence, a multiple of 5 s: at most one forecast, and one label, each time a bar closes on a multiple of it.
    needs
        Kinds of market data its features are made of; live refuses to start it on an account that does not deliver them.
    params
        Of the model's builder.
    min_labels
        Labels to be learnt before it speaks at all.
    min_outcomes
        Outcomes of its own forecasts to be seen before it speaks of confidence.
    max_outcomes
        Latest outcomes that confidence rests on.
    min_share
        Share of its features, 0 to 1, that must be there for it to speak or to learn; below, nothing is made of that bar.
    on_drift
        ``restart``: a fresh model, silent until `min_labels`; ``background``: a second model, trained since the first warning,
        takes over; ``tell``: only the fact, for a model that mends itself.
    drift_delta
        Significance of the drift test (ADWIN's delta), 0 to 1. The warning of ``background`` is 25 times as sensitive.

    Raises
    ------
    ConfigError
        If a value cannot be meant.

    Examples
    --------
    >>> Recipe(name="mine", model="scaled_logistic", features=("ofi_5s",), horizon_ns=7)
    Traceback (most recent call last):
    workbench.domain.errors.ConfigError: recipe mine: horizon_ns must be 1 to 4096 times every_ns (5000000000), not 7
    """

    name: str
    model: str
    features: tuple[str, ...]
    horizon_ns: int
    every_ns: int = BAR_NS
    needs: tuple[Need, ...] = ("quotes", "prints")
    params: dict[str, Param] = {}
    min_labels: int = 200
    min_outcomes: int = 300
    max_outcomes: int = 10_000
    min_share: float = 0.75
    on_drift: OnDrift = "restart"
    drift_delta: float = 0.002

    def __post_init__(self) -> None:
        if self.every_ns <= 0 or self.every_ns % BAR_NS:
            raise self._error(f"every_ns must be a positive multiple of {BAR_NS}, not {self.every_ns}")
        if self.horizon_ns % self.every_ns or not 1 <= self.horizon_ns // self.every_ns <= MAX_WAITING:
            raise self._error(f"horizon_ns must be 1 to {MAX_WAITING} times every_ns ({self.every_ns}), not {self.horizon_ns}")
        if not self.features or len(set(self.features)) != len(self.features):
            raise self._error("features must be named once each, and there must be one")
        if self.min_labels < 0:
            raise self._error(f"min_labels must be 0 or more, not {self.min_labels}")
        if not 1 <= self.min_outcomes <= self.max_outcomes <= MAX_OUTCOMES:
            limits = f"1 <= min_outcomes <= max_outcomes <= {MAX_OUTCOMES}"
            raise self._error(f"{limits} must hold, not {self.min_outcomes}, {self.max_outcomes}")
        if not 0.0 < self.min_share <= 1.0 or not 0.0 < self.drift_delta < 1.0:
            raise self._error(f"min_share and drift_delta are shares of 1, not {self.min_share}, {self.drift_delta}")

    def _error(self, text: str) -> ConfigError:
        return ConfigError(f"recipe {self.name}: {text}")

    @property
    def digest(self) -> str:
        """sha256 of all its values: two learners with equal digests and equal inputs are equal."""
        return sha256(msgspec.msgpack.encode(self, order="sorted")).hexdigest()

    def bind(self, columns: Mapping[str, int]) -> tuple[int, ...]:
        """Find the column numbers of its features.

        Raises
        ------
        ConfigError
            If a feature is not among `columns`; the text names those that are written alike.

        Examples
        --------
        >>> Recipe(name="mine", model="scaled_logistic", features=("ofi_5",), horizon_ns=60_000_000_000).bind({"ofi_5s": 0})
        Traceback (most recent call last):
        workbench.domain.errors.ConfigError: recipe mine: there is no feature 'ofi_5'; did you mean ofi_5s?
        """
        for name in self.features:
            if name not in columns:
                near = difflib.get_close_matches(name, columns, n=3, cutoff=0.4)
                hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(columns) or 'none'}"
                raise self._error(f"there is no feature {name!r}; {hint}")
        return tuple(columns[name] for name in self.features)
