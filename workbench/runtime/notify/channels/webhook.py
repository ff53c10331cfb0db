"""A webhook: one JSON object posted to an address of the user's choice. The address is kept as a secret, for it often is one."""

from __future__ import annotations

import json

from workbench.runtime.notify.channels.base import Message
from workbench.runtime.notify.channels.http import must_be_safe, post
from workbench.runtime.notify.secrets import Redactor, Secret


class Webhook:
    """Posts ``{"title", "body", "severity", "id", "text"}``; ``text`` is what chat services show (Slack, Mattermost, Discord's /slack)."""

    name = "webhook"

    def __init__(self, url: Secret, redact: Redactor) -> None:
        must_be_safe(url.reveal(), "notify.webhook.url")
        self._url, self._redact = url, redact

    def send(self, message: Message) -> None:
        said = {"title": message.title, "body": message.body, "severity": message.severity.value, "id": message.id}
        body = json.dumps(said | {"text": f"{message.title}\n{message.body}"}).encode()
        post(self._url.reveal(), body, {"Content-Type": "application/json"}, self._redact)
