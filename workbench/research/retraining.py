"""The models a session ended with, arrived at by playing its log again: the very models live held, saved by nobody who was trading.

A live process saves no model (it has better things to do, and what it saved would be a second truth). The log is the truth: played again
it gives the same learners, and what is written here is theirs, each with its card.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from workbench.config import load_settings
from workbench.domain.errors import DataError
from workbench.learning.card import Card, card
from workbench.runtime import play
from workbench.runtime.logged import open_log
from workbench.store.whole import write_whole


class Model(NamedTuple):
    """A model as a session left it: of which contract, what it is, and itself as `Learner.restore` takes it."""

    symbol: str
    card: Card
    blob: bytes


class Retrained(NamedTuple):
    """What playing a session again came to: whether it was the same, the state behind it, and the models."""

    same: bool
    difference: str
    state_digest: str
    models: tuple[Model, ...]

    @property
    def frame(self) -> pl.DataFrame:
        """Give a row a model.

        Returns
        -------
        polars.DataFrame
            recipe, symbol; learnt, outcomes; hit_frac, brier, ece; drifts; digest.
        """
        rows = [
            (of.recipe, model.symbol, of.n_learnt, of.n_outcomes, of.hit_rate, of.brier, of.ece, of.n_drifts, of.digest[:12])
            for model in self.models
            for of in (model.card,)
        ]
        whole, real = pl.Int64, pl.Float64
        names = {"recipe": pl.String, "symbol": pl.String, "learnt": whole, "outcomes": whole, "hit_frac": real, "brier": real}
        return pl.DataFrame(rows, schema=names | {"ece": real, "drifts": whole, "digest": pl.String}, orient="row")

    def write(self, folder: Path) -> list[Path]:
        """Write each model with its card: ``<recipe>/<symbol>.model`` and ``.json``, each whole and durable."""
        written: list[Path] = []
        for model in self.models:
            path = folder / model.card.recipe / f"{model.symbol}.model"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, model.blob)
            write_whole(path.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(model.card), indent=1) + b"\n")
            written.append(path)
        return written


async def retrain(data: Path | str, session: int) -> Retrained:
    """Play a session that was traded again, and give the models it ended with.

    Raises
    ------
    DataError
        Nobody traded the session, so nothing learnt in it.

    Examples
    --------
    In a notebook cell: ``(await retrain(data, 20261119)).frame``.
    """
    logged = open_log(Path(data), session)
    if not play.has_orders(logged):
        raise DataError(f"nobody traded session {session} of {data}: no model learnt in it (`workbench sessions` lists who did what)")
    played = await play.play_back(logged, play.setup_as_traded(load_settings(), logged))
    symbols = {contract.id: contract.symbol for contract in logged.contracts}
    models = tuple(Model(symbols[each.contract], card(each), each.snapshot()) for each in played.outcome.engine.learners)
    difference = "" if played.difference is None else f"recorded {played.difference.recorded}, made {played.difference.made}"
    return Retrained(not difference, difference, played.outcome.state_digest, models)
