"""How a check-up comes in: as the first client id that is free, and who is told when nobody gets in. Asks nothing further."""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import ib_async
from ib_async.ib import StartupFetchNONE

from workbench.domain.errors import VenueError
from workbench.venues.ib.checkup.lines import Line, Verdict
from workbench.venues.ib.checkup.session import Session

CONNECT_S: Final = 10.0
IN_USE: Final = 326


class NoAccountError(VenueError):
    """The user that is logged in has no account: the library waits for one until its time is over."""


@asynccontextmanager
async def attend(host: str, port: int, client_ids: range) -> AsyncIterator[tuple[Session, list[Line]]]:
    """Connect as the first of `client_ids` that is free; the lines tell which, and which were not."""
    lines: list[Line] = []
    for client_id in client_ids:
        ib = ib_async.IB()
        session = Session(ib)
        try:
            await _enter(session, host, port, client_id)
        except (OSError, TimeoutError) as error:
            ib.disconnect()
            if session.was_told(IN_USE):
                lines.append(Line("client id", Verdict.LOOK, f"{client_id} is in use", session.last_words, "Another program has it."))
                continue
            if session.was_let_in and isinstance(error, TimeoutError):
                raise NoAccountError(f"{host}:{port} lets a client in, and names no account") from error
            raise VenueError(f"{host}:{port} greets, but lets no client in ({type(error).__name__})") from error
        lines.append(Line("client id", Verdict.GOOD, f"{client_id} is free"))
        try:
            yield session, lines
        finally:
            ib.disconnect()
        return
    raise VenueError(f"{host}:{port}: client ids {client_ids.start} to {client_ids.stop - 1} are all in use")


async def _enter(session: Session, host: str, port: int, client_id: int) -> None:
    """Connect; an `OSError` or `TimeoutError` where TWS lets nobody in. A refusal in words is not waited out."""
    going = asyncio.ensure_future(session.ib.connectAsync(host, port, clientId=client_id, timeout=CONNECT_S, fetchFields=StartupFetchNONE))
    heard = asyncio.ensure_future(session.until_told(IN_USE))
    await asyncio.wait({going, heard}, return_when=asyncio.FIRST_COMPLETED)
    heard.cancel()
    if not going.done():
        going.cancel()
    result: Any = (await asyncio.gather(going, heard, return_exceptions=True))[0]
    if isinstance(result, OSError | TimeoutError):
        raise result
    if isinstance(result, BaseException):
        raise TimeoutError(session.last_words) from result
