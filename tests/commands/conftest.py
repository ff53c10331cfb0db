"""Data folders that commands are tried on. A test that changes one takes a copy."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.replay.world import SESSION, settings
from tests.runtime.folders import import_bars
from workbench import calendars
from workbench.domain.units import MINUTE
from workbench.learning.models import DEFAULT
from workbench.runtime import build
from workbench.runtime.generated import generated
from workbench.runtime.paper import paper
from workbench.simulation.market import MarketSettings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace that commands are called in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def _traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of two contracts, traded on paper as the command line would."""
    data, opens = tmp_path_factory.mktemp("traded"), calendars.session_bounds(SESSION)[0] + (15 * 60 + 25) * MINUTE
    made = generated(
        settings(), ["ES", "SPY"], SESSION, seed=3, market=MarketSettings(activity=0.2), first_ns=opens, last_ns=opens + 10 * MINUTE
    )
    law, traders = build.constitution("demo"), [("learned", DEFAULT), ("vwap_reversion", "")]
    setup = build.setup(settings(), made.contracts, [SESSION], law, account="DUSIM7", strategies=traders)
    fills, digests = build.fills(settings()), {"settings": settings().digest}
    asyncio.run(paper(data, SESSION, made.contracts, made.records, setup, fills, source="ten minutes", digests=digests))
    return data


@pytest.fixture(scope="session")
def _barred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("barred")
    import_bars(data, tmp_path_factory.mktemp("files"), "ESH6")
    return data


@pytest.fixture
def traded(_traded: Path, tmp_path: Path) -> Path:
    """A copy of a data folder with a session that was traded."""
    return Path(shutil.copytree(_traded, tmp_path / "traded"))


@pytest.fixture
def barred(_barred: Path, tmp_path: Path) -> Path:
    """A copy of a data folder with a session of imported bars."""
    return Path(shutil.copytree(_barred, tmp_path / "barred"))
