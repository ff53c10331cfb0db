"""What a decider sees: one contract at one barrier, read-only. No I/O; nothing in here can be changed by its reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workbench.domain.bars import RichBar
from workbench.domain.contracts import Contract
from workbench.domain.decisions import Forecast, Thesis
from workbench.domain.orders import Key


class PositionView(NamedTuple):
    """A position as its strategy sees it. Prices in quanta; ``entry_px`` is the average, rounded down; ``qty`` not yet closed."""

    key: Key
    ref: int
    side: int
    qty: int
    entry_px: int
    stop_px: int
    target_px: int
    opened_ns: int
    hold_ns: int
    thesis: Thesis | None
    is_protected: bool


class View:
    """One contract as of a barrier: its bar, its features, the forecasts about it.

    Features are read by name and are `None` until warm or where not defined: ``view["rsi_14_1m"]``.
    """

    __slots__ = ("_at", "_clock", "_columns", "_values", "_warm", "bar", "contract", "forecasts")
    bar: RichBar
    contract: Contract
    forecasts: Mapping[str, Forecast]
    _at: int
    _clock: Sequence[int]
    _columns: Mapping[str, int]
    _values: Sequence[float]
    _warm: Sequence[int]

    def __init__(
        self,
        contract: Contract,
        bar: RichBar,
        columns: Mapping[str, int],
        values: Sequence[float],
        warm: Sequence[int],
        at: int,
        forecasts: Mapping[str, Forecast],
        clock: Sequence[int],
    ) -> None:
        given = (at, clock, columns, values, warm, bar, contract, forecasts)
        for name, value in zip(self.__slots__, given, strict=True):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a view is read-only: {name} cannot be set")

    def __getitem__(self, name: str) -> float | None:
        at = self._at + self._columns[name]
        return self._values[at] if self._warm[at] else None

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    @property
    def now_ns(self) -> int:
        """When this barrier was known: ``recv_ns`` of the record that closed the bars."""
        return self._clock[0]
