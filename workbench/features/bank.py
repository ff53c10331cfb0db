"""All features of all contracts at all lengths, moved by one compiled call a barrier. No strategy, no model, no I/O.

Rules
-----
1. A column has the same number for every contract: ``values[slot * n + column]``; slots are in contract-id order.
2. A value means something only where its mark in `warm` is set: not warm and not defined on this bar are both 0, and `None` to a reader.
3. A feature moves when a bar of its length closes. Until the next one it stays readable as of that close, mark and value.
4. A contract without a bar at a barrier (``t_end`` 0: closed) loses all its marks and keeps its state; at its next bar the features of
   that length speak again, those of longer bars when such a bar closes.
5. Longer bars are exact sums of shorter ones. One that lacks a piece, or follows one that was never finished, is flagged broken.
6. A bar that is not newer than the last one of its contract and length is passed over, so history may overlap.
7. No feature reaches over a gap: a gapped bar (`domain.bars.GAPPED`) says nothing and takes the past of its contract and length away.
   What warms up warms up again behind it, what looks at prices from the first trade on, and what resets with the session is `None` until
   the next one. A researcher's feature is made anew.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from workbench.domain.bars import BAR_WIDTH, RICH, Bars, RichBar
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, DataError, InvariantError
from workbench.domain.units import BAR_NS, MINUTE
from workbench.features import SHIPPED
from workbench.features.base import Compiled, Feature
from workbench.features.layout import MARK, lay_out, length_name
from workbench.features.steps import Steps, is_fed

MARK_WIDTH: Final = len(MARK.names or ())
CLOSED: Final = (MARK.names or ()).index("closed_ns")
UNPRICED: Final = (MARK.names or ()).index("is_unpriced")
LENGTHS_NS: Final = (BAR_NS, MINUTE, 5 * MINUTE)


class FeatureBank:
    """Every feature of every contract.

    Parameters
    ----------
    contracts
        Whose features; slots follow their ids.
    lengths_ns
        Lengths of bars, rising multiples of the barrier's grid.
    leaders
        Contract id -> id of the contract it is compared with. Without one its cross-market features stay `None`.
    own
        Factories of a researcher's features. A compiled face (``partial(RelativeStrength, 21)``) joins the compiled step; any other
        gets one instance a contract and length, and columns behind the shipped ones.
    kinds
        Contract id -> record kinds its data has (`base.NEEDS`); what needs another kind stays `None`. A contract that is not named has all.
    on_failure
        Hears name, contract and error when a researcher's feature raises or says what is no number; that feature is `None` everywhere
        from then on. Without it the error goes through.

    Attributes
    ----------
    columns
        ``rsi_14_1m`` -> column.
    n
        Columns a contract has.
    values, warm
        Flat read-only memory, row by row; formats ``d`` and ``B``.
    arrays
        The whole state but for plain-Python features, by name: a copy of their bytes is a snapshot.

    Raises
    ------
    ConfigError
        If a length, a leader or a name cannot be meant.

    Examples
    --------
    >>> from workbench.domain.contracts import ContractType
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> bank, bars = FeatureBank([es]), np.zeros(1, RICH)
    >>> bank.bind(bars)
    >>> for n, close in enumerate((24000, 24012)):
    ...     bars["t_end"], bars["close"], bars["flags"] = (n + 1) * BAR_NS, close, 2
    ...     bank.step()
    >>> bank.row(0)["ret_1_5s"], bank.row(0)["ret_3_5s"]
    (0.0005, None)
    """

    def __init__(
        self,
        contracts: Sequence[Contract],
        *,
        lengths_ns: Sequence[int] = LENGTHS_NS,
        leaders: Mapping[int, int] | None = None,
        own: Sequence[Callable[[], Feature]] = (),
        kinds: Mapping[int, Collection[str]] | None = None,
        on_failure: Callable[[str, int, Exception], None] | None = None,
    ) -> None:
        self._on_failure = on_failure
        self.contracts = tuple(sorted(contracts, key=lambda contract: contract.id))
        self.lengths_ns = tuple(lengths_ns)
        self._slot_of = {contract.id: slot for slot, contract in enumerate(self.contracts)}
        made = [(factory, factory()) for factory in own]
        faces = [*SHIPPED, *(feature for _, feature in made if isinstance(feature, Compiled))]
        plain = [factory for factory, feature in made if not isinstance(feature, Compiled)]
        at = [[face.at(length_ns=n) for face in faces if face.runs_at(n)] for n in self.lengths_ns]
        program = lay_out(self.lengths_ns, [[face.spec() for face in there] for there in at])
        n_own = len(plain) * len(self.lengths_ns)
        self._kinds = [(kinds or {}).get(contract.id) for contract in self.contracts]
        self._steps = Steps(program, self.contracts, self._leader_slots(leaders or {}), self._kinds, n_own)
        self.columns: dict[str, int] = dict(program.columns)
        there = [(face, n) for n, faces_of in zip(self.lengths_ns, at, strict=True) for face in faces_of]
        self.warm_up_bars = {f"{face.name}_{length_name(n)}": face.warm_up_bars for face, n in there}
        self.n = program.n_columns + n_own
        self.values = self._steps.values.reshape(-1).data.toreadonly()
        self.warm = self._steps.warm.reshape(-1).data.toreadonly()
        self._own_names: dict[int, str] = {}  # by column
        self._makers: dict[int, Callable[[], Feature]] = {}
        self._own = self._make_own(plain, program.n_columns)
        cells = self._steps.closed.reshape(-1).view("<i8").data
        self._bars = [RichBar(cells, row) for row in range(len(self._own))]
        self._marks = self._steps.marks.reshape(-1).view("<i8").data
        self.bind(np.zeros(len(self.contracts), RICH))
        self.step: Callable[[], None] = self._step_with_own if plain else self._steps.barrier

    def _leader_slots(self, leaders: Mapping[int, int]) -> list[int]:
        for one, other in leaders.items():
            if one == other or one not in self._slot_of or other not in self._slot_of:
                raise ConfigError(f"contract {one} cannot be led by {other}: both must be in the bank, and be two")
        return [self._slot_of.get(leaders.get(contract.id, -1), -1) for contract in self.contracts]

    def _make_own(self, plain: Sequence[Callable[[], Feature]], first: int) -> list[list[tuple[int, Feature]]]:
        """Make plain-Python features with their columns, for each (slot, length); none where the data lacks what it needs."""
        own: list[list[tuple[int, Feature]]] = []
        for kinds in self._kinds:
            for j, length_ns in enumerate(self.lengths_ns):
                columns = [(first + len(plain) * j + i, make()) for i, make in enumerate(plain)]
                named = {f"{feature.name}_{length_name(length_ns)}": column for column, feature in columns}
                if len(own) < len(self.lengths_ns) and (len(named) < len(plain) or not self.columns.keys().isdisjoint(named)):
                    raise ConfigError(f"two features are called alike, among them one of {sorted(named)}")
                self.columns |= named
                self._own_names |= {column: feature.name for column, feature in columns}
                self._makers |= {column: make for (column, _), make in zip(columns, plain, strict=True)}
                own.append([(column, feature) for column, feature in columns if is_fed(kinds, feature.needs)])
        return own

    def bind(self, bars: Bars) -> None:
        """Read the barrier's bars from this array (dtype RICH, slot k in ``bars[k]``) from now on."""
        self._steps.bind(bars)
        self._live = bars.view("<i8").data

    def _step_with_own(self) -> None:
        self._steps.barrier()
        for slot in range(len(self.contracts)):
            if t_end := self._live[slot * BAR_WIDTH]:
                self._move_own(slot, t_end)

    def _move_own(self, slot: int, t_end: int) -> None:
        n_lengths = len(self.lengths_ns)
        for at in range(slot * n_lengths, (slot + 1) * n_lengths):
            if self._marks[at * MARK_WIDTH + CLOSED] != t_end:
                continue
            is_gapped, is_unpriced = self._bars[at].is_gapped, self._marks[at * MARK_WIDTH + UNPRICED] != 0
            for n, (column, feature) in enumerate(self._own[at]):
                try:
                    if is_gapped:
                        self._own[at][n] = column, self._makers[column]()
                    if is_gapped or (is_unpriced and "bars" in feature.needs):
                        self._steps.warm[slot, column] = 0
                        continue
                    feature.update(self._bars[at])
                    self._tell(slot, column, feature)
                except Exception as error:  # whatever a researcher's code raises is told, and ends it alone
                    if self._on_failure is None or isinstance(error, MemoryError):
                        raise
                    self._drop(self._own_names[column])
                    self._on_failure(self._own_names[column], self.contracts[slot].id, error)

    def _drop(self, name: str) -> None:
        """Ask a feature nothing any more, and let it say nothing, on any contract and length."""
        columns = {column for column, of in self._own_names.items() if of == name}
        self._own = [[(column, feature) for column, feature in there if column not in columns] for there in self._own]
        self._steps.warm[:, sorted(columns)] = 0

    def _tell(self, slot: int, column: int, feature: Feature) -> None:
        value = feature.value
        if value is not None and not isfinite(value):
            raise InvariantError(f"feature {feature.name} of {self.contracts[slot].symbol} is {value}: a value is finite, or None")
        self._steps.warm[slot, column] = value is not None
        if value is not None:
            self._steps.values[slot, column] = value

    def warm_up(self, slot: int, bar: Bars, length_ns: int) -> None:
        """Take one bar of history: only features of its contract, of its length and the multiples of it, move.

        Cross-market features move when the leader's bar of the same end was taken right before.

        Raises
        ------
        DataError
            If `bar` is not one rich bar, or its length no multiple of the barrier's grid.
        """
        if bar.dtype != RICH or bar.size != 1 or length_ns <= 0 or length_ns % BAR_NS:
            raise DataError(f"history is one rich bar of a multiple of {BAR_NS} ns, not {bar.shape} {bar.dtype} of {length_ns} ns")
        self._steps.history(slot, bar, length_ns)
        self._move_own(slot, int(bar.reshape(-1)["t_end"][0]))

    @property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The whole state but for plain-Python features, by name; the arrays themselves, never replaced."""
        return self._steps.arrays()

    def snapshot(self) -> bytes:
        """Give the whole state: equal states give equal bytes, as far as plain-Python features pickle alike."""
        arrays = {name: array.tobytes() for name, array in self.arrays.items()}
        return msgspec.msgpack.encode((self._kind(), arrays, pickle.dumps(self._own)))

    def restore(self, blob: bytes) -> None:
        """Go back to a snapshot.

        Raises
        ------
        DataError
            If it was taken with other contracts, lengths or features.
        """
        kind, arrays, own = msgspec.msgpack.decode(blob, type=tuple[str, dict[str, bytes], bytes])
        if kind != self._kind():
            raise DataError("this snapshot of features was taken with other contracts, lengths or features; warm up instead")
        for name, array in self.arrays.items():
            array.reshape(-1).view(np.uint8)[:] = np.frombuffer(arrays[name], np.uint8)
        self._own = pickle.loads(own)  # noqa: S301 - our own state, from a store that keeps digests

    def _kind(self) -> str:
        return repr(([contract.id for contract in self.contracts], self.lengths_ns, self.columns))

    def row(self, slot: int) -> dict[str, float | None]:
        """Read all features of a contract, for a person or a plain-Python consumer; the engine reads `values` and `warm`."""
        at = slot * self.n
        return {name: self.values[at + column] if self.warm[at + column] else None for name, column in self.columns.items()}
