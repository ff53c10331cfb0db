"""What several tests of reading share and none changes. Made once a test process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replay.world import SESSION, World, world
from tests.research.barred import traded as traded_bars
from tests.runtime.folders import import_bars, trade
from workbench.research import Session, open_session


class Traded:
    """A data folder with one paper session of a small world."""

    def __init__(self, data: Path) -> None:
        self.data, self.session = data, SESSION
        self.of: World = world(("ES", "SPY"), minutes=30, activity=0.15)
        self.done = trade(data, self.of, source="a small world, generated")

    def open(self, **more: object) -> Session:
        return open_session(SESSION, data=self.data, **more)


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Traded:
    return Traded(tmp_path_factory.mktemp("traded"))


@pytest.fixture(scope="session")
def day(traded: Traded) -> Session:
    return traded.open()


@pytest.fixture(scope="session")
def barred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two hours of imported minute bars of two contracts; nobody traded."""
    data = tmp_path_factory.mktemp("barred")
    import_bars(data, tmp_path_factory.mktemp("files"), "ESH6", "NQH6")
    return data


@pytest.fixture(scope="session")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two sessions of imported minute bars, each traded in a run of its own; the first ends with a position."""
    folder = tmp_path_factory.mktemp("two_days")
    traded_bars(folder)
    return folder / "data"
