"""Settings of the ways to a person (``[notify]``). Types and limits; never a secret, only where one is kept."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Least = Literal["info", "warning", "critical"]
Named = Literal["desktop", "smtp", "webhook", "ntfy", "telegram"]


class Part(BaseModel):
    """Base of these sections: frozen, and no key that is not named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DesktopSettings(Part):
    """The screen of this machine."""

    least: Least


class SmtpSettings(Part):
    """Mail. `password` names where it is kept."""

    least: Least
    host: str
    port: int = Field(ge=1, le=65_535)
    security: Literal["tls", "starttls", "none"]
    user: str
    password: str
    sender: str
    to: tuple[str, ...]


class WebhookSettings(Part):
    """A webhook. `url` names where its address is kept."""

    least: Least
    url: str


class NtfySettings(Part):
    """ntfy. `topic` and `token` name where they are kept."""

    least: Least
    server: str
    topic: str
    token: str


class TelegramSettings(Part):
    """A Telegram bot. `token` names where it is kept; `chat` is the chat's number."""

    least: Least
    server: str
    token: str
    chat: str


class NotifySettings(Part):
    """Which channels are used beside the log, how many notices an hour, when silence halts, and the dead man's ping."""

    channels: tuple[Named, ...]
    per_hour: int = Field(ge=1, le=1_000)
    halt_after_s: int = Field(ge=60, le=86_400)
    ping_url: str
    ping_s: int = Field(ge=10, le=3_600)
    desktop: DesktopSettings
    smtp: SmtpSettings
    webhook: WebhookSettings
    ntfy: NtfySettings
    telegram: TelegramSettings

    @field_validator("channels")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("each channel once")
        return value
