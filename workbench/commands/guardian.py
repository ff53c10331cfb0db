"""``workbench guardian``: the second process beside a run. Arguments and printing; the work is `runtime.guardian`'s."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from workbench.commands.playing import DataFolder, folder_of
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.runtime.guardian.guardian import Guardian

HELP: Final = """Watch a run and its broker from a second process, and make flat what nobody looks after any more.

`workbench paper` and `workbench live` start one by themselves and need it to enter anything. Started by hand it watches every run of this
data folder and account, one after another, until Ctrl-C.

When the runner is silent for guardian.silent_s: entries are cancelled, and what has no stop is made flat. What is protected keeps its
stop, and is made flat after guardian.flat_after_s without a ready runner. To act it lays the HALT file, ends the runner's process, and
connects under its client id. It touches nothing that is not ours, and trades nothing while TWS does not answer: it says so.

Examples:

  workbench guardian

  workbench guardian --account DU1234567 --port 7497
"""


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("guardian", help="\n\n".join(p if p.startswith(" ") else p.replace("\n", " ") for p in HELP.split("\n\n")))(guardian)


def guardian(
    account: Annotated[str | None, typer.Option(help="The account to guard; else ib.account, else that of the last run.")] = None,
    host: Annotated[str | None, typer.Option(help="Where TWS runs; else ib.host.")] = None,
    port: Annotated[int | None, typer.Option(help="Of its API; else ib.port.")] = None,
    data: DataFolder = None,
    beside: Annotated[
        int | None, typer.Option("--with", metavar="PID", help="End with the run of this process, or when it left nothing to guard.")
    ] = None,
) -> None:
    """Guard until Ctrl-C."""
    from workbench.config import load_settings

    settings = load_settings(flags={"ib.host": host, "ib.port": port})
    logging.getLogger("ib_async").addHandler(logging.NullHandler())
    folder = folder_of(data, settings.data_path)
    named = account or settings.ib.account or _last(folder)
    if named is None:
        raise ConfigError("which account? --account, or ib.account in the settings: no run of this data folder says it")
    asyncio.run(_guard(settings, folder, named, is_beside=beside is not None))


def _last(data: Path) -> str | None:
    from workbench.runtime.guardian.ours import TRADES
    from workbench.store.manifest import runs

    return next((run.account for run in reversed(runs(data)) if run.mode in TRADES and run.account), None)


async def _guard(settings: Settings, data: Path, account: str, *, is_beside: bool) -> None:
    from workbench.runtime.guardian.build import guardian_of

    made = guardian_of(settings, data, account, is_beside=is_beside, tell=_teller())
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # no such thing on this system
            loop.add_signal_handler(each, _stop, made)
    await made.run()


def _stop(made: Guardian) -> None:
    made.is_stopping = True


def _teller() -> Callable[[str], None]:
    from workbench.clock import SystemClock

    clock = SystemClock()

    def tell(text: str) -> None:
        at = datetime.fromtimestamp(clock.now_ns() // 1_000_000_000, UTC)
        typer.echo(f"{at:%Y-%m-%d %H:%M:%S} UTC  {text}")

    return tell
