"""What a simulation, and a trial of recipes, are as trials: their parameters, and one number for each five minutes. It plays nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl

from workbench.domain.decisions import AnyFact, LabelMatured
from workbench.domain.units import MINUTE, SECOND
from workbench.engine.setup import Setup
from workbench.learning.recipe import Recipe
from workbench.research.frames.session import Session
from workbench.research.trials.ledger import Floats, Ints, family_of, noting

STRETCH_NS: Final = 5 * MINUTE
EARNED: Final = "USD a stretch of 5 min, after costs"
SAVED: Final = "Brier score saved against a coin, mean of 5 min"
EVEN: Final = 0.25  # Brier score of a coin


def note_simulation(day: Session, data: Path, setup: Setup, span_ns: tuple[int, int], family: str | None = None) -> str:
    """Write down what a simulation came to: P&L after costs, open positions marked, every five minutes; give its family.

    Parameters
    ----------
    day
        The session with the run that was simulated.
    span_ns
        First and last record of it.
    family
        `None`: the notebook's name, or those of the strategies.
    """
    strategies = {strategy.name: _said_by(strategy) for strategy, _ in setup.strategies}
    traded = {contract for _, ids in setup.strategies for contract in ids}
    symbols = sorted(terms.contract.symbol for terms in setup.terms if terms.contract.id in traded)
    parameters = {
        "strategies": strategies,
        "recipes": {recipe.name: recipe.digest for recipe, _ in setup.recipes},
        "traded": symbols,
        "law": setup.law.digest,
        "sources": dict(setup.digests),
    }
    named = family_of(family, "+".join(sorted(strategies)) or "nobody")
    periods = stretches(span_ns)
    with noting(data) as write:
        write(named, parameters, earned(day.equity, periods), periods=periods, span=_span(day, span_ns), metric=EARNED)
    return named


def note_recipes(
    day: Session,
    data: Path,
    recipes: Sequence[Recipe],
    features: Sequence[Callable[[], Any]],
    facts: Iterable[AnyFact],
    span_ns: tuple[int, int],
    family: str | None = None,
) -> str:
    """Write down what each recipe of a trial came to, a trial each; give their family: the notebook's name, else ``recipes``."""
    named, periods = family_of(family, "recipes"), stretches(span_ns)
    told: dict[str, list[tuple[int, float]]] = {recipe.name: [] for recipe in recipes}
    for fact in facts:
        if isinstance(fact, LabelMatured) and fact.p_up is not None and fact.name in told:
            told[fact.name].append((fact.made_ns, EVEN - (fact.p_up - fact.up) ** 2))
    own = {make().name: _code_of(make) for make in features}
    with noting(data) as write:
        for recipe in recipes:
            used = {name: digest for name, digest in own.items() if any(column.rpartition("_")[0] == name for column in recipe.features)}
            parameters = {"recipe": msgspec.to_builtins(recipe), "features": used}
            write(named, parameters, saved(told[recipe.name], periods), periods=periods, span=_span(day, span_ns), metric=SAVED)
    return named


def stretches(span_ns: tuple[int, int]) -> Ints:
    """Number the five minutes that a span touches."""
    return np.arange(span_ns[0] // STRETCH_NS, span_ns[1] // STRETCH_NS + 1, dtype=np.int64)


def earned(equity: pl.DataFrame, periods: Ints) -> Floats:
    """Give by how much an account moved in each stretch.

    >>> at = [1_000, STRETCH_NS + 1, STRETCH_NS + 2, 3 * STRETCH_NS]
    >>> frame = pl.DataFrame({"time": at, "equity_usd": [0.0, 4.0, 3.0, 5.0]}).with_columns(pl.col("time").cast(pl.Datetime("ns", "UTC")))
    >>> earned(frame, np.arange(4)).tolist()
    [0.0, 3.0, 0.0, 2.0]
    """
    if equity.is_empty():
        return np.zeros(len(periods))
    at = equity["time"].dt.timestamp("ns").to_numpy() // STRETCH_NS
    worth = equity["equity_usd"].to_numpy()
    last = np.searchsorted(at, periods, side="right") - 1
    ended = np.where(last >= 0, worth[np.maximum(last, 0)], worth[0])
    return np.diff(ended, prepend=worth[0])


def saved(told: Sequence[tuple[int, float]], periods: Ints) -> Floats:
    """Give the mean of what forecasts saved in each stretch; 0 where none was made.

    >>> saved([(1, 0.1), (2, 0.3), (STRETCH_NS, -0.2)], np.arange(3)).tolist()
    [0.2, -0.2, 0.0]
    """
    at = np.array([made_ns // STRETCH_NS for made_ns, _ in told], np.int64) - (periods[0] if len(periods) else 0)
    there = (at >= 0) & (at < len(periods))
    scores = np.array([score for _, score in told], np.float64)[there]
    sums = np.bincount(at[there], scores, minlength=len(periods))
    return sums / np.maximum(np.bincount(at[there], minlength=len(periods)), 1)


def _span(day: Session, span_ns: tuple[int, int]) -> str:
    until = datetime.fromtimestamp(span_ns[1] // SECOND, UTC)  # of a session that goes on there is more the next time
    return f"{day.sessions[0].isoformat()} to {until:%H:%M:%S} UTC of {day.source}"


def _said_by(strategy: Any) -> Any:
    """Give what a strategy was made with."""
    fields = strategy._asdict() if hasattr(strategy, "_asdict") else dict(getattr(strategy, "__dict__", {}))
    return {
        "class": type(strategy).__qualname__,
        **{name: value if isinstance(value, str | int | float) else str(value) for name, value in fields.items()},
    }


def _code_of(make: Callable[[], Any]) -> str:
    """Name the text of a feature, so that another text under the same name is another trial."""
    made = make()
    try:
        text = inspect.getsource(getattr(made, "_function", type(made)))
    except (OSError, TypeError):
        text = repr(type(made))
    return sha256(text.encode()).hexdigest()
