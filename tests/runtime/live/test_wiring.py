"""The whole way over TCP, on one loop: a first look, a runner, the real client of the protocol, and the simulated gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from tests.replay.world import settings
from workbench import calendars
from workbench.config import Mode, Settings
from workbench.domain.errors import ConfigError, VenueError
from workbench.domain.events import AccountTold, ConnectionChanged, StreamChanged
from workbench.domain.records import Kind
from workbench.domain.units import HOUR, MINUTE
from workbench.gateway.build import gateway
from workbench.gateway.transports import serve
from workbench.runtime import play
from workbench.runtime.flight.rebuilt import open_recording, replay_wire
from workbench.runtime.generated import Generated, generated
from workbench.runtime.live import Ended, News, Stage
from workbench.runtime.live.looking import look
from workbench.runtime.live.wiring import Wired, wire
from workbench.runtime.logged import open_log
from workbench.simulation.market import MarketSettings

SESSION = 20261119
SPEED = 20.0
T = TypeVar("T")


@pytest.fixture(scope="module")
def day() -> Generated:
    opens, _ = calendars.session_bounds(SESSION)
    last_ns = opens + 16 * HOUR  # 10:00 New York
    return generated(settings(), ["ES"], SESSION, seed=5, market=MarketSettings(activity=0.3), first_ns=last_ns - HOUR, last_ns=last_ns)


def at(port: int, **changes: object) -> Settings:
    shipped = settings()
    ib = shipped.ib.model_copy(update={"port": port, "speed": SPEED, **changes})
    return shipped.model_copy(update={"ib": ib, "active": ("ES",)})


def during(day: Generated, work: Callable[[int], Awaitable[T]], *, accounts: tuple[str, ...] = ("DUSIM1",), speed: float = SPEED) -> T:
    """Serve a gateway from the middle of its hour on while something is done with its port."""

    async def whole() -> T:
        start_ns = int(day.records["recv_ns"][-1]) - 20 * MINUTE
        built = gateway(settings(), day.records, day.contracts, accounts=accounts, start_ns=start_ns, speed=speed)
        door = await serve(built, port=0)
        try:
            return await work(door.port)
        finally:
            await door.close()

    return asyncio.run(whole())


async def run(wired: Wired, seconds: float) -> Ended:
    asyncio.get_running_loop().call_later(seconds, wired.line.stop)
    try:
        return await wired.runner.run_forever()
    finally:
        await wired.line.close()
        await wired.close()


@pytest.mark.parametrize("mode", [*(pytest.param(mode, marks=pytest.mark.proof) for mode in (Mode.RECORD, Mode.OBSERVE)), Mode.PAPER])
def test_a_run_over_tcp_records_the_market_and_its_replays_by_log_and_by_wire_are_the_same(
    tmp_path: Path, day: Generated, mode: Mode
) -> None:
    news: list[News] = []

    async def live(port: int) -> Ended:
        wired = await wire(mode, at(port), tmp_path, strategies=[("vwap_reversion", "")], environment={}, on_news=news.append)
        assert wired.account == "DUSIM1" and "ESZ6" in wired.told and "gateway's clock" in wired.told
        return await run(wired, 6.0)

    ended = during(day, live)
    stages = [each.stage for each in news]
    assert stages[0] is Stage.CONNECTING and stages[-1] is Stage.ENDED
    assert (Stage.RECORDING if mode is Mode.RECORD else Stage.DECIDING) in stages
    logged = open_log(tmp_path, ended.run.sessions[0])
    kinds = set(logged.records["kind"].tolist())
    assert ended.run.mode == mode.value and {Kind.QUOTE, Kind.TIME, Kind.PHASE} <= kinds and ended.run.source.startswith("ib 127.0.0.1:")
    told = {type(arrival.event) for arrival in logged.arrivals}
    assert {ConnectionChanged, StreamChanged, AccountTold} <= told
    if mode is not Mode.RECORD:
        played = asyncio.run(play.play_back(logged, play.setup_as_traded(at(1), logged)))
        assert played.difference is None and played.outcome.state_digest == ended.state_digest
    verdict = replay_wire(tmp_path, open_recording(at(1), tmp_path, logged.session))
    assert verdict.divergence is None and verdict.n_records == len(logged.records) and verdict.n_frames > 10


def test_a_login_with_several_accounts_needs_one_named_and_an_unknown_one_is_refused(tmp_path: Path, day: Generated) -> None:
    async def two(port: int) -> None:
        with pytest.raises(ConfigError, match=r"2 accounts \(DUSIM1, DUSIM2\)"):
            await wire(Mode.PAPER, at(port), tmp_path, environment={})
        with pytest.raises(ConfigError, match="not among"):
            await wire(Mode.PAPER, at(port), tmp_path, environment={}, account="DUSIM9")
        assert (await wire(Mode.OBSERVE, at(port, account="DUSIM2"), tmp_path, environment={})).account == "DUSIM2"

    during(day, two, accounts=("DUSIM1", "DUSIM2"))


@pytest.mark.parametrize("speed", [1.0, SPEED])
def test_a_first_look_reads_the_gateways_clock_and_asks_no_oftener_than_ib_bears(day: Generated, speed: float) -> None:
    async def seen(port: int) -> int:
        looked = await look("127.0.0.1", port, 9, [settings().roots["ES"]], speed=speed)  # 50 requests in a second would end it
        assert looked.accounts == ("DUSIM1",) and looked.contracts["ES"]
        return looked.now_ns

    began_ns = int(day.records["recv_ns"][-1]) - 20 * MINUTE
    assert 0 < during(day, seen, speed=speed) - began_ns < 2 * MINUTE


def test_live_is_refused_before_anybody_is_asked_and_a_paper_account_is_never_live(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="three yeses"):
        asyncio.run(wire(Mode.LIVE, at(1), tmp_path, environment={}))


def test_where_no_tws_is_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(VenueError, match="workbench connect"):
        asyncio.run(wire(Mode.PAPER, at(1), tmp_path, environment={}))


def test_something_else_at_the_port_is_no_tws(tmp_path: Path) -> None:
    async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n" * 3)
        await writer.drain()
        writer.close()

    async def go() -> None:
        server = await asyncio.start_server(chat, "127.0.0.1", 0)
        with pytest.raises(VenueError):
            await wire(Mode.PAPER, at(server.sockets[0].getsockname()[1]), tmp_path, environment={})
        server.close()

    asyncio.run(go())


def test_a_contract_has_the_same_id_in_every_run_of_a_data_folder(tmp_path: Path, day: Generated) -> None:
    async def twice(port: int) -> list[int]:
        found = []
        for active in (("ES",), ("ES", "MES"), ("MES", "ES")):
            wired = await wire(Mode.RECORD, at(port).model_copy(update={"active": active}), tmp_path, environment={})
            plan = wired.runner._plan(SESSION)
            found.append(next(each.id for each in plan.contracts if each.root == "ES"))
            assert [each.id for each in plan.contracts] == sorted(each.id for each in plan.contracts)
            assert all(msgspec.structs.asdict(each)["venue_ids"]["ib"] for each in plan.contracts)
        return found

    assert len(set(during(day, twice))) == 1
