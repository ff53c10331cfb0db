"""Run a thing on markets that agree up to a moment, and compare bit for bit what it said until then. It reads no source; `static` does.

=====================  ==============================================================================================
What is run            What must be equal up to the moment
=====================  ==============================================================================================
a feature              its value on every contract and length at every barrier
a recipe, a model      every forecast, and every label it learnt from
a strategy             every proposal, and what it says about a position of its own
a function of frames   every row whose ``time`` is not later
=====================  ==============================================================================================

The same market twice must be told alike as well: else something stays from one run to the next, and what stays comes from the future of
whoever is next.
"""

from __future__ import annotations

import inspect
import math
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import polars as pl

from workbench.domain.bars import BAR_AT, BROKEN, PRICED, RICH, RichBar
from workbench.domain.decisions import AnyFact, Forecast
from workbench.domain.orders import Key
from workbench.domain.records import ASK, BID
from workbench.domain.units import MINUTE
from workbench.domain.views import PositionView, View
from workbench.features.base import Feature
from workbench.learning.conformance import case
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe
from workbench.research.frames.bars import Folded, fold
from workbench.research.frames.features import columns_of, value
from workbench.research.leakage.leak import Leak
from workbench.research.leakage.worlds import FRAMES, World, world
from workbench.strategies.base import Strategy
from workbench.workspace.loading import WHATEVER, limited, said_of

Makes = Sequence[Callable[[], Feature]]
Said = list[tuple[int, str, Any]]  # when (ns), about what, what: in the order in which it was said
Run = Callable[[World], Said]
N_CUTS: Final = 2
OURS: Final = (str(Path(__file__).parents[2]), sys.prefix, sys.base_prefix, "/usr/share/zoneinfo", "/proc", "/sys", "/dev")
READABLE: Final = (".py", ".pyc", ".pyi", ".so", ".toml", ".nbi", ".nbc")  # what an import, or a compiled kernel, opens
_opened: list[str] | None = None
_is_hooked = False
FUTURE = "update only from what it is given; a number of the future belongs into the label"
MEMORY = "keep everything it remembers in self, made in __init__; draw nothing, or with a seed of its own"


def examine(run: Run, name: str, *, worlds: Sequence[World] = (), n_cuts: int = N_CUTS) -> list[Leak]:
    """Run on each world whole, again, cut and with another future; one leak of a kind is told.

    Parameters
    ----------
    run
        Says what the thing said on a world.
    name
        How findings name it.
    worlds
        `None` given: a generated one.
    """
    with watched() as opened:
        try:
            with nullcontext() if worlds else limited():  # on markets of one's own it may take its time
                found = next(_differences(run, name, worlds or (world(),), n_cuts), None)
        except WHATEVER as error:  # whatever a user's code raises is the finding
            found = Leak("unknown", name, f"it could not be run: {said_of(error)}"[:300], "it must run on a market it has not seen")
    leaks = [] if found is None else [found]
    if opened:
        leaks.append(Leak("file", name, f"opened {opened[0]} while it ran", "whatever is decided on comes with the log"))
    return leaks


def _differences(run: Run, name: str, worlds: Sequence[World], n_cuts: int) -> Iterator[Leak]:
    for each in worlds:
        want = run(each)
        if (wrong := _first(want, run(each), None)) is not None:
            yield Leak("memory", name, f"the same market twice, and {wrong}", MEMORY)
        for k, at_ns in enumerate(each.cuts(n_cuts)):
            if (wrong := _first(want, run(each.scrambled(at_ns, 100 + k)), at_ns)) is not None:
                yield Leak("future", name, f"with another future after {_clock(at_ns)}, {wrong}", FUTURE)
            if (wrong := _first(want, run(each.ended(at_ns)), at_ns)) is not None:
                yield Leak("future", name, f"with nothing after {_clock(at_ns)}, {wrong}", FUTURE)
        if (wrong := _first(want, run(each), None)) is not None:
            yield Leak("memory", name, f"the same market after others, and {wrong}", MEMORY)


def _first(want: Said, got: Said, until_ns: int | None) -> str | None:
    """Say what differs first among what was said until a moment; `None` if all is equal to the last bit."""
    one, other = ([each for each in said if until_ns is None or each[0] <= until_ns] for said in (want, got))
    for a, b in zip(one, other, strict=False):
        if a[:2] != b[:2] or _bits(a[2]) != _bits(b[2]):
            return f"{a[1]} at {_clock(a[0])} is {_short(b[2])} and not {_short(a[2])}"
    return None if len(one) == len(other) else f"it says {len(other):,} things and not {len(one):,}"


def _bits(said: Any) -> Any:
    return struct.pack("<d", said) if isinstance(said, float) and not math.isnan(said) else "nan" if isinstance(said, float) else said


def _short(said: Any) -> str:
    return f"{said:.6g}" if isinstance(said, float) else f"{said!r:.80}"


def _clock(at_ns: int) -> str:
    s = at_ns // 1_000_000_000 % 86_400
    return f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02} UTC"


# ---------------------------------------------------------------------------------------------------------------- what is run
def of_features(makes: Makes, names: Sequence[str] | None = None) -> Run:
    """Run features through the engine's own bank: a number a contract, length and barrier. `names`: these columns alone."""

    def run(on: World) -> Said:
        folded, columns = fold(on.records, on.contracts), columns_of(on.bank, makes)
        own = {make().name for make in makes}
        chosen = [name for name in columns if (name.rpartition("_")[0] in own if names is None else name in names)]
        valued = value(folded, on.bank, [columns[name] for name in chosen], makes)
        now, said = folded.now_ns[valued.k].tolist(), []
        for name, row, warm in zip(chosen, valued.values.tolist(), valued.warm.tolist(), strict=True):
            told = zip(now, valued.slot.tolist(), row, warm, strict=True)
            said += [(at, f"{name} of {on.contracts[slot].symbol}", each if is_warm else None) for at, slot, each, is_warm in told]
        return said

    return run


def of_recipe(recipe: Recipe, models: Mapping[str, Model], own: Makes = ()) -> Run:
    """Let a recipe learn on every contract, its horizon and warm-up cut short, its model and features its own."""

    def run(on: World) -> Said:
        said: Said = []
        quick = case(recipe, models).recipe
        rows = _Walk(on, own)
        learners = [type(case(recipe, models).learner())(quick, contract.id, rows.columns, models) for contract in on.contracts]
        for at, slot, cells, row, warm in rows:
            facts: list[AnyFact] = []
            has, is_broken = cells[BAR_AT["has"]], bool(cells[BAR_AT["flags"]] & BROKEN)
            mid2 = int(cells[BAR_AT["bid"]] + cells[BAR_AT["ask"]]) if has == BID | ASK else None
            if mid2 is None and cells[BAR_AT["flags"]] & PRICED:
                mid2 = 2 * int(cells[BAR_AT["close"]])
            forecast = learners[slot].update(int(cells[0]), row, warm, mid2, is_broken, facts)
            symbol = on.contracts[slot].symbol
            said.append((at, f"the forecast of {symbol}", None if forecast is None else (forecast.p_up, forecast.confidence)))
            said += [(at, f"what was learnt of {symbol}", fact) for fact in facts]
        return said

    return run


def of_strategy(make: Callable[[], Strategy], own: Makes = ()) -> Run:
    """Show a strategy every barrier; a forecast it follows is made of the time alone."""

    def run(on: World) -> Said:
        strategy, said = make(), []
        forecast = str(getattr(strategy, "forecast", ""))
        shown = _Walk(on, own)
        for at, slot, view in shown.views(forecast):
            symbol = on.contracts[slot].symbol
            said.append((at, f"the proposal on {symbol}", repr(strategy.propose(view))))
            said.append((at, f"what it says about its position in {symbol}", repr(strategy.manage(view, _held(view, strategy.name)))))
        return said

    return run


def of_frames(function: Callable[..., Any]) -> Run:
    """Give a function the frames that it names, in pandas where it says so; its rows are those of its own ``time``, or of its first."""
    named = inspect.signature(function, eval_str=False).parameters
    wants_pandas = {name for name, of in named.items() if "pd." in str(of.annotation) or "pandas" in str(of.annotation)}

    def run(on: World) -> Said:
        frames, given = on.frames, {}
        for name in named:
            given[name] = frames[name].to_pandas() if name in wants_pandas else frames[name]
        first = frames[next(iter(named))]["time"]
        return _said_of(function(**given), first)

    return run


def is_of_frames(what: object) -> bool:
    """Tell whether something is a function of the frames there are: every argument called as one of them."""
    if not inspect.isfunction(what):
        return False
    names = list(inspect.signature(what).parameters)
    return bool(names) and all(name in FRAMES for name in names)


def _said_of(told: Any, first: pl.Series) -> Said:
    if hasattr(told, "columns") and not isinstance(told, pl.DataFrame):  # pandas
        told = pl.from_pandas(told.reset_index() if "time" not in told.columns else told)
    if isinstance(told, pl.LazyFrame):
        told = told.collect()
    if isinstance(told, pl.DataFrame):
        if "time" in told.columns:
            first = told["time"]
        columns = {name: told[name].to_list() for name in told.columns if name != "time"}
    else:
        columns = {str(getattr(told, "name", None) or "value"): list(told.to_list() if hasattr(told, "to_list") else told)}
    when = first.cast(pl.Datetime("ns", "UTC")).dt.timestamp("ns").to_list()
    if any(len(column) != len(when) for column in columns.values()):
        raise ValueError(f"it gives {len(next(iter(columns.values())))} rows for {len(when)}: give a row for each, or a column time")
    rows = sorted(range(len(when)), key=when.__getitem__)
    if all(each is None or each != each for column in columns.values() for each in column):
        raise ValueError("it says nothing in this market: no value, or none that is a number")
    return [(when[row], name, column[row]) for row in rows for name, column in columns.items()]


class _Walk:
    """Every barrier of a world as bank and view show it, one contract after the other."""

    def __init__(self, on: World, own: Makes) -> None:
        self._world, self._folded = on, fold(on.records, on.contracts)
        self._bank = on.bank.bank(own)
        self._live = np.zeros(len(on.contracts), RICH)
        self._bank.bind(self._live)
        self.columns = dict(self._bank.columns)

    def _steps(self) -> Iterator[tuple[int, int]]:
        folded: Folded = self._folded
        for k in range(len(folded.now_ns)):
            self._live[:] = folded.bars[k]
            self._bank.step()
            yield from ((int(folded.now_ns[k]), slot) for slot in np.flatnonzero(folded.bars[k]["t_end"]).tolist())

    def __iter__(self) -> Iterator[tuple[int, int, Any, Any, Any]]:
        cells = self._live.view("<i8").reshape(len(self._live), -1)
        n = self._bank.n
        for at, slot in self._steps():
            yield at, slot, cells[slot], self._bank.values[slot * n : (slot + 1) * n], self._bank.warm[slot * n : (slot + 1) * n]

    def views(self, forecast: str) -> Iterator[tuple[int, int, View]]:
        """Show each barrier as the engine would, read-only."""
        clock, cells = np.zeros(1, np.int64), self._live.view("<i8").reshape(-1).data
        bank, known = self._bank, [dict[str, Forecast]() for _ in self._live]
        said = (bank.columns, bank.values, bank.warm)
        now = clock.data.toreadonly()
        views = [
            View(contract, RichBar(cells, slot), *said, slot * bank.n, MappingProxyType(known[slot]), now)
            for slot, contract in enumerate(self._world.contracts)
        ]
        for at, slot in self._steps():
            clock[0] = at
            if forecast:
                known[slot][forecast] = Forecast(0.5 + 0.2 * math.sin(at / 7e10), 0.6, MINUTE)
            yield at, slot, views[slot]


def _held(view: View, strategy: str) -> PositionView:
    tick, px = view.contract.tick, view.bar.close
    key = Key("DUSIM1", view.contract.id, strategy)
    return PositionView(key, 1, 1, 2, px, px - 12 * tick, px + 20 * tick, view.now_ns - 7 * MINUTE, 30 * MINUTE, None, True)


# -------------------------------------------------------------------------------------------------------------------- files
@contextmanager
def watched() -> Iterator[list[str]]:
    """List what is opened inside, but for code that is imported. An audit hook cannot be taken out again; outside it does nothing."""
    global _opened, _is_hooked
    if not _is_hooked:
        sys.addaudithook(_hear)
        _is_hooked = True
    before, _opened = _opened, []
    try:
        yield _opened
    finally:
        _opened = before


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is None or event != "open" or not isinstance(path := arguments[0], str):
        return
    if not path.endswith(READABLE) and not path.startswith(OURS):
        _opened.append(path)
