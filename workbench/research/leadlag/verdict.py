"""What was found, as a sentence a person can act on. Words only; every number comes in ready."""

from __future__ import annotations

from typing import Any, Final

from workbench.domain.units import BAR_NS, SECOND
from workbench.research import words
from workbench.research.leadlag.result import NEEDED, Lead, Stage

ALIKE: Final = 0.5  # a correlation of bars that is worth being suspicious of
ALONE_FRAC: Final = 0.2  # of it, that a real lead would leave at lag 0: a market does not react after exactly one bar and never within it
SURE: Final = 0.05
LEAST_P: Final = 0.001  # as finely as samples tell


def is_misaligned(lead: Lead) -> bool:
    """Whether bars agree at exactly some other bar and not at their own: what a file whose stamps mean something else looks like."""
    off = lead.step_s > 0 and lead.lead_s != 0
    return off and abs(lead.corr_peak) >= ALIKE and abs(lead.corr_same) < ALONE_FRAC * abs(lead.corr_peak)


def is_sure(best: dict[str, Any] | None) -> bool:
    """Whether a gain after costs is told from nothing."""
    return best is not None and best["p_acted"] is not None and best["p_acted"] < SURE and best["acted_lo_usd"] > 0


def verdict(lead: Lead, *, is_at_edge: bool, is_related: bool) -> str:
    """Say it."""
    if lead.stage is Stage.COLLECT:
        needed = NEEDED[Stage.CORRELATE]
        return f"Nothing is concluded from {words.count(lead.n_days, 'day')} of {lead.first} and {lead.second}: {needed} are needed"
    if is_misaligned(lead):
        return _misaligned(lead)
    if is_at_edge:
        furthest = f"the furthest lag looked at, {_span(lead.lead_s)}; look further (reach_s)"
        return f"Not told: {lead.first} and {lead.second} are most alike at {furthest}"
    told = _who(lead, is_related=is_related)
    if lead.stage is Stage.CORRELATE:
        more = f"; what it is worth is assessed from {NEEDED[Stage.ASSESS]} days on, here are {lead.n_days}" if lead.is_shown else ""
        return f"{told}{more}" if lead.is_shown else f"Nothing to trade on: {told}"
    if not lead.is_worth:
        return f"{told}. Nothing to trade on all the same: {_why_not(lead)}" if lead.is_shown else f"Nothing to trade on: {told}"
    lasting = lead.stage is Stage.DECIDE
    then = "Worth a trial on paper" if lasting else f"It is decided from {NEEDED[Stage.DECIDE]} days on, here are {lead.n_days}"
    left = _left(lead)
    return f"{told}. {left[0].upper()}{left[1:]}. {then}"


def headline(lead: Lead, *, is_at_edge: bool) -> str:
    """Say it in a line."""
    both = f"{lead.first} and {lead.second}"
    if lead.stage is Stage.COLLECT:
        return f"{words.count(lead.n_days, 'day')} of {both} are too few to say"
    if is_misaligned(lead):
        return f"Not believed: bars of {both} are stamped differently"
    if is_at_edge:
        return f"Not told: {both} are most alike at the furthest lag"
    if not lead.is_shown:
        return f"No lead of {both} to trade on"
    told = f"{lead.leader} leads {lead.follower} by {_span(lead.lead_s)}"
    if lead.is_worth and lead.best is not None:
        return f"{told}: {words.usd(lead.best['acted_usd'])} a round trip after costs"
    return told if lead.stage is Stage.CORRELATE else f"{told}, and nothing to trade on"


def notes(lead: Lead) -> tuple[str, ...]:
    """Say what a reader should know besides."""
    found = []
    if lead.is_shown and lead.lead_s is not None and abs(lead.lead_s) * SECOND < BAR_NS:
        found.append(f"strategies here decide every {BAR_NS // SECOND} s: a lead of {_span(lead.lead_s)} passes between two of their looks")
    if lead.stage is not Stage.COLLECT and not lead.is_shown and is_sure(lead.best) and not is_misaligned(lead):
        found.append(
            f"without a lead, not counted: {_left(lead)}; quotes that stand too long look like that, and are gone when they are hit"
        )
    if lead.step_s:
        found.append(f"bars of {_span(lead.step_s)} cannot show a lead much shorter than that; ticks can")
    return tuple(found)


def _who(lead: Lead, *, is_related: bool) -> str:
    lead_s, corr = lead.lead_s or 0.0, lead.corr_peak
    reach = _span(float(lead.lags["lag_s"][-1]))
    if not is_related:
        return f"{lead.first} and {lead.second} do not move together at any lag up to {reach} ({_corr(corr)} at most)"
    low, high = lead.range_s or (0.0, 0.0)
    if lead.is_shown:
        near, far = sorted((abs(low), abs(high)))
        luck = f"{_chance(lead.p)}, corrected for {len(lead.lags)} lags"
        return f"{lead.leader} leads {lead.follower} by {_span(lead_s)} ({_span(near)} to {_span(far)}; {luck})"
    if lead.step_s:
        beside = lead.lags.filter(lead.lags["lag_s"] != lead_s)["corr"].abs().max()
        most = _corr(beside) if isinstance(beside, float) else "nothing"
        where = f"in the same bar of {_span(lead.step_s)}" if lead_s == 0 else f"{_span(lead_s)} apart, which chance explains,"
        return f"{lead.first} and {lead.second} move {where} (correlation {_corr(corr)}, at other lags {most} at most)"
    at = f"most alike at {lead_s:+.2f} s, {low:+.2f} to {high:+.2f} s; correlation {_corr(corr)}"
    return f"neither {lead.first} nor {lead.second} leads as far as can be told ({at.replace('-', words.MINUS)})"


def _misaligned(lead: Lead) -> str:
    later = lead.second if (lead.lead_s or 0.0) > 0 else lead.first
    n = round(abs(lead.lead_s or 0.0) / lead.step_s)
    return (
        f"Not believed: {lead.first} and {lead.second} agree ({_corr(lead.corr_peak)}) exactly {words.count(n, 'bar')} apart and hardly "
        f"({_corr(lead.corr_same)}) in the same one. Markets do not do that, files do: {later} is stamped late, at the end of a bar "
        "instead of its start, or in another zone"
    )


def _why_not(lead: Lead) -> str:
    best = lead.best
    if not lead.horizons["n"].sum():
        return "no horizon fitted into what there is, or none was asked for"
    if best is None or best["acted_usd"] is None:
        return f"no forecast was above what a round trip costs, about {_cost(lead)}"
    if best["p_acted"] is None:
        return f"only {words.count(best['n_acted'], 'forecast')} were above what a round trip costs, about {_cost(lead)}"
    return f"{_left(lead)}, which cannot be told from nothing" if best["acted_hi_usd"] > 0 else _left(lead)


def _left(lead: Lead) -> str:
    best = lead.best or {}
    what = words.count(round(lead.costs.qty), lead.costs.unit, lead.costs.unit) if lead.costs.qty != 1 else f"1 {lead.costs.unit}"
    return (
        f"after costs {words.usd(best['acted_usd'])} a round trip of {what} ({words.usd(best['acted_lo_usd'])} to "
        f"{words.usd(best['acted_hi_usd'])}) was left of {best['n_acted']:,} forecasts above their costs, {_span(best['horizon_s'])} ahead"
    )


def _cost(lead: Lead) -> str:
    known = lead.horizons["cost_usd"].drop_nulls()
    return words.usd(float(known[0]), signed=False) if len(known) else words.usd(lead.costs.usd(lead.costs.fixed_pts), signed=False)


def _span(seconds: float | None) -> str:
    """Write a length of time: 1.2 s, 250 ms, 5 min.

    >>> _span(0.25), _span(1.2), _span(300), _span(3600)
    ('250 ms', '1.2 s', '5 min', '60 min')
    """
    length = abs(seconds or 0.0)
    if length >= 60 and length % 60 == 0:
        return f"{length / 60:g} min"
    return f"{1000 * length:.0f} ms" if 0 < length < 1 else f"{length:.2f}".rstrip("0").rstrip(".") + " s"


def _corr(value: float) -> str:
    return f"{value:.3f}".replace("-", words.MINUS)


def _chance(p: float | None) -> str:
    if p is None:
        return "chance not known"
    return f"p {'below' if p <= LEAST_P else 'is'} {max(p, LEAST_P):.3f}"
