"""ntfy (ntfy.sh, or a server of one's own): a topic is its password, so it is kept as a secret."""

from __future__ import annotations

import json
from typing import Final

from workbench.runtime.notify.channels.base import Message
from workbench.runtime.notify.channels.http import must_be_safe, post
from workbench.runtime.notify.notice import Severity
from workbench.runtime.notify.secrets import Redactor, Secret

PRIORITY: Final = {Severity.CRITICAL: 5, Severity.WARNING: 4, Severity.INFO: 2}
MOST_BYTES: Final = 4_000  # ntfy turns a longer message into an attachment


class Ntfy:
    """Publishes as JSON: titles may hold any letter then."""

    name = "ntfy"

    def __init__(self, server: str, topic: Secret, token: Secret, redact: Redactor) -> None:
        self._server = must_be_safe(server, "notify.ntfy.server")
        self._topic, self._token, self._redact = topic, token, redact

    def send(self, message: Message) -> None:
        text = message.body.encode()[:MOST_BYTES].decode("utf-8", "ignore")
        said = {"topic": self._topic.reveal(), "title": message.title, "message": text, "priority": PRIORITY[message.severity]}
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        post(self._server, json.dumps(said).encode(), headers, self._redact)
