"""Contracts and spans of a session for the tests of the generated market: the six roots, a plain day in New York. No calendar is asked."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import Phase
from workbench.domain.units import SECOND

NEW_YORK = ZoneInfo("America/New_York")
FUTURES = {"ES": ("50", "0.25"), "NQ": ("20", "0.25"), "RTY": ("50", "0.1")}


def future(id_: int, root: str) -> Contract:
    multiplier, tick = FUTURES[root]
    return Contract(
        id=id_, root=root, symbol=f"{root}Z6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
        multiplier=multiplier, price_quantum=tick, order_increment=tick,
    )  # fmt: skip


def etf(id_: int, root: str) -> Contract:
    return Contract(
        id=id_, root=root, symbol=root, type=ContractType.STOCK, exchange="SMART", currency="USD", calendar="NYSE", multiplier="1",
        price_quantum="0.0001", order_increment="0.01",
    )  # fmt: skip


CONTRACTS = [future(1, "ES"), future(2, "NQ"), future(3, "RTY"), etf(4, "SPY"), etf(5, "QQQ"), etf(6, "IWM")]
ES, NQ, RTY, SPY, QQQ, IWM = CONTRACTS


def at(session: int, clock: str, days: int = 0) -> int:
    """Nanoseconds of a New York time on a session's date."""
    day = date(session // 10000, session // 100 % 100, session % 100) + timedelta(days)
    return int(datetime.combine(day, time.fromisoformat(clock), NEW_YORK).timestamp()) * SECOND


def spans_of(session: int, contracts: list[Contract] = CONTRACTS) -> dict[int, list[tuple[int, int, Phase]]]:
    """Futures from 18:00 of the day before to 17:00, ETFs from 04:00 on, regular hours 09:30 to 16:00; then an hour of maintenance."""
    opening, close = at(session, "09:30"), at(session, "16:00")
    spans = {}
    for contract in contracts:
        start = at(session, "18:00", -1) if contract.type is ContractType.FUTURE else at(session, "04:00")
        spans[contract.id] = [
            (start, opening, Phase.ETH),
            (opening, close, Phase.RTH),
            (close, at(session, "17:00"), Phase.ETH),
            (at(session, "17:00"), at(session, "18:00"), Phase.MAINTENANCE),
        ]
    return spans
