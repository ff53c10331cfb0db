"""Where history comes from: tapes of prints, tapes of bars, and what the tape has not."""

from __future__ import annotations

from tests.gateway.reference import ES, OPEN_NS, Desk, tape
from tests.gateway.worlds import settings
from workbench.domain.records import EVENT_TIME, Kind, empty
from workbench.domain.units import MINUTE
from workbench.gateway.base import World
from workbench.gateway.contracts import Universe
from workbench.gateway.history import services
from workbench.wire import ContractFields


def test_a_tape_of_bars_is_told_as_its_bars() -> None:
    contracts, _ = tape()
    records = empty(8)
    for n in range(4):
        start, end = OPEN_NS + n * MINUTE, OPEN_NS + (n + 1) * MINUTE
        one, two = records[2 * n], records[2 * n + 1]
        for each in (one, two):
            each["contract"], each["kind"], each["flags"], each["recv_ns"] = 1, Kind.BAR, EVENT_TIME, end
        one["event_ns"], one["px"], one["px2"], one["sz"], one["sz2"] = start, 24_000 + n, 24_009 + n, 1001, 50
        two["level"], two["event_ns"], two["px"], two["px2"], two["sz"] = 1, end - 1, 23_990 + n, 24_003 + n, 1001 * 24_000
    desk = Desk()
    desk.world = World(settings=settings(), contracts=contracts, records=records, now_ns=OPEN_NS + 4 * MINUTE)
    desk.world.universe = Universe(contracts, desk.world.settings.roots, lambda: desk.world.now_ns)
    (desk.history,) = services(desk.world)
    found = desk.bars(ES, duration="1200 S", bar_size="1 min", format_date=2)
    inside = [each for each in found if int(each.date) * 1_000_000_000 >= OPEN_NS]
    assert [(each.open, each.high, each.low, each.close, each.volume) for each in inside] == [
        ((24_000 + n) / 4, (24_009 + n) / 4, (23_990 + n) / 4, (24_003 + n) / 4, 1001) for n in range(4)
    ]
    assert len(found) > len(inside)


def test_what_the_tape_has_not_moves_with_what_it_has() -> None:
    desk = Desk()
    es = desk.bars(ES, end="20261119-21:00:00", duration="1 D", bar_size="1 hour", use_rth=True)
    micro = ContractFields(symbol="MES", sec_type="FUT", exchange="CME", last_trade="202612")
    later = ContractFields(symbol="ES", sec_type="FUT", exchange="CME", last_trade="202703")
    mes, esh7 = (desk.bars(each, end="20261119-21:00:00", duration="1 D", bar_size="1 hour", use_rth=True) for each in (micro, later))
    assert all(abs(one.close - two.close) < 3 for one, two in zip(es, mes, strict=True))
    assert all(one.date == two.date and 0.005 < two.close / one.close - 1 < 0.015 for one, two in zip(es, esh7, strict=True))
    assert sum(each.volume for each in esh7) < sum(each.volume for each in es) / 50
