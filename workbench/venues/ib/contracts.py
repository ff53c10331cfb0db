"""Which contracts stand behind the settings' roots: found at IB, held against the settings, numbered; and which of them leads. No order.

Rules
-----
1. A root's contracts are asked for by its name; only dated futures come in, a continuous one (CONTFUT) never.
2. Multiplier and price step must be those of the settings, or nothing of that root is traded: every P&L would be wrong.
3. IB's hours win over our calendars. Where they differ, that is told (`BrokerSaid`, kind ``hours``): the log then says what was known.
4. A contract leads by date (`market.rolls`), or by volume (`market.rolls.lead`); it never leads again.
5. Ids are those of the contracts that are known already, else the next free ones: never re-used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ib_async import Contract as IbContract
from msgspec.structs import replace

from workbench.config.roots import Root
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import ConfigError, DataError, VenueError
from workbench.domain.events import AnyEvent, BrokerSaid, FrontChanged, Unknown
from workbench.domain.units import SECOND
from workbench.market.rolls import lead
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.questions import Questions
from workbench.wire import ContractData, exact

ANSWER_S: Final = 30.0  # for all months of a root; the definitions' farm may have to wake up
MONTHS: Final = 3  # of a root that are defined: the one that leads and those it may roll to
ZONES: Final = {"EST": "America/New_York", "CST": "America/Chicago", "MET": "Europe/Berlin", "JST": "Asia/Tokyo"}  # short names IB has sent


class NotFoundError(VenueError):
    """IB knows no such contract, or more than one where one was meant, or did not answer."""


class MismatchError(ConfigError):
    """IB's definition of a contract and the settings' contradict each other: nothing of that root may be traded."""


class Session(NamedTuple):
    """One stretch of trading by IB's hours, ns since 1970."""

    open_ns: int
    close_ns: int


class Found(NamedTuple):
    """A contract of ours, and what else IB says of it."""

    contract: Contract
    local_symbol: str
    sessions: tuple[Session, ...]


class Names:
    """Contracts by what they are called: our id, IB's conId, IB's local symbol, and a root's months in the order of their expiry.

    `by_con_id` and `by_id` are the very mappings that other parts look into; they grow when something is added. A contract has one conId,
    the one it was named with last: another source (the project's gateway before a TWS) has numbers of its own, and under an old one nothing
    is held.
    """

    def __init__(self, known: Iterable[Contract] = ()) -> None:
        self.by_id: dict[int, Contract] = {}
        self.by_con_id: dict[int, Contract] = {}
        self.by_local_symbol: dict[tuple[str, str], Contract] = {}  # (exchange, local symbol): decades share symbols, never at a time
        self._next_id = 1
        for contract in known:
            self.add(contract)

    def add(self, contract: Contract, local_symbol: str | None = None) -> None:
        """Take a contract in, or its newer definition."""
        self.by_id[contract.id] = contract
        self._next_id = max(self._next_id, contract.id + 1)
        if "ib" in contract.venue_ids:
            for con_id in [con_id for con_id, each in self.by_con_id.items() if each.id == contract.id]:
                del self.by_con_id[con_id]
            self.by_con_id[int(contract.venue_ids["ib"])] = contract
            self.by_local_symbol[contract.exchange, local_symbol or contract.symbol] = contract

    def number(self, con_id: int, root: str, expiry: str | None) -> int:
        """Give the id of a contract: the one it has, else the next."""
        same = self.by_con_id.get(con_id)
        if same is None:  # known from a recording or a calendar, without IB's number
            same = next((each for each in self.by_id.values() if (each.root, each.expiry) == (root, expiry)), None)
        return self._next_id if same is None else same.id

    def of_root(self, root: str) -> list[Contract]:
        """List the contracts of a root, the next to expire first."""
        return sorted((each for each in self.by_id.values() if each.root == root), key=lambda each: (each.expiry or "", each.id))


def wanted(root: Root) -> IbContract:
    """Give what is asked for to find the contracts of a root.

    Raises
    ------
    ConfigError
        If roots of this kind are not found by name (options, currencies).
    """
    made = IbContract(symbol=root.root, currency=root.currency)
    if root.type is ContractType.FUTURE:
        made.secType, made.exchange = "FUT", root.exchange
    elif root.type is ContractType.STOCK:
        made.secType, made.exchange, made.primaryExchange = "STK", "SMART", root.exchange
    else:
        raise ConfigError(f"{root.root} is a {root.type}: only futures and stocks are found by their root")
    return made


async def ask(questions: Questions, client: LaneClient, root: Root) -> list[ContractData]:
    """Ask IB for all contracts of a root.

    Raises
    ------
    NotFoundError
        With IB's words, or that none came in time.
    """
    asked = wanted(root)
    answer = await questions.numbered(lambda req_id: client.reqContractDetails(req_id, asked), timeout_s=ANSWER_S)  # type: ignore[no-untyped-call,unused-ignore]
    if isinstance(answer, Unknown):
        raise NotFoundError(f"{root.root} ({asked.secType} at {asked.exchange}): {answer.reason}")
    rows = [row for row in answer.value if isinstance(row, ContractData) and row.contract.sec_type == asked.secType]
    if not rows or (root.type is ContractType.STOCK and len(rows) > 1):
        raise NotFoundError(f"{root.root} ({asked.secType} at {asked.exchange}): IB names {len(rows)} contracts")
    return rows


def found(rows: Sequence[ContractData], root: Root, names: Names, on: date) -> list[Found]:
    """Define the contracts of an answer that have not expired on a day, and add them to `names`.

    Raises
    ------
    MismatchError
        IB's definition is not the settings'.
    """
    made: list[Found] = []
    for row in sorted(rows, key=lambda each: (_expiry(each) or "", each.contract.con_id)):
        expiry = _expiry(row) if root.type is ContractType.FUTURE else None
        if root.type is ContractType.FUTURE and (expiry is None or expiry < on.isoformat()):
            continue
        _must_agree(row, root)
        try:
            contract = root.contract(names.number(row.contract.con_id, root.root, expiry), expiry)
        except ConfigError:
            continue  # a month that the settings do not list (serial months): never leads
        contract = replace(contract, venue_ids={"ib": str(row.contract.con_id)})
        names.add(contract, row.contract.local_symbol)
        made.append(Found(contract, row.contract.local_symbol, sessions(row.trading_hours, row.zone)))
        if len(made) == MONTHS:
            break
    if not made:
        raise NotFoundError(f"{root.root}: IB names {len(rows)} contracts, none of a month that the settings list and that has not expired")
    return made


def _expiry(row: ContractData) -> str | None:
    text = (row.real_expiration_date or row.last_trade or row.contract.last_trade)[:8]
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdecimal() else None


def _must_agree(row: ContractData, root: Root) -> None:
    """Hold what money is computed with against the settings."""
    name = row.contract.local_symbol or root.root
    multiplier = Fraction(row.contract.multiplier or 1) * row.price_magnifier
    step, size = Fraction(exact(row.min_tick)), Fraction(root.size_quantum)
    wrong = []
    if multiplier != Fraction(root.multiplier):
        wrong.append(f"multiplier {row.contract.multiplier} (price magnifier {row.price_magnifier}), settings {root.multiplier}")
    if root.type is ContractType.FUTURE and step != Fraction(root.order_increment):
        wrong.append(f"price step {row.min_tick}, settings {root.order_increment}")
    if row.contract.currency != root.currency:
        wrong.append(f"currency {row.contract.currency}, settings {root.currency}")
    if row.size_increment is not None and size % Fraction(exact(row.size_increment)):
        wrong.append(f"size step {row.size_increment}, settings {root.size_quantum}")
    if wrong:
        raise MismatchError(f"{name}: IB says {'; '.join(wrong)}. Correct [roots.{root.root}] before anything of it is traded")


def sessions(hours: str, zone: str) -> tuple[Session, ...]:
    """Read IB's hours.

    >>> [(s.close_ns - s.open_ns) // 3_600_000_000_000 for s in sessions("20261119:1700-20261120:1600;20261121:CLOSED", "US/Central")]
    [23]
    """
    try:
        at = ZoneInfo(ZONES.get(zone, zone))
    except (KeyError, ValueError, OSError):
        return ()
    made = []
    for part in hours.split(";"):
        first, dash, last = part.partition("-")
        if dash and len(first) == 13 and len(last) == 13:
            try:
                made.append(Session(_ns(first, at), _ns(last, at)))
            except ValueError:
                continue
    return tuple(made)


def _ns(text: str, zone: ZoneInfo) -> int:
    return int(datetime.strptime(text, "%Y%m%d:%H%M").replace(tzinfo=zone).timestamp()) * SECOND


def hours_differ(item: Found, ours: Sequence[tuple[int, int]], now_ns: int) -> list[AnyEvent]:
    """Say where IB's hours and our calendar's sessions (open, close) of a contract differ from `now_ns` on.

    Joins what touches on both sides first; days that IB does not tell yet are not looked at.
    """
    theirs = _joined(item.sessions)
    if not theirs:
        return [BrokerSaid(0, "hours", f"{item.contract.symbol}: IB tells no trading hours that can be read", None, item.contract.id)]
    end_ns = theirs[-1].close_ns
    mine = [each for each in _joined(Session(*each) for each in ours) if now_ns < each.close_ns and each.open_ns < end_ns]
    both = [each for each in theirs if now_ns < each.close_ns]
    odd = sorted(set(both) ^ set(mine))
    if not odd:
        return []
    said = ", ".join(f"{'IB' if each in both else 'calendar'} {_shown(each)}" for each in odd[:6])
    return [
        BrokerSaid(0, "hours", f"{item.contract.symbol}: IB's hours differ from {item.contract.calendar}: {said}", None, item.contract.id)
    ]


def _joined(parts: Iterable[Session]) -> list[Session]:
    made: list[Session] = []
    for part in sorted(parts):
        if made and part.open_ns <= made[-1].close_ns:
            made[-1] = Session(made[-1].open_ns, max(made[-1].close_ns, part.close_ns))
        else:
            made.append(part)
    return made


def _shown(session: Session) -> str:
    start, end = (datetime.fromtimestamp(ns // SECOND, ZoneInfo("UTC")) for ns in session)
    return f"{start:%a %d %b %H:%M} to {end:%a %d %b %H:%M} UTC"


class Fronts:
    """Which contract a root stands for.

    Parameters
    ----------
    roots
        Those that are looked after.
    """

    def __init__(self, names: Names, roots: Iterable[Root]) -> None:
        self._names = names
        self._roots = {root.root: root for root in roots}
        self.leads: dict[str, Contract] = {}

    def look(self, on: date, business_days: Sequence[date], volumes: Mapping[int, int] | None = None) -> list[FrontChanged]:
        """Say which roots' lead changes on a day.

        Parameters
        ----------
        volumes
            Contracts traded in the session that ended, by contract id; what is not in it decides nothing.

        Raises
        ------
        NotFoundError
            The month that must lead was not found at IB.
        """
        changes = []
        for root in self._roots.values():
            leads = self._of(root, on, business_days, volumes or {})
            before = self.leads.get(root.root)
            if before is None or (before.id != leads.id and (before.expiry or "") < (leads.expiry or "")):
                self.leads[root.root] = leads
                changes.append(FrontChanged(root.root, leads.id))
        return changes

    def _of(self, root: Root, on: date, business_days: Sequence[date], volumes: Mapping[int, int]) -> Contract:
        months = self._names.of_root(root.root)
        if root.type is not ContractType.FUTURE:
            if not months:
                raise NotFoundError(f"{root.root} was not found at IB")
            return months[0]
        traded = {each.symbol: volumes[each.id] for each in months if each.id in volumes}
        try:
            due = lead(root.listing, on, business_days, traded)
        except DataError as error:
            raise NotFoundError(f"{root.root}: {error}") from error
        leads = next((each for each in months if each.symbol == due.symbol and "ib" in each.venue_ids), None)
        if leads is None:
            raise NotFoundError(f"{root.root}: {due.symbol} must lead on {on}, and IB did not name it")
        return leads
