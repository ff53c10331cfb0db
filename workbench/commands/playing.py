"""``workbench replay | simulate | sessions``: recorded sessions through the engine. Reads arguments, prints what came back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.domain.decisions import Quarantined
from workbench.domain.errors import ConfigError

REPLAY_HELP: Final = """Run the engine over a recorded session.

A session that was traded (paper, live) is played back with the reports of its log, and every command is held against the recorded one:
exit code 1 if one differs. A session that was only recorded or imported is traded with modelled fills; that is said to be *simulate*.

Examples:

  workbench replay --session 20261119

  workbench replay --session 20231226 --profile demo --json
"""
SIMULATE_HELP: Final = """Trade a recorded session anew, with modelled fills, whatever was traded in it. The run's journal is kept."""
SESSIONS_HELP: Final = """List the sessions of the data folder: records, span, which run wrote them."""

PROFILE: Final = "demo"
Session = Annotated[int, typer.Option("--session", help="Log session, a date written 20261119.")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the stores; else the settings' data_folder.")]
Profile = Annotated[str | None, typer.Option("--profile", help="Constitution that is the law when a session is traded anew; else demo.")]
Traders = Annotated[
    list[str] | None,
    typer.Option("--strategy", help="STRATEGY or STRATEGY:RECIPE, may be given several times; else what the data allows."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("replay", help=REPLAY_HELP)(replay)
    app.command("simulate", help=SIMULATE_HELP)(simulate)
    app.command("sessions", help=SESSIONS_HELP)(sessions)


def replay(
    session: Session, data: DataFolder = None, profile: Profile = None, strategy: Traders = None, as_json: AsJson = False
) -> None:
    """Play a session back, or trade it with modelled fills where none was traded."""
    _play(session, data, profile, strategy, as_json, anew=False)


def simulate(
    session: Session, data: DataFolder = None, profile: Profile = None, strategy: Traders = None, as_json: AsJson = False
) -> None:
    """Trade a session anew."""
    _play(session, data, profile, strategy, as_json, anew=True)


def _play(session: int, data: Path | None, profile: str | None, strategy: list[str] | None, as_json: bool, *, anew: bool) -> None:
    from workbench.config import load_settings
    from workbench.runtime import play
    from workbench.runtime.logged import open_log

    settings = load_settings()
    logged = open_log(folder_of(data, settings.data_path), session)
    console = Console(quiet=as_json, highlight=False)
    chosen = [_pair(each) for each in strategy] if strategy else None
    back = play.has_orders(logged) and not anew
    if back and (chosen or profile is not None):
        raise ConfigError(f"session {session} was traded: a replay takes profile and strategies from its log; to trade it anew: simulate")
    setup = play.setup_as_traded(settings, logged) if back else play.setup_of(settings, logged, profile or PROFILE, chosen)
    what = "recorded fills" if back else "modelled fills"
    symbols = ", ".join(contract.symbol for contract in logged.contracts)
    verb, source = "replay" if back else "simulate", logged.run.source or logged.run.run
    console.print(f"[bold]workbench {verb}[/] · profile [bold]{setup.law.profile}[/] · {what} · log session {session} · {symbols}")
    console.print(f"  {len(logged.records):,} records of {source}")
    if back and (changed := play.what_changed(settings, logged, setup)):
        console.print(f"  [yellow]{', '.join(changed)} changed since[/]: a difference below reports that change, it breaks no promise")
    if missing := play.what_stays_none(setup):
        console.print(f"  this data has no {_lacks(logged)}; {len(missing)} features stay None: {', '.join(missing)}")
    played = asyncio.run(play.play_back(logged, setup) if back else play.trade_anew(settings, logged, setup))
    _tell(console, logged, played, what, as_json)


def _lacks(logged: Any) -> str:
    there = {kind for kinds in logged.kinds().values() for kind in kinds}
    return ", ".join(kind for kind in ("quotes", "prints", "depth") if kind not in there)


def _tell(console: Console, logged: Any, played: Any, what: str, as_json: bool) -> None:
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
    if as_json:
        body = {
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
        typer.echo(json.dumps(body))
    raise typer.Exit(0 if played.difference is None else 1)


def folder_of(given: Path | None, usual: Path) -> Path:
    """Give the data folder; a file in its place is a mistake."""
    folder = given or usual
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file: name a folder (--data)")
    return folder


def _pair(text: str) -> tuple[str, str]:
    name, _, recipe = text.partition(":")
    if not name:
        raise ConfigError(f"--strategy {text!r}: write STRATEGY or STRATEGY:RECIPE")
    return name, recipe


def sessions(data: DataFolder = None, as_json: AsJson = False) -> None:
    """List what there is."""
    from workbench.config import load_settings
    from workbench.store.log import log_sessions
    from workbench.store.manifest import find_log

    folder = folder_of(data, load_settings().data_path)
    rows = [(session, run) for session in log_sessions(folder) for run in find_log(folder, session)]
    if as_json:
        typer.echo(json.dumps([{"session": session, "run": run.run, "mode": run.mode, "source": run.source} for session, run in rows]))
        return
    console = Console(highlight=False)
    if not rows:
        console.print(f"{folder} holds no session yet: import one (workbench import --help), or run workbench demo")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("session", "run", "contracts", "source"):
        table.add_column(name)
    for session, run in rows:
        table.add_row(str(session), run.run, " ".join(contract.symbol for contract in run.contracts), run.source)
    console.print(table)
