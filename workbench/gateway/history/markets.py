"""How the generated past of each root looks: its market, level, volatility, volume, spread. Tables and small rules; draws nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from workbench.calendars import business_days
from workbench.config import Root
from workbench.gateway.contracts.listed import Listed
from workbench.market.rolls import MONTH_CODES, ROLL_DAYS, Listing, dated

FACTOR: Final = "FACTOR"  # what all share markets have in common
GLOBEX: Final = "CME Globex Equity"


class Market(NamedTuple):
    """What a root's price follows.

    `own_vol_frac` and the common factor's part `beta` are of a day; `level_pts` is where a market stands that the tape does not know;
    `calendar` is when it moves.
    """

    name: str
    level_pts: float
    beta: float
    own_vol_frac: float
    calendar: str = GLOBEX


class Trade(NamedTuple):
    """How a root is traded: volume of a usual day, spread in ticks, size at the touch, prints a minute in regular hours and outside."""

    volume: float
    spread_ticks: int = 1
    top_size: float = 20.0
    regular_a_min: float = 15.0
    other_a_min: float = 2.0


FACTOR_VOL_FRAC: Final = 0.009  # of a day, as the S&P 500 in a calm year
MARKETS: Final = {
    "ES": Market("ES", 6000.0, 1.0, 0.0005),
    "NQ": Market("NQ", 21_000.0, 1.33, 0.0029),
    "RTY": Market("RTY", 2_300.0, 1.30, 0.0055),
    "YM": Market("YM", 44_000.0, 0.85, 0.002),
    "GC": Market("GC", 4_000.0, 0.0, 0.010, "CMEGlobex_GC"),
    "CL": Market("CL", 65.0, 0.2, 0.018, "CMEGlobex_CL"),
    "EUR.USD": Market("EUR.USD", 1.16, 0.0, 0.0045, "IDEALPRO"),
    "AAPL": Market("AAPL", 230.0, 1.1, 0.010),
    "AMZN": Market("AMZN", 220.0, 1.2, 0.012),
    "TSLA": Market("TSLA", 400.0, 1.8, 0.025),
}
# root -> (market it follows, its points for one of that market's)
FOLLOWERS: Final = {
    "MES": ("ES", 1.0),
    "MNQ": ("NQ", 1.0),
    "M2K": ("RTY", 1.0),
    "MYM": ("YM", 1.0),
    "SPY": ("ES", 0.1),
    "QQQ": ("NQ", 0.0243),
    "IWM": ("RTY", 0.099),
}
TRADES: Final = {
    "ES": Trade(1_500_000),
    "MES": Trade(1_100_000, top_size=35),
    "NQ": Trade(550_000, 2, 4),
    "MNQ": Trade(1_400_000, 2, 6),
    "RTY": Trade(180_000, 1, 8),
    "M2K": Trade(90_000, 1, 9),
    "YM": Trade(110_000, 2, 6),
    "MYM": Trade(90_000, 2, 8),
    "GC": Trade(180_000, 1, 6),
    "CL": Trade(280_000, 1, 15),
    "SPY": Trade(60_000_000, 1, 1200),
    "QQQ": Trade(40_000_000, 1, 600),
    "IWM": Trade(30_000_000, 1, 1500),
    "AAPL": Trade(45_000_000, 1, 400),
    "AMZN": Trade(35_000_000, 1, 300),
    "TSLA": Trade(80_000_000, 2, 200),
    "EUR.USD": Trade(0, 1, 1_000_000, 20, 10),
}
OTHER: Final = Trade(100_000)
CARRY_A_YEAR: Final = 0.036  # how much more a delivery a year later costs, of an index


def market_of(root: str) -> tuple[Market, float]:
    """Give the market a root follows, and its points for one of the market's.

    >>> market_of("SPY")[0].name, market_of("SPY")[1]
    ('ES', 0.1)
    """
    leader, ratio = FOLLOWERS.get(root, (root, 1.0))
    return MARKETS.get(leader) or Market(leader, 100.0, 1.0, 0.012), ratio


def trade_of(root: str) -> Trade:
    """Give how a root is traded."""
    return TRADES.get(root, OTHER)


class Lead(NamedTuple):
    """When a delivery month leads: from, up to (without)."""

    start: date
    end: date

    def share(self, on: date) -> float:
        """Give this month's part of its root's trading on a day: all while it leads, little before and after.

        >>> lead = Lead(date(2026, 9, 11), date(2026, 12, 11))
        >>> lead.share(date(2026, 10, 1)), lead.share(date(2026, 12, 15)), lead.share(date(2026, 9, 7))
        (1.0, 0.06, 0.06)
        """
        if self.start <= on < self.end:
            return 1.0
        if on >= self.end or on >= self.start - timedelta(days=8):
            return 0.06
        return 0.004 / (1 + (self.start - on).days / 90)


@lru_cache(maxsize=1024)
def _lead(listing: Listing, year: int, month: int) -> Lead:
    days = business_days(date(year - 1, 1, 1), date(year + 1, 3, 1))
    earlier = next((at // 12, at % 12 + 1) for at in range(year * 12 + month - 2, 0, -1) if MONTH_CODES[at % 12] in listing.months)
    ends = (dated(listing, *each, days).leave_by for each in (earlier, (year, month)))
    start, end = (each - timedelta(days=ROLL_DAYS) for each in ends)
    return Lead(start, end)


def lead_of(listed: Listed, roots: Mapping[str, Root]) -> Lead | None:
    """Give when a delivery month leads; `None` for what always trades."""
    root = roots.get(listed.root)
    if root is None or listed.sec_type != "FUT" or root.months is None:
        return None
    return _lead(root.listing, int(listed.month[:4]), int(listed.month[4:]))
