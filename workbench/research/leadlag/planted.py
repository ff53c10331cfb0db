"""Two generated markets of which it is known who leads, and by how much: to try an analysis on before it is believed. Draws only."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

import polars as pl

from workbench import calendars
from workbench.config import load_roots, load_settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.records import Phase
from workbench.domain.units import HOUR, SECOND
from workbench.market.rolls import front
from workbench.research.frames.sheet import times
from workbench.simulation.market import MarketSettings, generate
from workbench.simulation.market.facts import Quotes, quotes_of

LAST: Final = date(2026, 11, 19)  # the sample's


def planted(
    first: str = "ES",
    second: str = "SPY",
    *,
    lead_s: float = 0.0,
    days: int = 10,
    hours: float = 2.0,
    seed: int = 7,
    market: MarketSettings | None = None,
) -> dict[str, pl.DataFrame]:
    """Generate the quotes of a future and of the ETF that follows it `lead_s` later, from the regular opening on.

    Parameters
    ----------
    first, second
        Roots of the generated market, the second a follower of the first: ES and SPY, NQ and QQQ, RTY and IWM.
    lead_s
        By how much the first leads, seconds, 0 or more; on the market's grid of 0.05 s.
    days, hours
        How many sessions, up to 2026-11-19, and how much of each.
    seed
        The same seed, the same quotes.
    market
        Everything else about the market; `None`: three tenths of a usual day's activity.

    Returns
    -------
    dict
        Frames by root, ``time symbol bid_pts ask_pts``, as `what_leads` takes them.

    Examples
    --------
    >>> made = planted(lead_s=1.2, days=1, hours=0.01)
    >>> made["SPY"].columns
    ['time', 'symbol', 'bid_pts', 'ask_pts']
    """
    shape = (market or MarketSettings(activity=0.3, rows=0)).with_root(second, lead_ns=round(lead_s * SECOND))
    if shape.roots[second].leader != first:
        raise ConfigError(f"in the generated market {second} follows {shape.roots[second].leader}, not {first}")
    contracts = [_contract(root, key) for key, root in enumerate((first, second), 1)]
    made: dict[str, list[pl.DataFrame]] = {first: [], second: []}
    for session, start in _openings(days):
        spans = {contract.id: [(start, start + int(hours * HOUR), Phase.RTH)] for contract in contracts}
        records = generate(session, contracts, spans, seed=seed, settings=shape)
        for contract in contracts:
            made[contract.root].append(_frame(quotes_of(records, contract), contract))
    return {root: pl.concat(frames) for root, frames in made.items()}


def _frame(quotes: Quotes, contract: Contract) -> pl.DataFrame:
    t_ns, bid, ask = quotes
    tick = contract.to_pts(contract.tick)
    columns = {"time": times(t_ns, "UTC"), "symbol": pl.Series([contract.symbol]).new_from_index(0, len(t_ns))}
    return pl.DataFrame(columns | {"bid_pts": bid * tick, "ask_pts": ask * tick})


@cache
def _contract(root: str, key: int) -> Contract:
    of = load_roots(load_settings(environment={}))[root]
    if of.months is None:
        return of.contract(key)
    return of.contract(key, front(of.listing, LAST, calendars.business_days(LAST - timedelta(days=70), LAST + timedelta(days=400))).expiry)


def _openings(days: int) -> list[tuple[int, int]]:
    """Give the last so many sessions and when their regular hours begin."""
    spans = calendars.phases("NYSE", LAST - timedelta(days=2 * days + 14), LAST)
    return [(span.session, span.start_ns) for span in spans if span.phase is Phase.RTH][-days:]
