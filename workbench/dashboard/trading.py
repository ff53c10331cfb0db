"""The page of a run that trades: each section a function from a picture to HTML. Text only; what a picture does not hold is not shown."""

from __future__ import annotations

from html import escape
from typing import Final

from workbench.dashboard import drawings
from workbench.dashboard.picture import Closed, Line, Picture, Runner
from workbench.dashboard.roots import roots
from workbench.dashboard.words import NOT_KNOWN, at, clock, count, money, pct, pts, span
from workbench.domain.units import MICROS

MODES: Final = {
    "observe": "observe: nothing is sent",
    "paper": "paper",
    "live": "live",
    "simulate": "simulate",
    "shadow": "shadow: nothing is sent",
}
STATES: Final = {
    "active": "entries may go out",
    "reducing": "no entries, only less risk",
    "halted": "no entries; stops and exits stay, and a person must resume it",
}
CALM_S: Final = 3.0  # under that an age only flickers
RUNNERS: Final = {"runs": "alive", "silent": "silent", "stopped": "stopped", "ended": "ended by itself"}


def head(p: Picture, zone: str) -> str:
    """Say which mode and which data this is, and what time it is there."""
    mark = '<span class="mark">workbench</span>'
    if p.card is None:
        return f'<div class="mast">{mark}</div>'
    card, when, day = p.card, at(p.log_ns, zone), str(p.card.session)
    market = card.source if card.source.startswith(card.market) else " · ".join(filter(None, (card.market, card.source)))
    law = f" · law {escape(card.profile)}" if card.profile else ""
    return (
        f'<div class="mast">{mark}<span class="pill {"live" if card.is_money else ""}">{MODES.get(card.mode, escape(card.mode))}</span>'
        f'<span class="soft">{escape(market)}</span>'
        f'<span class="faint">session {day[:4]}-{day[4:6]}-{day[6:]} · {escape(card.account)}{law}</span>'
        f'<span class="now" title="{when:%Y-%m-%d}, log time">{when:%H:%M:%S}</span></div>'
    )


def state(p: Picture, zone: str) -> str:
    """Say what the system may do and why, that it lives, and what needs attention."""
    if p.card is None or p.runner is None:
        return _advice(p)
    word, meaning, css = p.state.capitalize(), STATES[p.state], p.state
    if p.card.is_over:
        word, meaning, css = "Ended", f"the run is over; this is how it stood at {clock(p.log_ns, zone)}", ""
    elif p.state == "active" and p.runner.word in ("silent", "stopped"):
        word, css, meaning = p.runner.word.capitalize(), "reducing", f"nothing is decided; {p.state} when it was heard last"
    elif p.state != "active":
        meaning = f"{escape(p.why)}, since {clock(p.since_ns, zone)}: {meaning}"
    trouble = f'<li class="bad"><span>A store cannot be read now: {escape(p.trouble)}</span></li>' if p.trouble else ""
    notes = trouble + "".join(f'<li class="{note.level}"><span>{escape(note.text)}</span></li>' for note in p.notes)
    calm = "" if notes or p.state != "active" else "<li><b>Nothing needs you</b></li>"
    return (
        f'<div class="state {css}"><span class="word"><span class="dot"></span>{word}</span><span class="soft">{meaning}</span>'
        f'<ul class="signs">{calm}{_signs(p, p.runner)}</ul></div>' + (f'<ul class="notes">{notes}</ul>' if notes else "")
    )


def _signs(p: Picture, runner: Runner) -> str:
    ago = f", heard {span(runner.age_s)} ago" if runner.age_s is not None and runner.word in ("silent", "stopped") else ""
    signs = [_sign("runner", RUNNERS[runner.word] + ago, {"silent": "loss", "stopped": "warn"}.get(runner.word, ""))]
    if runner.word == "runs":
        age_s = runner.feed_age_s
        signs.append(_sign("last record", NOT_KNOWN if age_s is None else "just now" if age_s < CALM_S else f"{span(age_s)} ago"))
    if runner.speed is not None and runner.speed > 1.5:
        signs.append(_sign("pace", f"{runner.speed:.0f}\N{MULTIPLICATION SIGN}"))
    if runner.delay_ms is not None:
        signs.append(_sign("venue answers after", f"{runner.delay_ms:,.0f} ms"))
    qualities = [line.quality_frac for line in p.lines if line.quality_frac is not None]
    low = "warn" if any(line.is_quality_low for line in p.lines) else ""
    return "".join(signs) + _sign("data quality", f"{min(qualities):.2f}" if qualities else NOT_KNOWN, low)


def _sign(name: str, value: str, level: str = "") -> str:
    return f'<li class="{level}">{name} <b>{value}</b></li>'


def _advice(p: Picture) -> str:
    if p.trouble:
        return f'<ul class="notes"><li class="bad"><span>A store cannot be read: {escape(p.trouble)}</span></li></ul>'
    return (
        f'<div class="advice"><h3>{escape(p.advice)}</h3><p>The folder <b>{escape(p.data)}</b> holds no run with forecasts or orders. '
        "In another terminal, let a generated day trade at sixty times the wall clock; this page shows it by itself:</p>"
        "<code>workbench demo --pace 60 --from 09:25</code><p>Or trade a session of your own with modelled fills:</p>"
        "<code>workbench import csv --help</code><code>workbench simulate --session 20260204</code></div>"
    )


def funds(p: Picture, zone: str) -> str:
    """Say whether it earns, after costs."""
    if p.money is None:
        return ""
    m = p.money
    won = f"{m.n_won} of {m.n_trips}" if m.n_trips else NOT_KNOWN
    figures = (
        ("realised", money(m.realised_micros, signed=True)),
        ("open", money(m.open_micros, signed=True)),
        ("fees paid", money(m.fees_micros)),
        ("below its best", money(m.drawdown_micros)),
        ("round trips won", won),
        ("equity", money(m.equity_micros)),
    )
    listed = "".join(f"<div><dt>{name}</dt><dd data-figure='{name}'>{value}</dd></div>" for name, value in figures)
    drawn = drawings.worth(m.line, zone)
    strokes = drawings.trips(m.trips, m.line[0][0], m.line[-1][0]) if len(m.line) > 1 else ""
    return (
        f'<div class="funds"><div><span class="label">today, after costs</span><div class="big {tone(m.today_micros)}" data-figure="today">'
        f'{money(m.today_micros, signed=True)}<small>USD</small></div></div><dl class="figures">{listed}</dl></div>{drawn}{strokes}'
    )


def tone(micros: int) -> str:
    """Name the colour of an amount; its sign says the same."""
    return "gain" if micros > 0 else "loss" if micros < 0 else ""


def limits(p: Picture, zone: str) -> str:
    """Say what is used of each limit, and what is left."""
    if p.card is not None and not p.limits:
        return '<p class="none">The law this run trades by is not at hand, so its limits are not known here.</p>'
    rows = "".join(
        f'<li class="{"over" if each.frac > 1 else "near" if each.frac >= 0.8 else ""}"><span class="name">{escape(each.name)}</span>'
        f'<span class="num">{each.used} of {each.most}, <b>{escape(each.left)} left</b></span>'
        f'<span class="track"><i style="width:{min(100.0, max(0.0, each.frac * 100)):.1f}%"></i></span></li>'
        for each in p.limits
    )
    return f'<ul class="bars">{rows}</ul>'


def lines(p: Picture, zone: str) -> str:
    """Say for each root what is held and why nothing more is ordered."""
    return roots(p.lines, zone)


def refusals(p: Picture, zone: str) -> str:
    """Say what risk refused, by reason, and the latest."""
    total = sum(n for _, n in p.refusals)
    if not total:
        return f'<p class="none">Nothing was refused; {count(p.n_approved, "proposal was", "proposals were")} approved.</p>'
    most = p.refusals[0][1]
    rows = "".join(
        f'<li><span class="name">{escape(reason)}</span><span class="num"><b>{n:,}</b></span>'
        f'<span class="track"><i style="width:{n / most * 100:.1f}%"></i></span></li>'
        for reason, n in p.refusals[:7]
    )
    latest = "".join(
        f'<li><span class="faint">{clock(now_ns, zone)}</span><b>{escape(symbol)}</b><span>{escape(text)}</span></li>'
        for now_ns, symbol, text in p.refused
    )
    return (
        f'<p class="soft small">{total:,} refused, {p.n_approved:,} approved</p><ul class="bars" style="margin-top:9px">{rows}</ul>'
        f'<ol class="latest">{latest}</ol>'
    )


def forecasts(p: Picture, zone: str) -> str:
    """Say whether forecasts mean what they say."""
    if not p.recipes:
        return '<p class="none">No forecast has been made yet.</p>'
    parts = []
    for each in p.recipes:
        known = f"{each.n_kept:,} latest outcomes" if each.n_kept < each.n_known else count(each.n_known, "outcome")
        hit = f"{pct(each.hit_frac, 1)} \N{PLUS-MINUS SIGN} {pct(each.margin_frac, 1)}" if each.hit_frac is not None else NOT_KNOWN
        brier = f"{each.brier:.4f}" if each.brier is not None else NOT_KNOWN
        drift = f", last {clock(each.drifted_ns, zone)}" if each.drifted_ns is not None else ""
        facts = (
            ("pointed the right way", hit),
            ("Brier (a coin 0.2500)", brier),
            ("calibration error", f"{each.ece:.3f}" if each.ece is not None else NOT_KNOWN),
            ("drift", f"{count(each.n_drifts, 'time')}{drift}"),
        )
        listed = "".join(f"<li><span>{name}</span><span>{value}</span></li>" for name, value in facts)
        told = f"<p><b>{escape(each.name)}</b> <span class='soft small'>{each.n_made:,} made, {known}</span></p>"
        drawn = drawings.calibration(each.bins, each.n_apart / max(each.n_kept, 1))
        parts.append(f'<div class="trust">{told}{drawn}<ul class="sums" style="margin:0">{listed}</ul></div>')
    return "".join(parts)


def closed(p: Picture, zone: str) -> str:
    """List the latest round trips, and what each strategy earned."""
    if not p.closed:
        return '<p class="none">No round trip is over yet.</p>'
    names = ("over", "", "", "P&amp;L", "R")
    heads = f'<div class="row heads">{"".join(f"<span>{name}</span>" for name in names)}</div>'
    rows = "".join(_closed(each, zone) for each in p.closed)
    sums = "".join(
        f'<li><span>{escape(each.name)}</span><span class="soft">{each.n_won} of {each.n} won</span>'
        f'<span class="{tone(each.pnl_micros)}">{money(each.pnl_micros, signed=True)}</span></li>'
        for each in p.strategies
    )
    return f'<div class="table trips">{heads}{rows}</div><ul class="sums">{sums}</ul>'


def _closed(each: Closed, zone: str) -> str:
    way = f"{pts(each.entry_pts, each.digits)} to {pts(each.exit_pts, each.digits)}, {escape(each.strategy)}"
    return (
        f'<div class="row" title="{way}"><span class="faint">{clock(each.now_ns, zone)}</span><b>{escape(each.symbol)}</b>'
        f'<span class="soft">{"long" if each.side > 0 else "short"} {each.qty:,}, {escape(each.how)}</span>'
        f'<span class="{tone(each.pnl_micros)}">{money(each.pnl_micros, signed=True)}</span>'
        f'<span class="soft">{money(round(each.r * MICROS), signed=True)}</span></div>'
    )


def features(p: Picture, zone: str) -> str:
    """Show the market's state as the features of the last minute tell it; never anything made up for the page."""
    if not p.lines:
        return ""
    names = [name for name, _ in p.lines[0].features]
    heads = f'<div class="row heads"><span></span>{"".join(f"<span>{escape(name)}</span>" for name in names)}</div>'
    return f'<div class="table features">{heads}{"".join(_features_of(line) for line in p.lines)}</div>'


def _features_of(line: Line) -> str:
    cells = "".join(
        f'<span class="{"mark-out" if _is_out(name, value) else ""}"><span class="caption">{escape(name)}</span>{_number(value)}</span>'
        for name, value in line.features
    )
    return f'<div class="row"><span><b>{escape(line.root)}</b></span>{cells}</div>'


def _is_out(name: str, value: float | None) -> bool:
    """Whether a value is where people draw their lines: RSI beyond 30 and 70, a close outside the bands."""
    if value is None:
        return False
    return (name.startswith("RSI") and not 30 <= value <= 70) or (name.startswith("Bollinger") and not 0 <= value <= 1)


def _number(value: float | None) -> str:
    if value is None:
        return NOT_KNOWN
    size = abs(value)
    digits = 0 if size >= 1_000 else 1 if size >= 20 else 2 if size >= 0.1 or size < 5e-5 else 3 if size >= 0.005 else 4
    return pts(value if size >= 5e-5 else 0.0, digits)


def foot(p: Picture, zone: str) -> str:
    """Say where all this was read, and when."""
    if p.card is None or p.runner is None:
        return f'<div class="foot"><span>{escape(p.data)}</span><span>read {clock(p.read_ns, zone, seconds=True)}</span></div>'
    return (
        f'<div class="foot"><span>{escape(p.data)}/runs/{escape(p.card.run)}</span><span>{p.runner.n_records:,} records</span>'
        f"<span>{p.runner.n_entries:,} journal entries</span><span>times in {escape(zone)}</span>"
        f"<span>read {clock(p.read_ns, zone, seconds=True)} in {p.took_ms:.0f} ms</span></div>"
    )


def title(p: Picture) -> str:
    """What the browser's tab says: what needs somebody first, else what was earned."""
    if p.money is None or p.card is None:
        return "workbench"
    level = "! " if p.trouble or p.state == "halted" or any(note.level == "bad" for note in p.notes) else ""
    return f"{level}{money(p.money.today_micros, signed=True, cents=False)} · {p.card.mode} · workbench"
