"""What an account may see, and how often: the part of the world that differs from user to user. Values; no market, no client.

A gateway's settings are one `StreamSettings`, kept by its world: ``world.part(StreamSettings, ...)`` before the services are made.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.units import MS
from workbench.market.coarse import FASTER_MS


class Access(StrEnum):
    """What the account has of the quotes of a contract."""

    LIVE = "live"
    DELAYED = "delayed"  # not subscribed; the exchange gives it away later
    NONE = "none"  # not subscribed, and nothing is given away
    TWS_ONLY = "tws_only"  # subscribed for a person's screen, not for programs (10089)


class DepthMoves(StrEnum):
    """How a row that comes or goes is told. TWS does both: `ROWS` on plain books, `SHIFT` on SMART ones (see `behaviour`)."""

    ROWS = "rows"  # every row that changed is updated in place; rows are inserted and deleted at the end only
    SHIFT = "shift"  # as documented: an inserted row pushes those behind it down, a deleted one pulls them up


class Entitlement(msgspec.Struct, frozen=True, kw_only=True):
    """What the account may see of one contract."""

    quotes: Access = Access.LIVE
    depth: bool = True
    tick_by_tick: bool = True


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the streams of one gateway behave.

    Parameters
    ----------
    batch_ms
        Quotes and prints of L1 lines are told this often (TWS: 250 for stocks and futures, 100 options, 5 currencies; these are the
        most that is waited for their kind); 0 tells every record.
    delay_s
        How late delayed data is.
    delayed_ms
        How often delayed lines are told.
    depth_moves
        How rows of plain books that come or go are told; SMART books shift always.
    entitlements
        By symbol (``ESZ6``) or root (``ES``); ``""`` stands for everything not named. The symbol goes first.

    Examples
    --------
    >>> settings = StreamSettings(entitlements={"NQ": Entitlement(quotes=Access.DELAYED, depth=False)})
    >>> from workbench.domain.contracts import ContractType
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> settings.entitlement(es).quotes, settings.batch_ns(es)
    (<Access.LIVE: 'live'>, 250000000)
    """

    batch_ms: int = 250
    delay_s: int = 900
    delayed_ms: int = 1000
    depth_moves: DepthMoves = DepthMoves.ROWS
    entitlements: dict[str, Entitlement] = {}

    def __post_init__(self) -> None:
        if not 0 <= self.batch_ms <= 10_000 or self.delay_s < 0 or self.delayed_ms <= 0:
            raise ConfigError(
                f"gateway streams: batch_ms 0 to 10000, delay_s not negative, delayed_ms positive; not {self.batch_ms}, "
                f"{self.delay_s}, {self.delayed_ms}"
            )

    def entitlement(self, contract: Contract) -> Entitlement:
        """Say what the account may see of `contract`."""
        for name in (contract.symbol, contract.root, ""):
            if name in self.entitlements:
                return self.entitlements[name]
        return _EVERYTHING

    def batch_ns(self, contract: Contract) -> int:
        """Say how long changes of this contract may be gathered; 0: not at all."""
        return min(self.batch_ms, FASTER_MS.get(contract.type, self.batch_ms)) * MS


_EVERYTHING = Entitlement()
