"""Bars to test features on: sums in Python integers beside the compiled ones, ugly bars, and real minutes. No feature is computed here."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from tests.data import shared
from workbench.domain.bars import BAR_FIELDS, BROKEN, PRICED, RICH, Bars, RichBar
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import ASK, BID
from workbench.domain.units import BAR_NS, MINUTE
from workbench.features.bank import FeatureBank
from workbench.features.conformance import sample_bars

LAST = ("phase", "session", "bid", "bsz", "ask", "asz", "has")
RULED = ("t_end", "contract", "flags", "open", "high", "low", "close", "max_sz", "quality", "doubts")


def contract(number: int = 1, quantum: str = "0.25", size_quantum: str = "1") -> Contract:
    return Contract(
        id=number,
        root="ES",
        symbol=f"ES{number}",
        type=ContractType.FUTURE,
        exchange="CME",
        currency="USD",
        calendar="CME Globex Equity",
        multiplier="50",
        price_quantum=quantum,
        order_increment=quantum,
        size_quantum=size_quantum,
    )


def rich(bar: np.void) -> RichBar:
    """A face's bar, in memory of its own."""
    return RichBar(np.array([bar], RICH).view("<i8").data, 0)


def columns(bars: Bars, *names: str, length_ns: int = MINUTE) -> list[np.ndarray]:
    """Values of a bank after each bar of one length, by column; nan where there is none, for comparison with arrays."""
    bank = FeatureBank([contract()], lengths_ns=[length_ns])
    told = np.full((len(names), len(bars)), np.nan)
    at = [bank.columns[name] for name in names]
    for i in range(len(bars)):
        bank.warm_up(0, bars[i : i + 1], length_ns)
        for row, column in enumerate(at):
            if bank.warm[column]:
                told[row, i] = bank.values[column]
    return list(told)


def longer(bars: Bars, length_ns: int, piece_ns: int = BAR_NS) -> Bars:
    """What bars of `length_ns` must be: windows that have their last piece, summed one integer after the other."""
    windows: dict[int, list[np.void]] = {}
    for bar in bars:
        windows.setdefault(-(-int(bar["t_end"]) // length_ns) * length_ns, []).append(bar)
    out, was_whole = [], True
    for end, pieces in windows.items():
        is_whole = pieces[-1]["t_end"] == end
        if is_whole:
            out.append(_sum(pieces, end, is_broken=not was_whole or len(pieces) * piece_ns < length_ns))
        was_whole = is_whole
    return np.array(out, RICH) if out else np.zeros(0, RICH)


def _sum(pieces: Sequence[np.void], end: int, *, is_broken: bool) -> tuple[int, ...]:
    bar = {name: sum(int(piece[name]) for piece in pieces) for name in BAR_FIELDS if name not in LAST + RULED}
    bar |= {name: int(pieces[-1][name]) for name in LAST}
    traded = [piece for piece in pieces if piece["n_print"] > 0 or piece["volume"] > 0 or piece["high"] > piece["low"]] or pieces[:1]
    bar |= {"open": int(traded[0]["open"]), "high": max(int(p["high"]) for p in traded), "low": min(int(p["low"]) for p in traded)}
    bar["close"] = int(([piece for piece in pieces if piece["flags"] & PRICED] or pieces[:1])[-1]["close"])
    flags = BROKEN if is_broken else 0
    for piece in pieces:
        flags |= int(piece["flags"])
    bar |= {"t_end": end, "contract": int(pieces[0]["contract"]), "flags": flags}
    worst = min(pieces, key=lambda piece: int(piece["quality"]))
    bar |= {"max_sz": max(int(p["max_sz"]) for p in pieces), "quality": int(worst["quality"]), "doubts": int(worst["doubts"])}
    return tuple(bar[name] for name in BAR_FIELDS)


def quiet_market(n: int, seed: int) -> Bars:
    """A sample market in which nothing happens now and then: bars without trades, without quotes, without a book."""
    bars, rng = sample_bars(n, seed), np.random.default_rng(seed)
    no_trade, no_quote, no_book = (np.flatnonzero(rng.random(n) < share) for share in (0.3, 0.1, 0.2))
    for i in no_trade[no_trade > 0]:
        _still(bars, int(i))
    for name in ("ofi", "rv", "spread_us", "quoted_us", "imb_us", "n_quote", "has"):
        bars[name][no_quote] = 0
    for name in ("dimb_us", "ddep_us", "n_depth"):
        bars[name][no_book] = 0
    return bars


def _still(bars: Bars, i: int) -> None:
    for name in ("open", "high", "low", "close"):
        bars[name][i] = bars["close"][i - 1]
    for name in ("volume", "signed", "pv", "n_print", "max_sz"):
        bars[name][i] = 0


NASTY = ("usual", "empty", "no price yet", "no volume", "one-sided", "below zero", "huge", "flat", "crossed", "next session")
nasty_stretches = st.lists(st.tuples(st.sampled_from(NASTY), st.integers(1, 30), st.integers(0, 2**16)), min_size=1, max_size=8)


def nasty_bars(stretches: Sequence[tuple[str, int, int]]) -> Bars:
    """Stretches of everything that feeds, thin markets and broken importers do; (kind, bars, seed) each."""
    parts, session = [], 20260102
    for kind, n, seed in stretches:
        rng = np.random.default_rng(seed)
        bars = quiet_market(n, seed)
        session += kind == "next session"
        bars["session"] = session
        _spoil(bars, kind, rng)
        parts.append(bars)
    bars = np.concatenate(parts)
    bars["t_end"] = (np.arange(len(bars)) + 1) * BAR_NS
    return bars


def _spoil(bars: Bars, kind: str, rng: np.random.Generator) -> None:
    prices, n = ("open", "high", "low", "close", "bid", "ask"), len(bars)
    match kind:
        case "empty" | "no price yet":
            for name in set(BAR_FIELDS) - {"t_end", "session", "phase", *prices}:
                bars[name] = PRICED if name == "flags" and kind == "empty" else 0
        case "no volume":
            bars["volume"] = bars["pv"] = bars["signed"] = 0
        case "one-sided":
            bars["has"] = rng.choice([0, BID, ASK], n)
            bars["quoted_us"] = bars["spread_us"] = bars["imb_us"] = 0
        case "below zero":
            for name in prices:
                bars[name] -= 20_000
        case "huge":
            for name in set(BAR_FIELDS) - {"t_end", "session", "phase", "flags", "contract", "has"}:
                bars[name] = rng.integers(-(2**52) if name in (*prices, "signed", "ofi", "imb_us", "dimb_us", "spread_us") else 0, 2**52, n)
        case "flat":
            for name in prices:
                bars[name] = 20_001
        case "crossed":
            bars["spread_us"] *= -1
            bars["n_crossed"] = bars["n_quote"]


def real_minutes(path: str = "firstrate_samples/2026-01-26_2026-02-09/ES_1min_sample.csv", n: int = 20_000) -> Bars:
    """Real one-minute bars in quarters of a point, as an importer of bars would make them; sessions begin at 18:00 New York."""
    with shared(path).open() as lines:
        rows = [row for row in csv.reader(lines) if row[0][:1].isdigit()][:n]
    bars = np.zeros(len(rows), RICH)
    bars["contract"], bars["flags"], bars["phase"] = 1, PRICED, 4
    for i, (stamp, opened, high, low, close, volume) in enumerate(rows):
        start = datetime.fromisoformat(stamp)
        day = (start + timedelta(hours=6)).date()
        bars["session"][i] = day.year * 10_000 + day.month * 100 + day.day
        bars["t_end"][i] = int(start.timestamp()) // 60 * MINUTE + MINUTE
        for name, value in (("open", opened), ("high", high), ("low", low), ("close", close)):
            bars[name][i] = round(float(value) * 4)
        bars["volume"][i] = int(float(volume))
    bars["pv"] = bars["volume"] * ((bars["high"] + bars["low"] + bars["close"]) // 3)
    bars["n_print"] = bars["volume"] > 0
    return bars
