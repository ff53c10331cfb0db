"""Answers what exists: details, option chains, price steps, names, exchanges with depth. Knows no price and no order."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from workbench.domain.records import Records
from workbench.gateway import behaviour as say
from workbench.gateway.base import Client, World
from workbench.gateway.contracts.details import details
from workbench.gateway.contracts.listed import Listed
from workbench.gateway.contracts.universe import refusal
from workbench.wire import (
    ContractDataEnd,
    ContractFields,
    DepthExchange,
    DepthExchanges,
    MarketRule,
    OptionParams,
    OptionParamsEnd,
    PriceIncrement,
    ReqContractDetails,
    ReqMarketRule,
    ReqMatchingSymbols,
    ReqMktDepthExchanges,
    ReqOptionParams,
    ReqSmartComponents,
    Request,
    SmartComponent,
    SmartComponents,
    SymbolSample,
    SymbolSamples,
)

DEPTH_MAKERS = (("ARCA", "STK"), ("ISLAND", "STK"), ("BATS", "STK"), ("CME", "FUT"), ("CBOT", "FUT"), ("NYMEX", "FUT"), ("COMEX", "FUT"))


class ReferenceService:
    """Everything about contracts that a client may ask."""

    requests: ClassVar[tuple[type[Request], ...]] = (
        ReqContractDetails,
        ReqOptionParams,
        ReqMarketRule,
        ReqMatchingSymbols,
        ReqMktDepthExchanges,
        ReqSmartComponents,
    )

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, client: Client, request: Request) -> None:
        match request:
            case ReqContractDetails():
                self._details(client, request)
            case ReqOptionParams():
                self._option_params(client, request)
            case ReqMarketRule():
                self._rule(client, request)
            case ReqMatchingSymbols():
                found = self._world.universe.matching(request.pattern)[: say.MATCHING_SYMBOLS]
                client.send(SymbolSamples(request.req_id, tuple(map(_sample, found))))
            case ReqMktDepthExchanges():
                client.send(DepthExchanges(tuple(DepthExchange(*each, service="Deep") for each in DEPTH_MAKERS)))
            case ReqSmartComponents():
                parts = (SmartComponent(n, name, letter) for n, (name, letter) in enumerate(say.SMART_LETTERS))
                client.send(SmartComponents(request.req_id, tuple(parts)))

    def records(self, records: Records, start: int, stop: int) -> None:
        """Nothing here depends on prices."""

    def advance(self, now_ns: int) -> None:
        """Nothing here waits."""

    def next_due_ns(self) -> int | None:
        return None

    def left(self, client: Client) -> None:
        """Nothing is kept for a client."""

    def _details(self, client: Client, request: ReqContractDetails) -> None:
        if (refused := refusal(request.contract)) is not None:
            client.error(request.req_id, refused.code, refused.text)
            return
        found = self._world.universe.find(request.contract)
        if not found:
            client.error(request.req_id, 200, say.text_of(200))
            return
        for listed in found:
            client.send(details(request.req_id, listed, self._world.now_ns, client.version))
        client.send(ContractDataEnd(request.req_id))

    def _option_params(self, client: Client, request: ReqOptionParams) -> None:
        options = self._world.universe.options()
        on = self._world.universe.today
        if request.under_sec_type not in ("STK", "FUT", "IND"):
            client.error(request.req_id, 321, say.text_of(321, what=say.OPTION_LETTERS, why=say.NO_OPTION_TYPE + request.under_sec_type))
            return
        for chain in options.of(request.under_symbol, request.fut_fop_exchange, request.under_sec_type, request.under_con_id):
            expirations = tuple(f"{day:%Y%m%d}" for day in options.expirations(chain, on))
            under = request.under_con_id or chain.under_con_id
            message = OptionParams(
                request.req_id, chain.exchange, under, chain.trading_class, chain.multiplier, expirations, tuple(options.strikes(chain))
            )
            client.send(message)
        client.send(OptionParamsEnd(request.req_id))

    def _rule(self, client: Client, request: ReqMarketRule) -> None:
        steps = self._world.universe.rule(request.rule_id)
        if steps is None:
            client.error(-1, *say.NO_MARKET_RULE)
            return
        client.send(MarketRule(request.rule_id, tuple(PriceIncrement(Decimal(edge), Decimal(step)) for edge, step in steps)))


def _sample(listed: Listed) -> SymbolSample:
    named = ContractFields(
        con_id=listed.con_id,
        symbol=listed.symbol,
        sec_type=listed.sec_type,
        primary_exchange=listed.primary or listed.exchange,
        currency=listed.currency,
    )
    return SymbolSample(named, listed.derivatives, listed.long_name)


def services(world: World) -> list[ReferenceService]:
    """Give what answers about contracts."""
    return [ReferenceService(world)]
