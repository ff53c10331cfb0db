"""Disks in trouble, for processes that are forked: a small one that is really full or read-only, and syncs that fail or take their time."""

from __future__ import annotations

import ctypes
import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.kill.tether import ChildLoop
from workbench.store import tail, wal
from workbench.store.journal import Journal

NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000  # unshare(2)
READ_ONLY, REMOUNT = 1, 32  # mount(2)
CANNOT: Final = 77  # exit status of a process that may not mount
FILLER: Final = "filler"
SLOW_S: Final = 5.0
N_SLOW: Final = 4  # syncs that take so long


def mount_small(folder: Path, n_bytes: int) -> bool:
    """Put a disk of `n_bytes` at a folder, seen by this process and its children alone; False where the system does not let us."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEW_USER | NEW_MOUNTS):
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    except OSError:
        return False
    return libc.mount(b"none", bytes(folder), b"tmpfs", 0, f"size={n_bytes}".encode()) == 0


def set_read_only(folder: Path, *, is_so: bool) -> None:
    """Mount it anew: nothing on it is open."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", bytes(folder), None, REMOUNT | (READ_ONLY if is_so else 0), None):
        raise OSError(ctypes.get_errno(), f"cannot mount {folder} anew")


def fill(data: Path, loop: ChildLoop) -> None:
    """Write until nothing more can be written."""
    with (data / FILLER).open("wb", buffering=0) as file:
        for n in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(n))


def break_(data: Path, loop: ChildLoop) -> None:
    """Let every sync of this process come back with EIO."""

    def refuse(*_: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    os.fsync = os.fdatasync = os.pwritev = refuse
    tail.fdatasync = wal.fdatasync = refuse


def slow_down(data: Path, loop: ChildLoop) -> None:
    """Let the next commits take five seconds each: nothing else of this process goes on, and the world does."""
    commit, left = Journal.commit, [N_SLOW]

    def slow(self: Any) -> None:
        if self._rows and left[0]:
            left[0] -= 1
            loop._now_s += SLOW_S
        commit(self)

    Journal.commit = slow
