"""What leaves for the streams that are wanted: requests as a TWS takes them, by kind of contract."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from workbench import wire
from workbench.clock import ManualClock
from workbench.config import load_roots
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.hot import Hot
from workbench.venues.ib.ids import NAME, Ids
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.lane import Lane
from workbench.venues.ib.market import Market, wants
from workbench.venues.ib.questions import Questions
from workbench.venues.ib.raw import tapped

ROOTS = load_roots()
ES = replace(ROOTS["ES"].contract(1, "2026-12-18"), venue_ids={"ib": "1"})
SPY = replace(ROOTS["SPY"].contract(2, None), venue_ids={"ib": "2"})


class Connected(LaneClient):
    """Ready without a socket."""

    is_ready = True


def test_the_book_of_a_share_is_asked_of_all_exchanges_and_that_of_a_future_of_its_own(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> list[wire.Request]:
        left: list[bytes] = []
        clock = ManualClock(1)
        hot = Hot(Intake(clock))
        ib = tapped(hot, Connected)
        client = ib.client
        client._serverVersion, client.connState = 178, client.CONNECTED
        client.lane = Lane(left.append, loop)
        market = Market(client, hot, clock, Questions(Ids(tmp_path / NAME)), {each.id: each for each in (ES, SPY)}, lambda event: None)
        market.want(wants([ES, SPY]), {})
        market.connected()
        await asyncio.sleep(5)
        market.want([], {})
        await asyncio.sleep(5)
        client.connState = client.DISCONNECTED  # nothing is there to be closed when it goes
        return [wire.decode_request(wire.fields(payload), 178) for payload in left]

    sent = run(main)
    books = {each.contract.con_id: (each.contract.exchange, each.is_smart) for each in sent if isinstance(each, wire.ReqDepth)}
    assert books == {1: ("CME", False), 2: ("SMART", True)}
    numbers = {each.req_id: each.is_smart for each in sent if isinstance(each, wire.ReqDepth)}
    assert {each.req_id: each.is_smart for each in sent if isinstance(each, wire.CancelDepth)} == numbers
    lines = {each.contract.con_id: each.generic_ticks for each in sent if isinstance(each, wire.ReqMktData)}
    assert lines == {1: "233,588", 2: "233,106"}  # open interest is asked for of futures alone, implied volatility of shares alone
