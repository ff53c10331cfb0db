"""A simulated TWS whose market says nothing of itself, so that a row says it: prebuilt frames to a client, and when its answers came.

The gateway answers what a client asks (contracts, account, orders); bytes of a row go straight to the client's socket. Times are those of
the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.peers import as_installed
from benchmarks.wire.session import BEGIN_NS, SESSION
from workbench.config import load_settings
from workbench.domain.records import ASK, BID, EVENT_TIME, Kind, Phase, Records, empty
from workbench.gateway.base import Budget
from workbench.gateway.build import gateway
from workbench.gateway.transports.door import Connection
from workbench.gateway.transports.drive import Drive
from workbench.runtime import build
from workbench.wire import (
    Reader,
    ReqDepth,
    ReqMktData,
    ReqTickByTick,
    WireError,
    decode_request,
    fields,
    frame,
)

BID_PX: Final = 27_200  # quanta
POINTS: Final = BID_PX / 4


def market(n_quotes: int = 1, every_ns: int = 0) -> Records:
    """One quote, long ago; or the same one again and again, so that orders at market fill."""
    records = empty(1 + n_quotes)
    records["seq"], records["contract"] = np.arange(1, len(records) + 1), 1
    records["recv_ns"] = BEGIN_NS - 1 + np.arange(-1, n_quotes) * every_ns
    records["kind"][0], records["level"][0], records["px"][0] = Kind.PHASE, Phase.RTH, SESSION
    quotes = records[1:]
    quotes["kind"], quotes["flags"] = Kind.QUOTE, BID | ASK | EVENT_TIME
    quotes["px"], quotes["px2"], quotes["sz"], quotes["sz2"] = BID_PX, BID_PX + 1, 40 + np.arange(n_quotes) % 7, 50
    records["event_ns"] = records["recv_ns"]
    return records


def message(*parts: object) -> bytes:
    """Write a frame."""
    return frame("".join(f"{part}\0" for part in parts).encode())


class Guest(Connection):
    """A client of the gateway: `heard` are times and bytes that came from it."""

    def __init__(self, room: Room) -> None:
        super().__init__(room.drive)
        self._room = room
        self.heard: list[tuple[int, bytes]] = []
        self.orders = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._room.guests.append(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.heard.append((time.monotonic_ns(), data))
        if data.startswith(b"3\0", 4):
            self.orders.set()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._room.guests:
            self._room.guests.remove(self)
        super().connection_lost(exc)

    def say(self, data: bytes) -> int:
        """Send; gives the time."""
        now = time.monotonic_ns()
        self._transport.write(data)
        return now

    def requests(self) -> list[Any]:
        """Read all that it asked so far."""
        data = b"".join(each for _, each in self.heard)
        reader = Reader()
        made = []
        for payload in reader.feed(_behind_hello(data)):
            try:
                made.append(decode_request(fields(payload), 178))
            except WireError:
                continue
        return made

    def streams(self) -> dict[str, int]:
        """Give the request ids of its streams: level1, BidAsk, AllLast, depth."""
        found: dict[str, int] = {}
        for each in self.requests():
            match each:
                case ReqMktData(req_id=req_id):
                    found["level1"] = req_id
                case ReqTickByTick(req_id=req_id, tick_type=kind):
                    found[kind] = req_id
                case ReqDepth(req_id=req_id):
                    found["depth"] = req_id
                case _:
                    pass
        return found


def _behind_hello(data: bytes) -> bytes:
    """Leave away ``API`` and the versions."""
    length = int.from_bytes(data[4:8], "big")
    return data[8 + length :]


class Room:
    """The gateway on a port of its own.

    Parameters
    ----------
    tape
        Its market.
    """

    def __init__(self, tape: Records) -> None:
        settings = load_settings(environment={})
        contracts = build.fronts(settings, ["ES"], SESSION)
        self.gateway = gateway(settings, tape, contracts, start_ns=BEGIN_NS, budget=Budget(tick_by_tick_s=0))
        self.drive = Drive(self.gateway, asyncio.get_running_loop())
        self.guests: list[Guest] = []
        self.port = 0

    async def open(self) -> asyncio.Server:
        server = await asyncio.get_running_loop().create_server(lambda: Guest(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server


@asynccontextmanager
async def room(tape: Records | None = None) -> AsyncIterator[Room]:
    """Open a gateway; without a tape its market stands."""
    made = Room(market() if tape is None else tape)
    server = await made.open()
    try:
        yield made
    finally:
        made.drive.stop()
        server.close()


class Program:
    """A child that says what it has to say as lines of JSON, and ends when its input does."""

    def __init__(self, module: str, *arguments: object) -> None:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        env = as_installed() | {"PYTHONPATH": str(Path(__file__).parents[2])}
        self.began_ns = time.monotonic_ns()
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        assert self._process.stdout is not None
        self._out = self._process.stdout
        os.set_blocking(self._out.fileno(), False)
        self._text = b""

    async def told(self, key: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """Wait for the line that has a key.

        Raises
        ------
        RuntimeError
            The program ended, or did not say it.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            line, newline, rest = self._text.partition(b"\n")
            if newline:
                self._text = rest
                if line.startswith(b"{") and key in (answer := json.loads(line)):
                    return dict(answer)
                continue
            more = self._out.read()
            if more:
                self._text += more
            elif more == b"":
                raise RuntimeError(f"the program ended with {self._process.wait()} before it said {key!r}")
            else:
                await asyncio.sleep(0.01)
        raise RuntimeError(f"the program did not say {key!r} in {timeout_s:g} s")

    def say(self, line: str) -> None:
        """Write a line to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """Close its input, and wait."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
