"""A whole Flex statement (IB's XML) as rows that books are held against: executions of everybody, cash, commissions. Reads; judges nothing.

Rules
-----
1. An execution is a row of ``levelOfDetail`` EXECUTION, or of none; quantities carry their sign, money is an exact decimal.
2. A correction counts once: rows of one execution id but for its last part are one execution, of which a cancelling row (``TradeCancel``)
   takes back the row it names, and the highest last part stands. Commissions of all its rows are summed where rows were cancelled.
3. What an execution must have and lacks makes the statement unusable: half a statement proves nothing.
4. Days are the statement's own (``tradeDate``), its times those of the zone it was made in: neither is converted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from workbench.domain.errors import DataError
from workbench.importers.flex import MAX_BYTES, parsed
from workbench.venues.ib.book import read_ref

ROWS: Final = frozenset({"Trade", "TradeConfirm"})
IB_DOTS: Final = 3  # in an execution id of IB, 0000e0d5.69e02bfb.01.01
CANCELS: Final = frozenset({"TradeCancel", "Cancel"})  # transactionType
NAMES: Final = {  # what is read, by the names that versions of Flex have for it
    "exec_id": ("ibExecID", "execID", "extExecID"),
    "trade_id": ("tradeID",),
    "original": ("origTradeID",),
    "order_ref": ("orderReference", "orderRef"),
    "qty": ("quantity", "shares"),
    "px": ("tradePrice", "price"),
    "fee": ("ibCommission", "commission"),
    "fee_currency": ("ibCommissionCurrency", "commissionCurrency"),
    "taxes": ("taxes", "tax"),
    "con_id": ("conid", "conId"),
    "symbol": ("symbol",),
    "kind": ("assetCategory",),
    "currency": ("currency",),
    "multiplier": ("multiplier",),
    "proceeds": ("proceeds",),
    "net_cash": ("netCash",),
    "day": ("tradeDate",),
    "at": ("dateTime",),
    "side": ("buySell",),
    "what": ("transactionType",),
    "rate": ("fxRateToBase",),
    "account": ("accountId",),
}


class Stated(NamedTuple):
    """One execution, as a statement has it after its corrections. ``qty`` below 0 sold; ``fee`` below 0 paid; `None`: not in it."""

    exec_id: str
    account: str
    order_ref: str
    day: int  # 20261120
    at: str
    con_id: str
    symbol: str
    kind: str
    qty: Decimal
    px: Decimal
    currency: str
    multiplier: Decimal | None
    fee: Decimal
    fee_currency: str
    taxes: Decimal
    proceeds: Decimal | None
    net_cash: Decimal | None
    rate: Decimal | None

    @property
    def is_ours(self) -> bool:
        """Whether a workbench wrote its order reference."""
        return read_ref(self.order_ref) is not None


class OtherCash(NamedTuple):
    """Cash that no execution moved: deposits, interest, data fees."""

    day: int
    kind: str
    currency: str
    amount: Decimal
    about: str


class FlexStatement(NamedTuple):
    """A statement of one account over some days, both included."""

    account: str
    first: int
    last: int
    executions: tuple[Stated, ...]
    n_corrected: int  # executions of which it tells more than one row
    n_busted: int  # of these, those of which nothing stands
    cash: tuple[OtherCash, ...]
    commissions: dict[str, Decimal]  # by currency, where its cash report tells them


def read_statements(path: Path) -> list[FlexStatement]:
    """Read a file: as a rule it holds one statement, of one account.

    Raises
    ------
    DataError
        It is no Flex statement, has no section of executions, or a row of it lacks what an execution must have.
    """
    size = path.stat().st_size if path.is_file() else 0
    if not size:
        raise DataError(f"{path}: there is no such file, or it is empty")
    if size > MAX_BYTES:
        raise DataError(f"{path}: {size:,} bytes are no statement; {MAX_BYTES:,} are the most")
    try:
        root = parsed(path.read_bytes())
    except (ElementTree.ParseError, expat.ExpatError, ValueError) as error:
        raise DataError(f"{path}: no Flex statement: {error}") from None
    found = [_statement(each, path) for each in root.iter("FlexStatement")]
    if not found:
        raise DataError(f"{path}: no Flex statement: it has no element FlexStatement")
    return found


def _statement(element: ElementTree.Element, path: Path) -> FlexStatement:
    account, first, last = element.get("accountId", ""), _day(element.get("fromDate")), _day(element.get("toDate"))
    if not account or first is None or last is None:
        raise DataError(f"{path}: the statement does not say its account and its days (accountId, fromDate, toDate)")
    if element.find("Trades") is None and element.find("TradeConfirms") is None:
        raise DataError(f"{path}: the statement has no section Trades: add it to the query, with level of detail Execution")
    rows = [row for each in element.iter() if each.tag in ROWS and (row := _row(each, account, path)) is not None]
    executions, n_corrected, n_busted = _standing(rows, path)
    return FlexStatement(
        account, first, last, tuple(executions), n_corrected, n_busted, tuple(_cash(element, path)), _commissions(element, path)
    )


class _Row(NamedTuple):
    stated: Stated
    trade_id: str
    original: str
    is_cancel: bool


def _row(element: ElementTree.Element, account: str, path: Path) -> _Row | None:
    if element.get("levelOfDetail", "EXECUTION").upper() != "EXECUTION":
        return None
    given = {name: next((text for each in names if (text := (element.get(each) or "").strip())), "") for name, names in NAMES.items()}
    what = f"{path}: execution {given['exec_id'] or given['trade_id'] or '(no id)'}"
    day = _day(given["day"] or given["at"])
    missing = [NAMES[name][0] for name in ("exec_id", "qty", "px", "con_id", "currency", "fee") if not given[name]]
    if missing or day is None:
        raise DataError(f"{what} has no {', '.join([*missing, *([] if day else ['tradeDate'])])}: add it to the query's section Trades")
    number = {name: _number(given[name], f"{what}, {NAMES[name][0]}") for name in NUMBERS}
    qty = number["qty"] or Decimal(0)
    if element.tag == "TradeConfirm" and given["side"].upper() == "SELL" and qty > 0:  # some confirmations leave the sign out
        qty = -qty
    stated = Stated(
        exec_id=given["exec_id"],
        account=given["account"] or account,
        order_ref=given["order_ref"],
        day=day,
        at=given["at"],
        con_id=given["con_id"],
        symbol=given["symbol"],
        kind=given["kind"],
        qty=qty,
        px=number["px"] or Decimal(0),
        currency=given["currency"],
        multiplier=number["multiplier"],
        fee=number["fee"] or Decimal(0),
        fee_currency=given["fee_currency"] or given["currency"],
        taxes=number["taxes"] or Decimal(0),
        proceeds=number["proceeds"],
        net_cash=number["net_cash"],
        rate=number["rate"],
    )
    return _Row(stated, given["trade_id"], given["original"], given["what"] in CANCELS)


NUMBERS: Final = ("qty", "px", "fee", "taxes", "multiplier", "proceeds", "net_cash", "rate")


def family(exec_id: str) -> str:
    """Give what an execution of IB keeps when it is corrected: all but the last part of its id.

    >>> family("0000e0d5.69e02bfb.01.02"), family("S1.0.1")
    ('0000e0d5.69e02bfb.01', 'S1.0.1')
    """
    return exec_id.rpartition(".")[0] if exec_id.count(".") >= IB_DOTS else exec_id


def _standing(rows: list[_Row], path: Path) -> tuple[list[Stated], int, int]:
    """Count every execution once; see rule 2."""
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(family(row.stated.exec_id), []).append(row)
    stands, n_corrected, n_busted = list[Stated](), 0, 0
    for group in groups.values():
        left = [row for row in group if not row.is_cancel]
        charged = Decimal(0)
        for cancel in (row for row in group if row.is_cancel):
            at = next((row for row in left if _takes_back(cancel, row)), None)
            if at is None:
                raise DataError(f"{path}: {cancel.stated.exec_id} cancels an execution that the statement does not hold: take a longer one")
            left.remove(at)
            charged += at.stated.fee + cancel.stated.fee
        n_corrected += len(group) > 1
        if not left:
            n_busted += 1
            if charged:
                raise DataError(f"{path}: {group[0].stated.exec_id} is cancelled, and a commission of {charged} was kept: ask IB what for")
            continue
        last = max(left, key=lambda row: row.stated.exec_id).stated
        same = [row for row in left if row.stated.exec_id == last.exec_id]
        if len(same) > 1:
            raise DataError(f"{path}: the statement holds execution {last.exec_id} {len(same)} times, and cancels none of them")
        stands.append(last._replace(fee=last.fee + charged))
    return stands, n_corrected, n_busted


def _takes_back(cancel: _Row, row: _Row) -> bool:
    named = cancel.stated.exec_id == row.stated.exec_id or (cancel.original and cancel.original == row.trade_id)
    return bool(named) and cancel.stated.qty == -row.stated.qty


def _cash(element: ElementTree.Element, path: Path) -> Iterator[OtherCash]:
    for each in element.iter("CashTransaction"):
        if each.get("levelOfDetail", "DETAIL").upper() not in ("DETAIL", ""):
            continue
        day, amount = (
            _day(each.get("dateTime") or each.get("reportDate")),
            _number(each.get("amount", ""), f"{path}: CashTransaction amount"),
        )
        if amount is not None:
            yield OtherCash(day or 0, each.get("type", ""), each.get("currency", ""), amount, each.get("description", ""))


def _commissions(element: ElementTree.Element, path: Path) -> dict[str, Decimal]:
    """Read the commissions of the cash report, by currency; its line of all currencies in base is left out."""
    found: dict[str, Decimal] = {}
    for each in element.iter("CashReportCurrency"):
        currency, amount = each.get("currency", ""), _number(each.get("commissions", ""), f"{path}: CashReport commissions")
        if amount is not None and currency and currency != "BASE_SUMMARY" and each.get("levelOfDetail", "Currency") == "Currency":
            found[currency] = amount
    return found


def _day(text: str | None) -> int | None:
    """Read a day as statements write it.

    >>> _day("20261120"), _day("2026-11-20;093000"), _day("20261120;093000"), _day(""), _day("n/a")
    (20261120, 20261120, 20261120, None, None)
    """
    digits = (text or "").replace("-", "")[:8]
    try:
        found: date = datetime.strptime(digits, "%Y%m%d")  # noqa: DTZ007  a day of the statement's own, in no zone
    except ValueError:
        return None
    return found.year * 10_000 + found.month * 100 + found.day


def _number(text: str, what: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise DataError(f"{what}: {text!r} is no number")
    return found
