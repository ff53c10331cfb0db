"""Own books held against a broker's statement: what differs, named; sums by day and contract, to the cent. Values in, values out.

Rules
-----
1. An execution of ours is matched by its id, whatever corrections it went through; one that a person typed, by what its order reference
   and price say. Quantity and price are equal exactly, money to the cent (half a cent apart differs).
2. Ours and missing in the statement is what lies in its days by New York's date *and* by the log session; what one of both puts outside
   may stand in the statement before or after, and is told apart.
3. What others did (no order reference of ours) is listed, never counted; so is a position of ours that somebody closed by hand.
4. What futures show as proceeds and net cash differs between queries, for their result is settled as margin: nothing, the commission
   alone, or the whole notional are all accepted. Of shares the whole is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from workbench.calendars import log_session
from workbench.importers.statement import FlexStatement, OtherCash, Stated, family
from workbench.research.books.executions import Books, Execution
from workbench.venues.ib.book import read_ref, short_run

HALF_A_CENT: Final = Decimal("0.005")
NEW_YORK: Final = ZoneInfo("America/New_York")
ZERO: Final = Decimal(0)


class What(StrEnum):
    """In what two books differ."""

    HERE = "missing here"
    THERE = "missing in the statement"
    CONTRACT = "contract"
    QUANTITY = "quantity"
    PRICE = "price"
    COMMISSION = "commission"
    CASH = "cash"
    SUM = "sum"
    REPORT = "cash report"


class Difference(NamedTuple):
    """One difference, with both sides of it in words."""

    what: What
    day: int
    symbol: str
    exec_id: str
    ours: str
    theirs: str


class Sum(NamedTuple):
    """All executions of ours in one contract on one of the statement's days, on both sides. Money in ``currency``, below 0 paid."""

    day: int
    symbol: str
    currency: str
    n_ours: int
    n_theirs: int
    bought: Decimal
    sold: Decimal
    gross_ours: Decimal
    gross_theirs: Decimal
    commission_ours: Decimal
    commission_theirs: Decimal


class Checked(NamedTuple):
    """What came of a check."""

    account: str
    first: int
    last: int
    n_equal: int
    differences: tuple[Difference, ...]
    sums: tuple[Sum, ...]
    foreign: tuple[Stated, ...]  # of others, in the statement
    edge: tuple[Execution, ...]  # ours, at the edge of its days and not in it
    cash: tuple[OtherCash, ...]
    n_corrected: int
    n_busted: int
    notes: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether both say the same."""
        return not self.differences


class _Pair(NamedTuple):
    own: Execution
    stated: Stated


def check(books: Books, statement: FlexStatement) -> Checked:
    """Hold the books of an account against its statement."""
    own = [each for each in books.executions if each.account == statement.account and each.how != "by hand"]
    pairs, alone, rest = _matched(own, statement.executions)
    there, edge = _in_days(alone, statement)
    here = [each for each in rest if each.is_ours]
    said = [difference for pair in pairs for difference in _differences(pair)]
    named = {difference.exec_id for difference in said}
    n_equal = sum(pair.stated.exec_id not in named for pair in pairs)
    said += [Difference(What.HERE, each.day, each.symbol, each.exec_id, "no such execution", _stated(each)) for each in here]
    said += [Difference(What.THERE, _new_york(each), each.contract.symbol, each.exec_id, _own(each), "no such execution") for each in there]
    sums = _sums(pairs, there, here)
    told = {(difference.day, difference.symbol) for difference in said}
    said += [each for each in _sum_differences(sums) if (each.day, each.symbol) not in told]
    said += _report_differences(statement)
    return Checked(
        account=statement.account,
        first=statement.first,
        last=statement.last,
        n_equal=n_equal,
        differences=tuple(sorted(said, key=lambda it: (it.day, it.symbol, it.exec_id, it.what))),
        sums=tuple(sums),
        foreign=tuple(each for each in rest if not each.is_ours),
        edge=tuple(edge),
        cash=statement.cash,
        n_corrected=statement.n_corrected,
        n_busted=statement.n_busted,
        notes=tuple(_notes(books, statement, pairs)),
    )


# ---------------------------------------------------------------------- who is who
def _matched(own: list[Execution], stated: Iterable[Stated]) -> tuple[list[_Pair], list[Execution], list[Stated]]:
    by_id = {family(each.exec_id): each for each in stated}
    pairs, alone = list[_Pair](), list[Execution]()
    for each in own:
        found = by_id.pop(family(each.exec_id), None)
        if found is None and each.how == "entered":
            found = next((of for of in by_id.values() if _is_entered(each, of)), None)
            if found is not None:
                del by_id[family(found.exec_id)]
        if found is None:
            alone.append(each)
        else:
            pairs.append(_Pair(each, found))
    return pairs, alone, list(by_id.values())


def _is_entered(own: Execution, stated: Stated) -> bool:
    named = read_ref(stated.order_ref)
    return named is not None and (named.run, named.ref, named.leg.name.lower(), own.side * own.quantity, own.price) == (
        short_run(own.run),
        own.ref,
        own.leg,
        stated.qty,
        stated.px,
    )


def _in_days(alone: list[Execution], statement: FlexStatement) -> tuple[list[Execution], list[Execution]]:
    inside, edge = list[Execution](), list[Execution]()
    for each in alone:
        session = int(log_session(np.array([each.time_ns]))[0])
        n_in = sum(statement.first <= day <= statement.last for day in (_new_york(each), session))
        if n_in:
            (inside if n_in > 1 else edge).append(each)
    return inside, edge


def _new_york(each: Execution) -> int:
    moment = pl.Series([each.time_ns]).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone(NEW_YORK.key)
    return int(moment.dt.strftime("%Y%m%d")[0])


# ---------------------------------------------------------------------- one execution
def _differences(pair: _Pair) -> Iterator[Difference]:
    own, stated = pair

    def differ(what: What, ours: object, theirs: object) -> Difference:
        return Difference(what, stated.day, stated.symbol or own.contract.symbol, stated.exec_id, str(ours), str(theirs))

    con_id, qty = own.contract.venue_ids.get("ib", ""), own.side * own.quantity
    if con_id and con_id != stated.con_id:
        yield differ(What.CONTRACT, f"{own.contract.symbol}, conId {con_id}", f"{stated.symbol}, conId {stated.con_id}")
    if qty != stated.qty:
        yield differ(What.QUANTITY, f"{qty:+f}", f"{stated.qty:+f}")
    if own.price != stated.px:
        yield differ(What.PRICE, f"{own.price:f}", f"{stated.px:f}")
    if stated.fee_currency != own.contract.currency:
        yield differ(What.COMMISSION, f"in {own.contract.currency}", f"{stated.fee:f} {stated.fee_currency}")
    elif own.commission is None:
        yield differ(What.COMMISSION, "not known", f"{stated.fee:f} {stated.fee_currency}")
    elif _apart(own.commission, stated.fee):
        yield differ(What.COMMISSION, f"{own.commission:f}", f"{stated.fee:f} {stated.fee_currency}")
    if qty == stated.qty and own.price == stated.px and (theirs := _cash_that_differs(own, stated)) is not None:
        yield differ(What.CASH, f"{own.gross:f} {own.contract.currency} before costs", theirs)


def _cash_that_differs(own: Execution, stated: Stated) -> str | None:
    """Say what of the statement's cash of an execution cannot be; see rule 4."""
    if stated.currency != own.contract.currency:
        return f"in {stated.currency}"
    if stated.multiplier is not None and stated.multiplier != Decimal(own.contract.multiplier):
        return f"multiplier {stated.multiplier:f}"
    costs = stated.fee + stated.taxes
    is_margined = stated.kind in ("FUT", "FOP")
    if stated.proceeds is not None and not _is_one_of(stated.proceeds, own.gross, *([ZERO] if is_margined else [])):
        return f"proceeds {stated.proceeds:f}"
    if stated.net_cash is not None and not _is_one_of(stated.net_cash, own.gross + costs, *([ZERO, costs] if is_margined else [])):
        return f"net cash {stated.net_cash:f}, commission and taxes {costs:f}"
    return None


def _apart(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) >= HALF_A_CENT


def _is_one_of(amount: Decimal, *allowed: Decimal) -> bool:
    return any(not _apart(amount, each) for each in allowed)


def _own(each: Execution) -> str:
    return f"{each.side * each.quantity:+f} at {each.price:f}, bracket {each.ref} {each.leg} of {each.run}"


def _stated(each: Stated) -> str:
    return f"{each.qty:+f} at {each.px:f}, {each.order_ref}"


# ---------------------------------------------------------------------- sums
def _sums(pairs: list[_Pair], there: list[Execution], here: list[Stated]) -> list[Sum]:
    ours = [(pair.stated.day, pair.stated.symbol or pair.own.contract.symbol, pair.own) for pair in pairs]
    ours += [(_new_york(each), each.contract.symbol, each) for each in there]
    theirs = [(pair.stated.symbol or pair.own.contract.symbol, pair.stated, Decimal(pair.own.contract.multiplier)) for pair in pairs]
    theirs += [(each.symbol, each, each.multiplier or Decimal(1)) for each in here]
    currencies = {(day, symbol): each.contract.currency for day, symbol, each in ours}
    currencies |= {(each.day, symbol): each.currency for symbol, each, _ in theirs}
    made = []
    for (day, symbol), currency in sorted(currencies.items()):
        of_ours = [each for on, name, each in ours if (on, name) == (day, symbol)]
        of_theirs = [(each, worth) for name, each, worth in theirs if (each.day, name) == (day, symbol)]
        made.append(
            Sum(
                day=day,
                symbol=symbol,
                currency=currency,
                n_ours=len(of_ours),
                n_theirs=len(of_theirs),
                bought=sum((each.quantity for each in of_ours if each.side > 0), ZERO),
                sold=sum((each.quantity for each in of_ours if each.side < 0), ZERO),
                gross_ours=sum((each.gross for each in of_ours), ZERO),
                gross_theirs=sum((-each.qty * each.px * worth for each, worth in of_theirs), ZERO),
                commission_ours=sum((each.commission or ZERO for each in of_ours), ZERO),
                commission_theirs=sum((each.fee for each, _ in of_theirs), ZERO),
            )
        )
    return made


def _sum_differences(sums: list[Sum]) -> Iterator[Difference]:
    """Tell cents that only add up: every execution agrees to half a cent, and the day does not."""
    for each in sums:
        for name, ours, theirs in (
            ("gross", each.gross_ours, each.gross_theirs),
            ("commission", each.commission_ours, each.commission_theirs),
        ):
            if _apart(ours, theirs):
                yield Difference(What.SUM, each.day, each.symbol, "", f"{name} {ours:f}", f"{name} {theirs:f} {each.currency}")


def _report_differences(statement: FlexStatement) -> Iterator[Difference]:
    """Tell where the statement's own cash report charges something else than its executions do: rows are missing in it."""
    for currency, charged in statement.commissions.items():
        listed = sum((each.fee for each in statement.executions if each.fee_currency == currency), ZERO)
        if _apart(charged, listed):
            text = f"its executions {listed:f} {currency}"
            yield Difference(What.REPORT, statement.last, "", "", text, f"its cash report {charged:f} {currency}")


def _notes(books: Books, statement: FlexStatement, pairs: list[_Pair]) -> Iterator[str]:
    for pair in pairs:
        if family(pair.own.exec_id) != family(pair.stated.exec_id):
            yield f"{pair.stated.exec_id}: entered by hand as {pair.own.exec_id}"
    stated = {family(each.exec_id): each for each in statement.executions}
    for each in books.executions:
        if each.how == "by hand" and (found := stated.get(family(each.exec_id.partition("/")[0]))) is not None:
            fee = "not known" if each.commission is None else f"{each.commission:f}"
            yield f"{found.exec_id}: closed bracket {each.ref} by hand; its commission here is estimated, {fee}; charged were {found.fee:f}"
    for exec_id in books.unplaced:
        yield f"{exec_id}: of a bracket that no journal in this folder knows"
