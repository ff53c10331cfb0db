"""Whether anybody answers at an address, and as what: a TCP connection and the first two sentences of the protocol, nothing more."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final, NamedTuple

from workbench.venues.ib.checkup.lines import SETTINGS, Line, Verdict

PORTS: Final = {7497: "TWS, paper", 7496: "TWS, live", 4002: "IB Gateway, paper", 4001: "IB Gateway, live"}
HELLO: Final = b"API\0" + struct.pack(">I", 9) + b"v157..178"
CONNECT_S, ANSWER_S = 2.0, 5.0
LONGEST: Final = 1_000  # bytes of an answer to a greeting; more is no TWS


class Door(NamedTuple):
    """One address: whether it took the connection, what it answered to the greeting, and what that means."""

    host: str
    port: int
    is_open: bool
    version: int | None
    line: Line


async def knock(host: str, port: int) -> Door:
    """Greet whoever listens there, and go."""
    about = f"{host}:{port}"
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_S)
    except socket.gaierror:
        remedy = "Is the name spelt right? An address (192.168.1.20) does as well."
        return Door(host, port, False, None, Line(about, Verdict.BAD, "nobody knows this host", "", remedy))
    except (OSError, TimeoutError):
        return Door(host, port, False, None, Line(about, Verdict.BAD, "nobody listens", "", f"For {PORTS.get(port, 'TWS')}: {_off(port)}"))
    try:
        writer.write(HELLO)
        version = await asyncio.wait_for(_version(reader), ANSWER_S)
    except TimeoutError:
        remedy = "It waits for a person: a login, a second factor, or a question about this connection stands on its screen."
        return Door(host, port, True, None, Line(about, Verdict.BAD, "accepts, but does not answer", "", remedy))
    except (OSError, EOFError, ValueError) as error:
        remedy = f"It hangs up: is this machine among the Trusted IPs, and 'localhost only' off ({SETTINGS})? Or it is no TWS."
        return Door(host, port, True, None, Line(about, Verdict.BAD, "hangs up on a greeting", _heard(error), remedy))
    finally:
        writer.close()
    return Door(host, port, True, version, Line(about, Verdict.GOOD, f"{PORTS.get(port, 'an API')} answers, server version {version}"))


async def _version(reader: asyncio.StreamReader) -> int:
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    if length > LONGEST:
        raise ValueError("the answer is not TWS's")
    fields = (await reader.readexactly(length)).decode("ascii", "replace").split("\0")
    if not fields[0].isdecimal():
        raise ValueError("the answer is not TWS's")
    return int(fields[0])


def _heard(error: Exception) -> str:
    return "" if isinstance(error, EOFError) else str(error)  # that it ended says the line itself


def _off(port: int) -> str:
    what = "IB Gateway" if port in (4001, 4002) else "TWS"
    return f"is {what} running and logged in, and 'Enable ActiveX and Socket Clients' on with socket port {port} ({SETTINGS})?"
