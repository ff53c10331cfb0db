"""Channels over real sockets: what arrives, and that no secret leaves by any way on which something fails."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.runtime.notify.servers import Post, Sink, post_office, web
from workbench.config import Settings, load_settings
from workbench.config.notify import NotifySettings
from workbench.runtime.notify.channels.base import ChannelError, Message
from workbench.runtime.notify.channels.made import Made, channels_of
from workbench.runtime.notify.notice import Severity
from workbench.runtime.notify.ping import ping

CANARY = "canary-7f3a/9 b1"
NAMES = ("smtp", "webhook", "ntfy", "telegram")
HALT = Message("CRITICAL halt [7]: HALTED", "HALTED: day loss\nAcknowledge it", Severity.CRITICAL, 7)


class World:
    """Servers, and settings that name them; every secret holds the canary."""

    def __init__(self, folder: Path, sink: Sink, post: Post) -> None:
        self.folder, self.sink, self.post = folder, sink, post
        self.secrets = {
            "PASSWORD": CANARY,
            "HOOK": f"{sink.url}/hook/{CANARY.replace(' ', '')}",
            "TOPIC": CANARY,
            "TOKEN": CANARY.replace(" ", ""),
        }

    def settings(self, **changes: object) -> NotifySettings:
        flags = {
            "notify.channels": list(NAMES),
            "notify.smtp.host": "127.0.0.1", "notify.smtp.port": self.post.port, "notify.smtp.security": "none",
            "notify.smtp.user": "me", "notify.smtp.password": "env:PASSWORD", "notify.smtp.sender": "wb@example.com",
            "notify.smtp.to": ["me@example.com"], "notify.webhook.url": "env:HOOK",
            "notify.ntfy.server": self.sink.url, "notify.ntfy.topic": "env:TOPIC", "notify.ntfy.token": "env:TOKEN",
            "notify.telegram.server": self.sink.url, "notify.telegram.token": "env:TOKEN", "notify.telegram.chat": "42",
            "notify.ping_url": "env:HOOK",
        }  # fmt: skip
        loaded: Settings = load_settings(
            folder=self.folder, environment={}, flags=flags | {k.replace("__", "."): v for k, v in changes.items()}
        )
        return loaded.notify

    def made(self, **changes: object) -> Made:
        return channels_of(self.settings(**changes), self.folder, self.folder / "notices.log", lambda: 0, self.secrets)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with web() as sink, post_office() as post:
        yield World(tmp_path, sink, post)


@pytest.mark.covers("S3-17")
def test_every_channel_delivers_title_and_body(world: World) -> None:
    made = world.made()
    assert not made.broken and set(made.channels) == {"log", *NAMES}
    for channel in made.channels.values():
        channel.send(HALT)
    assert "HALTED: day loss" in (world.folder / "notices.log").read_text()
    assert "Subject: CRITICAL halt [7]: HALTED" in world.post.mails[0] and "HALTED: day loss" in world.post.mails[0]
    assert world.post.logins == [f"\0me\0{CANARY}"]
    hook, ntfy, telegram = world.sink.got
    assert hook.json["severity"] == "critical" and hook.json["id"] == 7 and "day loss" in hook.json["text"]
    assert ntfy.json["priority"] == 5 and ntfy.json["topic"] == CANARY and ntfy.headers["Authorization"].startswith("Bearer canary")
    assert telegram.path.endswith("/sendMessage") and telegram.json["chat_id"] == "42" and "day loss" in telegram.json["text"]


def test_a_long_message_goes_over_telegram_in_parts_of_4096_characters(world: World) -> None:
    world.made().channels["telegram"].send(Message("T", "x" * 9_000, Severity.INFO))
    parts = [each.json["text"] for each in world.sink.got]
    assert [len(part) <= 4_096 for part in parts] == [True, True, True] and "".join(parts).count("x") == 9_000


def echoes(world: World) -> None:
    world.sink.code, world.sink.says = 401, "no: {path} {auth} {body}"
    world.post.answer = {"AUTH": f"535 {{line}} {CANARY}"}


def breaks_off(world: World) -> None:
    world.post.port = world.sink.url = _nobody()
    world.sink.url = f"http://127.0.0.1:{world.sink.url}"
    world.secrets["HOOK"] = f"{world.sink.url}/{CANARY.replace(' ', '')}"


def sends_elsewhere(world: World) -> None:
    world.sink.code, world.sink.to = 307, f"{world.sink.url}/elsewhere"
    world.post.answer = {"MAIL": f"550 {CANARY} may not"}


def refuses_the_reader(world: World) -> None:
    world.sink.code, world.sink.says = 500, f"<html>{CANARY}</html>"
    world.post.answer = {"RCPT": f"550 {CANARY}"}


def talks_nonsense(world: World) -> None:
    world.secrets["HOOK"] = f"http://127.0.0.1:1{CANARY}"  # no port
    world.sink.url = f"http://localhost:99999999/{CANARY}"
    world.post.answer = {"EHLO": "nonsense", "HELO": "nonsense"}


@pytest.mark.parametrize("trouble", [echoes, breaks_off, sends_elsewhere, refuses_the_reader, talks_nonsense])
def test_no_secret_is_in_an_error_its_traceback_or_a_log_whatever_fails(
    world: World, trouble: Callable[[World], None], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    trouble(world)
    made = world.made()
    said = [*made.broken.values()]
    attempts: dict[str, Callable[[], None]] = {name: lambda at=at: at.send(HALT) for name, at in made.channels.items() if name != "log"}
    if made.ping_url:
        attempts["ping"] = lambda: ping(made.ping_url)
    for attempt in attempts.values():
        with pytest.raises(ChannelError) as failed:
            attempt()
        assert failed.value.__cause__ is None and failed.value.__context__ is None, "a chained error would tell the conversation"
        shown = traceback.TracebackException.from_exception(failed.value, capture_locals=False).format()
        said += [str(failed.value), repr(failed.value), *shown]
    assert len(attempts) + len(made.broken) >= 4
    out = capfd.readouterr()
    everything = "\n".join([*said, caplog.text, out.out, out.err, repr(made), str(made)])
    for form in (CANARY, CANARY.replace(" ", ""), "canary", "7f3a"):
        assert form not in everything, everything


def test_a_redirect_is_not_followed_for_it_would_carry_the_token_elsewhere(world: World) -> None:
    sends_elsewhere(world)
    with pytest.raises(ChannelError, match="307"):
        world.made().channels["ntfy"].send(HALT)
    assert all("elsewhere" not in each.path for each in world.sink.got)


def test_one_channel_that_cannot_be_made_breaks_no_other(world: World) -> None:
    made = world.made(notify__telegram__chat="", notify__smtp__password="hunter2 itself")
    assert set(made.channels) == {"log", "webhook", "ntfy"} and set(made.broken) == {"smtp", "telegram"}
    assert "notify.telegram.chat" in made.broken["telegram"]
    assert "never the secret itself" in made.broken["smtp"] and "hunter2" not in made.broken["smtp"]


def test_an_address_that_others_could_read_on_the_way_is_refused(world: World) -> None:
    world.secrets["HOOK"] = f"http://example.com/{CANARY}"
    made = world.made(notify__ntfy__server="http://ntfy.example.com", notify__smtp__host="mail.example.com")
    assert {"webhook", "ntfy", "smtp", "ping_url"} <= set(made.broken)
    assert CANARY not in str(made.broken)


def test_a_mail_that_somebody_is_not_given_is_a_failure_that_names_him(world: World) -> None:
    world.post.answer = {"RCPT": "550 nobody here"}
    with pytest.raises(ChannelError, match=r"does not take mail for me@example\.com"):
        world.made().channels["smtp"].send(HALT)


def test_a_desktop_without_a_program_for_it_is_named_as_broken(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "notify-send" in world.made(notify__channels=["desktop"]).broken["desktop"]
    program = tmp_path / "notify-send"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.got"\n')
    program.chmod(0o755)
    world.made(notify__channels=["desktop"]).channels["desktop"].send(HALT)
    assert "HALTED: day loss" in (tmp_path / "notify-send.got").read_text()


def _nobody() -> int:
    with ExitStack() as stack:
        free = stack.enter_context(socket.socket())
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
