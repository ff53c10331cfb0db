"""The check-up from the door to the last stream, line by line as they become known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from workbench.config.roots import Root
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import VenueError
from workbench.venues.ib.checkup.door import PORTS, Door, knock
from workbench.venues.ib.checkup.entrance import NoAccountError, attend
from workbench.venues.ib.checkup.lines import Line, Verdict
from workbench.venues.ib.checkup.session import Session
from workbench.venues.ib.history import IbHistory

MIN_SERVER: Final = 157
KNOWN_SERVER: Final = 178  # the highest that ib_async speaks
N_IDS: Final = 8  # client ids tried


async def examine(
    host: str,
    port: int | None,
    client_id: int,
    roots: Sequence[str],
    known: Mapping[str, Root],
    now_s: Callable[[], float],
) -> AsyncIterator[Line]:
    """Go through everything; `port` `None`: the four that TWS and IB Gateway use, the first that answers is examined."""
    door = None
    for at in PORTS if port is None else (port,):
        seen = await knock(host, at)
        if seen.is_open or port is not None:
            yield seen.line
        if seen.is_open and (door is None or seen.version is not None):
            door = seen
        if seen.version is not None:
            break
    if door is None and port is None:
        ports = ", ".join(map(str, PORTS))
        yield Line(host, Verdict.BAD, f"nobody listens on {ports}", "", "Start TWS, log in, and turn the API on: docs/your-tws.md.")
    if door is None or door.version is None:
        return
    yield _server(door)
    if door.version < MIN_SERVER:
        return
    try:
        async with attend(host, door.port, range(client_id, client_id + N_IDS)) as (session, lines):
            for line in lines:
                yield line
            async for line in _session(session, roots, known, now_s):
                yield line
    except NoAccountError:
        yield Line("accounts", Verdict.BAD, "none", "", "Log in with a user that has an account.")
    except ConnectionError:
        yield Line("API", Verdict.BAD, "the connection ended while we looked", "", "Did TWS restart, or a person end the client there?")
    except VenueError as error:
        yield Line("API", Verdict.BAD, "no client gets in", str(error), "Is a question about this connection open on TWS's screen?")


async def _session(session: Session, roots: Sequence[str], known: Mapping[str, Root], now_s: Callable[[], float]) -> AsyncIterator[Line]:
    yield session.accounts()
    yield await session.clock(now_s)
    yield await session.read_only()
    source = IbHistory(session.ib, known)
    try:
        today_s = await source.now_ns() // 1_000_000_000
    except VenueError:
        today_s = int(now_s())
    accounts = session.ib.managedAccounts()
    is_first = True
    for root in roots:
        try:
            contract = _front(await source.contracts(root), today_s)
        except VenueError as error:
            yield Line(root, Verdict.BAD, "not known", str(error), "Is its exchange right (workbench/roots.toml)?")
            continue
        async for line in session.data(contract):
            yield line
        if is_first and accounts:
            yield await session.precautions(contract, accounts[0])
            is_first = False
    yield session.link()


def _front(contracts: Sequence[Contract], today_s: int) -> Contract:
    """Take what is looked at: a share, or the first month that still trades."""
    today = datetime.fromtimestamp(today_s, UTC).date().isoformat()
    alive = [each for each in contracts if each.type is not ContractType.FUTURE or (each.expiry or "") > today]
    if not alive:
        raise VenueError("every month that IB names has expired")
    return alive[0]


def _server(door: Door) -> Line:
    version = door.version or 0
    if version < MIN_SERVER:
        return Line("server version", Verdict.BAD, str(version), "", "Install TWS or IB Gateway 10.19 or later.")
    if version > KNOWN_SERVER:
        return Line("server version", Verdict.LOOK, f"{version}, spoken to as {KNOWN_SERVER}")
    return Line("server version", Verdict.GOOD, str(version))
