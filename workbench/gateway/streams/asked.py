"""What is asked for: a request is looked at, found a contract, held against entitlement and budget. It opens nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from workbench.domain.contracts import Contract, ContractType
from workbench.gateway import behaviour
from workbench.gateway.base import World
from workbench.gateway.contracts import Listed, Missing
from workbench.gateway.streams.bars import TRADES
from workbench.gateway.streams.budget import Refusal
from workbench.gateway.streams.by_tick import ALL_LAST, LAST, TYPES
from workbench.gateway.streams.depth import Form
from workbench.gateway.streams.level1 import DELAYED, DELAYED_FROZEN, FROZEN, LIVE
from workbench.gateway.streams.settings import Access, StreamSettings
from workbench.wire import ContractFields

UNSEEN: Final = 1 << 20  # ids of contracts that are listed and not on the tape begin here; records never name them
_TYPES: Final = {"STK": ContractType.STOCK, "OPT": ContractType.OPTION, "FOP": ContractType.OPTION, "CASH": ContractType.FX}


class Asked:
    """One contract that a client means, and what the account may see of it."""

    def __init__(self, world: World, settings: StreamSettings, listed: Listed) -> None:
        self.listed = listed
        traded = world.universe.traded(listed)
        self.contract: Contract = traded if traded is not None else unseen(listed)
        self.entitlement = settings.entitlement(self.contract)
        self.farm = behaviour.FARM_OF.get(listed.sec_type, "usfarm")

    def _why(self) -> str:
        """Say that delayed data is there, if it is."""
        if self.entitlement.quotes is Access.NONE:
            return ""
        return behaviour.DELAYED_THERE.format(symbol=self.listed.symbol, exchange=self.listed.exchange)

    def quotes(self, data_type: int) -> tuple[int, Refusal | None]:
        """Say what kind of data a line brings when `data_type` is taken, and what is said of it.

        The kind is 0 where the line is refused. 10167 is said and the line opened all the same.
        """
        access = self.entitlement.quotes
        takes_delayed = data_type in (DELAYED, DELAYED_FROZEN)
        if access is Access.LIVE:
            return FROZEN if data_type in (FROZEN, DELAYED_FROZEN) else LIVE, None
        if access is Access.NONE:
            return 0, (10186, behaviour.text_of(10186)) if takes_delayed else (354, behaviour.text_of(354))
        if takes_delayed:
            return data_type, (10167, behaviour.text_of(10167))
        if access is Access.TWS_ONLY:
            return 0, (10089, behaviour.text_of(10089) + self._why())
        return 0, (354, behaviour.text_of(354, why=self._why()))

    def bars(self) -> Refusal | None:
        """Refuse real-time bars of what is not live."""
        return None if self.entitlement.quotes is Access.LIVE else (10089, behaviour.text_of(10089) + self._why())

    def ticks(self, kind: str) -> Refusal | None:
        """Refuse tick-by-tick data that there is not, or not for this account."""
        if kind not in TYPES:
            return behaviour.UNKNOWN_TICK_KIND
        is_currency = self.contract.type is ContractType.FX and kind in (LAST, ALL_LAST)
        if is_currency or self.contract.type is ContractType.OPTION:
            code, text = behaviour.NO_TICKS_OF_KIND
            return code, text.format(kind=kind, symbol=self.listed.symbol)
        if not self.entitlement.tick_by_tick or self.entitlement.quotes is not Access.LIVE:
            code, text = behaviour.NO_TICK_PERMISSION
            return code, text.format(exchange=self.listed.exchange, sec_type=self.listed.sec_type)
        return None

    def depth(self, is_smart: bool) -> Form | Refusal:
        """Say in which form depth comes, or why it does not."""
        exchange = self.listed.exchange
        if exchange == behaviour.SMART and not is_smart:
            return behaviour.NO_DEPTH_HERE
        if not self.entitlement.depth or self.entitlement.quotes is not Access.LIVE:
            return 354, behaviour.text_of(354)
        if exchange == behaviour.SMART:
            return Form.SMART
        return Form.MAKER if exchange in behaviour.MAKER_EXCHANGES else Form.PLAIN

    def shows(self, what: str) -> bool:
        """Tell whether there can be bars of this kind."""
        return what != TRADES or self.contract.type is not ContractType.FX


def find(world: World, settings: StreamSettings, fields: ContractFields) -> Asked | Refusal:
    """Find the contract that a request means."""
    found = world.universe.one(fields)
    if isinstance(found, Missing):
        return found.code, found.text
    if found.sec_type == "CONTFUT":  # [IB] of continuous futures there is history alone
        return 200, behaviour.text_of(200)
    return Asked(world, settings, found)


def unseen(listed: Listed) -> Contract:
    """Make a contract of what is listed and has no records."""
    step = listed.min_tick if Decimal(listed.min_tick or 0) > 0 else "0.01"
    return Contract(
        id=UNSEEN + listed.con_id,
        root=listed.root or listed.symbol,
        symbol=listed.local_symbol or listed.symbol,
        type=_TYPES.get(listed.sec_type, ContractType.FUTURE),
        exchange=listed.exchange,
        currency=listed.currency,
        calendar=listed.calendar,
        multiplier=listed.multiplier or "1",
        price_quantum=step,
        order_increment=step,
    )
