"""The books as rows for an accountant: columns with units and currency, times in UTC and exchange time. Values in, text out; no file.

Money is in ``currency``, below 0 paid; ``_base`` is the same in the account's base currency, empty where no rate was told. A cell is empty
where a thing is not known. Same journals, same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from workbench.calendars import log_session
from workbench.calendars.schedule import zone_of
from workbench.domain.contracts import Contract
from workbench.domain.units import SECOND, US
from workbench.research.books.executions import Books, Execution, RunBooks, Trip, exact, micros

CONTRACT: Final = ("symbol", "con_id", "root", "type", "exchange", "expiry", "multiplier")
BASED: Final = ("currency", "rate_to_base", "base_currency", "net_base")
FILLS: Final = (
    *("time_utc", "time_exchange", "session", "account", "mode", "run", "strategy", "bracket", "leg", *CONTRACT),
    *("exec_id", "how", "side", "quantity", "price_pts", "gross", "commission", "net", *BASED),
)
TRIPS: Final = (
    *("opened_utc", "opened_exchange", "closed_utc", "closed_exchange", "session", "account", "mode", "run", "strategy", "bracket"),
    *(*CONTRACT, "side", "quantity", "entry_pts", "exit_pts", "gross", "commission", "net", *BASED, "r", "how"),
)
EQUITY: Final = (
    *("session", "account", "mode", "run", "first_utc", "last_utc", "base_currency", "equity_first", "equity_last", "change"),
    *("n_fills", "n_round_trips", "round_trips_net", "commission", "is_flat", "is_closed"),
)
ZONES: Final = {"CME": "America/Chicago", "NYSE": "America/New_York"}  # as `zone_of` says, which waits a second for its library
Row = tuple[Any, ...]


def fill_rows(books: Books, *, with_foreign: bool = False) -> list[Row]:
    """Give `FILLS`: a row an execution, as corrected, by time."""
    each = sorted([*books.executions, *(books.foreign if with_foreign else [])], key=lambda it: (it.time_ns, it.run, it.exec_id))
    return [_fill(of) for of in each]


def trip_rows(books: Books) -> list[Row]:
    """Give `TRIPS`: a row a round trip, by the time of its end."""
    return [_trip(of) for of in books.trips]


def equity_rows(books: Books) -> list[Row]:
    """Give `EQUITY`: a row a run, with what the venue said the account was worth at its beginning and last."""
    ordered = sorted(books.runs, key=lambda it: (it.manifest.sessions, it.manifest.created_ns, it.manifest.run))
    return [_equity(of, books) for of in ordered]


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    r"""Write rows as CSV, lines ending as on Unix.

    >>> as_csv(("net", "note"), [(Decimal("-2.5"), None), (Decimal("1.2345"), "a,b")])
    'net,note\n-2.50,\n1.2345,"a,b"\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([text(cell) for cell in row] for row in rows)
    return out.getvalue()


def text(cell: Any) -> str:
    """Write one cell: decimals with at least two places and no digit lost, nothing for what is not known."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case Decimal():
            return f"{cell:.2f}" if cell == cell.quantize(Decimal("0.01")) else f"{cell.normalize():f}"
        case _:
            return str(cell)


def _fill(of: Execution) -> Row:
    return (
        *_times(of.time_ns, of.contract),
        _session(of.time_ns),
        *(of.account, of.mode, of.run, of.strategy, of.ref or None, of.leg),
        *_contract(of.contract),
        *(of.exec_id, of.how, "BUY" if of.side > 0 else "SELL", _plain(of.quantity), _plain(of.price)),
        *(of.gross, of.commission, of.net),
        *_based(of.contract.currency, of.rate, of.base, of.net),
    )


def _trip(of: Trip) -> Row:
    fact, net, commission = of.fact, micros(of.fact.pnl_micros), micros(-of.fact.fees_micros)
    quantity = exact(fact.qty * Fraction(of.contract.size_quantum))
    return (
        *_times(fact.opened_ns, of.contract),
        *_times(fact.closed_ns, of.contract),
        _session(fact.closed_ns),
        *(fact.key.account, of.mode, of.run, fact.key.strategy, fact.ref),
        *_contract(of.contract),
        *("LONG" if fact.side > 0 else "SHORT", _plain(quantity), fact.entry_pts, fact.exit_pts),
        *(net - commission, commission, net),
        *_based(of.contract.currency, of.rate, of.base, net),
        *(round(fact.r, 6), fact.how),
    )


def _equity(of: RunBooks, books: Books) -> Row:
    run = of.manifest
    fills = [each for each in books.executions if each.run == run.run]
    trips = [each.fact for each in books.trips if each.run == run.run]
    first, last = (of.equity[0], of.equity[-1]) if of.equity else (None, None)
    return (
        *(run.sessions[-1], run.account, run.mode, run.run),
        *(None if told is None else _utc(told.now_ns) for told in (first, last)),
        of.base,
        *(None if told is None else micros(told.equity_micros) for told in (first, last)),
        None if first is None or last is None else micros(last.equity_micros - first.equity_micros),
        *(len(fills), len(trips), micros(sum(trip.pnl_micros for trip in trips)), micros(-sum(each.fee_micros or 0 for each in fills))),
        *(run.ended_flat, run.is_closed),
    )


def _contract(of: Contract) -> Row:
    return of.symbol, of.venue_ids.get("ib"), of.root, of.type.value, of.exchange, of.expiry, of.multiplier


def _based(currency: str, rate: str | None, base: str | None, net: Decimal | None) -> Row:
    return currency, rate, base, None if rate is None or net is None else net * Decimal(rate)


def _times(ns: int, of: Contract) -> tuple[str, str]:
    return _utc(ns), _written(ns, _zone(of.calendar))


def _utc(ns: int) -> str:
    return _written(ns, UTC).replace("+00:00", "Z")


def _written(ns: int, zone: tzinfo) -> str:
    """Write a moment to the microsecond, with the offset of its zone."""
    whole = datetime.fromtimestamp(ns // SECOND, zone).replace(microsecond=ns % SECOND // US)
    return whole.isoformat(timespec="microseconds")


def _session(ns: int) -> int:
    return int(log_session(np.array([ns]))[0])


@cache
def _zone(calendar: str) -> ZoneInfo:
    known = next((zone for begin, zone in ZONES.items() if calendar.startswith(begin)), None)
    return ZoneInfo(known or zone_of(calendar))


def _plain(number: Decimal) -> str:
    """Write a number of things or a price as it is, without padding."""
    return f"{number.normalize():f}"
