"""``workbench gateway``: serve the simulated TWS over TCP. Reads arguments, prints what is served, ends on Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape

from workbench.commands.playing import session_of
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.domain.contracts import Contract
    from workbench.domain.records import Records
    from workbench.gateway.gateway import Gateway

NEW_YORK: Final = ZoneInfo("America/New_York")
HELP: Final = """Serve a simulated TWS: the real socket protocol (server versions 157 to 178), for any IB client, without IB.

Contracts, quotes, depth, history, orders, accounts and everything that can go wrong, out of a generated or a recorded session. Its
accounts begin with DUSIM; no order leaves this machine. Point your program at 127.0.0.1 and the port as you would at TWS or IB Gateway.

Market time runs --speed times as fast as the wall clock, at most 20: your program's timeouts are wall seconds. A program of ours scales
its own clock; one of somebody else's sees a market in a hurry.

Examples:

  workbench gateway --generate                        a generated day of ES, from 09:30 New York on

  workbench gateway --session 2026-11-19 --speed 5    a recorded or imported session of the data folder

  workbench gateway --generate --faults half_open     what can go wrong, by name; `--faults list` names all

  workbench gateway --generate --faults mine.toml     or a file of your own: docs/gateway.md says how

  workbench gateway --generate --port 0 --json        one line of JSON with the port, for scripts

In Python, then: `from ib_async import IB; ib = IB(); ib.connect("127.0.0.1", 7497, clientId=1)`.
"""


class Asked(NamedTuple):
    """What is to be served, and where."""

    session: int
    is_generated: bool
    data: Path | None
    roots: tuple[str, ...]
    seed: int
    begins: str
    host: str
    port: int | None
    others: bool
    as_json: bool
    minutes: float | None = None


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("gateway", help=HELP)(gateway)


def gateway(
    session: Annotated[str | None, typer.Option(metavar="DATE", help="A session of the data folder, 2026-11-19.")] = None,
    generate: Annotated[bool, typer.Option("--generate", help="A generated session instead; --session is then its date.")] = False,
    speed: Annotated[float, typer.Option(help="Session seconds in one second of the wall, 1 to 20.", min=1, max=20)] = 1.0,
    faults: Annotated[str | None, typer.Option(help="A scenario: a name, a TOML file, or `list`.")] = None,
    port: Annotated[int | None, typer.Option(help="0 picks a free one; else the settings' ib.port (7497).", min=0, max=65_535)] = None,
    accounts: Annotated[str, typer.Option(help="Accounts, NAME or NAME:CURRENCY:CASH, parted by commas.")] = "DUSIM1",
    begins: Annotated[str, typer.Option("--from", help="Time of day in New York; what is before has happened already.")] = "09:30",
    roots: Annotated[str, typer.Option(help="What a generated session holds: ES,NQ,SPY.")] = "ES",
    seed: Annotated[int, typer.Option(help="Of the generated market and of whatever else is random.")] = 7,
    batch_ms: Annotated[int, typer.Option(help="Quotes are gathered for so long, as TWS does; 0 tells every one.", min=0)] = 250,
    data: Annotated[Path | None, typer.Option(help="Folder of the stores; else the settings' data_folder.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    others: Annotated[bool, typer.Option("--others-may-reach-it", help="Needed for any other --host: there is no password.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON once it listens.")] = False,
    minutes: Annotated[float | None, typer.Option(help="End after so many minutes of the wall clock; else at Ctrl-C.", min=0)] = None,
) -> None:
    """Serve until Ctrl-C."""
    if faults == "list":
        _list(Console(highlight=False))
        return
    if session is None and not generate:
        raise ConfigError(
            "which session? --generate for a generated one, or --session 2026-11-19 (`workbench sessions` lists what there is)"
        )
    asked = Asked(
        session=session_of(session) if session else _usual_day(),
        is_generated=generate,
        data=data,
        roots=tuple(root.strip() for root in roots.split(",") if root.strip()),
        seed=seed,
        begins=begins,
        host=host,
        port=port,
        others=others,
        as_json=as_json,
        minutes=minutes,
    )
    built = _build(asked, speed=speed, faults=faults, accounts=accounts, batch_ms=batch_ms)
    asyncio.run(_serve(built, asked, faults))


def _list(console: Console) -> None:
    from workbench.gateway.faults import load_scenario, shipped

    names = shipped()
    width = max(len(name) for name in names)
    for name in names:
        console.print(f"[bold]{name:{width}}[/]  {escape(load_scenario(name).about)}", soft_wrap=True)


def _build(asked: Asked, *, speed: float, faults: str | None, accounts: str, batch_ms: int) -> Gateway:
    from workbench.config import load_settings
    from workbench.gateway import build
    from workbench.gateway.base import AccountSetup
    from workbench.gateway.streams import StreamSettings

    settings = load_settings()
    contracts, records = _market(settings, asked)
    if not len(records):
        raise ConfigError(f"session {asked.session} holds no market record")
    setups = []
    for each in accounts.split(","):
        name, currency, cash, *_ = [*each.split(":"), "", ""]
        setups.append(AccountSetup(name=name, currency=currency or "USD", cash=cash or "1000000"))
    start_ns = _moment(asked.begins, int(records["recv_ns"][0]), int(records["recv_ns"][-1]))
    return build.gateway(
        settings,
        records,
        contracts,
        accounts=setups,
        faults=faults,
        start_ns=start_ns,
        speed=speed,
        seed=asked.seed,
        streams=StreamSettings(batch_ms=batch_ms),
    )


def _market(settings: Any, asked: Asked) -> tuple[tuple[Contract, ...], Records]:
    if asked.is_generated:
        from workbench.runtime.generated import generated

        if not asked.roots:
            raise ConfigError("--roots: a generated session holds at least one, ES or ES,NQ,SPY")
        made = generated(settings, asked.roots, asked.session, seed=asked.seed)
        return made.contracts, made.records
    from workbench.commands.playing import folder_of
    from workbench.runtime.logged import open_log

    logged = open_log(folder_of(asked.data, settings.data_path), asked.session)
    return tuple(logged.contracts), logged.records


def _usual_day() -> int:
    """Give the day that is generated if none is named: the demo's, so that the same words give the same market."""
    from workbench.runtime.demonstration import SESSION

    return SESSION


def _moment(text: str, first_ns: int, last_ns: int) -> int:
    """Find a New York time of day between the first record and the last.

    >>> (_moment("09:30", 1_795_150_800_000_000_000, 1_795_222_800_000_000_000) - 1_795_150_800_000_000_000) / 3.6e12
    9.5
    """
    try:
        hour, minute = (int(part) for part in text.split(":"))
        at = datetime.fromtimestamp(last_ns // 10**9, UTC).astimezone(NEW_YORK).replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        raise ConfigError(f"--from {text}: a time of day in New York, 09:30") from None
    last_s, first_s = last_ns / 1e9, first_ns / 1e9
    for days in range(4):
        seconds = at.timestamp() - days * 86_400
        if first_s <= seconds <= last_s:
            return int(seconds) * 10**9
    spans = " to ".join(f"{datetime.fromtimestamp(ns // 10**9, UTC).astimezone(NEW_YORK):%Y-%m-%d %H:%M}" for ns in (first_ns, last_ns))
    raise ConfigError(f"--from {text}: the session's records are from {spans} (New York)")


async def _serve(built: Gateway, asked: Asked, faults: str | None) -> None:
    """Open it, say so, and wait for the end."""
    from workbench.config import load_settings
    from workbench.gateway.transports import serve

    port = load_settings().ib.port if asked.port is None else asked.port
    try:
        door = await serve(built, asked.host, port, others_may_reach_it=asked.others)
    except socket.gaierror:
        raise ConfigError(f"--host {asked.host}: no address of this machine has that name") from None
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise ConfigError(f"--host {asked.host}: not an address of this machine") from None
        raise ConfigError(f"--port {port}: {error.strerror or error}; is a TWS running? --port 0 picks a free one") from None
    _say(built, asked, faults, door.port)
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    if asked.minutes is not None:
        asyncio.get_running_loop().call_later(asked.minutes * 60, stop.set)
    await stop.wait()
    n_clients = len(built.world.clients)
    await door.close()
    if not asked.as_json:
        Console(highlight=False).print(f"stopped; {n_clients} client{'' if n_clients == 1 else 's'} disconnected")


def _say(built: Gateway, asked: Asked, faults: str | None, port: int) -> None:
    accounts = [account.name for account in built.world.accounts]
    symbols = [contract.symbol for contract in built.world.contracts]
    begins = f"{datetime.fromtimestamp(built.now_ns // 10**9, UTC).astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
    if asked.as_json:
        said = {"host": asked.host, "port": port, "accounts": accounts, "symbols": symbols, "begins": begins, "speed": built.speed}
        print(json.dumps(said | {"now_ns": built.now_ns, "faults": faults}), flush=True)  # noqa: T201  for scripts, that read a line
        return
    what = f"generated, seed {asked.seed}" if asked.is_generated else "recorded"
    weather = f" · faults [bold]{escape(faults)}[/]" if faults else ""
    Console(highlight=False).print(
        f"[bold]gateway[/] on [bold]{asked.host}:{port}[/] · {', '.join(symbols)} · {what}, from {begins} New York · x {built.speed:g} · "
        f"{', '.join(accounts)}{weather} · Ctrl-C ends it",
        soft_wrap=True,
    )
