"""``workbench notify run | test | list | ack``: telling a person. Arguments and printing; the work is `runtime.notify`'s."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from workbench.commands.playing import AsJson, DataFolder, folder_of
from workbench.domain.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.config import Settings
    from workbench.runtime.notify.channels.made import Made
    from workbench.runtime.notify.schedule import Kept

ABOUT: Final = """Tell a person what happens to a run: a halt, a loss limit, a broken parity, a refused stop, silence, a login that waits.

Channels are named in the settings ([notify] of workbench.toml); the log, data/notices/notices.log, is always on. Secrets stand in none of
them: a setting names where one is kept (keyring:SERVICE/USER, file:PATH with mode 0600, env:NAME).
"""
RUN_HELP: Final = """Watch the runs of a data folder and tell, until Ctrl-C. `workbench paper` and `live` start it by themselves.

A critical notice that nobody acknowledges in notify.halt_after_s seconds raises the HALT file. Only one notifier a data folder.
"""
TEST_HELP: Final = """Send a word over every configured channel, and say which arrived. Exit code 1 if one did not."""
LIST_HELP: Final = """List what was told, the newest last: when, how loud, over which channels, and what waits for an acknowledgement."""
ACK_HELP: Final = """Say that you have taken note, so that nothing halts for want of an answer. Without a number: of all that waits."""
COLOURS: Final = {"critical": "bold red", "warning": "yellow", "info": "dim"}


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    group = typer.Typer(help=ABOUT.replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n"), no_args_is_help=True)
    app.add_typer(group, name="notify")
    group.command("run", help=RUN_HELP)(run)
    group.command("test", help=TEST_HELP)(try_channels)
    group.command("list", help=LIST_HELP)(show)
    group.command("ack", help=ACK_HELP)(ack)


def run(
    data: DataFolder = None,
    beside: Annotated[int | None, typer.Option("--with", metavar="PID", help="End when this process has ended.")] = None,
) -> None:
    """Watch until Ctrl-C or SIGTERM."""
    from workbench.clock import SystemClock
    from workbench.runtime.notify.notifier import Notifier
    from workbench.store.folders import Folders
    from workbench.store.whole import hold

    settings, folder = _settings(data)
    console = Console(highlight=False, soft_wrap=True)
    try:
        lock = hold(Folders(folder).notices / "lock", "busy")
    except StoreError as error:
        if str(error) != "busy":
            raise
        console.print(f"another notifier watches {folder}: this one has nothing to do")
        return
    try:
        made, clock = _made(settings, folder), SystemClock()
        told = ", ".join(made.channels)
        console.print(f"[bold]workbench notify[/] · {folder} · channels {told}")
        for name, why in made.broken.items():
            console.print(f"  [yellow]{escape(name)} is not used[/]: {escape(why)}")
        notifier = Notifier(folder, made, clock, ping_s=settings.notify.ping_s)
        asyncio.run(_until_told(partial(notifier.run, beside=beside)))
    finally:
        lock.release()


async def _until_told(work: Any) -> None:
    """Run until Ctrl-C or SIGTERM; the second one breaks off."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        stop.set()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)

    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # no such thing on this system
            loop.add_signal_handler(each, end)
    await work(stop)


def try_channels(data: DataFolder = None, as_json: AsJson = False) -> None:
    """Try every channel."""
    from workbench.clock import SystemClock
    from workbench.runtime.notify.trying import try_all

    settings, folder = _settings(data)
    made = _made(settings, folder)
    tests = try_all(made, settings.notify, folder, SystemClock())
    if as_json:
        typer.echo(json.dumps([{"channel": each.channel, "arrived": not each.why, "why": each.why} for each in tests]))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for each in tests:
            console.print(f"  {each.channel:9} {'[green]arrived[/]' if not each.why else f'[bold red]failed[/]  {escape(each.why)}'}")
        if not settings.notify.channels:
            console.print("  the log alone reaches nobody who is away: name channels in \\[notify] of workbench.toml")
    raise typer.Exit(int(any(each.why for each in tests)))


def show(
    data: DataFolder = None,
    waiting: Annotated[bool, typer.Option("--open", help="Only what waits for an acknowledgement.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print what was told."""
    from workbench.runtime.notify.memory import acknowledged, recall

    _, folder = _settings(data)
    taken = {id_ for id_, _ in acknowledged(folder)}
    rows = [each for each in recall(folder).schedule.kept if not waiting or (each.is_open and each.id not in taken)]
    if as_json:
        typer.echo(json.dumps([_row(each, taken) for each in rows]))
        return
    console = Console(highlight=False, soft_wrap=True)
    if not rows:
        console.print("nothing waits for an acknowledgement" if waiting else "nothing was told so far")
        return
    for each in rows:
        row = _row(each, taken)
        over = ", ".join(name if way == "told" else f"{name} ({way})" for name, way in row["channels"].items())
        times = f" x{each.n_times}" if each.n_times > 1 else ""
        answer = f" · [bold]{row['answer']}[/]" if row["answer"] else ""
        severity = f"[{COLOURS[row['severity']]}]{row['severity']}[/]"
        console.print(f"[bold]{each.id:>4}[/]  {row['at']} UTC  {severity} {row['about']}{times}{answer} · [dim]{escape(over)}[/]")
        console.print("".join(f"      {escape(line)}\n" for line in each.notice.text.splitlines()), end="")


def _row(each: Kept, taken: set[int]) -> dict[str, Any]:
    is_open = each.is_open and each.id not in taken
    was_acknowledged = each.acknowledged_ns is not None or each.id in taken
    answer = "waits" if is_open else "settled" if each.settled_ns is not None else "acknowledged" if was_acknowledged else ""
    return {
        "id": each.id,
        "at": f"{datetime.fromtimestamp(each.taken_ns // 10**9, UTC):%Y-%m-%d %H:%M:%S}",
        "severity": each.notice.severity.value,
        "about": each.notice.about.value,
        "text": each.notice.text,
        "times": each.n_times,
        "channels": {name: "told" if way.told_ns is not None else way.why or "on its way" for name, way in each.ways.items()},
        "answer": answer,
    }


def ack(
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="Number of the notice; else all that wait.")] = None,
    data: DataFolder = None,
) -> None:
    """Acknowledge."""
    from workbench.runtime.notify.memory import acknowledge, recall

    _, folder = _settings(data)
    kept = recall(folder).schedule.kept
    chosen = [each for each in kept if (each.is_open if number is None else each.id == number)]
    if number is not None and not chosen:
        raise ConfigError(f"there is no notice {number}: workbench notify list")
    for each in chosen:
        acknowledge(folder, each.id, "operator")
        typer.echo(f"acknowledged {each.id}: {each.notice.text.splitlines()[0]}")
    if not chosen:
        typer.echo("nothing waits for an acknowledgement")


def _settings(data: Path | None) -> tuple[Settings, Path]:
    from workbench.config import load_settings

    settings = load_settings()
    return settings, folder_of(data, settings.data_path)


def _made(settings: Settings, folder: Path) -> Made:
    from workbench.clock import SystemClock
    from workbench.runtime.notify.trying import made_of

    return made_of(settings, folder, SystemClock())
