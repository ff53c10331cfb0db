"""Answers what exists: details, option chains, price steps, names, exchanges with depth. Knows no price and no order."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import ClassVar

from workbench.domain.records import Records
from workbench.domain.units import SECOND
from workbench.gateway import behaviour as say
from workbench.gateway.base import Client, World
from workbench.gateway.contracts.details import details
from workbench.gateway.contracts.hours import NEW_YORK
from workbench.gateway.contracts.listed import Listed, Missing
from workbench.gateway.contracts.universe import refusal
from workbench.gateway.contracts.worth import DAYS, at_price, worth
from workbench.wire import (
    CalcImpliedVolatility,
    CalcOptionPrice,
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
    TickOptionComputation,
)

DAY_S = 86_400
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
        CalcImpliedVolatility,
        CalcOptionPrice,
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
            case CalcImpliedVolatility() | CalcOptionPrice():
                self._worth(client, request)

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

    def _worth(self, client: Client, request: CalcImpliedVolatility | CalcOptionPrice) -> None:
        listed = self._world.universe.one(request.contract)
        if isinstance(listed, Missing):
            client.error(request.req_id, listed.code, listed.text)
            return
        if listed.expiry is None or not listed.strike:
            client.error(request.req_id, 321, say.text_of(321, what=say.WORTH_LETTERS, why=say.NO_OPTION_TYPE + listed.sec_type))
            return
        ends = datetime.combine(listed.expiry, time(16), NEW_YORK).timestamp()
        years = (ends - self._world.now_ns / SECOND) / DAY_S / DAYS
        option = listed.right == "C", float(listed.strike), float(request.under_price), years
        is_price = isinstance(request, CalcOptionPrice)
        asked = float(request.volatility if isinstance(request, CalcOptionPrice) else request.option_price)
        found = worth(*option, asked) if is_price else at_price(*option, asked)
        message = TickOptionComputation(
            request.req_id,
            say.OWN_CALCULATION,
            0,
            implied_volatility=found.volatility if found else asked if is_price else say.NO_WORTH,
            delta=found.delta if found else say.NO_GREEK,
            price=found.price if found else say.NO_WORTH if is_price else asked,
            pv_dividend=0,
            gamma=found.gamma if found else say.NO_GREEK,
            vega=found.vega if found else say.NO_GREEK,
            theta=found.theta if found else say.NO_GREEK,
            underlying_price=request.under_price,
        )
        client.send(message)


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
