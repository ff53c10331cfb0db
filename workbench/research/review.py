"""A session reviewed: what was traded, what it was worth, how good forecasts and data were. Frames in, small frames out; draws nothing.

A session that nobody traded has nothing to tell of forecasts and orders: its frames are empty then, and all that is left is the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from workbench.learning.confidence import Reliability
from workbench.research.account import joined
from workbench.research.cards import Card, Cards
from workbench.research.frames.columns import schema
from workbench.research.frames.opening import open_session
from workbench.research.tables import percent
from workbench.research.uncertainty import Interval, block_bootstrap
from workbench.research.words import usd
from workbench.store.manifest import runs

if TYPE_CHECKING:
    from workbench.research.frames.session import Session
    from workbench.research.proof import Proof

FIT: Final = 0.8  # quality from which the shipped constitutions allow an entry
EVERY_OUTCOME: Final = 1 << 62  # outcomes a table of a whole session may hold
APART_S: Final = 300.0  # outcomes of neighbours are drawn together: five times the shortest shipped horizon
CENT: Final = 0.01  # USD
WON, MINUTES = pl.col("pnl_usd") > 0, (pl.col("closed") - pl.col("opened")).dt.total_seconds(fractional=True) / 60


def journal(day: Session, name: str) -> pl.DataFrame:
    """Give a frame of the journal; an empty one where nobody traded."""
    return day.frame(name) if day.run is not None else pl.DataFrame(schema=schema(name, day.zone))


def trips(day: Session) -> pl.DataFrame:
    """Sum up round trips by contract and strategy, with a last line for all; empty where none was closed.

    Returns
    -------
    polars.DataFrame
        symbol, strategy; n, won; mean_r; minutes [mean]; fees_usd, worst_usd, pnl_usd [after fees].
    """
    measures = (
        pl.len().alias("n"),
        WON.sum().alias("won"),
        pl.col("r").mean().alias("mean_r"),
        MINUTES.mean().round(1).alias("minutes"),
        pl.col("fees_usd").sum(),
        pl.col("pnl_usd").min().alias("worst_usd"),
        pl.col("pnl_usd").sum(),
    )
    frame = journal(day, "round_trips")
    by = frame.group_by("symbol", "strategy").agg(*measures).sort("symbol", "strategy")
    if by.is_empty():
        return by
    total = frame.select(pl.lit("all").alias("symbol"), pl.lit("").alias("strategy"), *measures)
    return pl.concat([by, total], how="vertical_relaxed")


def forecasts(day: Session) -> pl.DataFrame:
    """Sum up the forecasts of each recipe.

    Returns
    -------
    polars.DataFrame
        recipe; n, known [forecasts with an outcome]; hit_frac with its 95 % range lo_frac, hi_frac (from blocks of five minutes, all
        contracts of a moment together); brier (a coin has 0.25); ece [calibration error].
    """
    rows: list[dict[str, Any]] = []
    for (recipe,), of in journal(day, "forecasts").group_by("recipe", maintain_order=True):
        known = of.filter(pl.col("is_up").is_not_null())
        table = reliability(known)
        sure = hits(known)
        lo, hi = (sure.lo, sure.hi) if sure is not None else (None, None)
        rows.append(
            {"recipe": recipe, "n": len(of), "known": len(known), "hit_frac": table.hit_rate, "lo_frac": lo, "hi_frac": hi}
            | {"brier": table.brier, "ece": table.ece}
        )
    names = ("recipe", "n", "known", "hit_frac", "lo_frac", "hi_frac", "brier", "ece")
    return pl.DataFrame(rows, schema=None if rows else dict.fromkeys(names, pl.Float64) | {"recipe": pl.String})


def reliability(known: pl.DataFrame) -> Reliability:
    """Put forecasts with an outcome into the table that learners keep: how often each forecast chance came true."""
    table = Reliability(min_outcomes=1, max_outcomes=EVERY_OUTCOME)
    for p_up, is_up in known.select("p_up", "is_up").iter_rows():
        table.update(p_up, is_up)
    return table


def hits(known: pl.DataFrame) -> Interval | None:
    """Estimate how often forecasts with an outcome pointed the right way, and how sure that is; `None` if there are too few."""
    if known.is_empty():
        return None
    right = ((pl.col("p_up") > 0.5) == pl.col("is_up")).cast(pl.Float64)
    moments = known.sort("time").group_by("time", maintain_order=True).agg(right.mean().alias("right"), pl.len().alias("n"))
    every_s = moments["time"].diff().drop_nulls().dt.total_milliseconds().median() if len(moments) > 1 else None
    block = round(APART_S * 1_000 / every_s) if isinstance(every_s, int | float) and every_s else 1
    return block_bootstrap(moments["right"].to_numpy(), moments["n"].to_numpy(), block=max(block, 1))


def scores(day: Session) -> pl.DataFrame:
    """Give the Brier score of every recipe at every moment at which all of them have known outcomes, all contracts together.

    Returns
    -------
    polars.DataFrame
        time, and a column a recipe: squared distance of forecast and outcome, 0 (best) to 1; a coin has 0.25.
    """
    known = journal(day, "forecasts").filter(pl.col("is_up").is_not_null())
    brier = ((pl.col("p_up") - pl.col("is_up").cast(pl.Float64)) ** 2).mean().alias("brier")
    scored = known.sort("time", "symbol").group_by("time", "recipe", maintain_order=True).agg(brier)  # in one order, so the same bits
    return scored.pivot("recipe", index="time", values="brier").sort("time").drop_nulls()


def quality(day: Session) -> pl.DataFrame:
    """Say how fit the data of each contract was.

    Returns
    -------
    polars.DataFrame
        symbol; bars [5 s], fit_frac [share of them good enough to enter on], lowest_frac, broken [bars with an opening or a gap];
        quotes, prints; spread_pts [mean over time].
    """
    bars = day.bars(None, "5s")
    return bars.group_by("symbol", maintain_order=True).agg(
        pl.len().alias("bars"),
        (pl.col("quality_frac") >= FIT).mean().alias("fit_frac"),
        pl.col("quality_frac").min().alias("lowest_frac"),
        pl.col("is_broken").sum().alias("broken"),
        pl.col("n_quotes").sum().alias("quotes"),
        pl.col("n_prints").sum().alias("prints"),
        pl.col("spread_pts").mean().round(4),
    )


def refusals(day: Session) -> pl.DataFrame:
    """Count refused wishes by reason, the most frequent first, with what was held against which limit the last time."""
    by = journal(day, "refusals").group_by("reason", maintain_order=True)
    counted = by.agg(pl.len().alias("wishes"), pl.col("symbol").n_unique().alias("contracts"), pl.col("value", "threshold").last())
    return counted.sort("wishes", "reason", descending=[True, False])


def most_traded(day: Session) -> str:
    """Name the contract with the most round trips; the first one if there was none."""
    counted = journal(day, "round_trips").group_by("symbol").len().sort("len", "symbol", descending=[True, False])
    return day.contracts[0].symbol if counted.is_empty() else str(counted["symbol"][0])


class Review(NamedTuple):
    """A session at a glance, worked out once. See the functions of the same names."""

    day: Session
    trips: pl.DataFrame
    forecasts: pl.DataFrame
    refusals: pl.DataFrame
    quality: pl.DataFrame
    parity: Proof | None

    @property
    def adds_up(self) -> bool:
        """Whether the round trips explain what the account has earned; not asked of what has not ended flat."""
        day = self.day
        if day.run is None or day.is_unfinished or not day.run.ended_flat or self.left_open[0]:
            return True
        worth, closed = joined(journal(day, "equity")), journal(day, "round_trips")
        earned = float(worth["realised_usd"][-1]) if len(worth) else 0.0
        return abs(earned - float(closed["pnl_usd"].sum())) < CENT

    @property
    def most_traded(self) -> str:
        """The contract with the most round trips; the first one if there was none."""
        return most_traded(self.day)

    @property
    def why_no_forecast(self) -> str:
        """Say in words why there is no forecast; empty where there are some."""
        if len(self.forecasts):
            return ""
        if self.day.run is None:
            return "no forecast was made: nobody traded"
        recipes = sorted({recipe for _, recipe in self.day.run.traders if recipe})
        return f"no forecast was made: {' and '.join(recipes) or 'the strategies are plain rules'}{' never warmed up' if recipes else ''}"

    @property
    def why_no_parity(self) -> str:
        """Say in words why no replay was held against the session; empty where one was."""
        if self.parity is not None:
            return ""
        if self.day.run is None:
            return "nobody traded: there are no commands to compare"
        if self.day.run.mode == "simulate":
            return "a simulation: there are no recorded commands to compare"
        return "not asked for"

    @property
    def states(self) -> pl.DataFrame:
        """Changes of the trading state, and why; the first is the one it began in, if that was not active."""
        changed = journal(self.day, "states").select("time", "state", "why")
        since = pl.format("{}, since {}", "why", pl.col("time").dt.date()).alias("why")
        before = state_before(self.day).select("time", "state", since)
        return pl.concat([before, changed]) if len(before) and before["state"][0] != "active" else changed

    @property
    def unfit(self) -> dict[str, float]:
        """The share of fit bars of each contract that had others."""
        return dict(self.quality.filter(pl.col("fit_frac") < 1).select("symbol", "fit_frac").iter_rows())

    @property
    def left_open(self) -> tuple[int, float]:
        """How many positions the session ended with, and what is earned on them so far, their entry's costs paid, in USD."""
        filled, closed = (journal(self.day, name) for name in ("fills", "round_trips"))
        worth = joined(journal(self.day, "equity"))
        opened = set(filled.filter(pl.col("leg") == "entry").select("run", "ref").rows())
        over = set(closed.select("run", "ref").rows())
        later = {ref for _, ref in over - opened}  # of a run that went on from another: closed here, opened there
        n = sum(ref not in later for _, ref in opened - over)
        total = float(worth["pnl_usd"][-1]) if len(worth) else 0.0
        return n, total - float(closed["pnl_usd"].sum()) if n else 0.0

    @property
    def cards(self) -> Cards:
        """The session on a few cards."""
        closed, worth = journal(self.day, "round_trips"), joined(journal(self.day, "equity"))
        n_open, open_usd = self.left_open
        pnl, low = float(closed["pnl_usd"].sum()) + open_usd, worth["drawdown_usd"].min()
        earned = f"{usd(open_usd)} of it in {n_open} left open" if n_open else f"costs {closed['fees_usd'].sum():,.2f} USD"
        refused, decided = int(self.refusals["wishes"].sum()), journal(self.day, "decisions").height
        hit = self.forecasts.row(0, named=True) if len(self.forecasts) else {}
        cards = (
            Card("P&L after costs", usd(pnl), earned, "" if not pnl else "good" if pnl > 0 else "bad"),
            Card("round trips", f"{len(closed):,}", f"{closed.filter(WON).height:,} won"),
            Card("worst below its best", usd(low if isinstance(low, float) else 0.0), "open positions marked"),
            Card("forecasts right", *((_percent(hit.get("hit_frac")), _range(hit)) if hit else _because(self.why_no_forecast))),
            Card("wishes refused", f"{refused:,}", f"{decided - refused:,} approved"),
            Card("data fit to enter on", _percent(self.quality["fit_frac"].min()), "of the worst contract's bars"),
            _parity(self.parity) if self.parity is not None else Card("parity", *_because(self.why_no_parity)),
        )
        if self.day.run is None:
            return Cards(cards[5:6], "Nobody traded this session: there is only its data to look at.")
        note = "Generated data: it shows the machine at work, not a way to make money." if "generated" in self.day.source else ""
        return Cards(cards, note)

    @property
    def result(self) -> dict[str, Any]:
        """The session's numbers as plain values, for a program; ``NAME_note`` says in words why NAME holds nothing."""
        notes = {"hit_frac_note": self.why_no_forecast, "parity_note": self.why_no_parity}
        closed = journal(self.day, "round_trips")
        lowest = self.quality["fit_frac"].min()
        return {
            "session": self.day.sessions[-1].isoformat(),
            "run": self.day.run.run if self.day.run is not None else None,
            "round_trips": len(closed),
            "pnl_usd": round(float(closed["pnl_usd"].sum()), 2),
            "fees_usd": round(float(closed["fees_usd"].sum()), 2),
            "left_open": self.left_open[0],
            "open_pnl_usd": round(self.left_open[1], 2),
            "hit_frac": dict(self.forecasts.select("recipe", pl.col("hit_frac").round(4)).iter_rows()),
            "ece": dict(self.forecasts.select("recipe", pl.col("ece").round(4)).iter_rows()),
            "refused": int(self.refusals["wishes"].sum()),
            "least_fit_frac": round(lowest, 4) if isinstance(lowest, float) else None,
            "parity": self.parity.same if self.parity is not None else None,
            "commands_digest": self.parity.digest if self.parity is not None else None,
        } | {name: note for name, note in notes.items() if note}


def review(day: Session, parity: Proof | None = None) -> Review:
    """Look a session over; `parity` is what a replay of it came to."""
    return Review(day, trips(day), forecasts(day), refusals(day), quality(day), parity)


def _because(why: str) -> tuple[str, str]:
    """Split a reason into what stands on a card and the word about it."""
    what, _, about = why.partition(": ")
    return what, about


def _parity(parity: Proof) -> Card:
    if parity.same:
        return Card("parity", f"{parity.n_commands:,} commands alike", f"replayed, digest {parity.digest[:12]}")
    return Card("parity", "broken", f"changed since: {', '.join(parity.changed)}" if parity.changed else "with the same code", "bad")


def _percent(share: Any) -> str:
    return "not known" if share is None else percent(share)


def _range(hit: dict[str, Any]) -> str:
    return f"95 % range {hit['lo_frac']:.1%} to {hit['hi_frac']:.1%}" if hit.get("lo_frac") is not None else "too few to say how sure"


def state_before(day: Session) -> pl.DataFrame:
    """Give the last change of the trading state before a session, of the runs it went on from: a halt stays until a person lifts it.

    A run that ended flat handed on no halt: neither it nor those before it are read.
    """
    log = day.logs[0]
    known, run = {each.run: each for each in runs(log.data)}, log.told.run
    while run is not None and (run := known.get(run.starts_from)) is not None and not (run.is_closed and run.ended_flat):
        told = journal(open_session(run.sessions[-1], data=log.data, zone=day.zone, run=run.run), "states")
        if len(told):
            return told.tail(1)
    return journal(day, "states").clear()
