"""The runner's process as the guardian sees it: what it said last, whether it lives, and its end. Never ends a process it cannot name."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Final, Protocol

from workbench.domain.errors import StoreError
from workbench.runtime.guardian.values import Runner
from workbench.store.fence import Fence
from workbench.store.status import word_of

RUNNER: Final = "runner"
ENDED: Final = "ended"  # the last word of a runner that ends by itself


class Watched(Protocol):
    """Whoever may send orders for the account."""

    def look(self) -> Runner:
        """Say what it said last."""

    def why_out_of_reach(self) -> str | None:
        """Say why it cannot be ended from here; `None` if it can."""

    def end(self) -> None:
        """End it; nothing if it has ended."""

    @property
    def is_gone(self) -> bool:
        """Whether it has ended."""


class Process:
    """The process that took the fence's last token.

    Parameters
    ----------
    data
        Where it says that it lives.
    fence
        Says which process it is, and when that was started: a number alone may have gone to another.
    """

    def __init__(self, data: Path, fence: Fence) -> None:
        self._data, self._fence = data, fence

    def look(self) -> Runner:
        """Read its last word."""
        try:
            word = word_of(self._data, RUNNER)
        except StoreError:
            word = None  # nobody can read it: that is no sign of life
        owner = self._fence.owner
        if word is None or (owner is not None and owner.pid != word.pid):  # of a run before, or of another account
            return Runner(None)
        return Runner(word.said_ns, word.is_ready, has_ended=word.note == ENDED and self.is_gone)

    @property
    def is_gone(self) -> bool:
        """Whether nothing can be sent by it any more."""
        owner = self._fence.owner
        return owner is None or (owner.is_here and not owner.is_alive)

    def why_out_of_reach(self) -> str | None:
        """Say whether it is somewhere else."""
        owner = self._fence.owner
        if owner is None or owner.is_here:
            return None
        return "the runner's process is, or was, on another machine"

    def end(self) -> None:
        """Kill it: one that is frozen hears nothing else, and what it still wanted to send must not leave."""
        owner = self._fence.owner
        if owner is not None and owner.is_alive and owner.pid != os.getpid():
            with contextlib.suppress(OSError):  # gone by itself, or not ours to end: then its client id stays taken, which is an alarm
                os.kill(owner.pid, signal.SIGKILL)
