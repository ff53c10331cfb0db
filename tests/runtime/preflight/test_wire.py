"""The lines about TWS, against the project's own gateway: green, and red for each thing that can be wrong there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.commands.served import served
from workbench.config import Mode, load_settings
from workbench.runtime.preflight import wire
from workbench.runtime.preflight.report import Colour, Line
from workbench.venues.ib.checkup import session
from workbench.venues.ib.checkup.lines import Line as Examined
from workbench.venues.ib.checkup.lines import Verdict
from workbench.venues.ib.roles import Role, client_id
from workbench.wire import StartApi, encode, frame, hello

GREEN, YELLOW, RED = Colour.GREEN, Colour.YELLOW, Colour.RED
pytestmark = pytest.mark.covers("S2-46")


def seen(port: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Line]:
    monkeypatch.setattr(session, "LISTEN_S", 1.5)
    settings = load_settings(folder=folder, environment={}, flags={"ib.port": port, "active": ["ES"]})

    async def look() -> dict[str, Line]:
        door = await wire.door(settings)
        lines = [door.line, await wire.guards_id(settings)] + [line async for line in wire.streams(settings, door.clock)]
        return {line.about: line for line in lines}

    return asyncio.run(look())


def test_everything_that_can_be_traded_on_is_green(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as port:
        lines = seen(port, tmp_path, monkeypatch)
    for about in ("TWS", "guardian's client id", "clock", "orders", "what-if", "link to IBKR", "ESZ6 L1"):
        assert lines[about].colour is GREEN, lines[about]
    assert lines["ESZ6 L1"].threshold == "live"


@pytest.mark.parametrize(
    ("faults", "about"),
    [("321_read_only_box", "orders"), ("10089_api_subscription", "ESZ6 L1")],
)
def test_what_is_wrong_at_tws_is_red_with_ibs_words_and_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: str, about: str
) -> None:
    with served(faults) as port:
        line = seen(port, tmp_path, monkeypatch)[about]
    assert line.colour is RED and line.remedy, line


def test_a_client_id_that_another_program_has_is_red(tmp_path: Path) -> None:
    async def look(port: int) -> list[Line]:
        settings = load_settings(folder=tmp_path, environment={}, flags={"ib.port": port})
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for (reader, writer), role in zip(held, (Role.TRADE, Role.GUARD), strict=True):
            writer.write(hello())
            await reader.readexactly(4)
            writer.write(frame(encode(StartApi(client_id=client_id(settings.ib.client_id, role)), 178)))
            await reader.read(1)
            await asyncio.sleep(0.2)
        lines = [(await wire.door(settings)).line, await wire.guards_id(settings)]
        for _, writer in held:
            writer.close()
        return lines

    with served() as port:
        assert [(line.colour, "326" in line.found) for line in asyncio.run(look(port))] == [(RED, True), (RED, True)]


def test_no_tws_is_red_and_says_what_helps(tmp_path: Path) -> None:
    settings = load_settings(folder=tmp_path, environment={}, flags={"ib.port": 1})
    door = asyncio.run(wire.door(settings))
    assert door.line.colour is RED and not door.is_open and "workbench connect" in door.line.remedy
    assert asyncio.run(wire.guards_id(settings)).colour is RED


@pytest.mark.parametrize(
    ("mode", "named", "accounts", "colour"),
    [
        (Mode.PAPER, None, ("DU1",), GREEN),
        (Mode.LIVE, "U1", ("U1", "U2"), GREEN),
        (Mode.LIVE, None, ("U1", "U2"), RED),
        (Mode.LIVE, "U9", ("U1",), RED),
        (Mode.LIVE, "DU1", ("DU1",), RED),
        (Mode.PAPER, "U1", ("U1",), RED),
    ],
)
def test_the_account_must_be_of_the_login_and_of_the_kind_the_mode_is_for(
    mode: Mode, named: str | None, accounts: tuple[str, ...], colour: Colour
) -> None:
    assert wire.account(mode, named, accounts)[0].colour is colour


def test_a_clock_that_is_far_off_is_red() -> None:
    line = wire.coloured(Examined("clock", Verdict.BAD, "TWS is 9.0 s ahead", "", "Let both machines follow NTP"))
    assert line.colour is RED and "5 s at most" in line.threshold
