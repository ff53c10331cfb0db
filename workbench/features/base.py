"""What a feature is: the protocol a researcher's class fulfils, and the face every shipped, compiled feature shows. No formula here.

Words
-----
``needs``
    Record kinds without which the value stays `None` or means nothing: ``prints`` (trades one by one, with the aggressor where signed),
    ``quotes`` (best bid and ask), ``depth`` (rows of the book), ``bars`` (prices and volumes, from imported bars or from prints),
    ``leader`` (another contract's bars). Imported bars alone satisfy ``bars`` only.
``warm-up``
    Bars of its length until the first value, on data that has what it needs.
``resets``
    ``session``: begins anew with each instrument session. ``never``: nights are crossed as if they were not there.

Over a gap in the data every feature is `None`: see rule 7 of `features.bank`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from operator import attrgetter
from typing import ClassVar, Final, Literal, Protocol, Self, TypedDict, Unpack, runtime_checkable

import numpy as np

from workbench.domain.bars import BAR_FIELDS, PRICED, RICH, Bars, RichBar
from workbench.domain.contracts import Contract
from workbench.domain.units import BAR_NS
from workbench.features.layout import Family, Spec, lay_out
from workbench.features.steps import Steps

Need = Literal["prints", "quotes", "depth", "bars", "leader"]
NEEDS: Final[tuple[Need, ...]] = ("prints", "quotes", "depth", "bars", "leader")
_fields: Final = attrgetter(*BAR_FIELDS)


@runtime_checkable
class Feature(Protocol):
    """One number from the past. `update` takes a closed bar, `value` is `None` while not warm or not defined on that bar.

    A class that has these five is a feature: hand its factory to the bank (``own=[MyFeature]``). It is called once for each closed bar
    of each length, keeps what it must remember in itself, pickles, and never looks at a clock.
    """

    @property
    def name(self) -> str:
        """Column without the length: ``my_feature_14``."""

    @property
    def uses(self) -> tuple[type, ...]:
        """What `update` takes: ``(RichBar,)``."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Record kinds, of `NEEDS`."""

    @property
    def value(self) -> float | None:
        """The number as of the last bar; finite."""

    def update(self, bar: RichBar, /) -> None:
        """Take the next closed bar."""


def bar_of(**fields: int) -> RichBar:
    """Make a bar by hand, for a notebook, a doctest or a test. What is not named is 0; it counts as priced unless ``flags`` says else.

    >>> bar_of(close=24041, volume=3).close
    24041
    """
    row = np.zeros(1, RICH)
    row["flags"] = PRICED
    for name, value in fields.items():
        row[name] = value
    return RichBar(row.view("<i8").data, 0)


class Where(TypedDict, total=False):
    """Where a face works. Left out: prices and sizes count in quanta, bars are those of the barrier's grid."""

    contract: Contract
    leader: Contract
    length_ns: int


class Compiled(ABC):
    """Face of one output of a compiled step: the same machine code as in the bank, for one contract; equal to the last bit.

    Parameters
    ----------
    params
        Whole numbers, as in the name.
    where
        See `Where`.
    """

    family: ClassVar[Family]
    op: ClassVar[int]
    output: ClassVar[int] = 0
    n_outputs: ClassVar[int] = 1
    stem: ClassVar[str]
    usual: ClassVar[tuple[int, ...]] = ()  # parameters that the name leaves out: ofi_ew is ofi_ew of 20 bars
    unit: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]] = ("bars",)
    resets: ClassVar[Literal["session", "never"]] = "never"
    lengths: ClassVar[str] = "any"
    shortest_ns: ClassVar[int] = BAR_NS
    warm_up_sessions: ClassVar[int] = 0  # whole sessions that must have ended before; the bars of the warm-up follow them
    uses: ClassVar[tuple[type, ...]] = (RichBar,)

    def __init__(self, *params: int, **where: Unpack[Where]) -> None:
        self.params = params
        self.where = where
        self.length_ns = where.get("length_ns", self.shortest_ns)
        self._steps: Steps | None = None
        self._n = 0

    @property
    def name(self) -> str:
        """Column without the length: stem and parameters, but for the usual ones."""
        return "_".join([self.stem, *(map(str, self.params) if self.params != self.usual else ())])

    @property
    @abstractmethod
    def warm_up_bars(self) -> int:
        """Bars until the first value, on data that has what it needs."""

    @property
    def cells(self) -> tuple[int, int]:
        """Numbers of state: floats, integers."""
        return 0, 0

    @property
    def step_params(self) -> tuple[int, ...]:
        """What the compiled step is given; the parameters of the name, unless time has to be counted in bars."""
        return self.params

    def runs_at(self, length_ns: int) -> bool:
        """Whether the feature means something on bars of this length."""
        return length_ns >= self.shortest_ns

    def at(self, **where: Unpack[Where]) -> Self:
        """Make the same feature, fresh, somewhere else."""
        return type(self)(*self.params, **where)

    def spec(self) -> Spec:
        """Say what the layout of a bank has to know."""
        how = self.family, self.op, self.step_params, self.output, self.n_outputs
        return Spec(self.name, *how, *self.cells, self.needs, self.resets)

    @property
    def value(self) -> float | None:
        """The number as of the last bar."""
        if self._steps is None or not self._steps.warm[0, self.output]:
            return None
        return float(self._steps.values[0, self.output])

    def update(self, bar: RichBar, /) -> None:
        """Take the next closed bar. Its ``t_end`` is not looked at: bars count in the order in which they come."""
        self._take(0, bar, self._n + 1)
        self._n += 1

    def _take(self, slot: int, bar: RichBar, n: int) -> None:
        if self._steps is None:
            program = lay_out([self.length_ns], [[self.spec()]])
            contracts = self.where.get("contract"), self.where.get("leader")
            self._steps = Steps(program, contracts, (1, -1), (None, None))
        row: Bars = np.zeros(1, RICH)
        row.view("<i8")[:] = _fields(bar)
        row["t_end"] = n * self.length_ns
        self._steps.history(slot, row, self.length_ns)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.params))})"


class CrossMarket(Compiled):
    """Face of a step that looks at two contracts: `update` takes the leader's bar as well."""

    family = Family.CROSS_MARKET
    needs: ClassVar[tuple[Need, ...]] = ("bars", "leader")

    def update(self, bar: RichBar, leader: RichBar | None = None, /) -> None:
        """Take the next closed bar, and the leader's of the same end; `None` where that closed none."""
        if leader is not None:
            self._take(1, leader, self._n + 1)
        super().update(bar)
