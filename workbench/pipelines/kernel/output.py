"""What a page may print: so many bytes in all, and not one more leaves its kernel. Counts; shows nothing."""

from __future__ import annotations

import os
import threading
from typing import Any

from ipykernel.iostream import OutStream


class TooMuchOutput(BaseException):  # no Exception: a cell's own `except Exception` must not swallow it
    """A page printed more than a page may hold."""


class Allowance:
    """What is left of it, shared by all streams of a kernel.

    >>> left = Allowance(10)
    >>> left.take(6), left.take(6), left.is_spent
    (True, False, True)
    """

    def __init__(self, n_bytes: int) -> None:
        self.n_bytes, self.is_spent = n_bytes, False
        self._left, self._lock = n_bytes, threading.Lock()

    def take(self, n: int) -> bool:
        """Take so many bytes; not if they are not left, and nothing from then on."""
        with self._lock:
            self._left -= n
            self.is_spent |= self._left < 0
            return not self.is_spent

    def __str__(self) -> str:
        return f"this page printed more than {self.n_bytes / (1 << 20):g} MB; what came after that was cut off"


ALLOWANCE = Allowance(1 << 62)  # until a kernel is told better


class LimitedStream(OutStream):
    """stdout or stderr of a kernel: what is beyond its allowance is dropped, and ends the cell that prints it."""

    def write(self, string: str) -> int:
        """Write as much as may be."""
        if ALLOWANCE.take(len(string)):
            return int(super().write(string) or 0)
        if threading.current_thread() is threading.main_thread():
            raise TooMuchOutput(str(ALLOWANCE))
        return len(string)

    def _watch_pipe_fd(self) -> None:
        """Read what compiled code and processes print, to the end: a full pipe would hold them up for ever."""
        assert self._fid is not None
        while data := os.read(self._fid, 1 << 16):
            if self.name == "stderr" and not ALLOWANCE.is_spent:
                os.write(self._original_stdstream_copy, data)
            self.write(data.decode(errors="replace"))


def limited(message: dict[str, Any]) -> dict[str, Any] | None:
    """Let what a cell displays through, or not: a hook of IPython's display publisher."""
    data = message.get("content", {}).get("data", {})
    if ALLOWANCE.take(sum(len(each) if isinstance(each, str | bytes) else len(repr(each)) for each in data.values())):
        return message
    raise TooMuchOutput(str(ALLOWANCE))
