"""A first look at a TWS before anything is built: which accounts, what time, which contracts. One short connection; places nothing.

The clock of a simulated gateway is its session's, not the wall's: it is read to some milliseconds by asking until its second changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from workbench.clock import Clock, ScaledClock, SystemClock
from workbench.config import Root
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import ConfigError, VenueError
from workbench.domain.units import SECOND
from workbench.runtime.live.doors import SIMULATED
from workbench.wire import (
    Answer,
    ContractData,
    ContractDataEnd,
    ContractFields,
    CurrentTime,
    ErrorMessage,
    HistoricalData,
    ManagedAccounts,
    Reader,
    ReqContractDetails,
    ReqCurrentTime,
    ReqHistoricalData,
    Request,
    StartApi,
    WireError,
    decode_answer,
    encode,
    fields,
    frame,
    hello,
    parse_welcome,
)

ANSWER_S: Final = 15.0  # a TWS answers in ms; its farm of definitions may have to wake up
VOLUMES_S: Final = 4.0  # nobody waits long for what only may bring a roll forward
IN_USE: Final = 326
T = TypeVar("T")
ASK_S: Final = 0.025  # of the server's time, between two questions for it: 40 in its second, IB bears 50 in ours


class Looked(NamedTuple):
    """What was seen: accounts, the server's time and when (on `clock`) it was that, and IB's contracts by root."""

    accounts: tuple[str, ...]
    now_ns: int
    contracts: Mapping[str, tuple[ContractData, ...]]

    @property
    def is_simulated(self) -> bool:
        """Whether nothing here can be money: all accounts are the simulated gateway's."""
        return _are_simulated(self.accounts)


def _are_simulated(accounts: Collection[str]) -> bool:
    return bool(accounts) and all(account.startswith(SIMULATED) for account in accounts)


def clock_of(accounts: Collection[str], now_ns: int, speed: float, step_limit_ns: int) -> Clock:
    """Give the clock of a run: the gateway's own where it is a simulated one, the machine's everywhere else.

    Raises
    ------
    ConfigError
        A speed other than 1 where an account could be real.

    Examples
    --------
    >>> type(clock_of(["DUSIM1"], 7, 20.0, 1)).__name__, type(clock_of(["U7"], 7, 1.0, 1)).__name__
    ('ScaledClock', 'SystemClock')
    """
    if _are_simulated(accounts):
        return ScaledClock(now_ns, speed)
    if speed != 1:
        real = ", ".join(each for each in accounts if not each.startswith(SIMULATED)) or "none was named"
        raise ConfigError(f"ib.speed = {speed:g}: only a gateway whose accounts all begin with {SIMULATED} has a clock of its own ({real})")
    return SystemClock(step_limit_ns)


async def look(host: str, port: int, client_id: int, roots: Iterable[Root], *, speed: float = 1.0) -> Looked:
    """Connect, ask, and leave.

    Parameters
    ----------
    speed
        Seconds of the server in one of ours.

    Raises
    ------
    VenueError
        Nobody listens there, or does not answer as a TWS does; the text says what to do.
    """
    wanted = list(roots)
    return await _talk(host, port, client_id, speed, lambda talk: talk.all(wanted))


async def traded(
    host: str, port: int, client_id: int, contracts: Iterable[Contract], session: int, *, speed: float = 1.0
) -> dict[int, int]:
    """Ask how many were traded of each contract in the last session before `session` that all of them have, by contract id.

    Nothing is said where IB has no such days of one, or its history does not answer: the date decides then.

    Raises
    ------
    VenueError
        As `look`.
    """
    wanted = list(contracts)

    async def work(talk: _Look) -> dict[int, dict[str, int]]:
        try:
            async with asyncio.timeout(VOLUMES_S):
                return {contract.id: await talk.days(n, contract) for n, contract in enumerate(wanted, 1)}
        except TimeoutError:
            return {}

    return last_before(session, await _talk(host, port, client_id, speed, work))


def last_before(session: int, days: Mapping[int, Mapping[str, int]]) -> dict[int, int]:
    """Pick the volume of the last day that all have and that is over when a session runs.

    >>> days = {1: {"20261207": 900, "20261208": 700, "20261209": 10}, 2: {"20261207": 100, "20261208": 800, "20261209": 30}}
    >>> last_before(20261209, days), last_before(20261210, days)
    ({1: 700, 2: 800}, {1: 10, 2: 30})
    >>> last_before(20261209, {1: {"20261207": 900}, 2: {}})
    {}
    """
    common = set.intersection(*(set(each) for each in days.values())) if days else set()
    last = max((day for day in common if int(day) < session), default=None)
    return {} if last is None else {id_: of[last] for id_, of in days.items()}


async def _talk(host: str, port: int, client_id: int, speed: float, work: Callable[[_Look], Awaitable[T]]) -> T:
    """Connect, let `work` ask, and leave."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                talk = _Look(reader, writer, speed)
                await talk.begin(client_id)
                return await work(talk)
            finally:
                writer.close()
    except TimeoutError:
        wrong = f", or a gateway whose speed is not {speed:g} (--speed of both must be the same)" if speed != 1 else ""
        raise VenueError(
            f"{host}:{port} takes connections and does not answer: look for a dialog in TWS, or a login that waits{wrong}"
        ) from None
    except (OSError, EOFError) as error:
        raise VenueError(f"no TWS at {host}:{port} ({error}): workbench connect says what to do") from None
    except WireError as error:
        raise VenueError(f"{host}:{port} does not speak as a TWS: {error}") from None


class _Look:
    """One conversation."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, speed: float) -> None:
        self._reader, self._writer, self._frames, self._speed = reader, writer, Reader(), speed
        self._waiting: list[bytes] = []
        self._version = 0
        self.accounts: tuple[str, ...] = ()

    async def begin(self, client_id: int) -> None:
        self._writer.write(hello())
        self._version = parse_welcome(await self._payload()).version
        self._ask(StartApi(client_id=client_id))
        while not self.accounts:
            await self._next()

    async def all(self, roots: list[Root]) -> Looked:
        contracts = {root.root: await self._contracts(n, root) for n, root in enumerate(roots, 1)}
        return Looked(self.accounts, await self._time(), contracts)

    async def _contracts(self, req_id: int, root: Root) -> tuple[ContractData, ...]:
        is_future = root.type is ContractType.FUTURE
        wanted = ContractFields(
            symbol=root.root,
            sec_type="FUT" if is_future else "STK",
            exchange=root.exchange if is_future else "SMART",
            primary_exchange="" if is_future else root.exchange,
            currency=root.currency,
        )
        self._ask(ReqContractDetails(req_id=req_id, contract=wanted))
        rows: list[ContractData] = []
        while True:
            match await self._next():
                case ContractData(req_id=answered) as row if answered == req_id:
                    rows.append(row)
                case ContractDataEnd(req_id=answered) if answered == req_id:
                    return tuple(rows)
                case ErrorMessage(req_id=answered, code=code, text=text) if answered == req_id:
                    raise VenueError(f"{root.root} ({wanted.sec_type} at {wanted.exchange}): {code}: {text}")
                case _:
                    pass

    async def days(self, req_id: int, contract: Contract) -> dict[str, int]:
        """Give the volume of each of the last days, by its date; none where IB has none."""
        named = ContractFields(con_id=int(contract.venue_ids["ib"]), exchange=contract.exchange)
        self._ask(ReqHistoricalData(req_id=req_id, contract=named, bar_size="1 day", duration="5 D", use_rth=False))
        while True:
            match await self._next():
                case HistoricalData(req_id=answered, bars=bars) if answered == req_id:
                    return {bar.date[:8]: int(bar.volume) for bar in bars if bar.volume >= 0}
                case ErrorMessage(req_id=answered) if answered == req_id:
                    return {}
                case _:
                    pass

    async def _time(self) -> int:
        """Read the server's clock; a simulated one at the moment its second changes, for the run's own begins with it."""
        first = now = await self._second()
        while now == first and _are_simulated(self.accounts):
            await asyncio.sleep(ASK_S / self._speed)
            now = await self._second()
        return now * SECOND

    async def _second(self) -> int:
        self._ask(ReqCurrentTime())
        while True:
            answer = await self._next()
            if isinstance(answer, CurrentTime):
                return answer.time

    def _ask(self, request: Request) -> None:
        self._writer.write(frame(encode(request, self._version)))

    async def _next(self) -> Answer | None:
        """Take a message; `None` for one that means nothing here and cannot be read."""
        try:
            answer = decode_answer(fields(await self._payload()), self._version)
        except WireError:
            return None
        match answer:
            case ManagedAccounts(accounts=named):
                self.accounts = tuple(each.strip() for each in named.split(",") if each.strip())
            case ErrorMessage(code=code, text=text) if code == IN_USE:
                raise VenueError(f"{text} ({code}): another program is connected with this client id; end it, or set ib.client_id")
            case _:
                pass
        return answer

    async def _payload(self) -> bytes:
        while not self._waiting:
            data = await self._reader.read(1 << 16)
            if not data:
                raise EOFError("it closed the connection")
            self._waiting = self._frames.feed(data)
        return self._waiting.pop(0)
