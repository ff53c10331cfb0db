"""``workbench replay | simulate | sessions``: recorded sessions through the engine. Reads arguments, prints what came back."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.domain.decisions import Quarantined
from workbench.domain.errors import ConfigError

REPLAY_HELP: Final = """Run the engine over a recorded session.

A session that was traded (paper, live) is played back with the reports of its log, and every command is held against the recorded one.
A session that was only recorded or imported is traded with modelled fills; that is said to be *simulate*.

With --wire a day's flight recording is played instead: the bytes that came over TWS's socket go through the real client library and the
whole runner, in virtual time. Records, events, commands and every frame that left are held against the log of that run. The first
difference is named: message, field, both values, and whose work it is (raw decoder, ib_async, translator, engine, connection).
Recordings are kept for flight.keep_days; account numbers are in them.

Exit code 1 if a command (with --wire anything) differs from the recorded one, or if a strategy, feature or model was quarantined: it
failed while running. 2 if there is no such session or recording.

Examples:

  workbench replay --session 2026-11-19

  workbench replay --session 20231226 --profile demo --json

  workbench replay --wire 2026-11-20

  workbench replay --wire 2026-11-20 --run 20261120-paper-7 --json
"""
SIMULATE_HELP: Final = """Trade recorded sessions anew, with modelled fills, whatever was traded in them. The journal of each run is kept.

The law is the constitution the settings name (profile, in workbench.toml), or that of --profile. Several sessions are played one after
another, each from a cold start, with a table and a sum at the end.

Exit code 1 if a strategy, feature or model was quarantined: it failed while running; the last line says so.

Examples:

  workbench simulate --session 2026-11-19 --strategy vwap_reversion --roots ES

  workbench simulate --session 2026-11-16:2026-11-19 --strategy learned:flow_1m
"""
SESSIONS_HELP: Final = """List the sessions of the data folder: records, span, which run wrote them, which runs played them (simulate)."""
SESSION_HELP: Final = "Log session, a date: 2026-11-19 or 20261119."


NEITHER: Final = "name a session: --session 2026-11-19 plays its log, --wire 2026-11-19 its flight recording"


def session_of(text: str) -> int:
    """Read a session as a person writes it.

    >>> session_of("2026-11-19"), session_of("20261119")
    (20261119, 20261119)
    """
    try:
        if not re.fullmatch(r"\d{8}|\d{4}-\d\d-\d\d", text):
            raise ValueError
        return int(date.fromisoformat(text).strftime("%Y%m%d"))
    except ValueError:
        raise ConfigError(f"--session: a session is a date, 2026-11-19 or 20261119, not {text!r}") from None


Session = Annotated[int | None, typer.Option("--session", parser=session_of, metavar="DATE", help=SESSION_HELP)]
Sessions = Annotated[
    list[str],
    typer.Option("--session", metavar="DATE", help=f"{SESSION_HELP} A range: 2026-11-16:2026-11-19. May be given several times."),
]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the stores; else the settings' data_folder.")]
Profile = Annotated[
    str | None, typer.Option("--profile", help="Constitution that is the law when a session is traded anew; else the settings' profile.")
]
Traders = Annotated[
    list[str] | None,
    typer.Option("--strategy", help="STRATEGY or STRATEGY:RECIPE, may be given several times; else what the data allows."),
]
Roots = Annotated[
    list[str] | None,
    typer.Option("--roots", help="Roots or contracts to trade, ES or ES,SPY; else all. The others stay in the market that is seen."),
]
Wire = Annotated[
    int | None, typer.Option("--wire", parser=session_of, metavar="DATE", help="Play the flight recording of this log session instead.")
]
OneRun = Annotated[str | None, typer.Option("--run", metavar="RUN", help="With --wire: which run of the session; else the last.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
OfFamily = Annotated[
    str | None,
    typer.Option("--family", metavar="NAME", help="What this is tried as part of (workbench trials); else the strategies' names."),
]


class Asked(NamedTuple):
    """What was asked for, apart from the session."""

    data: Path | None
    profile: str | None
    strategy: list[str] | None
    roots: list[str] | None
    as_json: bool
    family: str | None = None


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("replay", help=REPLAY_HELP)(replay)
    app.command("simulate", help=SIMULATE_HELP)(simulate)
    app.command("sessions", help=SESSIONS_HELP)(sessions)


def replay(
    session: Session = None,
    wire: Wire = None,
    run: OneRun = None,
    data: DataFolder = None,
    profile: Profile = None,
    strategy: Traders = None,
    roots: Roots = None,
    as_json: AsJson = False,
) -> None:
    """Play a session back, or trade it with modelled fills where none was traded; or play its socket."""
    if wire is not None:
        from workbench.commands.flight import replay_the_wire

        if session is not None or profile or strategy or roots:
            raise ConfigError("--wire plays a run as it was: it takes --run, --data and --json, nothing else")
        replay_the_wire(wire, run, data, as_json=as_json)
    if session is None:
        raise ConfigError(NEITHER)
    if run is not None:
        raise ConfigError("--run names a run of --wire")
    _end([_play(session, Asked(data, profile, strategy, roots, as_json), anew=False)], as_json)


def simulate(
    session: Sessions,
    data: DataFolder = None,
    profile: Profile = None,
    strategy: Traders = None,
    roots: Roots = None,
    as_json: AsJson = False,
    family: OfFamily = None,
) -> None:
    """Trade sessions anew."""
    asked = Asked(data, profile, strategy, roots, as_json, family)
    _end([_play(each, asked, anew=True) for each in _sessions_of(session, data)], as_json)


def _sessions_of(words: list[str], data: Path | None) -> list[int]:
    """List the sessions that words name; of a range, those there are."""
    from workbench.config import load_settings
    from workbench.store.sessions import sessions_between

    found: list[int] = []
    for word in words:
        first, is_range, last = word.partition(":")
        if is_range and session_of(last) < session_of(first):
            raise ConfigError(f"--session: a range runs from the earlier session to the later one, not {word}")
        folder = folder_of(data, load_settings().data_path) if is_range else None
        found += [session_of(first)] if folder is None else sessions_between(folder, session_of(first), session_of(last))
    return list(dict.fromkeys(found))


def _play(session: int, asked: Asked, *, anew: bool) -> dict[str, Any]:
    """Play one session and print what came of it; give it for JSON."""
    from workbench.config import load_settings
    from workbench.runtime import play
    from workbench.runtime.logged import open_log

    settings = load_settings()
    logged = open_log(folder_of(asked.data, settings.data_path), session)
    console = Console(quiet=asked.as_json, highlight=False)
    chosen = [_pair(each) for each in asked.strategy] if asked.strategy else None
    roots = [root for each in asked.roots for root in each.split(",") if root] if asked.roots else None
    back = play.has_orders(logged) and not anew
    if back and (chosen or roots or asked.profile is not None):
        said = "a replay takes profile, strategies and contracts from its log; to trade it anew: simulate"
        raise ConfigError(f"session {session} was traded: {said}")
    setup = play.setup_as_traded(settings, logged) if back else play.setup_of(settings, logged, asked.profile, chosen, roots)
    what = "recorded fills" if back else "modelled fills"
    _announce(console, settings, logged, setup, f"workbench {'replay' if back else 'simulate'}", what)
    if back and (changed := play.what_changed(settings, logged, setup)):
        console.print(f"  [yellow]{', '.join(changed)} changed since[/]: a difference below reports that change, it breaks no promise")
    if missing := play.what_stays_none(setup):
        console.print(f"  this data has no {_lacks(logged)}; {len(missing)} features stay None: {', '.join(missing)}")
    played = asyncio.run(play.play_back(logged, setup) if back else play.trade_anew(settings, logged, setup))
    told = _tell(console, logged, played, what)
    return told if played.run is None else told | {"family": _count(console, logged, setup, played.run.run, asked.family)}


def _count(console: Console, logged: Any, setup: Any, run: str, family: str | None) -> str:
    """Write down that this configuration was evaluated, and say how many there were."""
    from workbench.research import open_session
    from workbench.research.trials.counting import note_simulation
    from workbench.research.trials.ledger import families

    recv_ns = logged.records["recv_ns"]
    day = open_session(logged.session, data=logged.data, run=run)
    named = note_simulation(day, logged.data, setup, (int(recv_ns[0]), int(recv_ns[-1])), family)
    console.print(f"[bold]Trials[/] {families(logged.data)[named]} of {escape(named)} so far: workbench trials {escape(named)}")
    return named


def _announce(console: Console, settings: Any, logged: Any, setup: Any, verb: str, what: str) -> None:
    """Say what will be played, and by which law: its name, and the file it is read from."""
    from workbench.runtime import build, play

    profile, laws = setup.law.profile, build.laws_of(settings)
    is_own = laws is not None and (laws / f"{profile}.toml").exists()
    law = f"profile [bold]{profile}[/] ({f'constitutions/{profile}.toml' if is_own else 'shipped'})"
    symbols = ", ".join(contract.symbol for contract in logged.contracts)
    console.print(f"[bold]{verb}[/] · {law} · {what} · log session {logged.session} · {symbols}")
    console.print(f"  {len(logged.records):,} records of {logged.run.source or logged.run.run}")
    if left := play.not_traded(logged, setup):
        console.print(f"  seen, not traded: {', '.join(left)}")


def _lacks(logged: Any) -> str:
    there = {kind for kinds in logged.kinds().values() for kind in kinds}
    return ", ".join(kind for kind in ("quotes", "prints", "depth") if kind not in there)


def _tell(console: Console, logged: Any, played: Any, what: str) -> dict[str, Any]:
    from workbench.commands.pages import show_summary
    from workbench.research.evaluate import summarise

    summary = summarise(played.outcome.facts)
    show_summary(console, summary, {contract.id: contract.symbol for contract in logged.contracts}, what=what)
    out = [fact for fact in played.outcome.facts if isinstance(fact, Quarantined)]
    for fact in out:
        console.print(f"\n[bold red]Quarantined[/] {fact.kind} {escape(fact.name)} at {escape(fact.where)}: {escape(fact.error)}")
        console.print("".join(f"  {escape(call)}\n" for call in fact.trace), end="")
    console.print(f"\n[bold]Commands[/] {played.outcome.n_commands:,}; digest {played.outcome.commands_digest}")
    if played.mode == "replay":
        same = "every command is the recorded one" if played.difference is None else f"[bold red]PARITY BROKEN[/]: {played.difference}"
        console.print(f"[bold]Parity[/] {same}")
    else:
        console.print(f"[bold]Where[/] {logged.data / 'runs' / played.run.run}")
    return {
        "mode": played.mode,
        "session": logged.session,
        "records": len(logged.records),
        "round_trips": summary.n_trips,
        "pnl_usd": summary.pnl_micros / 1e6,
        "refusals": dict(summary.refusals),
        "commands": played.outcome.n_commands,
        "commands_digest": played.outcome.commands_digest,
        "state_digest": played.outcome.state_digest,
        "same": played.difference is None,
        "quarantined": [f"{fact.kind} {fact.name} at {fact.where}: {fact.error}" for fact in out],
        "run": played.run.run if played.run is not None else logged.run.run,
    }


def _end(shown: list[dict[str, Any]], as_json: bool) -> None:
    """Print the sum of several sessions, or JSON, and end with the exit code."""
    n_trips, pnl_usd = sum(each["round_trips"] for each in shown), sum(each["pnl_usd"] for each in shown)
    if as_json:
        several = {"sessions": shown, "round_trips": n_trips, "pnl_usd": pnl_usd}
        typer.echo(json.dumps(shown[0] if len(shown) == 1 else several))
    console = Console(quiet=as_json, highlight=False)
    if len(shown) > 1:
        table = Table(title=f"{len(shown)} sessions, P&L after costs (modelled fills)", title_justify="left", box=None, pad_edge=False)
        for name in ("session", "run"):
            table.add_column(name, no_wrap=True)
        for name in ("trips", "P&L USD", "quarantined"):
            table.add_column(name, justify="right")
        for each in shown:
            out = str(len(each["quarantined"]) or "")
            table.add_row(str(each["session"]), each["run"], str(each["round_trips"]), f"{each['pnl_usd']:+,.2f}", out)
        table.add_row("all", "", str(n_trips), f"{pnl_usd:+,.2f}", "", style="bold")
        console.print()
        console.print(table)
    if names := dict.fromkeys(" ".join(each.split()[:2]) for one in shown for each in one["quarantined"]):
        said = f"quarantined, see above: {escape(', '.join(names))}; from then on the run went on without it"
        console.print(f"[bold red]{said}[/] (exit code 1)")
    raise typer.Exit(0 if not names and all(each["same"] for each in shown) else 1)


def folder_of(given: Path | None, usual: Path) -> Path:
    """Give the data folder; a file in its place is a mistake."""
    folder = given or usual
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file: name a folder (--data)")
    if folder.resolve() == usual.resolve():
        from workbench.config import load_settings
        from workbench.store.place import settle_as_told

        settle_as_told(folder, load_settings())
    return folder


def _pair(text: str) -> tuple[str, str]:
    from workbench.workspace.choosing import pair_of

    try:
        return pair_of(text)
    except ConfigError as error:
        raise ConfigError(f"--strategy {error}") from None


def sessions(data: DataFolder = None, as_json: AsJson = False) -> None:
    """List what there is."""
    from workbench.config import load_settings
    from workbench.store.sessions import listed

    folder = folder_of(data, load_settings().data_path)
    rows = listed(folder)
    if as_json:
        typer.echo(json.dumps([_row(each) for each in rows]))
        return
    console = Console(highlight=False)
    if not rows:
        console.print(f"{folder} holds no session yet: import one (workbench import --help), or run workbench demo")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("session", "run", "records", "span, UTC", "contracts", "source"):
        table.add_column(name, no_wrap=name in ("session", "run", "records"), justify="right" if name == "records" else "left")
    for each in rows:
        run, (first, last) = each.writer, (_time(each.first_ns), _time(each.last_ns))
        span = f"{first} to {last if last[:10] != first[:10] else last[11:]}"
        symbols = " ".join(contract.symbol for contract in run.contracts)
        table.add_row(str(each.session), run.run, f"{each.n:,}", span, symbols, escape(run.source))
        for played in each.played:
            who = escape(", ".join(":".join(filter(None, pair)) for pair in played.traders) or "nobody")
            state = "" if played.is_closed else ", not ended"
            table.add_row("", played.run, "", "", "", f"played by {who}, profile {played.profile}{state}")
    console.print(table)


def _row(each: Any) -> dict[str, Any]:
    run = each.writer
    return {
        "session": each.session,
        "run": run.run,
        "mode": run.mode,
        "source": run.source,
        "records": each.n,
        "first": _time(each.first_ns),
        "last": _time(each.last_ns),
        "played": [{"run": of.run, "profile": of.profile, "traders": of.traders, "is_closed": of.is_closed} for of in each.played],
    }


def _time(ns: int) -> str:
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
