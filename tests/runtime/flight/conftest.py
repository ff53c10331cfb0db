"""One recorded life that many tests play again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runtime.flight.world import Flown


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory) -> Flown:
    """Half a minute of brackets and their fills, over one connection."""
    flown = Flown(tmp_path_factory.mktemp("life"), trades_s=30, waits_s=15)
    flown.run()
    return flown


@pytest.fixture
def changed(life: Flown) -> Iterator[Flown]:
    """The same, to be changed: its bytes are put back afterwards."""
    path = life.tape().reels[-1].path
    whole = path.read_bytes()
    yield life
    path.write_bytes(whole)
