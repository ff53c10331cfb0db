"""A flood of market data through the real client of the protocol: two processes, a socket, tail and engine. Nothing is timed."""

from __future__ import annotations

import asyncio
import sys

import pytest

from benchmarks.row22_flow import RATE, flooded
from workbench.domain.records import Kind

SECONDS = 5


@pytest.mark.proof
@pytest.mark.covers("S4-10")
@pytest.mark.skipif(sys.platform != "linux", reason="the other process tells its memory from /proc")
@pytest.mark.parametrize("mode", ["--rule", "--record"])
def test_a_flood_of_fifty_thousand_messages_a_second_is_in_the_tail_whole(mode: str) -> None:
    """Beside an engine that decides; and the recorder alone, on one processor."""
    of = asyncio.run(flooded(SECONDS, mode))
    assert of.n_sent == of.told["hot"] == RATE * SECONDS
    assert of.told["dropped"] == of.told["counts"]["bad"] == 0
    assert (of.kept[int(Kind.PRINT)], of.kept[int(Kind.DEPTH_UPDATE)]) == (of.n_prints, of.n_depth)
