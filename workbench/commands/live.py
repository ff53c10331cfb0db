"""``workbench observe | paper | live | arm``: runs over a TWS; ``record`` is in `recording`. Arguments and printing alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from workbench.commands.playing import AsJson, DataFolder, Profile, Traders, folder_of
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.config import Mode, Settings
    from workbench.runtime.live import Ended, Line, News
    from workbench.runtime.live.companions import Companions
    from workbench.runtime.live.wiring import Wired

ABOUT: Final = """It connects to TWS or IB Gateway (ib.host, ib.port, ib.client_id in the settings, or --host, --port), resynchronises, and
runs session after session until Ctrl-C or --minutes. What it writes is a log like any other: workbench sessions, replay and simulate
read it.

Ctrl-C ends it cleanly: it touches no order, stops stay at the broker. Killed at any point, the same command takes it up where its log ends.

Exit code 0 ended, 1 ended while halted or refused by the other side, 2 meant wrong, 3 broken.
"""
HELP: Final = {
    "observe": "Decide on the live market and send nothing: each order is written down, marked not sent. For a first day on a new account.",
    "paper": "Trade a paper account (DU..., or DUSIM... of workbench gateway) through TWS, with the whole care of a live run.",
    "live": """Trade money. It needs three yeses that have nothing to do with one another, and names those that are missing:

  mode = "live" in the settings (or EXECUTION_MODE=live); ib.account = the account's id; an arming token: workbench arm U1234567

When the token has expired entries end, exits still leave.""",
}
EXAMPLES: Final = {
    "observe": ("workbench observe --profile micro", "workbench observe --strategy vwap_reversion --roots MES"),
    "paper": ("workbench paper --port 7497", "workbench gateway --speed 20 & workbench paper --port 4010 --speed 20 --profile demo"),
    "live": ("workbench arm U1234567 --hours 8", "workbench live --profile micro --strategy learned:flow_1m"),
}
GUARDIAN_S: Final = 15.0  # for the guardian's process to start; a run goes on without, and enters nothing
FENCED_S: Final = 1.0
ARM_HELP: Final = """Write the arming token of a live run: one account, some hours. It is the third of three yeses; alone it does nothing.

  workbench arm U1234567 --hours 8

  workbench arm U1234567 --hours 0      (take it back; exits of a run still leave)
"""
Roots = Annotated[list[str] | None, typer.Option("--roots", help="Roots, ES or ES,SPY; else the settings' `active`.")]
Host = Annotated[str | None, typer.Option(help="Where TWS runs; else ib.host.")]
Port = Annotated[int | None, typer.Option(help="Of its API; else ib.port.")]
AccountId = Annotated[str | None, typer.Option("--account", help="Of several accounts of the login, the one to trade; else ib.account.")]
Speed = Annotated[
    float | None, typer.Option(min=1, max=20, help="Of a simulated gateway's clock; refused unless all its accounts begin with DUSIM.")
]
Minutes = Annotated[float | None, typer.Option(min=0, help="End after so many minutes of the wall clock; else at Ctrl-C.")]


Alone = Annotated[bool, typer.Option("--no-guardian", help="Start no second process that makes flat what this one leaves; paper and live.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for name in HELP:
        app.command(name, help=told(HELP[name], EXAMPLES[name]))(_command(name))
    app.command("arm", help=ARM_HELP)(arm)


def told(what: str, examples: Sequence[str]) -> str:
    """Put the help of a run together: what it does, how it ends, examples."""
    text = f"{what}\n\n{ABOUT}\nExamples:\n\n" + "\n\n".join(f"  {line}" for line in examples)
    return "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in text.split("\n\n"))


def _command(name: str) -> Callable[..., None]:
    def command(
        roots: Roots = None,
        profile: Profile = None,
        strategy: Traders = None,
        host: Host = None,
        port: Port = None,
        account: AccountId = None,
        speed: Speed = None,
        data: DataFolder = None,
        minutes: Minutes = None,
        alone: Alone = False,
        as_json: AsJson = False,
    ) -> None:
        from workbench.config import OVER_THE_WIRE, Mode, load_settings

        flags = {"ib.host": host, "ib.port": port, "ib.speed": speed, "profile": profile, "active": roots_of(roots)}
        settings = load_settings(flags=flags, under=OVER_THE_WIRE)
        run_mode(Mode(name), settings, folder_of(data, settings.data_path), account, strategy, minutes, as_json=as_json, alone=alone)

    command.__doc__ = HELP[name]
    return command


def roots_of(given: list[str] | None) -> list[str] | None:
    """Read ``--roots``.

    >>> roots_of(["ES,NQ", "SPY"]), roots_of(None)
    (['ES', 'NQ', 'SPY'], None)
    """
    return [root for each in given for root in each.split(",") if root] if given else None


def arm(
    account: Annotated[str, typer.Argument(help="The account's id, U1234567.")],
    hours: Annotated[float, typer.Option(min=0, max=24, help="How long it holds; 0 takes it back.")] = 8.0,
    data: DataFolder = None,
) -> None:
    """Write or take back the arming token."""
    from workbench.clock import SystemClock
    from workbench.config import load_settings
    from workbench.domain.units import HOUR
    from workbench.runtime.live.doors import ARMED_FILE, Armed

    if len(account.split()) != 1:
        raise ConfigError(f"ACCOUNT {account!r}: an account's id is one word, U1234567")
    path = folder_of(data, load_settings().data_path) / ARMED_FILE
    if not hours:
        path.unlink(missing_ok=True)
        typer.echo(f"{account} is not armed any more; a run that goes on sends exits alone")
        return
    armed = Armed(account, SystemClock().now_ns() + round(hours * HOUR))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(armed.text() + "\n", encoding="utf-8")
    typer.echo(f"{account} is armed until {armed.text().split()[1]}; a run reads it when it begins ({path})")


def run_mode(
    mode: Mode,
    settings: Settings,
    data: Path,
    account: str | None,
    strategy: list[str] | None,
    minutes: float | None,
    *,
    as_json: bool,
    alone: bool,
) -> None:
    """Run until it ends, say how, and exit with its code."""
    from workbench.workspace.choosing import pair_of

    chosen = [pair_of(each) for each in strategy] if strategy else None
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    logging.getLogger("ib_async").addHandler(logging.NullHandler())  # what the venue makes of it stands in the log
    where = f"{settings.ib.host}:{settings.ib.port}"
    console.print(f"[bold]workbench {mode.value}[/] · profile {settings.profile} · {', '.join(settings.active)} · TWS at {where}")
    ended = asyncio.run(_over_the_wire(console, mode, settings, data, account, chosen, minutes, alone=alone))
    memory = ended.engine.desk.memory
    held, causes = memory.book.open, sorted(memory.breaker.causes.keys() - {"connection"})  # that one ends with every run
    state = max((memory.breaker.causes[cause].value for cause in causes), default="active", key=("reducing", "halted").index)
    console.print(f"[bold]Ended[/] {ended.run.run}: {ended.n_records:,} records, {ended.n_commands:,} commands, state {state}")
    if causes:
        console.print(f"  [yellow]{escape('; '.join(causes))}[/]")
    if held:
        console.print(f"  {len(held)} brackets are open: nothing was touched, their stops stay at the broker")
    if as_json:
        typer.echo(json.dumps(_result(ended, state, len(held))))
    raise typer.Exit(1 if state == "halted" else 0)


def _result(ended: Ended, state: str, n_open: int) -> dict[str, Any]:
    return {
        "mode": ended.run.mode,
        "run": ended.run.run,
        "session": ended.run.sessions[-1],
        "account": ended.run.account,
        "records": ended.n_records,
        "commands": ended.n_commands,
        "commands_digest": ended.commands_digest,
        "state_digest": ended.state_digest,
        "state": state,
        "open_brackets": n_open,
    }


async def _over_the_wire(
    console: Console,
    mode: Mode,
    settings: Settings,
    data: Path,
    account: str | None,
    strategies: list[tuple[str, str]] | None,
    minutes: float | None,
    *,
    alone: bool,
) -> Ended:
    from workbench.config import Mode as Modes
    from workbench.runtime.live.companions import Companions, keeper_arguments, notifier_arguments
    from workbench.runtime.live.doors import TRADES
    from workbench.runtime.live.wiring import wire

    guarded = mode in TRADES and not alone
    wired = await wire(
        mode, settings, data, account=account, strategies=strategies, environment=os.environ, on_news=_teller(console), guarded=guarded
    )
    console.print(f"  account {wired.account} · {escape(wired.told)}")
    companions, loop = Companions(data), asyncio.get_running_loop()
    _end_at_a_signal(loop, wired.line, console)  # before there is anybody who would be left behind
    if guarded:
        await _with_guardian(console, companions, wired, settings, data)
    if minutes is not None:
        loop.call_later(minutes * 60, wired.line.stop)
    beside = [loop.create_task(_until_fenced(wired, console))]
    if mode in TRADES:  # again when it has ended: it may have left the folder to the notifier of a scheduler, which ended since
        from workbench.clock import SystemClock
        from workbench.runtime.notify.notifier import is_unwatched

        is_needed = partial(is_unwatched, data, SystemClock())
        beside.append(loop.create_task(companions.keep_running("notify", notifier_arguments(data), is_needed=is_needed)))
    if mode is Modes.RECORD:
        from workbench.runtime.recorder.filling import answer

        beside.append(loop.create_task(companions.keep_running("keeper", keeper_arguments(data))))
        beside += [loop.create_task(answer(data, wired.edge, wired.line.clock))] if settings.recorder.backfill else []
    try:
        ended = await wired.runner.run_forever()
        if not wired.door.is_fenced:
            companions.end()  # a run that breaks leaves its guardian, which makes flat what it left
        return ended
    finally:
        for task in beside:
            task.cancel()
        await wired.line.close()
        await wired.close()
        if wired.fence is not None:
            wired.fence.give_back()


async def _with_guardian(console: Console, companions: Companions, wired: Wired, settings: Settings, data: Path) -> None:
    """Start the guardian, and wait until it is heard: one that lives already, of a run that was killed, goes on."""
    from workbench.runtime.live.companions import guardian_arguments

    log = companions.start("guardian", guardian_arguments(data, wired.account, settings.ib.host, settings.ib.port))
    if await companions.until(lambda: wired.door.why_unguarded() is None, "guardian", GUARDIAN_S):
        console.print(f"  guardian: there ({escape(str(log))})")
    else:
        console.print(f"  [yellow]{wired.door.why_unguarded()}: nothing is entered until it is ({escape(str(log))})[/]")


async def _until_fenced(wired: Wired, console: Console) -> None:
    """End a run that can send nothing any more."""
    while not wired.door.is_fenced:
        await asyncio.sleep(FENCED_S)
    console.print("  [red]the guardian has taken over: this run sends nothing any more, and ends[/]")
    wired.line.stop()


def _end_at_a_signal(loop: asyncio.AbstractEventLoop, line: Line, console: Console) -> None:
    """End cleanly at the first Ctrl-C or SIGTERM; the second one breaks off."""

    def stop() -> None:
        console.print("  ending: no order is touched, stops stay at the broker (Ctrl-C once more breaks off)")
        line.stop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)

    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # no such thing on this system, or not in the main thread
            loop.add_signal_handler(each, stop)


def _teller(console: Console) -> Callable[[News], None]:
    def tell(news: News) -> None:
        at = datetime.fromtimestamp(news.now_ns // 1_000_000_000, UTC).strftime("%H:%M:%S")
        why = f": {escape(news.why)}" if news.why else ""
        console.print(f"  {at} UTC  [bold]{news.stage.value}[/]{why}  [dim]({news.run})[/]")

    return tell
