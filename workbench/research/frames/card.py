"""How a session shows itself: a few lines in a shell, a small page in a notebook. Text and HTML; opens no store of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from workbench.domain.contracts import Contract
from workbench.domain.records import Provenance
from workbench.domain.units import SECOND
from workbench.research.frames.columns import FRAMES
from workbench.research.frames.log import MARKET, SessionLog

MANY: Final = 5  # of more sessions than these no record is looked at to show them
MOST_SOURCES: Final = 3
WHAT: Final = {
    Provenance.LIVE: "recorded",
    Provenance.BACKFILL: "asked for afterwards",
    Provenance.HISTORY: "history",
    Provenance.GENERATED: "generated, not a real market",
}
_CSS: Final = """
.wb-card{font:13px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:inherit;max-width:60em;
border:1px solid #8884;border-radius:8px;padding:12px 16px}
.wb-card h4{margin:0 0 2px;font-size:16px;font-weight:600}
.wb-card p{margin:2px 0;opacity:.8}
.wb-card .wb-tag{display:inline-block;border:1px solid currentColor;border-radius:9px;padding:0 8px;font-size:12px;font-weight:400;
margin-left:8px;vertical-align:2px;opacity:.8}
.wb-card .wb-made{color:#c26a00;font-weight:600;opacity:1}
.wb-card table{border-collapse:collapse;margin:8px 0 0;font-size:13px}
.wb-card tr{background:none!important}
.wb-card td,.wb-card th{padding:1px 14px 1px 0;text-align:left;border:0}
.wb-card th{font-weight:600;opacity:.7}
.wb-card .wb-n{text-align:right;font-variant-numeric:tabular-nums}
.wb-card code{font-size:12px;background:none;color:inherit;white-space:nowrap}
.wb-card details{margin-top:6px}
.wb-card summary{cursor:pointer;opacity:.8}
"""
STYLE: Final = _CSS.replace("\n", "")


def date_of(session: int) -> date:
    """Give the date of a log session.

    >>> date_of(20261119)
    datetime.date(2026, 11, 19)
    """
    return date(session // 10_000, session // 100 % 100, session % 100)


def name_of(logs: Sequence[SessionLog]) -> str:
    """Name the sessions."""
    first, last = logs[0].session, logs[-1].session
    return f"session {date_of(first)}" if first == last else f"sessions {date_of(first)} to {date_of(last)} ({len(logs)} of them)"


def kinds_there(logs: Sequence[SessionLog]) -> str:
    """Name the kinds of market data there are, with the contracts that have them."""
    of_kind = {name: dict.fromkeys(of.symbol for log in logs for of in log.all_contracts if name in log.counts[of.id]) for name in MARKET}
    named = [f"{name} of {', '.join(symbols)}" for name, symbols in of_kind.items() if symbols]
    return "; ".join(named) or "no quotes, prints, depth or bars at all"


def text(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> str:
    """Write sessions for a shell."""
    lines = [f"{name_of(logs)} · {_runs(logs)} · {_source(logs)}{_seen(zone, until_ns)}"]
    lines.append(f"  {_listed(of.symbol for log in logs for of in log.contracts)} · {_extent(logs, zone, until_ns)}")
    return "\n".join(lines + [f"  {family:<8} {' '.join(names)}" for family, names in _frames(logs).items()])


def html(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> str:
    """Write sessions for a notebook, readable on a light page and on a dark one."""
    modes = _listed(" over ".join(dict.fromkeys(run.mode for run in (log.told.run, log.told.writer) if run)) for log in logs)
    tags = "".join(f'<span class="wb-tag">{escape(each)}</span>' for each in (modes, _listed(log.state for log in logs)))
    if is_generated(logs):
        tags += f'<span class="wb-tag wb-made">{escape(WHAT[Provenance.GENERATED])}</span>'
    if until_ns is not None:
        tags += f'<span class="wb-tag">as seen at {escape(_time(until_ns, zone))}</span>'
    facts = [f"{_runs(logs, with_state=False)} · {_source(logs)}", _extent(logs, zone, until_ns)]
    body = "".join(f"<p>{escape(fact)}</p>" for fact in facts) + _contracts(logs, until_ns) + _frame_list(logs)
    if len(logs) > 1:
        body += _sessions(logs)
    return f'<style>{STYLE}</style><div class="wb-card"><h4>{escape(name_of(logs).capitalize())}{tags}</h4>{body}{_other_runs(logs)}</div>'


def _frames(logs: Sequence[SessionLog]) -> dict[str, list[str]]:
    """Name what can be asked for, by family."""
    there = {name for log in logs for name in MARKET if log.has(name)} if len(logs) <= MANY else set(MARKET)
    market = [name for name, kind in FRAMES.items() if kind.family == "market" and (name in there or name in ("bars", "features"))]
    names = {"market": [f"{name}(symbol, length)" if name == "bars" else name for name in market]}
    if any(log.told.run is not None for log in logs):
        return names | {"journal": [name for name, kind in FRAMES.items() if kind.family == "journal"]}
    return names | {"journal": [f"nobody traded; to trade it: workbench simulate --session {logs[-1].session}"]}


def _runs(logs: Sequence[SessionLog], *, with_state: bool = True) -> str:
    told = [log.told.run or log.told.writer for log in logs]
    if len(told) > 1:
        return _listed(f"{run.mode}" for run in told)
    run, writer = told[0], logs[0].told.writer
    over = "" if run is writer else f" over {writer.run}"
    state = f" ({'ended' if run is not writer and run.is_closed else logs[0].state})" if with_state else ""
    return f"{run.mode} run {run.run}{over}{state}"


def _source(logs: Sequence[SessionLog]) -> str:
    said = ", ".join(few(log.told.writer.source for log in logs if log.told.writer.source)) or "no source told"
    return f"{said} (generated)" if is_generated(logs) and "generated" not in said else said


def few(words: Iterable[str]) -> list[str]:
    """Name each once; of many the first and the last.

    >>> few(["seed 1", "seed 1", "seed 2"]), few(f"seed {n}" for n in range(9))
    (['seed 1', 'seed 2'], ['seed 0', '...', 'seed 8 (9 of them)'])
    """
    found = list(dict.fromkeys(words))
    return found if len(found) <= MOST_SOURCES else [found[0], "...", f"{found[-1]} ({len(found)} of them)"]


def is_generated(logs: Sequence[SessionLog]) -> bool:
    """Tell whether some of the market was made by a generator, as its records say; of many sessions, as their runs say."""
    if len(logs) > MANY:
        return any(log.told.writer.mode == "generate" or "generated" in log.told.writer.source for log in logs)
    return any(Provenance.GENERATED in log.provenances for log in logs)


def _extent(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> str:
    if len(logs) > MANY:
        return f"times in {zone}"
    parts = [part for log in logs if len(part := log.records[: log.n_until(until_ns)])]
    if not parts:
        return "no record yet"
    first, last = parts[0]["recv_ns"][0], parts[-1]["recv_ns"][-1]
    return f"{sum(map(len, parts)):,} records, {_time(int(first), zone)} to {_time(int(last), zone)} {zone}"


def _seen(zone: str, until_ns: int | None) -> str:
    return "" if until_ns is None else f" · as seen at {_time(until_ns, zone)} {zone}"


def _time(ns: int, zone: str) -> str:
    return datetime.fromtimestamp(ns // SECOND, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))


def _contracts(logs: Sequence[SessionLog], until_ns: int | None) -> str:
    """Draw a row a contract with how much there is of it."""
    if len(logs) > MANY:
        return f"<p>{escape(_listed(of.symbol for log in logs for of in log.contracts))}</p>"
    kinds = [name for name in MARKET if any(log.has(name) for log in logs)]
    counts = [log.count(until_ns) for log in logs]
    rows = []
    for of in {of.symbol: of for log in logs for of in log.contracts}.values():
        n = [sum(counted[each.id].get(kind, 0) for log, counted in zip(logs, counts, strict=True) for each in log.contracts
                 if each.symbol == of.symbol) for kind in kinds]  # fmt: skip
        what = f"{of.type.value} · {of.exchange} · {of.multiplier} {of.currency} a point · tick {_tick(of)}"
        cells = "".join(f'<td class="wb-n">{each:,}</td>' if each else '<td class="wb-n">·</td>' for each in n)
        rows.append(f"<tr><td>{escape(of.symbol)}</td><td>{escape(what)}</td>{cells}</tr>")
    heads = "".join(f'<th class="wb-n">{"imported bars" if kind == "bars" else kind}</th>' for kind in kinds)
    return f"<table><tr><th>contract</th><th></th>{heads}</tr>{''.join(rows)}</table>"


def _tick(of: Contract) -> str:
    fine = f", prints at {of.price_quantum}" if of.price_quantum != of.order_increment else ""
    return f"{of.order_increment}{fine}"


def _frame_list(logs: Sequence[SessionLog]) -> str:
    rows = []
    for family, names in _frames(logs).items():
        for name in names:
            kind = FRAMES.get(name.partition("(")[0])
            what, told = (f"<code>.{escape(name)}</code>", kind.row) if kind else (family, name)
            rows.append(f"<tr><td>{what}</td><td>{escape(told)}</td></tr>")
    return f"<details><summary>what it has: {escape(' · '.join(_short(logs)))}</summary><table>{''.join(rows)}</table></details>"


def _short(logs: Sequence[SessionLog]) -> list[str]:
    return [name.partition("(")[0] for names in _frames(logs).values() for name in names if name.partition("(")[0] in FRAMES]


def _sessions(logs: Sequence[SessionLog]) -> str:
    told = [(str(date_of(log.session)), (log.told.run or log.told.writer).run, log.told.writer.source) for log in logs]
    rows = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in told]
    return f"<details><summary>{len(logs)} sessions</summary><table>{''.join(rows)}</table></details>"


def _other_runs(logs: Sequence[SessionLog]) -> str:
    """List runs that could be chosen."""
    chosen = {(log.told.run or log.told.writer).run for log in logs}
    others = _listed(run.run for log in logs for run in log.told.runs if run.run not in chosen)
    asked = "<summary>other runs: open_session(..., run=NAME)</summary>"
    return f"<details>{asked}<p><code>{escape(others)}</code></p></details>" if others else ""
