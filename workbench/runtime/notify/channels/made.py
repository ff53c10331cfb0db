"""From settings to channels: fetches secrets, checks addresses, and gives what takes those secrets out of every text. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from workbench.config.notify import NotifySettings
from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.runtime.notify.channels.base import Channel
from workbench.runtime.notify.channels.desktop import Desktop
from workbench.runtime.notify.channels.http import must_be_safe
from workbench.runtime.notify.channels.log import LogFile
from workbench.runtime.notify.channels.mail import Mail, Server
from workbench.runtime.notify.channels.ntfy import Ntfy
from workbench.runtime.notify.channels.telegram import Telegram
from workbench.runtime.notify.channels.webhook import Webhook
from workbench.runtime.notify.notice import Severity
from workbench.runtime.notify.schedule import Policy
from workbench.runtime.notify.secrets import Redactor, Secret, resolve


class Made(NamedTuple):
    """What a notifier is made of. ``broken`` says of channels that settings name why they cannot be; ``ping_url`` may be empty."""

    channels: dict[str, Channel]
    policy: Policy
    redact: Redactor
    ping_url: Secret
    broken: dict[str, str]


def channels_of(
    settings: NotifySettings, folder: Path, log: Path, now_ns: Callable[[], int], environment: Mapping[str, str] | None = None
) -> Made:
    """Make every channel that settings name, and the log.

    One that cannot be made breaks no other: a person who mistyped a mail server still hears by Telegram.

    Parameters
    ----------
    folder
        What paths of secrets are relative to.
    log
        The file of the log channel.
    environment
        `None`: the process's own.
    """
    broken: dict[str, str] = {}
    secrets: dict[str, Secret] = {}
    for setting, named in _named(settings).items():
        try:
            secrets[setting] = resolve(named, f"notify.{setting}", folder, environment)
        except ConfigError as error:
            broken[setting.partition(".")[0]] = str(error)
            secrets[setting] = Secret("")
    redact = Redactor(secrets.values())
    channels: dict[str, Channel] = {"log": LogFile(log, now_ns)}
    for name in settings.channels:
        if name not in broken:
            try:
                channels[name] = _make(name, settings, secrets, redact)
            except ConfigError as error:
                broken[name] = redact(str(error))
    least = {"log": Severity.INFO} | {name: Severity(getattr(settings, name).least) for name in channels if name != "log"}
    ping_url = secrets["ping_url"]
    if ping_url:
        try:
            must_be_safe(ping_url.reveal(), "notify.ping_url")
        except ConfigError as error:
            broken["ping_url"], ping_url = str(error), Secret("")
    return Made(channels, Policy(least, settings.per_hour, settings.halt_after_s * SECOND), redact, ping_url, broken)


def _named(settings: NotifySettings) -> dict[str, str]:
    """Give the places of all secrets that are used, by setting."""
    places = {
        "smtp.password": settings.smtp.password,
        "webhook.url": settings.webhook.url,
        "ntfy.topic": settings.ntfy.topic,
        "ntfy.token": settings.ntfy.token,
        "telegram.token": settings.telegram.token,
    }
    used = {name: place if name.partition(".")[0] in settings.channels else "" for name, place in places.items()}
    return used | {"ping_url": settings.ping_url}


def _make(name: str, settings: NotifySettings, secrets: Mapping[str, Secret], redact: Redactor) -> Channel:
    match name:
        case "desktop":
            return Desktop()
        case "smtp":
            at = settings.smtp
            _needs("smtp", host=at.host, sender=at.sender, to=at.to)
            return Mail(Server(at.host, at.port, at.security, at.user, at.sender, at.to), secrets["smtp.password"], redact)
        case "webhook":
            _needs("webhook", url=secrets["webhook.url"])
            return Webhook(secrets["webhook.url"], redact)
        case "ntfy":
            _needs("ntfy", topic=secrets["ntfy.topic"])
            return Ntfy(settings.ntfy.server, secrets["ntfy.topic"], secrets["ntfy.token"], redact)
        case "telegram":
            _needs("telegram", token=secrets["telegram.token"], chat=settings.telegram.chat)
            return Telegram(settings.telegram.server, secrets["telegram.token"], settings.telegram.chat, redact)
    raise ConfigError(f"there is no channel {name}")


def _needs(channel: str, **values: object) -> None:
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise ConfigError(f"notify.channels names {channel}, which needs notify.{channel}.{f' and notify.{channel}.'.join(missing)}")
