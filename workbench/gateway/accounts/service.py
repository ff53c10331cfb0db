"""Accounts on the wire: values, positions, profit and loss, now and as they change. The broker knows them; nothing is booked here.

A subscription hears at once of what a fill moves, and of what prices move in IB's own rhythm; after the first time only of what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from workbench.domain.records import Records
from workbench.domain.units import MICROS, SECOND
from workbench.gateway import behaviour as say
from workbench.gateway.accounts import tags
from workbench.gateway.accounts.subscriptions import Subscription, Subscriptions
from workbench.gateway.base import Client, World
from workbench.gateway.contracts import hours
from workbench.gateway.orders.telling import points, units
from workbench.gateway.orders.world import broker_of, named
from workbench.simulation.broker import Position as Held
from workbench.wire import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    Answer,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPnl,
    CancelPnlSingle,
    CancelPositions,
    CancelPositionsMulti,
    Pnl,
    PnlSingle,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    ReqAccountSummary,
    ReqAccountUpdates,
    ReqAccountUpdatesMulti,
    ReqPnl,
    ReqPnlSingle,
    ReqPositions,
    ReqPositionsMulti,
    Request,
)

UPDATE_NS = say.ACCOUNT_UPDATE_S * SECOND
PNL_NS = say.PNL_S * SECOND
NO_ID = 0  # of requests that have none: one of a kind for each client


class Accounts:
    """The service for accounts; it stands behind the one for orders, which moves the broker."""

    requests: tuple[type[Request], ...] = (
        ReqAccountUpdates,
        ReqAccountUpdatesMulti,
        CancelAccountUpdatesMulti,
        ReqAccountSummary,
        CancelAccountSummary,
        ReqPositions,
        CancelPositions,
        ReqPositionsMulti,
        CancelPositionsMulti,
        ReqPnl,
        CancelPnl,
        ReqPnlSingle,
        CancelPnlSingle,
    )

    def __init__(self, world: World) -> None:
        self._world, self._broker = world, broker_of(world)
        self._open = Subscriptions()
        self._begins: dict[type[Request], Callable[[Client, Any], None]] = {
            ReqAccountUpdates: self._updates,
            ReqAccountUpdatesMulti: self._updates_multi,
            ReqAccountSummary: self._summary,
            ReqPositions: self._positions,
            ReqPositionsMulti: self._positions_multi,
            ReqPnl: self._pnl,
            ReqPnlSingle: self._pnl_single,
        }
        self._ends: dict[type[Request], type[Request]] = {
            CancelAccountUpdatesMulti: ReqAccountUpdatesMulti,
            CancelAccountSummary: ReqAccountSummary,
            CancelPositions: ReqPositions,
            CancelPositionsMulti: ReqPositionsMulti,
            CancelPnl: ReqPnl,
            CancelPnlSingle: ReqPnlSingle,
        }

    # ---- Service ----------------------------------------------------------------------------------------------------------------------
    def answer(self, client: Client, request: Request) -> None:
        """Answer a request; a cancel of what is not there is silent, as with TWS."""
        kind = type(request)
        if kind in self._ends:
            self._open.end(client, self._ends[kind], getattr(request, "req_id", NO_ID))
        else:
            self._begins[kind](client, request)

    def records(self, records: Records, start: int, stop: int) -> None:
        """Tell what fills have moved; what prices move waits for its time."""
        self._tell_moved()

    def advance(self, now_ns: int) -> None:
        """Tell what is due."""
        self._tell_moved()
        for each in self._open.due(now_ns):
            each.due_ns = now_ns + each.every_ns
            each.tell(each)

    def next_due_ns(self) -> int | None:
        """Say when the next subscription is due."""
        return self._open.next_due_ns()

    def left(self, client: Client) -> None:
        """Forget a client's subscriptions."""
        self._open.left(client)

    def _tell_moved(self) -> None:
        moves = self._broker.ledger.moves
        for each in self._open.all():
            now = sum(moves[account] for account in each.accounts)
            if now != each.moves:
                each.moves = now
                each.tell(each)

    # ---- beginnings -------------------------------------------------------------------------------------------------------------------
    def _begin(
        self, client: Client, request: Request, accounts: tuple[str, ...], every_ns: int, tell: Callable[[Subscription], None]
    ) -> Subscription:
        moves = sum(self._broker.ledger.moves[account] for account in accounts)
        each = Subscription(client, request, accounts, moves, every_ns, self._world.now_ns + every_ns if every_ns else None, tell)
        self._open.begin(each, getattr(request, "req_id", NO_ID))
        tell(each)
        return each

    def _is_account(self, client: Client, name: str, req_id: int) -> bool:
        if name in self._broker.accounts:
            return True
        client.error(req_id, 321, say.text_of(321, what=say.ACCOUNT_LETTERS, why=say.NO_ACCOUNT.format(name=name)))
        return False

    def _is_new(self, client: Client, request: Any) -> bool:
        if not self._open.has(client, type(request), request.req_id):
            return True
        client.error(request.req_id, 322, say.text_of(322, what=say.SUMMARY_LETTERS, why=say.DUPLICATE_REQUEST))
        return False

    def _all(self, name: str) -> tuple[str, ...]:
        return self._broker.accounts if name in ("", "All") else (name,)

    def _updates(self, client: Client, request: ReqAccountUpdates) -> None:
        """Subscribe to one account (the only one if none is named); one at a time for a client, as with TWS."""
        self._open.end(client, ReqAccountUpdates, NO_ID)
        name = request.account or self._broker.accounts[0]
        if not request.subscribe or not self._is_account(client, name, -1):
            return
        self._begin(client, request, (name,), UPDATE_NS, self._tell_updates)
        client.send(AccountDownloadEnd(name))

    def _updates_multi(self, client: Client, request: ReqAccountUpdatesMulti) -> None:
        accounts = self._all(request.account)
        if self._is_new(client, request) and all(self._is_account(client, name, request.req_id) for name in accounts):
            self._begin(client, request, accounts, UPDATE_NS, self._tell_updates_multi)
            client.send(AccountUpdateMultiEnd(request.req_id))

    def _summary(self, client: Client, request: ReqAccountSummary) -> None:
        if self._open.count(ReqAccountSummary, client) >= say.MOST_SUMMARIES:
            client.error(request.req_id, 322, say.text_of(322, what=say.SUMMARY_LETTERS, why=say.TOO_MANY_SUMMARIES))
            return
        accounts = self._all(request.group)
        if self._is_new(client, request) and all(self._is_account(client, name, request.req_id) for name in accounts):
            self._begin(client, request, accounts, UPDATE_NS, self._tell_summary)
            client.send(AccountSummaryEnd(request.req_id))

    def _positions(self, client: Client, request: ReqPositions) -> None:
        self._open.end(client, ReqPositions, NO_ID)
        self._begin(client, request, self._broker.accounts, 0, self._tell_positions)
        client.send(PositionEnd())

    def _positions_multi(self, client: Client, request: ReqPositionsMulti) -> None:
        accounts = self._all(request.account)
        if self._is_new(client, request) and all(self._is_account(client, name, request.req_id) for name in accounts):
            self._begin(client, request, accounts, 0, self._tell_positions_multi)
            client.send(PositionMultiEnd(request.req_id))

    def _pnl(self, client: Client, request: ReqPnl) -> None:
        if self._is_new(client, request) and self._is_account(client, request.account, request.req_id):
            self._begin(client, request, (request.account,), PNL_NS, self._tell_pnl)

    def _pnl_single(self, client: Client, request: ReqPnlSingle) -> None:
        if self._is_new(client, request) and self._is_account(client, request.account, request.req_id):
            self._begin(client, request, (request.account,), PNL_NS, self._tell_pnl_single)

    # ---- tellings ---------------------------------------------------------------------------------------------------------------------
    def _send(self, each: Subscription, key: Any, message: Answer) -> bool:
        """Send what is not what was sent last under its key; tells whether it was."""
        if each.sent.get(key) == message:
            return False
        each.sent[key] = message
        each.client.send(message)
        return True

    def _tell_updates(self, each: Subscription) -> None:
        account = each.accounts[0]
        values = [
            self._send(each, (value.tag, value.currency), AccountValue(value.tag, value.value, value.currency, account))
            for value in tags.updates(self._broker.worth(account))
        ]
        held = [self._send(each, position.contract, self._portfolio(position)) for position in self._shown(each, account)]
        if any(values) or any(held):
            each.client.send(AccountUpdateTime(f"{hours.local(self._world.now_ns, say.ZONE):%H:%M}"))

    def _tell_updates_multi(self, each: Subscription) -> None:
        request = each.request
        assert isinstance(request, ReqAccountUpdatesMulti)
        for account in each.accounts:
            worth = self._broker.worth(account)
            values: Iterable[tags.Value] = tags.updates(worth)
            if request.ledger_and_nlv:
                values = [*(value for value in tags.summary(worth) if value.tag == "NetLiquidation"), *tags.ledger(worth)]
            for tag, value, currency in values:
                message = AccountUpdateMulti(request.req_id, account, request.model_code, tag, value, currency)
                self._send(each, (account, tag, currency), message)

    def _tell_summary(self, each: Subscription) -> None:
        request = each.request
        assert isinstance(request, ReqAccountSummary)
        for account in each.accounts:
            for tag, value, currency in tags.chosen(self._broker.worth(account), request.tags):
                self._send(each, (account, tag, currency), AccountSummary(request.req_id, account, tag, value, currency))

    def _tell_positions(self, each: Subscription) -> None:
        for account in each.accounts:
            for held in self._shown(each, account):
                it = named(self._world, held.contract)
                message = Position(
                    account=account, contract=it.in_positions, position=units(held.qty, it.contract), average_cost=_cost(held)
                )
                self._send(each, (account, held.contract), message)

    def _tell_positions_multi(self, each: Subscription) -> None:
        request = each.request
        assert isinstance(request, ReqPositionsMulti)
        for account in each.accounts:
            for held in self._shown(each, account):
                it = named(self._world, held.contract)
                message = PositionMulti(
                    req_id=request.req_id,
                    account=account,
                    contract=it.in_positions,
                    position=units(held.qty, it.contract),
                    average_cost=_cost(held),
                    model_code=request.model_code,
                )
                self._send(each, (account, held.contract), message)

    def _tell_pnl(self, each: Subscription) -> None:
        request = each.request
        assert isinstance(request, ReqPnl)
        worth = self._broker.worth(request.account)
        daily, unrealised, realised = (micros / MICROS for micros in (worth.daily_micros, worth.unrealised_micros, worth.realised_micros))
        self._send(each, None, Pnl(request.req_id, daily, unrealised, realised))

    def _tell_pnl_single(self, each: Subscription) -> None:
        request = each.request
        assert isinstance(request, ReqPnlSingle)
        contract = next((c for c in self._world.contracts if self._world.universe.con_id(c) == request.con_id), None)
        if contract is None:
            return
        held = self._broker.position(request.account, contract.id)
        money = (held.daily_micros, held.unrealised_micros, held.realised_micros, held.value_micros)
        self._send(each, None, PnlSingle(request.req_id, units(held.qty, contract), *(micros / MICROS for micros in money)))

    def _shown(self, each: Subscription, account: str) -> list[Held]:
        """Give positions that are open, and those that were shown before and are flat now."""
        return [
            held
            for held in self._broker.positions(account)
            if held.qty or held.contract in each.sent or (account, held.contract) in each.sent
        ]

    def _portfolio(self, held: Held) -> PortfolioValue:
        it = named(self._world, held.contract)
        return PortfolioValue(
            contract=it.in_portfolio,
            position=units(held.qty, it.contract),
            market_price=points(held.mark_px, it.contract),
            market_value=held.value_micros / MICROS,
            average_cost=_cost(held),
            unrealized_pnl=held.unrealised_micros / MICROS,
            realized_pnl=held.realised_micros / MICROS,
            account=held.account,
        )


def _cost(held: Held) -> float:
    return held.avg_cost_micros / MICROS
