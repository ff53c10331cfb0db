"""The market an order stands on: features with their values, the bar, the records in it, and the limits that can be reckoned from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.contracts import Contract
from workbench.domain.errors import WorkbenchError
from workbench.domain.records import Kind, Records
from workbench.learning.recipe import Recipe
from workbench.research.frames.opening import open_session
from workbench.research.frames.session import Session
from workbench.research.why.order import Order
from workbench.research.why.sources import Source
from workbench.research.why.story import Step
from workbench.research.words import count, points
from workbench.risk.constitution import Constitution
from workbench.store.manifest import find_log
from workbench.store.sessions import pieces, records_of

BOOK = (Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET)


def market(order: Order, of: Contract, data: Path, strategy: Source, made_of: Source | None, law: Constitution | None) -> list[Step]:
    """Tell features, bar and records, where they are there."""
    columns = [*(made_of.what.features if made_of is not None and isinstance(made_of.what, Recipe) else ())]
    columns += [name for name in getattr(strategy.what, "needs", ()) if name not in columns]
    try:
        day = open_session(order.told.session, data=data, roots=[of.symbol], run=order.run.run)
        bars = day.bars(of.symbol, "5s")
        at = _bar(order, bars)
        if at is None:
            return [Step("bar", "no bar of this contract had closed: it came of an event", {}, is_known=False)]
        writers = pieces(order.told.writer, find_log(data, order.told.session))
        records = records_of(data, order.told.session, writers, windows=True)
        bar = bars.row(at, named=True)
        seen = [_features(day, bars, at, columns, of), _closed(order, bars, at), _records(bars, at, records, of)]
        return [_limits(order, bar, law, of), *seen]
    except (WorkbenchError, OSError) as error:
        return [Step("bar", f"not known: {str(error).splitlines()[0]}", {}, is_known=False)]


def _bar(order: Order, bars: pl.DataFrame) -> int | None:
    """Give the row of the bar a decision saw: the last one that its cause closed, or that had closed before it."""
    rows = int((bars["seq"] <= order.at.cause.seq).sum())
    return rows - 1 if rows else None


def _features(day: Session, bars: pl.DataFrame, at: int, columns: list[str], of: Contract) -> Step:
    if not columns:
        return Step("features", "not known which it read: its source is not here", {}, is_known=False)
    there = [name for name in columns if name in day.scan("features").collect_schema().names()]
    row = day.scan("features").filter(pl.col("symbol") == of.symbol, pl.col("time") == bars["time"][at]).select(there).collect()
    values: dict[str, Any] = dict.fromkeys(columns) | (row.row(0, named=True) if len(row) else {})
    said = ", ".join(f"{name} {'not warm' if value is None else f'{value:.5g}'}" for name, value in values.items())
    return Step("features", said, values, is_known=bool(len(row)))


def _limits(order: Order, bar: dict[str, Any], law: Constitution | None, of: Contract) -> Step:
    """Hold what bar and proposal say against the law again; what needs the account as it was then is not told."""
    if law is None:
        return Step("limits", f"law {order.run.profile} of that run is not here", {}, is_known=False)
    said, values = [f"data quality {bar['quality_frac']:.2f}, at least {law.data.entry_quality:.2f}"], {"quality_frac": bar["quality_frac"]}
    if bar["bid_pts"] is not None and bar["ask_pts"] is not None:
        values["spread_ticks"] = ticks = round((bar["ask_pts"] - bar["bid_pts"]) / of.to_pts(of.tick), 6)
        said.append(f"spread {ticks:g} ticks, at most {law.data.max_spread_ticks:g}")
    wish = order.approved.proposal if order.approved is not None else None
    if wish is not None and wish.confidence is not None:
        values["confidence"] = wish.confidence
        said.append(f"confidence {wish.confidence:.3f}, at least {law.execution.min_confidence:.2f}")
    if wish is not None:
        values["stop_ticks"] = away = abs(wish.entry_px - wish.stop_px) // of.tick
        said.append(f"stop {away} ticks away, {law.execution.min_stop_ticks} to {law.execution.max_stop_ticks}")
    return Step("limits", f"{'; '.join(said)}; those of the account as it was then are not in the journal", values)


def _closed(order: Order, bars: pl.DataFrame, at: int) -> Step:
    bar = bars.row(at, named=True)
    prices = ", ".join(f"{name} {_pts(bar[f'{name}_pts'])}" for name in ("open", "high", "low", "close"))
    said = f"5 s to {bar['time']:%H:%M:%S}: {prices}, volume {bar['volume']:g} ({bar['signed_volume']:+g} signed), "
    said += f"{_pts(bar['bid_pts'])} bid, {_pts(bar['ask_pts'])} asked, {bar['phase'] or 'phase not known'}"
    same = int((bars["seq"] == bar["seq"]).sum())
    more = f"; one record closed {same} bars at once, this is the last" if same > 1 and bar["seq"] == order.at.cause.seq else ""
    values = {name: value for name, value in bar.items() if name not in ("time", "session")} | {"time": bar["time"].isoformat()}
    return Step("bar", said + more, values)


def _pts(value: float | None) -> str:
    return "none" if value is None else points(value)


def _records(bars: pl.DataFrame, at: int, records: Records, of: Contract) -> Step:
    """Count the records of the contract between the record that closed the bar before and the one that closed this one."""
    closes = int(bars["seq"][at])
    begins = int(bars["seq"][at - 1]) if at else int(records["seq"][0])
    lo, hi = np.searchsorted(records["seq"], [begins, closes])
    mine = records[lo:hi][records["contract"][lo:hi] == of.id]
    if not len(mine):
        quoted = np.flatnonzero((records["contract"][:hi] == of.id) & (records["kind"][:hi] == Kind.QUOTE))
        since = int(records["seq"][quoted[-1]]) if len(quoted) else None
        said = f"none of {of.symbol} lies in it" + (f": its quote is that of record {since}" if since is not None else "")
        values = {"n": 0, "quote": 0, "print": 0, "book": 0, "quoted_by": since, "closed_by": closes}
        return Step("records", f"{said}; record {closes} closed it", values)
    n = {name: int((mine["kind"] == kind).sum()) for name, kind in (("quote", Kind.QUOTE), ("print", Kind.PRINT))}
    first, last = int(mine["seq"][0]), int(mine["seq"][-1])
    rows = int(np.isin(mine["kind"], BOOK).sum())
    told = f"{count(n['quote'], 'quote')}, {count(n['print'], 'print')}, {count(rows, 'row')} of the book"
    values = {"n": len(mine), "first_seq": first, "last_seq": last, "closed_by": closes, **n, "book": rows}
    return Step("records", f"{first} to {last} of {of.symbol}: {told}; record {closes} closed the bar", values)
