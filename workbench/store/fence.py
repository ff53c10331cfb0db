"""Whose orders may leave: one small mapped file an account, read before every send at the price of a memory access. Sends nothing.

Rules
-----
1. A runner takes the next token and may send as long as the file says that very token. Tokens rise and never come back: a process that
   was frozen and wakes up finds another number, or none, and can send nothing any more.
2. The guardian raises the fence: from that moment no token is good. It lets go when its work is done; only then the next runner takes one.
   A guardian that died has let go by dying: who it was stands beside its mark.
3. The owner stands in the file as process, start of that process, and machine, so that nobody ends a stranger that got its number.
4. The guardian's heartbeat is in the same file: a runner that needs a guardian reads it before each entry. It is told by the steady clock
   that all processes of a machine share, which nobody sets back.
5. Words are written one by one, 8 bytes each, which no reader sees in halves; what belongs together is changed under a lock file.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import platform
from pathlib import Path
from typing import Final, NamedTuple

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.processes import is_alive, started
from workbench.store.whole import BOOT, hold, only_one, trouble

MAGIC: Final = 0x31_45_43_4E_45_46_42_57  # WBFENCE1
SIZE: Final = 128  # bytes, 16 words
_MAGIC, _OPEN, _LAST, _RAISED, _RAISED_START, _PID, _START, _MACHINE, _BEAT = range(9)
WAIT_S: Final = 5.0  # for the lock: it is held for microseconds


class Owner(NamedTuple):
    """Who may send, or could: its process, the start of it (`processes.started`; 0: not known), and a number for its machine."""

    pid: int
    started: int
    machine: int

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran, on this machine since it was started."""
        return self.machine == machine()

    @property
    def is_alive(self) -> bool:
        """Whether this very process is still there; only this machine's can be looked at."""
        return self.is_here and is_alive(self.pid, self.started)


def machine() -> int:
    """Give a number for this machine since it was started: a process number means nothing on another, or after."""
    boot = BOOT.read_bytes() if BOOT.exists() else b""
    return int.from_bytes(hashlib.blake2b(platform.node().encode() + boot, digest_size=8).digest(), "little") >> 1


def me() -> Owner:
    """Give this process."""
    return Owner(os.getpid(), started(os.getpid()) or 0, machine())


class Fence:
    """The fence of one account.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     runner, guardian = Fence(Path(folder), "U1"), Fence(Path(folder), "U1")
    ...     runner.take()
    ...     before = runner.is_open
    ...     guardian.put_up()
    ...     after = runner.is_open
    ...     guardian.let_go()
    ...     (before, after, runner.is_open, runner.take(), runner.is_open)
    1
    (True, False, False, 2, True)
    """

    def __init__(self, data: Path, account: str) -> None:
        self.path = Folders(data).fence / account
        with trouble(f"mapping {self.path}"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with only_one(self._lock, f"{self.path} is locked by another process", wait_s=WAIT_S):
                with self.path.open("a+b") as file:
                    if file.seek(0, os.SEEK_END) < SIZE:
                        file.write(bytes(SIZE))  # bytes, not a hole: writing to a mapped hole on a full disk is the end of a process
                        file.flush()
                    self._map = mmap.mmap(file.fileno(), SIZE)
                self._words = memoryview(self._map).cast("q")
                if self._words[_MAGIC] == 0:
                    self._words[_MAGIC] = MAGIC
        if self._words[_MAGIC] != MAGIC:
            raise StoreError(f"{self.path} is no fence; with no runner alive it may be deleted")
        self._token = 0

    @property
    def _lock(self) -> Path:
        return self.path.with_name(f"{self.path.name}.lock")

    # ------------------------------------------------------------------ the runner
    def take(self) -> int:
        """Take the next token: from now on this process may send, and no other.

        Raises
        ------
        StoreError
            The guardian is at work, or another runner trades this account.
        """
        words = self._words
        with only_one(self._lock, f"{self.path} is locked by another process", wait_s=WAIT_S):
            if (guardian := self.raised_by) is not None:
                raise StoreError(f"the guardian (process {guardian.pid}) ends what is open in {self.path.name}: wait until it has let go")
            owner = self.owner
            if owner is not None and words[_OPEN] and owner.is_alive and owner.pid != os.getpid():
                raise StoreError(f"another runner (process {owner.pid}) trades {self.path.name} out of this data folder: end it first")
            words[_RAISED] = words[_RAISED_START] = 0  # what a guardian that died left
            mine = me()
            words[_PID], words[_START], words[_MACHINE] = mine
            words[_LAST] += 1
            self._token = words[_LAST]
            words[_OPEN] = self._token
        return self._token

    @property
    def is_open(self) -> bool:
        """Whether the token of this process is the one that may send."""
        return self._words[_OPEN] == self._token != 0

    def give_back(self) -> None:
        """Let go of the token, at the end of a run."""
        if self.is_open:
            self._words[_OPEN] = 0
        self._token = 0

    def guardian_silent_ns(self, now_ns: int) -> int | None:
        """Say for how long no guardian was heard, by `time.monotonic_ns`; `None` if none was since this machine was started."""
        beat = self._words[_BEAT]
        return None if not beat or beat > now_ns else now_ns - beat

    # ------------------------------------------------------------------ the guardian
    @property
    def owner(self) -> Owner | None:
        """Who took the last token; `None` when nobody ever did."""
        words = self._words
        return Owner(words[_PID], words[_START], words[_MACHINE]) if words[_PID] else None

    @property
    def raised_by(self) -> Owner | None:
        """The guardian that holds the fence up; `None` when nobody does, or it died. A guardian is always of this machine."""
        pid, start = self._words[_RAISED], self._words[_RAISED_START]
        return Owner(pid, start, machine()) if pid and is_alive(pid, start) else None

    @property
    def has_token_out(self) -> bool:
        """Whether some process may send."""
        return self._words[_OPEN] != 0

    def put_up(self) -> None:
        """Raise it: no token is good from here on."""
        with only_one(self._lock, f"{self.path} is locked by another process", wait_s=WAIT_S):
            mine = me()
            self._words[_RAISED_START], self._words[_RAISED] = mine.started, mine.pid
            self._words[_OPEN] = 0

    def let_go(self) -> None:
        """Let the next runner take a token."""
        self._words[_RAISED] = self._words[_RAISED_START] = 0

    def beat(self, now_ns: int) -> None:
        """Say that a guardian lives."""
        self._words[_BEAT] = now_ns

    def guard_alone(self) -> None:
        """Be the only guardian of the account until this process ends; `StoreError` if there is one."""
        self._alone = hold(self.path.with_name(f"{self.path.name}.guardian"), f"{self.path.name} has a guardian already")

    def close(self) -> None:
        """Unmap it."""
        self._words.release()
        self._map.close()
