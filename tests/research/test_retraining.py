"""Models made by playing a session again are those it was traded with, and come back from where they were written."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.runtime.folders import BARS_SESSION
from tests.teaching import teaching
from workbench.config import load_settings
from workbench.domain.errors import DataError
from workbench.engine import Engine
from workbench.learning.card import Card
from workbench.research.retraining import retrain
from workbench.research.sample import SESSION
from workbench.runtime import play
from workbench.runtime.logged import open_log
from workbench.runtime.recovery import Image
from workbench.store import checkpoints
from workbench.store.folders import Folders


@pytest.mark.covers("S3-15")
def test_they_are_the_very_models_that_traded_and_can_be_taken_up(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = teaching(tmp_path_factory) / "data" / "sample"
    logged = open_log(data, SESSION)
    engine = Engine(play.setup_as_traded(load_settings(), logged))
    left = checkpoints.latest(Folders(data).run(logged.run.run)).checkpoint
    assert left is not None
    engine.restore(msgspec.msgpack.decode(left.blob, type=Image).engine)
    live = {(each.contract, each.recipe.name): each for each in engine.learners}
    symbols = {contract.symbol: contract.id for contract in logged.contracts}

    made = asyncio.run(retrain(data, SESSION))
    assert made.same and made.state_digest == engine.digest() and not made.difference
    assert len(made.models) == len(live) == 4 == len(made.frame)
    for model, path in zip(made.models, made.write(tmp_path), strict=True):
        held = live[symbols[model.symbol], model.card.recipe]
        assert model.card.digest == held.model_digest and model.card.n_learnt == held.n_learnt > 1_000
        assert msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=Card) == model.card
        held.restore(path.read_bytes())
        assert held.model_digest == model.card.digest


def test_where_nobody_traded_no_model_learnt(barred: Path) -> None:
    with pytest.raises(DataError, match="nobody traded session"):
        asyncio.run(retrain(barred, BARS_SESSION))
