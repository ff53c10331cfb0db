"""`await history(...)` in a cell: bars or ticks, through the gateway, in virtual time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.importers.ib_history.through import HOST, PORT, START_NS, Room
from workbench.domain.errors import ConfigError
from workbench.gateway.transports import serve
from workbench.research import open_session
from workbench.research.past import history
from workbench.simulation.virtual import VirtualLoop, run


def cell(*roots: str, data: Path, **words: Any) -> Any:
    async def main(loop: VirtualLoop) -> Any:
        door = await serve(Room().gateway, HOST, PORT)
        try:
            return await history(*roots, data=data, host=HOST, port=PORT, **words)
        finally:
            await door.close()

    return run(main, seed=1, epoch_ns=START_NS)


def test_bars(tmp_path, capsys):
    done = cell("ES", data=tmp_path, bars="5m", since="2026-11-19", until="2026-11-19")
    assert done.left == () and "1 question; at least" in capsys.readouterr().out
    assert len(open_session("2026-11-19", data=tmp_path).bars("ES", "5m")) > 250


@pytest.mark.parametrize(("ticks", "there"), [("prints", {"prints"}), ("quotes", {"prints", "quotes"})])
def test_ticks(tmp_path, capsys, ticks, there):
    done = cell("ES", data=tmp_path, ticks=ticks, days=1)
    said = capsys.readouterr().out
    assert done.left == () and "ESZ6   1 session, about 8,210 prints" in said
    assert ("quotes, a guess" in said) == (ticks == "quotes")
    day = open_session("2026-11-19", data=tmp_path)
    assert all(len(getattr(day, name)) > 8_000 for name in there)


def test_a_word_that_cannot_be_meant_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="one of prints, quotes"):
        cell("ES", data=tmp_path, ticks="trades")
