"""The broker of a gateway's world, and contracts as messages name them. One of each world; nothing is answered here."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import replace

from workbench.config import Root, Settings
from workbench.domain.contracts import Contract
from workbench.domain.units import MICROS
from workbench.gateway import behaviour as say
from workbench.gateway.base import World
from workbench.gateway.contracts import Listed
from workbench.risk.limits import Terms
from workbench.simulation.broker import Account, Broker
from workbench.wire import ContractFields


def broker_of(world: World) -> Broker:
    """Give the broker that orders and accounts share; it is made at the first call."""
    return world.part(Broker, lambda: _make(world))


def _make(world: World) -> Broker:
    accounts = [Account(each.name, _micros(each.cash), each.currency) for each in world.accounts]
    terms = [terms_of(world.settings, contract) for contract in world.contracts]
    return Broker(world.contracts, terms, accounts, rates=say.RATES)


def terms_of(settings: Settings, contract: Contract) -> Terms:
    """What trading a contract costs and binds, as settings assume it; what is not in settings (currencies) costs nothing."""
    root: Root | None = settings.roots.get(contract.root)
    if root is None:
        return Terms(contract, 0, margin_frac=say.FX_MARGIN)
    return Terms(
        contract,
        fee_micros=_micros(root.commission),
        margin_micros=_micros(root.initial_margin or "0"),
        margin_frac=float(Fraction(root.initial_margin_frac or 0)),
        fee_min_micros=_micros(root.commission_min or "0"),
    )


def _micros(text: str) -> int:
    exact = Fraction(text) * MICROS
    return -(-exact.numerator // exact.denominator)


class Named(NamedTuple):
    """A contract of the tape and what the broker lists of it."""

    contract: Contract
    listed: Listed

    @property
    def in_orders(self) -> ContractFields:
        """As openOrder and completedOrder name it: what is none is ``?`` and 0 [seen]."""
        fields = self.listed.fields
        return replace(fields, strike=fields.strike or 0, right=fields.right or "?")

    @property
    def in_executions(self) -> ContractFields:
        """As executions name it."""
        fields = self.listed.fields
        return replace(fields, strike=fields.strike or 0.0)

    @property
    def in_positions(self) -> ContractFields:
        """As positions name it: shares with their home exchange, futures with none [seen]."""
        fields = self.listed.fields
        return replace(fields, strike=fields.strike or 0.0, exchange=fields.primary_exchange)

    @property
    def in_portfolio(self) -> ContractFields:
        """As the portfolio names it [seen]."""
        fields = self.listed.fields
        home = fields.primary_exchange or fields.exchange
        return replace(fields, strike=fields.strike or 0, right=fields.right or "0", primary_exchange=home)


def named(world: World, contract_id: int) -> Named:
    """Give a contract of the tape with its listing."""
    contract = next(each for each in world.contracts if each.id == contract_id)
    return Named(contract, world.universe.listed_of(contract))
