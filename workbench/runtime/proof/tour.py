"""The tour: what is asked of a paper TWS, in which order, and what ends each part. Judges no answer; leaves no order behind.

A part that finds nothing to do (no price of the market, so no far one) says so in a note and is passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from workbench import wire
from workbench.config.roots import Root
from workbench.domain.errors import VenueError
from workbench.runtime.proof.desk import OVER, Desk, is_about, status_of
from workbench.runtime.proof.talk import Conversation, connect
from workbench.wire import ContractFields

LISTEN_S: Final = 6.0  # to a stream
TICKS_APART_S: Final = 16.0  # one tick-by-tick request a contract in 15 s
TAGS: Final = "NetLiquidation,TotalCashValue,AvailableFunds,ExcessLiquidity,InitMarginReq,MaintMarginReq,Cushion"


class Tour(Desk):
    """One tour over one conversation."""

    async def run(self) -> None:
        """Go through all parts."""
        parts: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("session", self.session),
            ("contract", self.reference),
            ("account", self.funds),
            ("quotes", self.quotes),
            ("ticks", self.ticks),
            ("depth", self.depth),
            ("history", self.history),
            ("what-if", self.what_if),
            ("order", self.order),
            ("bracket", self.bracket),
            ("after", self.after),
        )
        try:
            for name, part in parts:
                if self.talk.is_over:
                    self.notes.append(f"the connection ended before: {name}")
                    return
                self.talk.stop = name
                self.tell(name)
                await part()
        finally:
            await self.clear()

    # ---- parts -----------------------------------------------------------------------------------------------------------------------
    async def session(self) -> None:
        """Who is there, and what time it is."""
        self.accounts = tuple(filter(None, self.talk.of(wire.ManagedAccounts)[0].accounts.split(",")))
        if not self.accounts:
            raise VenueError("the user that is logged in has no account")
        self.account = self.accounts[0]
        await self.ask(wire.ReqCurrentTime(), wire.CurrentTime)
        await self.ask(wire.ReqIds(), wire.NextValidId)
        await self.ask(wire.ReqManagedAccounts(), wire.ManagedAccounts)

    async def reference(self) -> None:
        """The chain of the root; the first month with more than a week to go is taken."""
        talk = self.talk
        found = await self.ask(wire.ReqContractDetails(req_id=talk.req_id(), contract=self.contract), wire.ContractDataEnd)
        months = sorted((each for each in found if isinstance(each, wire.ContractData)), key=lambda each: each.last_trade)
        now_s = talk.of(wire.CurrentTime)[-1].time if talk.of(wire.CurrentTime) else 0
        alive = [each for each in months if _days_left(each.last_trade, now_s) > 7]
        if not alive:
            raise VenueError(f"IB names no month of {self.root.root} that trades for another week")
        front = alive[0]
        self.contract = ContractFields(
            con_id=front.contract.con_id,
            symbol=front.contract.symbol,
            sec_type="FUT",
            exchange=self.root.exchange,
            currency=front.contract.currency,
        )
        rule = front.market_rule_ids.partition(",")[0]
        if rule.isdecimal():
            await self.ask(wire.ReqMarketRule(int(rule)), wire.MarketRule)
        await self.ask(wire.ReqMktDepthExchanges(), wire.DepthExchanges)

    async def funds(self) -> None:
        """Values, summary, positions, profit and loss."""
        talk, account = self.talk, self.account
        await self.ask(wire.ReqAccountUpdates(True, account), wire.AccountDownloadEnd)
        talk.send(wire.ReqAccountUpdates(False, account))
        req_id = talk.req_id()
        await self.ask(wire.ReqAccountSummary(req_id, "All", TAGS), wire.AccountSummaryEnd)
        talk.send(wire.CancelAccountSummary(req_id))
        await self.ask(wire.ReqPositions(), wire.PositionEnd)
        talk.send(wire.CancelPositions())
        req_id = talk.req_id()
        await self.ask(wire.ReqPnl(req_id, account), wire.Pnl)
        talk.send(wire.CancelPnl(req_id))

    async def quotes(self) -> None:
        """L1, live where it is to be had."""
        req_id = self.talk.req_id()
        self.talk.send(wire.ReqMarketDataType(1))
        self.talk.send(wire.ReqMktData(req_id=req_id, contract=self.contract))
        await asyncio.sleep(LISTEN_S)
        self.talk.send(wire.CancelMktData(req_id))

    async def ticks(self) -> None:
        """Quotes and prints one by one."""
        for number, kind in enumerate(("BidAsk", "AllLast")):
            await asyncio.sleep(TICKS_APART_S if number else 0)
            req_id = self.talk.req_id()
            self.talk.send(wire.ReqTickByTick(req_id=req_id, contract=self.contract, tick_type=kind))
            await asyncio.sleep(LISTEN_S)
            self.talk.send(wire.CancelTickByTick(req_id))

    async def depth(self) -> None:
        """The book."""
        req_id = self.talk.req_id()
        self.talk.send(wire.ReqDepth(req_id=req_id, contract=self.contract, n_rows=5))
        await asyncio.sleep(LISTEN_S)
        self.talk.send(wire.CancelDepth(req_id))

    async def history(self) -> None:
        """Bars in both ways of writing their time, ticks, sessions, the first moment."""
        talk, contract = self.talk, self.contract
        for words in ({"bar_size": "1 hour", "duration": "1 D", "format_date": 2}, {"bar_size": "1 min", "duration": "1800 S"}):
            request = wire.ReqHistoricalData(req_id=talk.req_id(), contract=contract, use_rth=False, **words)
            await self.ask(request, wire.HistoricalData, timeout_s=60)
        schedule = wire.ReqHistoricalData(req_id=talk.req_id(), contract=contract, bar_size="1 day", duration="3 D", what="SCHEDULE")
        await self.ask(schedule, wire.HistoricalSchedule, timeout_s=60)
        await self.ask(wire.ReqHeadTimestamp(req_id=talk.req_id(), contract=contract), wire.HeadTimestamp, timeout_s=60)
        now_s = talk.of(wire.CurrentTime)[-1].time
        for what, kind in (("TRADES", wire.HistoricalTicksLast), ("BID_ASK", wire.HistoricalTicksBidAsk)):
            request_ = wire.ReqHistoricalTicks(
                req_id=talk.req_id(), contract=contract, end=_dashed(now_s), n_ticks=10, what=what, use_rth=False
            )
            await self.ask(request_, kind, timeout_s=60)

    async def what_if(self) -> None:
        """What one would bind."""
        if (price := self.far(-1)) is None:
            self.notes.append("what-if, order, bracket: passed over, no price of the market was heard")
            return
        self.orders["what-if"] = order_id = self.next_id()
        mark = self.talk.n_heard
        self.place(order_id, "BUY", "LMT", price, what_if=True)
        if not await self.talk.until(lambda new: any(is_about(each, order_id) for each in new), since=mark):
            self.notes.append("what-if: no answer")

    async def order(self) -> None:
        """A far limit: placed, changed by a step, looked for among the open ones, cancelled."""
        if (price := self.far(-1)) is None:
            return
        self.orders["order"] = order_id = self.next_id()
        mark = self.talk.n_heard
        self.place(order_id, "BUY", "LMT", price)
        await self.talk.until(lambda new: status_of(new, order_id) in ("Submitted", *OVER), since=mark)
        await asyncio.sleep(1)
        mark = self.talk.n_heard
        self.place(order_id, "BUY", "LMT", price - self.tick)
        await self.talk.until(lambda new: status_of(new, order_id) in ("Submitted", *OVER), since=mark)
        await asyncio.sleep(1)
        await self.ask(wire.ReqOpenOrders(), wire.OpenOrderEnd)
        await self.cancel(order_id, order_id)

    async def bracket(self) -> None:
        """Entry, stop and target, all far; the entry's cancel takes the others along."""
        below, above = self.far(-1), self.far(1)
        if below is None or above is None:
            return
        entry = self.next_id()
        ids = {"entry": entry, "target": entry + 1, "stop": entry + 2}
        self.orders |= ids
        mark = self.talk.n_heard
        self.place(entry, "BUY", "LMT", below, transmit=False)
        self.place(entry + 1, "SELL", "LMT", above, parent_id=entry, transmit=False)
        self.place(entry + 2, "SELL", "STP", below - 40 * self.tick, parent_id=entry)
        await self.talk.until(lambda new: all(status_of(new, each) for each in ids.values()), since=mark)
        await asyncio.sleep(1)
        await self.cancel(entry, *ids.values())

    async def after(self) -> None:
        """What the day's fills, finished orders and positions look like now."""
        await self.ask(wire.ReqExecutions(self.talk.req_id()), wire.ExecutionDataEnd)
        await self.ask(wire.ReqCompletedOrders(True), wire.CompletedOrdersEnd)
        await self.ask(wire.ReqOpenOrders(), wire.OpenOrderEnd)
        await self.ask(wire.ReqPositions(), wire.PositionEnd)
        self.talk.send(wire.CancelPositions())


def _days_left(last_trade: str, now_s: int) -> float:
    return (datetime.strptime(last_trade[:8], "%Y%m%d").replace(tzinfo=UTC).timestamp() - now_s) / 86_400


def _dashed(now_s: int) -> str:
    return f"{datetime.fromtimestamp(now_s, UTC):%Y%m%d-%H:%M:%S}"


async def look(host: str, port: int, client_id: int) -> tuple[str, ...]:
    """Say whose accounts these are, and go."""
    talk = await connect(host, port)
    try:
        await talk.start(client_id)
        return tuple(filter(None, talk.of(wire.ManagedAccounts)[0].accounts.split(",")))
    finally:
        await talk.close()


async def tour(host: str, port: int, client_id: int, root: Root, tell: Callable[[str], None] = lambda _: None) -> Conversation:
    """Make the tour. The caller has asked whose account it is, and whether he may."""
    talk = await connect(host, port)
    made = Tour(talk, root, tell)
    try:
        await talk.start(client_id)
        await made.run()
    finally:
        await talk.close()
    return Conversation(talk.version, made.accounts, tuple(talk.frames), made.orders, tuple(made.notes), made.account)
