"""Telegram: a bot writes into a chat. Plain HTTPS; it reads nothing, so a bot that others poll is not disturbed."""

from __future__ import annotations

import json
from typing import Final

from workbench.runtime.notify.channels.base import Message, chunks
from workbench.runtime.notify.channels.http import must_be_safe, post
from workbench.runtime.notify.notice import Severity
from workbench.runtime.notify.secrets import Redactor, Secret

MOST: Final = 4_096  # characters of one message (Bot API, sendMessage)


class Telegram:
    """Sends a message in as many parts as it needs. The token stands in the address: no error repeats that."""

    name = "telegram"

    def __init__(self, server: str, token: Secret, chat: str, redact: Redactor) -> None:
        self._server = must_be_safe(server.rstrip("/"), "notify.telegram.server")
        self._token, self._chat, self._redact = token, chat, redact

    def send(self, message: Message) -> None:
        url = f"{self._server}/bot{self._token.reveal()}/sendMessage"
        for part in chunks(f"{message.title}\n{message.body}", MOST):
            said = {"chat_id": self._chat, "text": part, "disable_notification": message.severity is Severity.INFO}
            post(url, json.dumps(said).encode(), {"Content-Type": "application/json"}, self._redact)
