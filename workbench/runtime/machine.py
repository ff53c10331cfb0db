"""The closed loop's other half, put together: exchange, accounts and the events a run opens with. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.domain.contracts import Contract
from workbench.domain.events import AnyEvent, ContractDefined, RunStarted
from workbench.domain.records import Records
from workbench.engine import Setup
from workbench.risk.constitution import micros
from workbench.simulation.account import Accounts
from workbench.simulation.matching.exchange import Exchange
from workbench.simulation.matching.models import FillModel
from workbench.venues.base import Happened
from workbench.venues.simulated import SimulatedVenue


def opening(mode: str, run: str, digests: Mapping[str, str], contracts: Sequence[Contract], at_ns: int) -> list[Happened]:
    """Make what every log begins with: who runs, and which contracts there are."""
    events: list[AnyEvent] = [RunStarted(mode, run, dict(digests)), *(ContractDefined(contract) for contract in contracts)]
    return [Happened(at_ns, event) for event in events]


def simulated(
    setup: Setup,
    records: Records,
    fills: FillModel,
    *,
    mode: str = "simulate",
    run: str = "",
    digests: Mapping[str, str] | None = None,
    chunk: Callable[[], int] | None = None,
    venue: type[SimulatedVenue] = SimulatedVenue,
) -> SimulatedVenue:
    """Make a venue that plays records and fills orders, with the account the setup's law begins with."""
    contracts = [terms.contract for terms in setup.terms]
    exchange = Exchange(contracts, fills)
    accounts = Accounts(setup.terms, cash_micros=micros(setup.law.risk.start_equity_usd))
    said = opening(mode, run, digests or {"constitution": setup.law.digest}, contracts, int(records["recv_ns"][0]))
    return venue(records, exchange, accounts, chunk=chunk, opening=said)
