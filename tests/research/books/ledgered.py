"""An account at the simulated broker, told twice: by the journal of a run, and by a Flex statement of the broker's. No test."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from msgspec.structs import replace

from tests.simulation.broker.floor import BUY, CONTRACTS, ES, SELL, SPY, Floor, open_floor
from workbench.domain.contracts import Contract
from workbench.domain.decisions import AnyFact, Issued, RoundTripClosed
from workbench.domain.events import (
    AccountTold,
    AccountValued,
    AnyEvent,
    Arrival,
    FeeReported,
    FillCorrected,
    ForeignFilled,
    OrderFilled,
)  # fmt: skip
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.domain.units import MICROS, SECOND
from workbench.simulation.broker import Busted, Commission, Execution, Report
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, write_manifest
from workbench.venues.ib.book import read_ref, write_ref

ACCOUNT, RUN, DAY = "DUSIM1", "20261119-paper-1", 20261119
BEGIN_NS = 1_795_100_400 * SECOND  # 2026-11-19 15:00 UTC, 9:00 in Chicago
NAMED = {of.id: replace(of, venue_ids={"ib": str(1000 + of.id)}) for of in CONTRACTS}
ENTRY_OF = {1: (ES, BUY), 2: (SPY, SELL), 3: (ES, SELL)}  # brackets: contract and side


def traded() -> Floor:
    """Three brackets, the last of them open, one execution corrected, one busted, and one order of somebody else."""
    floor = open_floor()
    for ref, qty in ((1, 2), (2, 300), (3, 1)):
        contract, side = ENTRY_OF[ref]
        _market(floor, contract, side, qty, write_ref(RUN, ref, Leg.ENTRY))
    _market(floor, ES, BUY, 1, "mine")
    _market(floor, ES, SELL, 2, write_ref(RUN, 1, Leg.EXIT))
    _market(floor, SPY, BUY, 300, write_ref(RUN, 2, Leg.STOP))
    _market(floor, ES, SELL, 1, write_ref(RUN, 3, Leg.ENTRY))
    first, *_, busted = floor.of(Execution)
    floor.broker.correct(first.exec_id, now_ns=floor.now, px=first.px - 1)
    floor.broker.bust(busted.exec_id)
    floor.told += floor.broker.take()
    return floor


def _market(floor: Floor, contract: int, side: int, qty: int, ref: str) -> None:
    floor.place(side, qty, contract=contract, order_ref=ref)
    scale = 100 if contract == SPY else 1
    floor.wait(SECOND)
    floor.quote(99 * scale, 100 * scale, qty, qty, contract=contract)


def journal(data: Path, reports: Sequence[Report], *, more: Sequence[AnyEvent] = (), facts: Sequence[AnyFact] = (), **card: Any) -> None:
    """Write what a run heard of these reports, as the IB venue tells them."""
    run = card.get("run", RUN)
    manifest = {"run": run, "mode": "paper", "sessions": (DAY,), "epoch": 1, "created_ns": BEGIN_NS, "account": ACCOUNT}
    write_manifest(Folders(data).run(run), RunManifest(**manifest | {"contracts": tuple(NAMED.values()), "is_closed": True} | card))
    with Journal.in_one_commit(Folders(data).journal(run)) as book:
        events: list[AnyEvent] = [AccountTold(ACCOUNT, "USD", {}, "1"), AccountValued(ACCOUNT, 10**12, 10**12)]
        events += [event for report in reports for event in _heard(report, reports)]
        book.extend(0, 0, BEGIN_NS, [Issued(_submit(ref)) for ref in ENTRY_OF])
        for n, event in enumerate([*events, *more], 1):
            book.append(Arrival(1, n, BEGIN_NS + n * SECOND, event))
        book.extend(2, 0, BEGIN_NS + 900 * SECOND, list(facts))


def _submit(ref: int) -> Submit:
    contract, side = ENTRY_OF[ref]
    return Submit(ref, Key(ACCOUNT, contract, "tour"), BEGIN_NS, Cause(1, 0), side, 1, OrderType.MARKET, 100, 90, 110)


def _heard(report: Report, reports: Sequence[Report]) -> list[AnyEvent]:
    match report:
        case Execution(order_ref="mine"):
            return [ForeignFilled(ACCOUNT, report.contract, report.perm_id, "mine", report.side, report.qty, report.px, report.exec_id)]
        case Execution(replaces=str(old)):
            ref, leg = _named(report)
            return [FillCorrected(ref, leg, report.qty, report.px, report.exec_id, old)]
        case Execution():
            return [OrderFilled(*_named(report), report.qty, report.px, report.exec_id, None)]
        case Commission(exec_id=exec_id, fee_micros=fee):
            return [] if _execution(exec_id, reports).order_ref == "mine" else [FeeReported(exec_id, fee)]
        case Busted(exec_id=exec_id):
            old = _execution(exec_id, reports)
            root, _, last = exec_id.rpartition(".")
            return [FillCorrected(*_named(old), 0, old.px, f"{root}.{int(last) + 1:02d}", exec_id)]
        case _:
            return []


def _execution(exec_id: str, reports: Sequence[Report]) -> Execution:
    return next(each for each in reports if isinstance(each, Execution) and each.exec_id == exec_id)


def _named(of: Execution) -> tuple[int, Leg]:
    named = read_ref(of.order_ref)
    assert named is not None
    return named.ref, named.leg


def closed(ref: int, *, pnl_micros: int, fees_micros: int) -> RoundTripClosed:
    contract, side = ENTRY_OF[ref]
    times = (BEGIN_NS, BEGIN_NS + 60 * SECOND)
    return RoundTripClosed(ref, Key(ACCOUNT, contract, "tour"), side, 2, 25.0, 24.75, *times, -2, fees_micros, pnl_micros, -0.5, "exit")


# ---------------------------------------------------------------------- the other side
def rows(reports: Sequence[Report], *, form: str = "cancels") -> list[dict[str, str]]:
    """Write the broker's executions as rows of a statement. ``form`` of corrections: with rows that cancel, or only what ``stands``."""
    fees = {each.exec_id: each.fee_micros for each in reports if isinstance(each, Commission)}
    made: dict[str, dict[str, str]] = {}
    out: list[dict[str, str]] = []
    for each in reports:
        if isinstance(each, Execution):
            old = made.get(each.replaces or "")
            if old is not None:
                out += [_cancel(old)]
            made[each.exec_id] = row = _row(each, NAMED[each.contract], fees.get(each.exec_id, _fee_of(old)))
            out.append(row)
        elif isinstance(each, Busted):
            out.append(_cancel(made[each.exec_id]))
    if form == "cancels":
        return out
    gone = {row["ibExecID"] for row in out if row.get("transactionType") == "TradeCancel"}
    return [row for row in out if row["ibExecID"] not in gone]


def _fee_of(row: dict[str, str] | None) -> int:
    return int(-Decimal(row["ibCommission"]) * MICROS) if row else 0


def _cancel(row: dict[str, str]) -> dict[str, str]:
    turned = {name: f"{-Decimal(row[name])}" for name in ("quantity", "proceeds", "netCash", "ibCommission")}
    return {**row, **turned, "transactionType": "TradeCancel", "origTradeID": row["tradeID"], "tradeID": f"c{row['tradeID']}"}


def _row(each: Execution, of: Contract, fee_micros: int) -> dict[str, str]:
    price, worth = each.px * Decimal(of.price_quantum), Decimal(of.multiplier)
    gross, fee = -each.side * each.qty * price * worth, Decimal(-fee_micros) / MICROS
    is_future = of.type.value == "future"
    return {
        "accountId": ACCOUNT, "assetCategory": "FUT" if is_future else "STK", "symbol": of.symbol, "conid": of.venue_ids["ib"],
        "ibExecID": each.exec_id, "tradeID": f"{each.perm_id}{each.exec_id[-2:]}", "orderReference": each.order_ref,
        "quantity": f"{each.side * each.qty}", "tradePrice": f"{price:,}", "multiplier": of.multiplier, "currency": "USD",
        "ibCommission": f"{fee}", "ibCommissionCurrency": "USD", "tradeDate": str(DAY), "dateTime": f"{DAY};100000",
        "proceeds": f"{gross}", "netCash": f"{fee if is_future else gross + fee}", "transactionType": "ExchTrade",
        "levelOfDetail": "EXECUTION", "buySell": "BUY" if each.side > 0 else "SELL", "taxes": "0",
    }  # fmt: skip


def flex(path: Path, made: Sequence[dict[str, str]], *, extra: str = "", days: tuple[int, int] = (DAY, DAY)) -> Path:
    """Write a statement."""
    trades = "".join(f"<Trade {' '.join(f'{name}={quoteattr(value)}' for name, value in row.items())}/>" for row in made)
    path.write_text(
        f'<?xml version="1.0"?><FlexQueryResponse queryName="books" type="AF"><FlexStatements count="1"><FlexStatement '
        f'accountId="{ACCOUNT}" fromDate="{days[0]}" toDate="{days[1]}"><Trades>{trades}</Trades>{extra}</FlexStatement>'
        f"</FlexStatements></FlexQueryResponse>"
    )
    return path
