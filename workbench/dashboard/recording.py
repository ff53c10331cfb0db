"""The page of a recording: each section a function from one look to HTML. Text only; what was not gathered is not shown."""

from __future__ import annotations

from html import escape

from workbench.dashboard import drawings
from workbench.dashboard.gathering import Gathered, Stream
from workbench.dashboard.words import NOT_KNOWN, at, clock, count, pct, span
from workbench.domain.units import SECOND

GOOD, FAIR = 0.999, 0.95  # shares of minutes heard, of bars fit
HEADS = (
    ("contract", ""), ("stream", ""), ("minutes heard", "num"), ("", "num"), ("fit to enter on", "num"), ("quality", "num"),
    ("lowered by", ""), ("last heard", "num"),
)  # fmt: skip


def head(g: Gathered, zone: str) -> str:
    """Say which data this is, and from when."""
    mark = '<span class="mark">workbench</span>'
    if not g.session:
        return f'<div class="mast">{mark}</div>'
    day, when = str(g.session), at(g.last_ns, zone)
    kind = "generated data" if g.is_generated else "recorded data"
    source = g.source if g.source.startswith(kind.partition(" ")[0]) else f"{kind} · {g.source}"
    return (
        f'<div class="mast">{mark}<span class="pill">{"recording" if g.is_unfinished else "recorded"}</span>'
        f'<span class="soft">{escape(source)}</span><span class="faint">session {day[:4]}-{day[4:6]}-{day[6:]}</span>'
        f'<span class="now" title="{when:%Y-%m-%d}, last record">{when:%H:%M:%S}</span></div>'
    )


def whole(g: Gathered, zone: str) -> str:
    """Say whether it is whole and fit, and what is not."""
    if g.trouble:
        return f'<ul class="notes"><li class="bad"><span>A store cannot be read: {escape(g.trouble)}</span></li></ul>'
    if not g.session:
        return (
            f'<div class="advice"><h3>Nothing has been recorded here yet</h3><p>The folder <b>{escape(g.data)}</b> holds no session. '
            "Record your own TWS, or bring files in:</p><code>workbench record --dry-run</code>"
            "<code>workbench import csv --help</code></div>"
        )
    shares = [each.complete_frac for each in g.streams if each.complete_frac is not None]
    fits = [1 - each.n_unfit / each.n_bars for each in g.streams if each.n_bars]
    least, fit = min(shares, default=None), min(fits, default=None)
    is_well = (least is None or least >= GOOD) and (fit is None or fit >= FAIR)
    word = "Whole" if is_well else "Not whole" if least is not None and least < GOOD else "Not always fit"
    signs = (
        ("minutes heard, the worst contract", pct(least, 1)),
        ("bars fit to enter on, the worst", pct(fit, 1)),
        ("gaps", f"{g.n_holes:,}"),
        ("records", f"{g.n_records:,}"),
    )
    listed = "".join(f"<li>{name} <b>{value}</b></li>" for name, value in signs)
    css = "active" if is_well else "reducing"
    so_far = "so far; what is to come is not missed yet" if g.is_unfinished else "of its market's hours"
    return (
        f'<div class="state {css}"><span class="word"><span class="dot"></span>{word}</span><span class="soft">{so_far}</span>'
        f'<ul class="signs">{listed}</ul></div>'
    )


def streams(g: Gathered, zone: str) -> str:
    """Say of each contract how much was heard, how fit it was, and what lowered it."""
    if not g.streams:
        return '<p class="none">No contract has been recorded in this session.</p>'
    rows = "".join(_row(each) for each in g.streams)
    heads = "".join(f'<span class="{css}">{name}</span>' for name, css in HEADS)
    return f'<div class="scroll"><div class="table streams"><div class="row heads">{heads}</div>{rows}</div></div>'


def _row(each: Stream) -> str:
    fit = 1 - each.n_unfit / each.n_bars if each.n_bars else None
    why = ", ".join(f"{name} {n:,}" for name, n in each.lowered) or ("nothing" if each.n_bars else NOT_KNOWN)
    cells = (
        f"<span><b>{escape(each.symbol)}</b></span>",
        f'<span class="soft">{escape(each.kind)}</span>',
        f'<span class="num">{each.minutes_seen:,} of {each.minutes_expected:,}</span>',
        f'<span class="num {_tone(each.complete_frac, GOOD)}" data-complete="{escape(each.symbol)}">{pct(each.complete_frac, 1)}</span>',
        f'<span class="num {_tone(fit, FAIR)}">{pct(fit, 1)}</span>',
        f'<span class="num">{NOT_KNOWN if each.quality_frac is None else f"{each.quality_frac:.3f}"}</span>',
        f'<span class="soft">{escape(why)}</span>',
        f'<span class="num soft">{NOT_KNOWN if each.heard_s is None else f"{span(each.heard_s)} ago"}</span>',
    )
    return f'<div class="row">{"".join(cells)}</div>'


def _tone(share: float | None, good: float) -> str:
    return "" if share is None or share >= good else "warn"


def charts(g: Gathered, zone: str) -> str:
    """Draw each contract's price by the minute, as far as it has come."""
    drawn = [(each, drawings.price(each.line, zone)) for each in g.streams if len(each.line) > 1]
    if not drawn:
        return '<p class="none">The lines begin with the second whole minute.</p>'
    each_of = "".join(
        f'<figure><figcaption class="label">{escape(each.symbol)}, points</figcaption>{chart}</figure>' for each, chart in drawn
    )
    return f'<div class="charts">{each_of}</div>'


def holes(g: Gathered, zone: str) -> str:
    """List the latest stretches in which nothing came."""
    if not g.holes:
        return '<p class="none">No contract was silent for longer than a minute and a half while its market was open.</p>'
    rows = "".join(
        f'<li><span class="faint">{clock(each.began_ns, zone)}</span><b>{escape(each.symbol)}</b>'
        f"<span>{span((each.ended_ns - each.began_ns) / SECOND)}: {escape(each.why)}</span></li>"
        for each in g.holes
    )
    more = f'<p class="soft small">the latest of {g.n_holes:,}</p>' if g.n_holes > len(g.holes) else ""
    return f'<ol class="latest">{rows}</ol>{more}'


def leads(g: Gathered, zone: str) -> str:
    """Repeat what the newest page on leads said."""
    if not g.verdicts:
        return '<p class="none">No page has asked yet: workbench run lead_lag -p first=DATE -p last=DATE</p>'
    rows = "".join(f'<li><span class="faint">{escape(each.stage)}</span><span>{escape(each.text)}</span></li>' for each in g.verdicts)
    return f'<ol class="latest">{rows}</ol><p class="soft small">page lead_lag of session {escape(g.verdicts[0].session)}</p>'


def foot(g: Gathered, zone: str) -> str:
    """Say where this was read."""
    if not g.session:
        return ""
    return f'<p class="foot faint small">{escape(g.data)}: {count(g.n_records, "record")}, read in {g.took_ms:,.0f} ms</p>'


def title(g: Gathered) -> str:
    """Name the page's tab."""
    shares = [each.complete_frac for each in g.streams if each.complete_frac is not None]
    return f"{pct(min(shares, default=None), 1)} heard · workbench" if g.session else "nothing recorded · workbench"
