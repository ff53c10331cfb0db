"""What tests of the page read: a workspace with the law of the small world, and folders of a run that is open and of one that is over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.dashboard.browser import Browser, chromium, opened
from tests.dashboard.ran import NOW, fortnight, ns_of, schedule
from tests.dashboard.running import stopped_with_a_position
from tests.replay.world import World, world
from tests.runtime.folders import trade
from workbench.config import Settings, load_settings
from workbench.dashboard.ran import Ran, Runs


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium()
    with opened() as browser:
        yield browser


@pytest.fixture(scope="session")
def of() -> World:
    return world(("ES", "SPY"), minutes=40, activity=0.15)


@pytest.fixture(scope="session")
def workspace(of: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the law of the small world in it."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "workbench.toml").write_text("")
    tables = msgspec.to_builtins(of.setup.law)
    lines = [f'profile = "{tables.pop("profile")}"']
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    (folder / "constitution.toml").write_text("\n".join(lines) + "\n")
    return folder


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list | tuple) else msgspec.json.encode(value).decode()


@pytest.fixture(scope="session")
def settings(workspace: Path) -> Settings:
    return load_settings(folder=workspace, environment={})


@pytest.fixture(scope="session")
def _over(of: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("over")
    trade(data, of, source="a small world")
    return data


@pytest.fixture(scope="session")
def _open(of: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("open")
    stopped_with_a_position(data, of)
    return data


@pytest.fixture
def over(_over: Path, tmp_path: Path) -> Path:
    """A copy of a data folder whose run is over."""
    return Path(shutil.copytree(_over, tmp_path / "over"))


@pytest.fixture
def open_(_open: Path, tmp_path: Path) -> Path:
    """A copy of a data folder whose run was stopped while it held a position."""
    return Path(shutil.copytree(_open, tmp_path / "open"))


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A look at three days of runs, with two pages on the schedule."""
    folder = tmp_path_factory.mktemp("seen")
    fortnight(folder / "data", n_days=3, every=120)
    schedule(folder / "pipelines")
    return Runs((folder / "data",), (folder / "pipelines",), wall_ns=lambda: ns_of(NOW)).look()
