"""What a recorder would subscribe, what the account's budget takes from it, and how much that is a day. Asks nobody, writes nothing.

The list of wishes is settled by the very code that a run uses (`venues.ib.subscriptions`), so that both degrade the same.

Where the rates come from
-------------------------
Nobody knows them beforehand; these are measured on real tapes, and each is named in the plan.

- Prints an hour of regular trading: 21,402 of a future (ESM8 on 2018-05-07, 74,907 in three and a half hours), 65,994 of a fund (SPY on
  2013-10-09, 428,958 in six and a half). Every future is taken to be as busy as ES, every fund as SPY: more than they are.
- Other hours bring a tenth of that: an assumption.
- Records beside a print: 8.6 quotes and 14.5 rows of ten-row depth tick by tick, 1.3 quotes and 0.4 prints on a 250 ms line (ESH4 on
  2023-12-25, its order book rebuilt). A 250 ms line brings four records a second at most, of each.
- Bytes a record on the disk: 8.0 a quote, 10.3 a print, 8.4 a row of depth (the same day, in the recordings' table).
- IB's own bars of 5 s come while a contract trades, whether anything happens or not: 720 an hour, of 21.7 bytes (a generated
  session of nine busy contracts, in their table).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Final, NamedTuple

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.units import HOUR, SECOND
from workbench.venues.ib.budget import POOL, Budget
from workbench.venues.ib.deeds import Deed, Start, Tell, Want
from workbench.venues.ib.market import wants
from workbench.venues.ib.streams import Source
from workbench.venues.ib.subscriptions import NAMES as STREAMS
from workbench.venues.ib.subscriptions import Subscriptions

PRINTS_AN_HOUR: Final = {ContractType.FUTURE: 21_402.0, ContractType.STOCK: 65_994.0}
OTHER_HOURS: Final = 0.1
BESIDE_A_PRINT: Final = {"quotes": 8.6, "depth": 14.5, "l1 quotes": 1.3, "l1 prints": 0.4}
BYTES: Final = {"quotes": 8.0, "prints": 10.3, "depth": 8.4, "told bars": 21.7}
TOLD_AN_HOUR: Final = 720
MOST_ON_A_LINE: Final = 4 * 3_600.0  # records an hour, of quotes and of prints
SETTLES_S: Final = 60  # until every stream that may be asked for has been, a question in 15 s for each contract
SOURCES: Final = (
    "prints an hour: ESM8 2018-05-07 for futures, SPY 2013-10-09 for funds; other hours a tenth (assumed)",
    "records a print and bytes a record: ESH4 2023-12-25, order book rebuilt, as the recordings keep it",
)
NAMES: Final = {
    Source.LEVEL1: "L1 250 ms",
    Source.LAST: "prints",
    Source.BID_ASK: "quotes",
    Source.DEPTH: "depth, 10 rows",
    Source.BARS: "5 s bars",
}
NO_ROOM: Final = "no room in the account's budget"
INSTEAD: Final = {
    Source.LAST: "its line brings them, 250 ms together",
    Source.BID_ASK: "its line brings them, 250 ms together",
    Source.DEPTH: "not recorded",
    Source.LEVEL1: "not recorded",
    Source.BARS: "nobody counts its prints again",
}
WITH_THE_LINE: Final = {ContractType.FUTURE: "open interest", ContractType.STOCK: "implied volatility"}


class Planned(NamedTuple):
    """One stream of one contract. ``why``: what it is degraded for, empty where it is asked for."""

    symbol: str
    stream: str
    is_asked: bool
    why: str
    records_a_day: float
    bytes_a_day: float


class RecordPlan(NamedTuple):
    """All streams; requests of the first minute; what of each pool is used, and how much there is."""

    rows: tuple[Planned, ...]
    n_requests: int
    used: Mapping[str, tuple[int, int]]

    @property
    def records_a_day(self) -> float:
        """Records of all streams; the whole seconds beside them cost a byte each."""
        return sum(row.records_a_day for row in self.rows)

    @property
    def gb_a_day(self) -> float:
        """Bytes on the disk, in GB."""
        return sum(row.bytes_a_day for row in self.rows) / 1e9


class OpenHours(NamedTuple):
    """How long a contract trades in a session, in hours: regular ones, and others."""

    regular: float
    other: float


def planned(contracts: Sequence[Contract], budget: Budget, open_: Mapping[int, OpenHours], *, bars: bool = True) -> RecordPlan:
    """Plan the streams of contracts, the most wanted first.

    Parameters
    ----------
    open_
        How long each trades, by contract id.
    bars
        Whether IB's own bars of 5 s are asked for.

    Examples
    --------
    >>> from workbench.config import load_roots
    >>> es = load_roots()["ES"].contract(1, "2026-12-18")
    >>> plan = planned([es], Budget(depth=0), {1: OpenHours(6.5, 16.5)})
    >>> [(row.stream, row.is_asked) for row in plan.rows], plan.n_requests, plan.used["by_tick"]
    ([('L1 250 ms, open interest', True), ('prints', True), ('quotes', True), ('depth, 10 rows', False), ('5 s bars', True)], 4, (2, 3))
    """
    subscriptions = Subscriptions(budget, count(1).__next__)
    listed = wants(contracts, bars=bars)
    why, n_requests = _settled(subscriptions, listed)
    asked = {want for want, stream in subscriptions.streams.items() if stream.req_id >= 0}
    by_id = {each.id: each for each in contracts}
    rows = tuple(_row(by_id[want.contract], want, asked, why.get(want, ""), open_[want.contract]) for want in subscriptions.streams)
    used = {POOL[source]: (subscriptions.use.held(source), budget.of(source)) for source in (Source.LEVEL1, Source.LAST, Source.DEPTH)}
    return RecordPlan(rows, n_requests, used)


def _settled(subscriptions: Subscriptions, listed: Sequence[Want]) -> tuple[dict[Want, str], int]:
    """Let the streams settle as after a connection where everything that is asked for comes; say why others do not, and count requests."""
    why, n_requests = dict[Want, str](), 0

    def heard(deeds: Iterable[Deed]) -> None:
        nonlocal n_requests
        for deed in deeds:
            n_requests += isinstance(deed, Start)
            if isinstance(deed, Tell) and deed.event.state in {"refused", "degraded"}:
                for want in subscriptions.streams:
                    if want.contract == deed.event.contract and STREAMS[want.source] == deed.event.stream:
                        why[want] = deed.event.why

    subscriptions.want(listed, 0)
    heard(subscriptions.on_connected(0))
    for second in range(1, SETTLES_S):
        for stream in list(subscriptions.streams.values()):
            if stream.req_id >= 0:
                heard(subscriptions.on_data(stream.req_id, second * SECOND))
        heard(subscriptions.advance(second * SECOND))
    return why, n_requests


def _row(contract: Contract, want: Want, asked: set[Want], why: str, open_: OpenHours) -> Planned:
    name = NAMES[want.source]
    if want.source is Source.LEVEL1:
        name = f"{name}, {WITH_THE_LINE[contract.type]}" if contract.type in WITH_THE_LINE else name
    if want not in asked:
        has_line = Want(contract.id, Source.LEVEL1) in asked
        instead = INSTEAD[want.source] if has_line or want.source is Source.BARS else "not recorded"
        return Planned(contract.symbol, name, False, f"{why or NO_ROOM}: {instead}", 0.0, 0.0)
    records = _records(contract, want, asked, open_)
    return Planned(contract.symbol, name, True, "", sum(records.values()), sum(BYTES[kind] * n for kind, n in records.items()))


def _records(contract: Contract, want: Want, asked: set[Want], open_: OpenHours) -> dict[str, float]:
    """Say how many records of each kind a stream brings in a session; a line leaves to tick by tick what that brings."""
    prints = PRINTS_AN_HOUR.get(contract.type, PRINTS_AN_HOUR[ContractType.FUTURE])
    hours = open_.regular + OTHER_HOURS * open_.other
    match want.source:
        case Source.LAST:
            return {"prints": prints * hours}
        case Source.BID_ASK:
            return {"quotes": BESIDE_A_PRINT["quotes"] * prints * hours}
        case Source.DEPTH:
            return {"depth": BESIDE_A_PRINT["depth"] * prints * hours}
        case Source.BARS:
            return {"told bars": TOLD_AN_HOUR * (open_.regular + open_.other)}
    on_line = {"quotes": (Source.BID_ASK, "l1 quotes"), "prints": (Source.LAST, "l1 prints")}
    return {
        kind: _capped(BESIDE_A_PRINT[rate] * prints, open_)
        for kind, (instead, rate) in on_line.items()
        if Want(contract.id, instead) not in asked
    }


def _capped(an_hour: float, open_: OpenHours) -> float:
    return min(an_hour, MOST_ON_A_LINE) * open_.regular + min(OTHER_HOURS * an_hour, MOST_ON_A_LINE) * open_.other


def open_hours(spans: Iterable[tuple[int, int, bool]]) -> OpenHours:
    """Add up stretches of trading, ``(from_ns, to_ns, is_regular)``.

    >>> open_hours([(0, HOUR, True), (HOUR, 3 * HOUR, False)])
    OpenHours(regular=1.0, other=2.0)
    """
    regular = other = 0
    for start_ns, end_ns, is_regular in spans:
        regular += (end_ns - start_ns) * is_regular
        other += (end_ns - start_ns) * (not is_regular)
    return OpenHours(regular / HOUR, other / HOUR)
