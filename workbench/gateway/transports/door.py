"""Where clients come in: an asyncio protocol per connection, and the door that can be shut for a while or moved to another port.

Works on any asyncio loop: over TCP on a real one, in memory on `workbench.simulation.virtual.VirtualLoop`.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

from workbench.domain.errors import ConfigError
from workbench.gateway.gateway import Gateway
from workbench.gateway.session import Session
from workbench.gateway.transports.drive import Drive


class Connection(asyncio.Protocol):
    """One client's socket: a `session.Pipe` for the gateway, a protocol for the loop."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._session: Session | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._drive.catch_up()
        self._session = self._drive.gateway.connect(self)
        if self._session is None:
            self._transport.abort()
        self._drive.wind()

    def data_received(self, data: bytes) -> None:
        if self._session is not None:
            self._drive.catch_up()
            self._drive.gateway.receive(self._session, data)
            self._drive.wind()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._session is not None:
            self._drive.catch_up()
            self._drive.gateway.lost(self._session)
            self._drive.wind()

    def write(self, data: bytes) -> None:
        """Send."""
        self._transport.write(data)

    def close(self) -> None:
        """Close behind what was written."""
        self._transport.close()

    def abort(self) -> None:
        """Break off."""
        self._transport.abort()

    def n_waiting(self) -> int:
        """Count what the client has not taken."""
        return int(self._transport.get_write_buffer_size())


class Door:
    """A listening port of a gateway. Made by `serve`."""

    def __init__(self, gateway: Gateway, drive: Drive, host: str, port: int) -> None:
        self.gateway, self.drive = gateway, drive
        self.host, self.port = host, port
        self._server: Any = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen; the port is known afterwards if 0 was asked."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Connection(self.drive), self.host, self.port)
            self.port = self._server.port if hasattr(self._server, "port") else self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Refuse new connections; those that stand, stand."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def reopen(self, port: int | None = None) -> None:
        """Listen again soon, at another port if one is given."""
        self.shut()
        self.port = self.port if port is None else port
        task = asyncio.get_running_loop().create_task(self.open())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End it: no new connection, every session closed, time stands."""
        self.shut()
        self.drive.stop()
        for task in tuple(self._tasks):
            task.cancel()
        for session in tuple(self.gateway.sessions):
            session.drip_bytes_per_s = 0.0
            session.close()
        self.gateway.flush()
        await asyncio.sleep(0)


async def serve(
    gateway: Gateway, host: str = "127.0.0.1", port: int = 0, *, others_may_reach_it: bool = False, grain_s: float | None = None
) -> Door:
    """Open a gateway to clients on the running loop.

    Parameters
    ----------
    host
        A loopback address. TWS has no password: whoever reaches the port trades. Any other needs `others_may_reach_it`.
    port
        0 picks a free one; `Door.port` says which.
    grain_s
        Shortest time of the loop between two advances of the gateway's clock.

    Raises
    ------
    ConfigError
        An address that others can reach, not asked for twice.
    """
    if not others_may_reach_it and not is_loopback(host):
        raise ConfigError(f"--host {host}: others could reach it, and the protocol has no password; say so with --others-may-reach-it")
    loop = asyncio.get_running_loop()
    drive = Drive(gateway, loop) if grain_s is None else Drive(gateway, loop, grain_s=grain_s)
    door = Door(gateway, drive, host, port)
    await door.open()
    gateway.faults.door = door
    return door


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
