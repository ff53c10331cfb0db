"""`what_leads`: two markets in, one answer out. Puts the parts together; each of them is measured elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from workbench.config import load_settings
from workbench.domain.units import MINUTE, SECOND
from workbench.research.leadlag.costs import Costs, costs_of
from workbench.research.leadlag.curve import Curve, curve_of
from workbench.research.leadlag.pair import Pair, pair_of
from workbench.research.leadlag.result import Lead, Stage, stage_of
from workbench.research.leadlag.verdict import SURE, headline, is_misaligned, is_sure, notes, verdict
from workbench.research.leadlag.worth import worth_of

if TYPE_CHECKING:
    from workbench.research.frames.session import Session

SECONDS: Final = (1, 5, 15, 60)  # horizons of ticks
MINUTES: Final = (5, 15, 30, 60)  # and of bars too


def what_leads(
    source: Session | Mapping[str, pl.DataFrame],
    first: str = "ES",
    second: str = "SPY",
    *,
    length: str | None = None,
    hours: str = "regular",
    reach_s: float | None = None,
    n_lags: int = 101,
    horizons_s: Sequence[float] | None = None,
    costs: Costs | None = None,
    delay_s: float | None = None,
) -> Lead:
    """Say which of two markets leads the other, by how much, how sure that is, and what is left of it after costs.

    Parameters
    ----------
    source
        A session or a range of them (`open_session`); or frames by name with ``time`` and ``bid_pts ask_pts``, ``price_pts`` or
        ``close_pts`` (a bar's time is its end).
    first, second
        Roots or contracts; a lead above 0 is of `first`.
    length
        Measure on bars of this length, ``"1m"``. `None`: on quotes where both have them, else prints, else bars of one minute.
    hours
        ``"regular"`` hours of the New York Stock Exchange, or ``"all"``.
    reach_s
        Furthest lag looked at, seconds. `None`: 10 s of ticks, 10 bars of bars.
    n_lags
        Of ticks: how many lags, besides twenty finer ones around the highest.
    horizons_s
        Over how long the leader's past move should tell the follower's next. `None`: the lead found, 1, 5, 15, 60 s of ticks, one bar of
        bars, and 5, 15, 30, 60 minutes.
    costs
        Of a round trip in the follower; `None`: what settings say of its root.
    delay_s
        From knowing to being filled. `None`: the order latency of the settings; 0 of bars, which know nothing finer.

    Returns
    -------
    Lead
        It shows itself as its verdict. Under 7 days of both nothing is concluded; what a lead is worth is said from 10 days on, and that it
        is worth a trial from 20 on.

    Raises
    ------
    ConfigError
        Settings do not know what the follower costs.
    DataError
        One of the two is not there, or the two are never there together.

    Examples
    --------
    >>> from workbench.research.leadlag import planted
    >>> what_leads(planted(lead_s=1.2, days=2, hours=1), horizons_s=[1])
    Nothing is concluded from 2 days of ES and SPY: 7 are needed
      stage collect · 2 days of both · quotes
    """
    pair = pair_of(source, first, second, length=length, hours=hours)
    curve = curve_of(pair, reach_s=reach_s, n_lags=n_lags)
    stage = stage_of(len(pair.days))
    is_shown = stage is not Stage.COLLECT and _is_shown(curve)
    led = pair.turned() if is_shown and curve.peak_ns < 0 else pair
    settings = load_settings()
    costs = costs or costs_of(led.names[1], is_quoted=pair.kind == "quotes", settings=settings)
    horizons = _horizons(pair, curve, horizons_s, is_shown=is_shown)
    delay_ns = 0 if pair.is_bars else settings.simulation.order_latency_ns if delay_s is None else int(delay_s * SECOND)
    table = worth_of(led, horizons, costs, delay_ns=delay_ns, sign=curve.sign, is_judged=stage is not Stage.COLLECT)
    lead = Lead(
        first=first,
        second=second,
        kind=pair.kind,
        step_s=pair.step_ns / SECOND,
        n_days=len(pair.days),
        stage=stage,
        source="" if isinstance(source, Mapping) else source.source,
        lags=pl.DataFrame({"lag_s": curve.lags_ns / SECOND, "corr": curve.corr, "lo": curve.lo, "hi": curve.hi}).fill_nan(None),
        horizons=table,
        corr_peak=float(curve.corr[curve.peak]),
        corr_same=curve.at(0),
        leader=led.names[0],
        follower=led.names[1],
        costs=costs,
    )
    return _judged(lead, curve, is_shown=is_shown)


def _judged(lead: Lead, curve: Curve, *, is_shown: bool) -> Lead:
    """Add what may be concluded, and say it."""
    is_related = bool(curve.lo[curve.peak] > 0 if curve.sign > 0 else curve.hi[curve.peak] < 0)
    if lead.stage is not Stage.COLLECT:
        low, high = (each / SECOND for each in curve.range_ns)
        lead = replace(lead, lead_s=curve.peak_ns / SECOND, range_s=(low, high), p=curve.p)
        is_shown = is_shown and not is_misaligned(lead)
        lead = replace(lead, is_shown=is_shown, best=_best(lead.horizons))
    lead = replace(lead, is_worth=lead.is_shown and lead.stage in (Stage.ASSESS, Stage.DECIDE) and is_sure(lead.best))
    said = verdict(lead, is_at_edge=curve.is_at_edge, is_related=is_related)
    return replace(lead, verdict=said, headline=headline(lead, is_at_edge=curve.is_at_edge), notes=notes(lead))


def _is_shown(curve: Curve) -> bool:
    """Whether one leads: more one-sided than chance, and a range that keeps clear of 0 by what can be told at all."""
    low, high = curve.range_ns
    clear = curve.fine_ns if len(np.unique(np.diff(curve.lags_ns))) > 1 else 0
    return curve.p < SURE and not curve.is_at_edge and (low > clear or high < -clear)


def _horizons(pair: Pair, curve: Curve, wanted: Sequence[float] | None, *, is_shown: bool) -> list[int]:
    """Choose horizons; of bars, whole ones."""
    if wanted is not None:
        chosen = [round(each * SECOND) for each in wanted]
    elif pair.is_bars:
        chosen = [pair.step_ns, *(n * MINUTE for n in MINUTES)]
    else:
        chosen = [*([abs(curve.peak_ns)] if is_shown else []), *(n * SECOND for n in SECONDS), *(n * MINUTE for n in MINUTES)]
    return sorted({each for each in chosen if each > 0 and (not pair.is_bars or each % pair.step_ns == 0)})


def _best(horizons: pl.DataFrame) -> dict[str, Any] | None:
    """Give the horizon with the surest gain; where none can be judged, that with most forecasts above their costs."""
    judged = horizons.filter(pl.col("p_acted").is_not_null())
    if len(judged):
        gains = judged.filter(pl.col("acted_usd") > 0)
        return (gains if len(gains) else judged).sort("p_acted", "horizon_s").row(0, named=True)
    acted = horizons.filter(pl.col("n_acted") > 0)
    return acted.sort("n_acted", descending=True).row(0, named=True) if len(acted) else None
