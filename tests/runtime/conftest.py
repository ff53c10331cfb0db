"""What several tests here read and none changes: a small world, and the data folder of a paper session of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.replay.world import World, world
from tests.runtime.folders import import_bars, trade
from workbench.runtime.paper import Paper


class Traded(NamedTuple):
    """A data folder with one paper session, what was traded in it, and what that came to."""

    data: Path
    of: World
    done: Paper


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Traded:
    data, of = tmp_path_factory.mktemp("traded"), world(("ES", "SPY"), minutes=25, activity=0.15)
    return Traded(data, of, trade(data, of, source="a small world"))


@pytest.fixture(scope="session")
def barred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two hours of imported minute bars."""
    data = tmp_path_factory.mktemp("barred")
    import_bars(data, tmp_path_factory.mktemp("files"), "ESH6", "NQH6")
    return data
