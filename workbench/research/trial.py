"""Ideas on trial: recipes, models and features of a notebook through the engine's own learning, over a recorded session.

Everything goes the way it goes live: features move when bars close, a forecast is made before its outcome is known, a label is learnt
when its horizon is over and never before. So every forecast of a trial is one that could have been made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from workbench.config import load_settings
from workbench.domain.decisions import DriftSeen
from workbench.learning.models.base import Model
from workbench.learning.recipe import Recipe
from workbench.research.frames.opening import Day, open_session, session_number
from workbench.research.frames.session import Session
from workbench.store import entries

PROFILE = "demo"


class Trial(NamedTuple):
    """What a trial came to.

    Attributes
    ----------
    day
        The session as the trial tells it: its forecasts, and orders if strategies were given.
    drifts
        When a recipe's error had risen for good: time, symbol, recipe.
    """

    day: Session
    drifts: pl.DataFrame


async def trial(
    session: Day,
    *,
    data: Path | str,
    recipes: Sequence[Recipe],
    features: Sequence[Callable[[], Any]] = (),
    models: Mapping[str, Model] | None = None,
    profile: str = PROFILE,
    zone: str = "UTC",
    family: str | None = None,
) -> Trial:
    """Let recipes learn and forecast through a session, on all of its contracts; nothing is traded. Its journal becomes a run of `data`.

    Parameters
    ----------
    recipes
        What learns from what; each makes its forecasts under its own name.
    features
        Of your own, beside the shipped ones: classes, or `inline` functions.
    models
        Of your own, by the names recipes call them.
    family
        What these recipes are tried as part of: each is one of its trials (`research.trials`). `None`: the notebook, else ``recipes``.

    Examples
    --------
    In a notebook: ``seen = await trial(20261119, data=data, recipes=[mine]); seen.day.forecasts``.
    """
    from workbench.research.trials.counting import note_recipes
    from workbench.runtime import play  # the engine: a reader of frames needs none of it
    from workbench.runtime.logged import open_log

    settings, logged = load_settings(), open_log(Path(data), session_number(session))
    setup = play.setup_of(settings, logged, profile, ())
    ids = tuple(contract.id for contract in logged.contracts)
    named = tuple((recipe, ids) for recipe in recipes)
    setup = setup._replace(recipes=named, own_features=tuple(features), models={**setup.models, **(models or {})})
    played = await play.trade_anew(settings, logged, setup)
    assert played.run is not None  # to trade anew always makes one
    day = open_session(session, data=data, zone=zone, run=played.run.run)
    span_ns = int(logged.records["recv_ns"][0]), int(logged.records["recv_ns"][-1])
    note_recipes(day, Path(data), recipes, features, played.outcome.facts, span_ns, family)
    return Trial(day, _drifts(Path(data) / "runs" / played.run.run / "journal.db", day))


def _drifts(journal: Path, day: Session) -> pl.DataFrame:
    symbol = {contract.id: contract.symbol for contract in day.contracts}
    found = [(at.now_ns, symbol[fact.contract], fact.name) for at, fact in entries.facts(journal) if isinstance(fact, DriftSeen)]
    frame = pl.DataFrame(found, schema={"time": pl.Int64, "symbol": pl.String, "recipe": pl.String}, orient="row")
    return frame.with_columns(pl.from_epoch("time", time_unit="ns").dt.replace_time_zone("UTC").dt.convert_time_zone(day.zone))
