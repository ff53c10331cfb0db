"""Trying every channel once, and keeping what came of it for the look before a session. Sends a word that says that it is a test."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbench.clock import Clock
from workbench.config import Settings
from workbench.config.notify import NotifySettings
from workbench.runtime.notify.channels.base import Channel, ChannelError, Message
from workbench.runtime.notify.channels.made import Made, channels_of
from workbench.runtime.notify.memory import Trial, settings_digest, write_tests
from workbench.runtime.notify.notice import Severity
from workbench.runtime.notify.ping import ping
from workbench.store.folders import Folders

TITLE, BODY = "Test of the workbench", "A test: this channel works. Nothing happened, and nothing is to be done."


def made_of(settings: Settings, data: Path, clock: Clock) -> Made:
    """Make the channels that settings name, with the log in the data folder; secrets in files lie relative to the workspace."""
    return channels_of(settings.notify, settings.workspace or Path(), Folders(data).notices / "notices.log", clock.now_ns)


def try_all(made: Made, settings: NotifySettings, data: Path, clock: Clock) -> list[Trial]:
    """Send a test over every channel at once, and a ping where one is configured; keep and give what came of it."""
    message, digest = Message(TITLE, BODY, Severity.INFO), settings_digest(settings)
    with ThreadPoolExecutor(max_workers=8) as pool:
        tried = {name: pool.submit(_try, made, channel, message) for name, channel in made.channels.items()}
        if made.ping_url:
            tried["ping_url"] = pool.submit(_try_ping, made)
        found = {name: each.result() for name, each in tried.items()} | made.broken
    tests = [Trial(name, clock.now_ns(), why, digest) for name, why in found.items()]
    write_tests(data, tests)
    return tests


def _try(made: Made, channel: Channel, message: Message) -> str:
    try:
        channel.send(message)
    except ChannelError as error:
        return made.redact(str(error)) or "it failed"
    return ""


def _try_ping(made: Made) -> str:
    try:
        ping(made.ping_url)
    except ChannelError as error:
        return str(error)
    return ""
