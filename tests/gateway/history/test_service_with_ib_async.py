"""The real ib_async asks the gateway about contracts and the past, in memory and in virtual time; its answers are checked by value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ib_async

from tests.gateway.reference import OPEN_NS, tape
from tests.gateway.worlds import settings
from workbench.domain.units import MINUTE
from workbench.gateway.build import gateway
from workbench.gateway.transports import serve
from workbench.simulation.virtual import VirtualLoop, run

Talk = Callable[[ib_async.IB], Coroutine[Any, Any, None]]
ESZ6 = ib_async.Future(conId=515416632, exchange="CME")


def talk(main: Talk, start_ns: int = OPEN_NS + 5 * MINUTE) -> None:
    """Connect ib_async to a gateway whose clock is at five minutes of the tape."""
    contracts, records = tape()

    async def session(loop: VirtualLoop) -> None:
        door = await serve(gateway(settings(), records, contracts, start_ns=start_ns), port=7497)
        ib = ib_async.IB()
        await ib.connectAsync("127.0.0.1", 7497, clientId=3, timeout=10)
        try:
            await main(ib)
        finally:
            ib.disconnect()
            door.shut()

    run(session, seed=1, epoch_ns=start_ns)


def test_details_and_what_hangs_on_them() -> None:
    async def main(ib: ib_async.IB) -> None:
        chain = await ib.reqContractDetailsAsync(ib_async.Future("ES", exchange="CME"))
        assert [each.contract.localSymbol for each in chain[:3]] == ["ESZ6", "ESH7", "ESM7"]
        front = chain[0]
        assert front.contract.lastTradeDateOrContractMonth == "20261218"
        assert (front.lastTradeTime, front.timeZoneId) == ("08:30", "US/Central")
        assert (front.minTick, front.contract.multiplier, front.underConId) == (0.25, "50", 11004968)
        assert front.marketRuleIds == "67,67" and front.realExpirationDate == "20261218"
        session = front.tradingSessions()[0]
        assert (session.start, session.end) == (
            datetime(2026, 11, 19, 17, tzinfo=ZoneInfo("US/Central")),
            datetime(2026, 11, 20, 16, tzinfo=ZoneInfo("US/Central")),
        )
        (rule,) = await ib.reqMarketRuleAsync(67)
        assert (rule.lowEdge, rule.increment) == (0.0, 0.25)
        stock, euro = await ib.qualifyContractsAsync(ib_async.Stock("SPY", "SMART", "USD"), ib_async.Forex("EURUSD"))
        assert (stock.conId, stock.primaryExchange, euro.conId, euro.localSymbol) == (756733, "ARCA", 12087792, "EUR.USD")
        (continuous,) = await ib.qualifyContractsAsync(ib_async.ContFuture("ES", "CME"))
        assert (continuous.conId, continuous.secType) == (515416632, "CONTFUT")
        (option,) = await ib.qualifyContractsAsync(ib_async.Option("SPY", "20261204", 600, "C", "SMART"))
        assert option.localSymbol == "SPY   261204C00600000"
        (chains,) = await ib.reqSecDefOptParamsAsync("SPY", "", "STK", 756733)
        assert chains.exchange == "SMART" and 600.0 in chains.strikes and chains.expirations[1] == "20261127"
        names = await ib.reqMatchingSymbolsAsync("AAPL")
        assert names[0].contract.conId == 265598
        assert await ib.reqContractDetailsAsync(ib_async.Stock("NOPE", "SMART", "USD")) == []

    talk(main)


def test_bars_ticks_schedules_and_first_times() -> None:
    async def main(ib: ib_async.IB) -> None:
        (es,) = await ib.qualifyContractsAsync(ESZ6)
        minutes = await ib.reqHistoricalDataAsync(es, "", "1 D", "1 min", "TRADES", useRTH=True, formatDate=2)
        assert minutes[0].date == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
        fives = await ib.reqHistoricalDataAsync(es, "", "1 D", "5 mins", "TRADES", useRTH=True, formatDate=1)
        assert fives[0].date == datetime(2026, 11, 20, 8, 30, tzinfo=ZoneInfo("US/Central"))
        assert fives[0].volume == sum(each.volume for each in minutes[:5])
        assert (fives[0].open, fives[0].close) == (minutes[0].open, minutes[4].close)
        days = await ib.reqHistoricalDataAsync(es, datetime(2026, 11, 14, tzinfo=UTC), "5 D", "1 day", "TRADES", useRTH=False)
        assert [each.date for each in days] == [date(2026, 11, day) for day in (9, 10, 11, 12, 13)]
        last = await ib.reqHistoricalTicksAsync(es, "20261119 15:00:00 US/Central", "", 100, "TRADES", useRth=False)
        assert len(last) >= 100 and last[0].time >= datetime(2026, 11, 19, 21, tzinfo=UTC)
        both = await ib.reqHistoricalTicksAsync(es, "", datetime(2026, 11, 19, 21, tzinfo=UTC), 10, "BID_ASK", useRth=False)
        assert both[-1].priceBid < both[-1].priceAsk
        head = await ib.reqHeadTimeStampAsync(es, "TRADES", useRTH=False, formatDate=2)
        assert head == datetime(2025, 9, 17, 22, tzinfo=UTC)
        schedule = await ib.reqHistoricalScheduleAsync(es, 2, useRTH=True)
        assert schedule.timeZone == "US/Central"
        assert [each.refDate for each in schedule.sessions] == ["20261119", "20261120"]
        histogram = await ib.reqHistogramDataAsync(es, True, "1 day")
        assert sum(each.count for each in histogram) > 0
        ended = ib_async.Future("ES", "202512", "CME", includeExpired=True)
        old = await ib.reqHistoricalDataAsync(ended, "20251201-21:00:00", "1 D", "1 hour", "MIDPOINT", useRTH=True)
        assert len(old) == 7 and old[0].volume == -1
        with_end = await ib.reqHistoricalDataAsync(ib_async.ContFuture("ES", "CME"), "20261101-00:00:00", "1 D", "1 hour", "TRADES", True)
        assert list(with_end) == []

    talk(main)


def test_bars_that_are_kept_up_to_date_reach_the_handler() -> None:
    async def main(ib: ib_async.IB) -> None:
        seen: list[tuple[Any, bool]] = []
        bars = await ib.reqHistoricalDataAsync(ESZ6, "", "600 S", "1 min", "TRADES", useRTH=False, formatDate=2, keepUpToDate=True)
        bars.updateEvent += lambda all_of, is_new: seen.append((all_of[-1].date, is_new))
        n = len(bars)
        await asyncio.sleep(130)
        assert 12 <= len(seen) <= 26  # every five seconds in which something was traded
        assert sum(is_new for _, is_new in seen) == len(bars) - n >= 2
        ib.cancelHistoricalData(bars)

    talk(main)


def test_five_hundred_days_of_minutes_can_be_had_in_weeks() -> None:
    async def main(ib: ib_async.IB) -> None:
        (es,) = await ib.qualifyContractsAsync(ESZ6)
        end: Any = ""
        found: list[Any] = []
        for _ in range(6):
            part = await ib.reqHistoricalDataAsync(es, end, "1 W", "1 min", "TRADES", useRTH=False, formatDate=2)
            found = [*part, *found]
            end = part[0].date
        dates = [each.date for each in found]
        assert dates == sorted(set(dates))
        assert len({each.date() for each in dates}) >= 30

    talk(main)
