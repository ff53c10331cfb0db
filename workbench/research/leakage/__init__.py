"""Does a thing know what it could not have known? It is read (`static`), and run on markets that agree up to a moment (`dynamic`).

>>> from workbench.research.leakage import look_for_leaks
>>> from workbench.strategies.vwap_reversion import VwapReversion
>>> look_for_leaks(VwapReversion)
[]
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from workbench.domain.units import MINUTE
from workbench.features.base import Compiled
from workbench.learning.models.flow_1m import RECIPE as USUAL
from workbench.research.inline import Inline
from workbench.research.leakage import dynamic
from workbench.research.leakage.leak import KINDS, Leak
from workbench.research.leakage.static import in_file, in_function, in_notebook, in_source
from workbench.research.leakage.worlds import World, world
from workbench.workspace.checking import HERE, Finding, Report
from workbench.workspace.loading import things_around
from workbench.workspace.things import Kind, Thing, Things, made_of, thing_of

__all__ = ["KINDS", "Leak", "World", "look_for_leaks", "with_leaks", "world"]
FEW, MANY = 2, 8  # moments at which a market is cut
SLOWEST: Final = MINUTE  # cadence a recipe is run at; a slower one would not speak in the generated market


def look_for_leaks(thing: object, *, things: Things | None = None, worlds: Sequence[World] = (), n_cuts: int = 0) -> list[Leak]:
    """Look for leaks in whatever a researcher makes.

    Parameters
    ----------
    thing
        A class or factory of a feature or a strategy, a recipe, a model, an entry of the catalogue; a function of frames (arguments
        called ``bars``, ``quotes``, ``prints``, ``leader`` ...: see `worlds.FRAMES`); the path of a notebook or of a Python file.
    things
        What it may refer to; `None`: what is shipped, and the workspace around.
    worlds
        Markets to run it on; none: a generated one.
    n_cuts
        At how many moments each is cut; 0: two, and eight for a function of frames, which takes no time.

    Returns
    -------
    list of Leak
        Empty: none was found. It does not prove that there is none.

    Raises
    ------
    ConfigError
        It is nothing of the above.

    Examples
    --------
    >>> import polars as pl
    >>> def centred(bars: pl.DataFrame) -> pl.Series:
    ...     return bars["close_pts"].rolling_mean(9, center=True)
    >>> sorted(leak.kind for leak in look_for_leaks(centred))
    ['future', 'window']
    """
    if isinstance(thing, str | Path):
        path = Path(thing)
        return in_notebook(path) if path.suffix == ".ipynb" else in_file(path)
    if dynamic.is_of_frames(thing):
        assert callable(thing)
        name = getattr(thing, "__name__", "function")
        return [*in_function(thing), *dynamic.examine(dynamic.of_frames(thing), name, worlds=worlds, n_cuts=n_cuts or MANY)]
    entry = thing if isinstance(thing, Thing) else thing_of(thing, origin=HERE, where=getattr(thing, "__name__", "here"), file=None)
    there = things if things is not None else things_around()
    return [*_read(entry), *dynamic.examine(_run_of(entry, there), f"{entry.where}: {entry.name}", worlds=worlds, n_cuts=n_cuts or FEW)]


def with_leaks(report: Report, things: Things | None = None) -> Report:
    """Add to what the conformance suite says of a thing whether it looks ahead; of one that broke a rule already nothing is run."""
    if report.wrong:
        return report
    leaks = look_for_leaks(report.thing, things=things)
    found = [Finding("leaks", False, f"{leak.text}; {leak.remedy}", leak.where) for leak in leaks]
    said = "another future, a cut, late arrivals: what it said before stays, bit for bit"
    return report._replace(findings=(*report.findings, *(found or [Finding("leaks", True, said)])))


def _run_of(thing: Thing, things: Things) -> dynamic.Run:
    if thing.kind is Kind.FEATURE:
        made: Any = thing.feature()
        if isinstance(made, Compiled) and not thing.is_own:
            return dynamic.of_features((), [f"{made.name}_{length}" for length in ("5s", "1m")])
        return dynamic.of_features((thing.what,))
    if thing.kind is Kind.STRATEGY:
        own = str(getattr(made_of(thing.what), "forecast", "")) if thing.is_own else ""
        recipe = own or (USUAL.name if thing.follows else "")
        make = partial(thing.make, recipe)
        return dynamic.of_strategy(make, [each.what for each in things.features_of(make().needs)])
    models = dict(things.models)
    recipe_ = thing.what
    if thing.kind is Kind.MODEL:
        models[thing.name or "model"] = thing.what
        recipe_ = msgspec.structs.replace(USUAL, model=thing.name or "model", params={})
    if recipe_.every_ns > SLOWEST:
        recipe_ = msgspec.structs.replace(recipe_, every_ns=SLOWEST, horizon_ns=2 * SLOWEST)
    shown = [name for name in recipe_.features if name.rpartition("_")[2] in ("5s", "1m")] or list(USUAL.features)
    recipe_ = msgspec.structs.replace(recipe_, features=tuple(shown))
    return dynamic.of_recipe(recipe_, models, [each.what for each in things.features_of(recipe_.features)])


def _read(thing: Thing) -> list[Leak]:
    """Read the source of a thing, as far as it is there; what is shipped is read by its tests."""
    if not thing.is_own:
        return []
    made: Any = made_of(thing.what) if callable(thing.what) else thing.what
    if isinstance(made, Inline):
        return in_function(made._function)
    if thing.file is not None and thing.origin != HERE:
        return in_file(thing.file, name=thing.where.rpartition(":")[0], decides=True)
    subject = type(made) if thing.kind in (Kind.FEATURE, Kind.STRATEGY) else getattr(thing.what, "build", None)
    if subject is None:
        return []
    file = getattr(sys.modules.get(subject.__module__), "__file__", None)
    if file and Path(file).suffix == ".py" and Path(file).is_file():
        return in_file(Path(file), decides=True, alone=subject.__name__)
    try:
        return in_source(inspect.getsource(subject), subject.__name__, decides=True)
    except (OSError, TypeError, SyntaxError):
        return []
