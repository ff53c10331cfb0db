"""The log of notices, ``data/notices/notices.log``: one line each, always on. For who comes later, and for tools that follow a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from workbench.domain.units import SECOND
from workbench.runtime.notify.channels.base import ChannelError, Message

MOST_BYTES: Final = 4 << 20  # then it becomes notices.log.1, in the place of that


class LogFile:
    """Appends lines of JSON.

    Parameters
    ----------
    path
        The file.
    now_ns
        Wall time.
    """

    name = "log"

    def __init__(self, path: Path, now_ns: Callable[[], int]) -> None:
        self._path, self._now_ns = path, now_ns

    def send(self, message: Message) -> None:
        at = datetime.fromtimestamp(self._now_ns() // SECOND, UTC).isoformat()
        line = json.dumps({"at": at, "id": message.id, "severity": message.severity.value, "title": message.title, "body": message.body})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise ChannelError(f"{self._path.name} cannot be written: {error.strerror}") from None
