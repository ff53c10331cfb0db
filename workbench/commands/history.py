"""``workbench history``: past bars from TWS into recordings. Arguments and printing; the asking is `runtime.history`'s."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from workbench.commands.importing import AsJson, DataFolder, sentences
from workbench.commands.playing import folder_of

if TYPE_CHECKING:
    from workbench.importers.ib_history.download import Progress
    from workbench.importers.ib_history.tick_download import TickProgress
    from workbench.runtime.history import Fetched, Outlook
    from workbench.runtime.tick_history import FetchedTicks, TickOutlook

HELP: Final = """Fetch past bars of whole roots from TWS or IB Gateway into the recordings.

Futures come by dated contract, expired ones as far as IB keeps them (two years), each from before it led until its end; a continuous
series is made of them later. What will be asked, and how long that takes at least, is printed first; --dry-run stops there. Every answer
is kept at once: broken off at any point, the same command goes on where it ended. It sends no order and can run beside a trading runner,
with a client id of its own.

Examples:

  workbench history ES NQ SPY --bars 1m --since 2y --dry-run

  workbench history ES --bars 5s --since 3d

  workbench history MES --since 2026-11-02 --until 2026-11-13

  workbench history ES --ticks --days 2 --dry-run

--ticks fetches every print instead (with --quotes every quote of the best bid and ask beside), a thousand a question and one question in
ten seconds: a day of ES takes hours. Broken off in the middle of a session, it goes on there.
"""
EVERY: Final = 25  # questions between two lines where nobody looks at a terminal


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    flowing = "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in HELP.split("\n\n"))
    app.command("history", help=flowing, no_args_is_help=True)(history)


def history(
    roots: Annotated[list[str], typer.Argument(help="Roots: ES NQ SPY.")],
    bars: Annotated[str, typer.Option(help="Length of a bar: 1s 5s 10s 15s 30s 1m 2m 5m 10m 15m 30m 1h.")] = "1m",
    since: Annotated[str, typer.Option(help="2y, 6mo, 3w, 10d back, or a date.")] = "10d",
    until: Annotated[str | None, typer.Option(help="Last session, a date; usual the last that ended.")] = None,
    regular_hours: Annotated[bool, typer.Option("--regular-hours", help="Only bars of regular hours.")] = False,
    host: Annotated[str | None, typer.Option(help="Of TWS; else the settings'.")] = None,
    port: Annotated[int | None, typer.Option(help="Of its API; else the settings'.")] = None,
    data: DataFolder = None,
    ticks: Annotated[bool, typer.Option("--ticks", help="Prints one by one, of the last --days sessions.")] = False,
    days: Annotated[int, typer.Option(help="How many sessions of ticks.", min=1)] = 1,
    quotes: Annotated[bool, typer.Option("--quotes", help="With --ticks: quotes as well.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked; ask nothing but the contracts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch history; see `HELP`."""
    from workbench.config import load_roots, load_settings

    with sentences():
        from workbench.importers.ib_history import plan
        from workbench.venues.ib.roles import Role, client_id

        settings = load_settings()
        words: dict[str, Any] = {
            "since": since,
            "until": until,
            "length_s": plan.length_s(bars),
            "regular_hours": regular_hours,
            "dry_run": dry_run,
        }
        if ticks:
            words = {"days": days, "quotes": quotes, "regular_hours": regular_hours, "dry_run": dry_run}
        where = (host or settings.ib.host, port or settings.ib.port, client_id(settings.ib.client_id, Role.HISTORY))
        console = Console(stderr=as_json, highlight=False, soft_wrap=True)
        try:
            ask = _ticks if ticks else _history
            done = asyncio.run(ask(console, folder_of(data, settings.data_path), where, load_roots(settings), roots, words))
        except KeyboardInterrupt:
            console.print("\nBroken off. What was answered is kept; the same command goes on from there.")
            raise typer.Exit(130) from None
    if done is not None:
        _show(console, done, as_json=as_json)
        raise typer.Exit(1 if done.left else 0)


async def _history(
    console: Console, data: Path, where: tuple[str, int, int], known: Any, roots: list[str], words: dict[str, Any]
) -> Fetched | None:
    from workbench.runtime.history import fetch, outlook
    from workbench.venues.ib.history import open_history

    async with open_history(*where, known) as source:
        found = await outlook(
            data,
            source,
            roots,
            since=words["since"],
            until=words["until"],
            length_s=words["length_s"],
            regular_hours=words["regular_hours"],
        )
        _announce(console, found)
        if words["dry_run"]:
            console.print("Nothing was asked for (--dry-run).")
            return None
        return await fetch(data, found, source, tell_progress=_teller(console), tell=console.print)


async def _ticks(
    console: Console, data: Path, where: tuple[str, int, int], known: Any, roots: list[str], words: dict[str, Any]
) -> FetchedTicks | None:
    from workbench.runtime.tick_history import fetch_ticks, tick_outlook
    from workbench.venues.ib.history import open_history

    async with open_history(*where, known) as source:
        found = await tick_outlook(data, source, roots, days=words["days"], quotes=words["quotes"], regular_hours=words["regular_hours"])
        _announce(console, found)
        if words["dry_run"]:
            console.print("No tick was asked for (--dry-run).")
            return None
        return await fetch_ticks(data, found, source, tell_progress=_tick_teller(console), tell=console.print)


def _tick_teller(console: Console) -> Any:
    def tell(state: TickProgress) -> None:
        text = f"{state.n_whole} of {state.n_sessions} sessions, {state.n_pages:,} questions, {state.n_ticks:,} ticks"
        if sys.stderr.isatty():
            is_over = state.n_whole + len(state.left) == state.n_sessions
            print(f"\r{text}", end="\n" if is_over else "", file=sys.stderr, flush=True)  # noqa: T201  one line, rewritten
        elif state.n_pages % EVERY == 0:
            console.print(text)

    return tell


def _announce(console: Console, found: Outlook | TickOutlook) -> None:
    for line in found.lines():
        console.print(line)


def _teller(console: Console) -> Any:
    """Say how far it is: on a terminal in one line, elsewhere now and then."""

    def tell(state: Progress) -> None:
        text = f"{state.n_done:,} of {state.n_all:,} questions, {state.n_bars:,} bars"
        if sys.stderr.isatty():
            print(f"\r{text}", end="" if state.n_done < state.n_all else "\n", file=sys.stderr, flush=True)  # noqa: T201  one line, rewritten
        elif state.n_done % EVERY == 0 or state.n_done == state.n_all:
            console.print(text)

    return tell


def _show(console: Console, done: Fetched | FetchedTicks, *, as_json: bool) -> None:
    from workbench.commands.importing import show

    if done.held:
        from workbench.importers.base import few

        console.print(f"Left alone, for they hold records from elsewhere: log session {few(list(done.held))}.")
    for left in done.left[:3]:
        console.print(f"Not answered: {left.what.contract.symbol}: {left.why}")
    if done.left:
        console.print(f"{len(done.left):,} {done.unit} are open; the same command goes on with them.")
    if done.report is not None:
        show(done.report, as_json=as_json)
