"""How pessimistic the simulated exchange is: latency, queue, slippage, fees, each a part to be swapped. Settings; nothing is matched here.

The default of every part is the cautious one: a strategy that earns under `CAUTIOUS` should not be undone by a friendlier market.
The division into swappable models follows hftbacktest (`models/latency.rs`, `models/queue.rs`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import ConfigError
from workbench.domain.units import MS


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts: whole numbers, none below zero."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, int) and value < 0:
                raise ConfigError(f"{type(self).__name__}.{name} is {value}; it counts something and cannot be negative")


class Queue(StrEnum):
    """Where a resting limit stands at its price.

    Under both it fills, at its own price and never better, when a quote shows the far side there or a print goes through it.
    """

    THROUGH = "through"  # nothing else fills it: it is last in the queue for ever
    BEHIND = "behind"  # joins behind the size shown at its price; prints there eat that queue first, then it


class Latency(Part, frozen=True, kw_only=True):
    """Constant delays, measured on the time of records (``recv_ns``).

    A record reaches us later than it happened, so `order_ns` is the way of the command *and* of the first record that can have
    met it. 30 ms each way is a retail line to Chicago through a broker's gateway, with room to spare.
    """

    order_ns: int = 30 * MS
    report_ns: int = 30 * MS


class Slippage(Part, frozen=True, kw_only=True):
    """Extra order ticks against us.

    A market order already pays the spread of a quote that came after it arrived, for no more than the size shown; a stop goes off
    in the fast market that touched it, so it pays one more. Bars show no spread at all: what fills out of them at market pays
    `bar_ticks` on top.
    """

    market_ticks: int = 0
    stop_ticks: int = 1
    bar_ticks: int = 1


class PerContract(Part, frozen=True, kw_only=True, tag="per contract"):
    """A fixed commission, exchange and regulatory fees included, for each contract and side."""

    micros: int

    def total(self, qty: int) -> int:
        """Fee of an order of which `qty` has filled.

        >>> PerContract(micros=620_000).total(3)
        1860000
        """
        return self.micros * qty


class PerShare(Part, frozen=True, kw_only=True, tag="per share"):
    """A commission for each share, with a minimum for each order (partial fills of one order share it)."""

    micros: int
    minimum_micros: int

    def total(self, qty: int) -> int:
        """Fee of an order of which `qty` has filled.

        >>> fee = PerShare(micros=5_000, minimum_micros=1_000_000)
        >>> fee.total(0), fee.total(100), fee.total(1_000)
        (0, 1000000, 5000000)
        """
        return max(self.minimum_micros, self.micros * qty) if qty else 0


Fee = PerContract | PerShare

# What a broker's public price list asks at most for small customers, rounded up; a root that matters gets its own number in settings.
USUAL_FEES: Final[dict[ContractType, Fee]] = {
    ContractType.FUTURE: PerContract(micros=2_500_000),  # ES all in is 2.25 USD at IBKR, micros are about 0.62
    ContractType.OPTION: PerContract(micros=1_000_000),
    ContractType.STOCK: PerShare(micros=5_000, minimum_micros=1_000_000),  # IBKR Pro, fixed
}


class Limits(Part, frozen=True, kw_only=True):
    """Sizes of the exchange's tables, which are copied for every run-ahead. More than they hold is a broken invariant.

    Of `reports` only what is under way is copied, so the ring may be as long as no market can fill: one record makes at most three
    for a bracket (a fill of its entry, and stop and target that grow with it; a few more once, when it ends), and the busiest 30 ms
    of four days of SPY (2013-10-10) have 542 prints. All 24 brackets filled by each of them, a share at a time, make 39,024. Who
    sets a longer ``report_ns`` sets more.
    """

    brackets: int = 24  # in flight at once: a bracket a contract, and those that are ending
    reports: int = 65_536  # under way to us at once: 72 bytes each, written to only as they are used
    commands: int = 48  # under way to the exchange at once


class FillModel(Part, frozen=True, kw_only=True):
    """Everything that decides how kindly orders fill.

    ``fees`` names roots; a root that is not in it pays what `USUAL_FEES` says for its type.

    Examples
    --------
    >>> CAUTIOUS.queue.value, CAUTIOUS.latency.order_ns, CAUTIOUS.slippage.stop_ticks
    ('through', 30000000, 1)
    >>> micro = FillModel(fees={"MES": PerContract(micros=620_000)})
    """

    name: str = "cautious"
    latency: Latency = Latency()
    queue: Queue = Queue.THROUGH
    slippage: Slippage = Slippage()
    fees: dict[str, Fee] = {}
    limits: Limits = Limits()

    def fee_of(self, contract: Contract) -> Fee:
        """Fee of a contract: its root's, else the usual one of its type; `ConfigError` when there is neither."""
        fee = self.fees.get(contract.root) or USUAL_FEES.get(contract.type)
        if fee is None:
            raise ConfigError(f"fees: none for root {contract.root} and no usual one for a contract of type {contract.type}; name it")
        return fee


CAUTIOUS: Final = FillModel()
QUEUED: Final = FillModel(name="queued", queue=Queue.BEHIND)  # for resting entries, where `through` never sees a lucky fill
PLAIN: Final = FillModel(  # the law alone: to teach, and to test each sentence by itself
    name="plain", latency=Latency(order_ns=0, report_ns=0), slippage=Slippage(market_ticks=0, stop_ticks=0, bar_ticks=0)
)
