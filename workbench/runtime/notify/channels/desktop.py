"""The desktop of whoever sits at this machine: ``notify-send`` (Linux) or ``osascript`` (macOS), where one of them is."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

from workbench.domain.errors import ConfigError
from workbench.runtime.notify.channels.base import PATIENCE_S, ChannelError, Message
from workbench.runtime.notify.notice import Severity

URGENCY: Final = {Severity.CRITICAL: "critical", Severity.WARNING: "normal", Severity.INFO: "low"}
# what is told is an argument, no part of the script
SCRIPT: Final = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"


class Desktop:
    """Shows a notice on the screen; arguments hold its text, which has no secret."""

    name = "desktop"

    def __init__(self, path: str | None = None) -> None:
        found = shutil.which("notify-send", path=path) or shutil.which("osascript", path=path)
        if found is None:
            raise ConfigError("notify.channels: desktop needs notify-send (libnotify) or osascript, and neither is here")
        self._program = found

    def send(self, message: Message) -> None:
        try:
            done = subprocess.run(  # noqa: S603  found by name, no shell
                [self._program, *self._words(message)], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ChannelError(f"{self._program} does not answer: {type(error).__name__}") from None
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
            raise ChannelError(f"{self._program} ended with {done.returncode}: {said}")

    def _words(self, message: Message) -> list[str]:
        if self._program.endswith("osascript"):
            return ["-e", SCRIPT, message.title, message.body]
        return ["--app-name=workbench", f"--urgency={URGENCY[message.severity]}", "--", message.title, message.body]
