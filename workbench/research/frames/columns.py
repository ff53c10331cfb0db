"""Every frame and its columns: name, type, meaning. The one table that frames and documentation are made from; reads nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

import polars as pl


class Column(NamedTuple):
    """One column. ``dtype`` of a time stands for the zone the reader chose."""

    name: str
    dtype: pl.DataType
    text: str


class Kind(NamedTuple):
    """One frame: what a row is, its columns, and of which family it is (``market`` of records, ``journal`` of a run)."""

    name: str
    family: str
    row: str
    columns: tuple[Column, ...]


TIME: Final = pl.Datetime("ns", "UTC")
TEXT, REAL, WHOLE, SIGN, TRUTH, DAY = pl.String(), pl.Float64(), pl.Int64(), pl.Int8(), pl.Boolean(), pl.Date()

_KNOWN: Final = Column("time", TIME, "when it was known here")
_SYMBOL: Final = Column("symbol", TEXT, "contract, as its exchange names it")
_SEQ: Final = Column("seq", WHOLE, "place in the log")
_HAPPENED: Final = Column("event_time", TIME, "when it happened, as the exchange stamped it; null where not told")
_STRATEGY: Final = Column("strategy", TEXT, "who wished it")
_RUN: Final = Column("run", TEXT, "run that tells it")
_CAUSE: Final = Column("seq", WHOLE, "record it answers, or was reported behind")
_REF: Final = Column("ref", WHOLE, "bracket: entry, stop and target share it")
_LEG: Final = Column("leg", TEXT, "entry stop target exit")
_SIDE: Final = Column("side", SIGN, "+1 buys, -1 sells")

_FRAMES: Final = (
    Kind(
        "quotes",
        "market",
        "one change of the best bid and ask",
        (
            _KNOWN, _SYMBOL, _SEQ,
            Column("bid_pts", REAL, "best bid; null where there is none"),
            Column("bid_size", REAL, "contracts or shares bid for"),
            Column("ask_pts", REAL, "best ask; null where there is none"),
            Column("ask_size", REAL, "contracts or shares offered"),
            _HAPPENED,
        ),
    ),
    Kind(
        "prints",
        "market",
        "one reported trade",
        (
            _KNOWN, _SYMBOL, _SEQ,
            Column("price_pts", REAL, "price"),
            Column("size", REAL, "contracts or shares"),
            Column("side", SIGN, "+1 the buyer was aggressive, -1 the seller, null not known"),
            _HAPPENED,
        ),
    ),
    Kind(
        "depth",
        "market",
        "one change of a row of the book",
        (
            _KNOWN, _SYMBOL, _SEQ,
            Column("action", TEXT, "insert update delete reset"),
            Column("side", TEXT, "bid ask; null of a reset"),
            Column("level", pl.Int16(), "row, 0 is the best; null of a reset"),
            Column("price_pts", REAL, "price of the row; null of delete and reset"),
            Column("size", REAL, "size of the row; null of delete and reset"),
            _HAPPENED,
        ),
    ),
    Kind(
        "bars",
        "market",
        "one closed bar of one contract",
        (
            Column("time", TIME, "end of the bar"),
            _SYMBOL,
            Column("seq", WHOLE, "record that closed it; its state is as of the record before"),
            Column("session", DAY, "the contract's own trading day"),
            Column("open_pts", REAL, "first print; the last price before where none lies in the bar, null before the first ever"),
            Column("high_pts", REAL, "highest print"),
            Column("low_pts", REAL, "lowest print"),
            Column("close_pts", REAL, "last print"),
            Column("vwap_pts", REAL, "average price by volume; null without volume"),
            Column("volume", REAL, "contracts or shares traded"),
            Column("signed_volume", REAL, "bought less sold by the aggressive side"),
            Column("bid_pts", REAL, "best bid at the close"),
            Column("ask_pts", REAL, "best ask at the close"),
            Column("spread_pts", REAL, "ask less bid, averaged over the time both were there"),
            Column("ofi", REAL, "order-flow imbalance in contracts or shares (Cont, Kukanov and Stoikov 2014)"),
            Column("rv", REAL, "realised variance: sum of squared moves of the mid, points squared"),
            Column("n_prints", WHOLE, "trades"),
            Column("n_quotes", WHOLE, "changes of the best bid and ask"),
            Column("quality_frac", REAL, "fitness of the data, 0 to 1"),
            Column("quality_why", TEXT, "what lowered it, each with what it cost: gap 0.50, late 0.20; null where nothing did"),
            Column("phase", TEXT, "ETH RTH, at the close"),
            Column("is_broken", TRUTH, "an opening or a gap lies in it"),
        ),
    ),
    Kind(
        "features",
        "market",
        "one contract at one 5 s barrier; then a column a feature with its bar length, rsi_14_1m, null until warm",
        (Column("time", TIME, "end of the 5 s bar"), _SYMBOL),
    ),
    Kind(
        "forecasts",
        "journal",
        "one forecast of one recipe",
        (
            _KNOWN, _SYMBOL, _RUN,
            Column("recipe", TEXT, "who said it"),
            Column("p_up", REAL, "chance of a higher price at the horizon"),
            Column("confidence", REAL, "calibrated chance that the direction is right; null until enough is known"),
            Column("horizon_s", REAL, "how far it looks, seconds"),
            Column("is_up", TRUTH, "what came; null while not known, where void, and where the price was the same"),
            _CAUSE,
        ),
    ),
    Kind(
        "decisions",
        "journal",
        "one proposal held against the law",
        (
            _KNOWN, _SYMBOL, _STRATEGY, _RUN,
            Column("verdict", TEXT, "approved refused"),
            Column("reason", TEXT, "why it was refused"),
            _SIDE,
            Column("qty", REAL, "contracts or shares approved"),
            Column("entry_pts", REAL, "where to enter"),
            Column("stop_pts", REAL, "where it is wrong"),
            Column("target_pts", REAL, "where it has been right"),
            Column("value", REAL, "what was held against the limit, in the limit's unit"),
            Column("threshold", REAL, "the limit"),
            _CAUSE,
        ),
    ),
    Kind(
        "orders",
        "journal",
        "one order of one command",
        (
            _KNOWN, _SYMBOL, _STRATEGY, _RUN, _REF, _LEG,
            Column("command", TEXT, "submit modify cancel exit"),
            _SIDE,
            Column("qty", REAL, "contracts or shares; null where it is what is left"),
            Column("type", TEXT, "market limit stop"),
            Column("price_pts", REAL, "limit or trigger; of a market entry what the decision saw"),
            Column("why", TEXT, "of an exit"),
            _CAUSE,
        ),
    ),
    Kind(
        "fills",
        "journal",
        "one execution",
        (
            _KNOWN, _SYMBOL, _STRATEGY, _RUN, _REF, _LEG, _SIDE,
            Column("qty", REAL, "contracts or shares"),
            Column("price_pts", REAL, "price"),
            Column("fee_usd", REAL, "commission; null while not known"),
            Column("exec_id", TEXT, "the venue's name of it"),
            _CAUSE,
        ),
    ),
    Kind(
        "round_trips",
        "journal",
        "from entry to flat",
        (
            Column("opened", TIME, "first fill"),
            Column("closed", TIME, "last fill"),
            _SYMBOL, _STRATEGY, _RUN, _REF, _SIDE,
            Column("qty", REAL, "contracts or shares"),
            Column("entry_pts", REAL, "average entry"),
            Column("exit_pts", REAL, "average exit"),
            Column("pnl_usd", REAL, "profit after fees"),
            Column("fees_usd", REAL, "fees"),
            Column("r", REAL, "profit over the risk first taken"),
            Column("why", TEXT, "what ended it: stop target, or why we left: time thesis close quality halted, a strategy's own words"),
        ),
    ),
    Kind(
        "equity",
        "journal",
        "the account at the close of one bar while something was open, and at each fill; of a range each run from its own beginning",
        (
            _KNOWN, _RUN,
            Column("equity_usd", REAL, "what the account is worth if all is left now; from 0 where it was never told"),
            Column("realised_usd", REAL, "of what is closed, after costs"),
            Column("open_pnl_usd", REAL, "of what is open, at the side of the market it can be left at"),
            Column("drawdown_usd", REAL, "below the best of its run so far: 0 or less"),
        ),
    ),
    Kind(
        "states",
        "journal",
        "one change of the trading state",
        (_KNOWN, _RUN, Column("state", TEXT, "active reducing halted"), Column("why", TEXT, "what moved it")),
    ),
)  # fmt: skip
_DECISIONS: Final = next(kind for kind in _FRAMES if kind.name == "decisions")
REFUSALS: Final = _DECISIONS._replace(name="refusals", row="one proposal that was refused; decisions are both")
_AT: Final = _FRAMES.index(_DECISIONS) + 1
FRAMES: Final = {kind.name: kind for kind in (*_FRAMES[:_AT], REFUSALS, *_FRAMES[_AT:])}


def schema(name: str, zone: str = "UTC") -> dict[str, pl.DataType]:
    """Give the columns of a frame with their types, times in `zone`; of `features` those that stand before the features.

    >>> list(schema("prints"))
    ['time', 'symbol', 'seq', 'price_pts', 'size', 'side', 'event_time']
    """
    return {column.name: pl.Datetime("ns", zone) if column.dtype == TIME else column.dtype for column in FRAMES[name].columns}


def as_markdown(name: str) -> str:
    """Write a frame's columns as the table of ``docs/sessions.md``.

    >>> print(as_markdown("states").splitlines()[2])
    | `time` | time | when it was known here |
    """
    words = {TIME: "time", TEXT: "text", REAL: "number", WHOLE: "whole", SIGN: "+1 -1", TRUTH: "yes, no", DAY: "date"}
    rows = [f"| `{column.name}` | {words.get(column.dtype, 'whole')} | {column.text} |" for column in FRAMES[name].columns]
    return "\n".join(["| column | holds | meaning |", "|---|---|---|", *rows])
