"""A rich recording made coarse: what the gateway's line would have told and the live edge's decoder have made of it, to the record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples

from tests.gateway.streams.draws import markets
from tests.gateway.streams.world import ES, ES_ASKED, START_NS, Heard, Stage, quote, row, tape, trade
from workbench.clock import ManualClock
from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind, Records
from workbench.domain.units import MS, SECOND
from workbench.gateway.streams import StreamSettings
from workbench.market.coarse import as_level1
from workbench.venues.base import Batch
from workbench.venues.ib.hot import Hot
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.streams import PRINTS, QUOTES, RT_VOLUME, Source
from workbench.wire import ReqMktData
from workbench.wire.catalogue import encode
from workbench.wire.framing import frame

BATCH = 250 * MS
CONTRACTS: dict[int, Contract] = {ES.id: ES}
FIELDS = ["recv_ns", "event_ns", "px", "sz", "px2", "sz2", "contract", "kind", "side", "flags"]


class Account:
    """An ordinary one: a line of the gateway, its messages as bytes, and the live edge's decoder with its own clock."""

    def __init__(self, market: Records) -> None:
        self.market, self.clock = market, ManualClock(START_NS)
        self.intake = Intake(self.clock, 1 << 12)
        self.hot = Hot(self.intake)
        self.hot.is_open = True
        self.hot.open(5, ES, Source.LEVEL1, QUOTES | PRINTS | RT_VOLUME)
        self.stage = Stage(market, StreamSettings(), contracts=(ES,))
        self.client = Heard()
        self.stage.data.answer(self.client, ReqMktData(req_id=5, contract=ES_ASKED, generic_ticks="233"))
        self.seen: list[Any] = []

    def watches(self) -> list[Any]:
        for at in range(len(self.market)):
            self._until(int(self.market["recv_ns"][at]))
            self.stage.play(1)
        self._until(int(self.market["recv_ns"][-1]) + 2 * BATCH)
        return self.seen

    def _until(self, ns: int) -> None:
        world, data = self.stage.world, self.stage.data
        while (due := data.next_due_ns()) is not None and due <= ns:
            world.now_ns = due
            data.advance(due)
            self._read(due)

    def _read(self, now_ns: int) -> None:
        self.clock.advance_to(now_ns)
        for message in self.client.take():
            self.hot.feed(frame(encode(message, 178)), lambda payload: None)
        while (got := self.intake.take()) is not None:
            if isinstance(got, Batch):
                self.seen += got.records[FIELDS][got.start : got.stop].tolist()


@given(markets())
@examples(max_examples=150, derandomize=True, deadline=None)
@pytest.mark.covers("S1-11")
def test_it_is_what_a_line_of_the_gateway_becomes_at_the_live_edge(market: Records) -> None:
    market = market[market["kind"] != Kind.PHASE]
    assert as_level1(market, CONTRACTS)[FIELDS].tolist() == (Account(market).watches() if len(market) else [])


def test_depth_and_all_but_the_last_print_of_a_batch_are_lost_and_gaps_stay() -> None:
    rows = [
        quote(100, 5, 101, 6), trade(101, 1), trade(101, 2), row(Kind.DEPTH_INSERT, 1, 0, 99, 4),
        dict(kind=Kind.GAP, contract=1, flags=EVENT_TIME), quote(100, 4, 101, 6, recv_ns=START_NS + SECOND),
    ]  # fmt: skip
    made = as_level1(tape(rows), CONTRACTS)
    assert made["kind"].tolist() == [Kind.GAP, Kind.QUOTE, Kind.QUOTE, Kind.PRINT, Kind.QUOTE]
    assert made["flags"].tolist()[1:4] == [BID | CONFLATED, BID | ASK | CONFLATED, EVENT_TIME | CONFLATED]
    assert made["sz"].tolist()[3] == 2 and bool(np.all(np.diff(made["recv_ns"]) >= 0))


def test_a_line_is_never_told_more_often_than_its_batch() -> None:
    busy = tape([quote(100 + n % 3, 1 + n % 7, 103, 5) for n in range(5_000)])
    made = as_level1(busy, CONTRACTS)
    assert set(np.unique(made["recv_ns"]) % BATCH) == {0} and len(made) <= 2 * 5_000 * MS // BATCH + 2
