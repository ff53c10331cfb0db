"""A picture out of a run that is followed: every figure of the page, worked out once. Pure but for what it is handed; no HTML."""

from __future__ import annotations

from statistics import median
from typing import Final

from workbench.dashboard.attention import notes
from workbench.dashboard.feed import Seen
from workbench.dashboard.following import Following
from workbench.dashboard.limits import limits
from workbench.dashboard.picture import Card, Choice, Closed, Guess, Line, Money, Picture, Position, Recipe, Runner, Strategy, Why
from workbench.dashboard.why import Around, refusal, stands, why
from workbench.dashboard.words import digits_of
from workbench.domain.contracts import Contract
from workbench.domain.units import MS, SECOND
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import Phase as BracketPhase
from workbench.research.tallies import Learnt, margin
from workbench.store.manifest import RunManifest
from workbench.store.shadows import is_shadow

SHOWN_TRIPS: Final = 8
SHOWN_REFUSALS: Final = 5
FEATURES: Final = (  # what a person asks of a market at a glance, on bars of one minute
    ("RSI 14", "rsi_14_1m"),
    ("Bollinger place", "bb_place_20_2_1m"),
    ("EMA 9 - 21", "ema_gap_9_21_1m"),
    ("MACD hist.", "macd_hist_12_26_9_1m"),
    ("Volume ratio", "volume_ratio_20_1m"),
    ("ATR 14", "atr_14_1m"),
    ("Order flow", "ofi_ew_1m"),
)
OVER: Final = Why("over", "The run has ended")
WIRE: Final = "ib "  # how the source of a run over a socket begins, before host and port


def compose(f: Following, runner: Runner, *, read_ns: int, data: str, zone: str, choices: tuple[Choice, ...] = ()) -> Picture:
    """Make the picture of this moment."""
    board = f.board
    card, funds = _card(f), _money(f)
    lines = tuple(_line(f, contract, zone) for contract in f.feed.contracts)
    used = limits(board, f.known.law, f.at_risk_micros()) if f.known.law is not None else ()
    return Picture(
        read_ns=read_ns,
        took_ms=0.0,
        data=data,
        choices=choices,
        card=card,
        log_ns=f.feed.now_ns or board.now_ns,
        state=board.state.value,
        why=board.why,
        since_ns=board.state_ns,
        runner=runner,
        notes=notes(board, card, runner, lines, used),
        money=funds,
        lines=lines,
        limits=used,
        refusals=tuple(board.n_refused.most_common()),
        n_approved=board.n_approved,
        refused=_refused(f),
        recipes=tuple(_recipe(name, learnt) for name, learnt in sorted(board.learnt.items())),
        closed=_closed(f),
        strategies=tuple(Strategy(name, w.n, w.n_won, w.pnl_micros, w.fees_micros) for name, w in sorted(board.by_strategy.items())),
    )


def _card(f: Following) -> Card:
    run = f.run
    account, is_money = f.board.account or run.account, run.mode == "live"
    source = f"modelled fills over {run.source}" if run.mode == "simulate" and run.source else run.source
    if run.source.startswith(WIRE):
        source = f"{'simulated TWS' if _is_simulated(run) else 'TWS'} at {run.source.removeprefix(WIRE)}"
    mode = "shadow" if is_shadow(run.account) else run.mode
    return Card(run.run, mode, _market(f), source, run.sessions[-1], account, run.profile, run.is_closed, is_money)


def _market(f: Following) -> str:
    if f.run.source.startswith(WIRE):
        return "simulated TWS" if _is_simulated(f.run) else "live market"
    if f.feed.is_generated:
        return "generated data"
    return {"live": "live market", "paper": "recorded market", "simulate": "recorded market"}.get(f.run.mode, f.run.mode)


def _is_simulated(run: RunManifest) -> bool:
    return run.account.startswith("DUSIM")


def is_told(run: RunManifest) -> bool:
    """Whether a run has forecasts and orders to tell of."""
    return run.mode in ("observe", "paper", "live", "simulate")


def runner_of(f: Following, *, word: str, age_s: float | None, feed_age_s: float | None, speed: float | None) -> Runner:
    """Say how the process that trades is doing."""
    delays = f.board.delays_ns
    delay_ms = median(delays) / MS if delays else None
    return Runner(word, age_s, feed_age_s, speed, f.feed.n_records, f.board.n_entries, delay_ms)


def _money(f: Following) -> Money:
    board, open_micros = f.board, f.open_micros()
    today = board.ledger.day(board.account)
    run_micros = board.realised_micros + open_micros
    worths = list(board.by_strategy.values())
    line = (*f.line, (f.feed.now_ns, run_micros)) if f.feed.now_ns else tuple(f.line)
    return Money(
        today.realised_micros + open_micros,
        today.realised_micros,
        open_micros,
        today.fees_micros,
        run_micros,
        board.equity_micros,
        min(0, run_micros - max(f.best_micros, run_micros)),
        sum(each.n for each in worths),
        sum(each.n_won for each in worths),
        line,
        tuple((trip.now_ns, trip.closed.pnl_micros) for trip in board.trips),
    )


def _refused(f: Following) -> tuple[tuple[int, str, str], ...]:
    latest = list(f.board.refused)[: -SHOWN_REFUSALS - 1 : -1]
    symbols = {contract.id: contract.symbol for contract in f.feed.contracts}
    return tuple((turned.now_ns, symbols[turned.contract], refusal(turned, f.known.law)) for turned in latest)


def _closed(f: Following) -> tuple[Closed, ...]:
    found, contracts = [], {contract.id: contract for contract in f.feed.contracts}
    for now_ns, trip, over in list(f.board.trips)[: -SHOWN_TRIPS - 1 : -1]:
        contract, strategy = contracts[trip.key.contract], trip.key.strategy
        way = trip.side, trip.qty, trip.entry_pts, trip.exit_pts, digits_of(contract)
        found.append(Closed(now_ns, contract.symbol, strategy, *way, trip.pnl_micros, trip.r, over))
    return tuple(found)


def _line(f: Following, contract: Contract, zone: str) -> Line:
    board, law, seen = f.board, f.known.law, f.feed.seen(contract.id)
    bracket = next((b for b in board.brackets() if b.key.contract == contract.id and b.key.account == board.account), None)
    features = f.feed.features(contract.id)
    until_ns = f.until_ns(contract.calendar) if f.feed.now_ns else None
    worth = board.by_contract.get(contract.id)
    mid = None if seen.bid_px is None or seen.ask_px is None else contract.to_pts(seen.bid_px + seen.ask_px) / 2
    price = mid if mid is not None else None if seen.close_px is None else contract.to_pts(seen.close_px)
    return Line(
        root=contract.root,
        symbol=contract.symbol,
        phase=seen.phase,
        until_ns=until_ns,
        price_pts=price,
        digits=digits_of(contract),
        spread_ticks=seen.spread_ticks,
        quality_frac=seen.quality_frac,
        is_quality_low=law is not None and seen.quality_frac is not None and seen.quality_frac < law.data.entry_quality,
        position=None if bracket is None else _position(f, bracket, seen),
        guesses=_guesses(f, seen),
        why=OVER if f.run.is_closed else why(seen, board, Around(law, f.known.recipes, bracket, features, until_ns, zone)),
        pnl_micros=0 if worth is None else worth.pnl_micros,
        n_trips=0 if worth is None else worth.n,
        features=tuple((label, features.get(name)) for label, name in FEATURES),
    )


def _position(f: Following, b: Bracket, seen: Seen) -> Position:
    pts = seen.contract.to_pts
    protection = "none" if b.open <= 0 else "covered" if b.covered >= b.open and b.phase is not BracketPhase.EXPOSED else "exposed"
    return Position(
        b.key.strategy,
        b.side,
        b.open,
        b.rest,
        pts(b.entry_value) / b.filled if b.filled else None,
        pts(b.stop_px),
        pts(b.target_px),
        f.value_micros(b),
        b.risk_micros,
        b.phase.value,
        protection,
        b.leaving,
    )


def _guesses(f: Following, seen: Seen) -> tuple[Guess, ...]:
    found = []
    for recipe in f.known.recipes:
        said = f.board.forecasts.get((seen.contract.id, recipe.name))
        if said is not None and stands(said, seen, recipe):
            age_s = max(0, f.feed.now_ns - said.now_ns) / SECOND
            found.append(Guess(recipe.name, said.p_up, said.confidence, age_s, said.horizon_ns / SECOND))
    return tuple(found)


def _recipe(name: str, learnt: Learnt) -> Recipe:
    table = learnt.table
    hit, n = table.hit_rate, table.n
    n_apart = learnt.apart.n * n / learnt.n_known if n else 0.0
    wide = margin(hit, n_apart) if hit is not None and n else None
    bins = tuple(row for row in table.table() if row.n)
    counts = learnt.n_made, learnt.n_known, learnt.n_void, learnt.n_drifts, learnt.drifted_ns
    return Recipe(name, *counts, n, n_apart, hit, wide, table.brier, table.ece, bins)
