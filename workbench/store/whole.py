"""Files that are there whole or not at all, and how they are made durable. Bytes only; no format is known here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from workbench.domain.errors import StoreError

PART: Final = ".part"  # end of a name that is not to be read: still being written, or left by a process that died
fdatasync: Final = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
LOCKS: Final = Path("/proc/locks")  # "1: FLOCK ADVISORY WRITE pid major:minor:inode start end", proc_locks(5)
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
CAN_SYNC_A_PART: Final = hasattr(os, "RWF_DSYNC") and BOOT.exists()


@contextmanager
def trouble(doing: str) -> Iterator[None]:
    """Turn what the operating system complains about into a `StoreError` that says what was being done.

    >>> with trouble("reading the book"):
    ...     open("/no/such/file")
    Traceback (most recent call last):
    workbench.domain.errors.StoreError: reading the book failed: No such file or directory (/no/such/file)
    """
    try:
        yield
    except OSError as error:
        raise told(doing, error) from error


def told(doing: str, error: OSError) -> StoreError:
    """Say what was being done when the operating system complained; for the paths on which `trouble` itself would cost."""
    where = f" ({error.filename})" if error.filename else ""
    return StoreError(f"{doing} failed: {error.strerror or error}{where}")


@contextmanager
def only_one(path: Path, busy: str, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go of it when its holder dies.

    Raises
    ------
    StoreError
        Saying `busy`, if another process holds it for longer than `wait_s` seconds.
    """
    lock = hold(path, busy, wait_s=wait_s)
    try:
        yield
    finally:
        lock.release()


def hold(path: Path, busy: str, *, wait_s: float = 0.0) -> FileLock:
    """Take the lock file `path` until `release()`; see `only_one`."""
    with trouble(f"taking the lock {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=wait_s, poll_interval=0.01)
        try:
            lock.acquire()
        except Timeout:
            raise StoreError(busy) from None
    return lock


def is_held(path: Path) -> bool | None:
    """Say whether some process of this machine holds the lock file `path`, without touching it; `None` where the system does not tell.

    Linux lists all locks in ``/proc/locks``; to try the lock itself would be to hold it for an instant, in the way of its owner.
    """
    if not LOCKS.exists():
        return None
    with trouble(f"looking whether {path} is held"):
        inode = str(path.stat().st_ino) if path.exists() else ""
        lines = [line.split() for line in LOCKS.read_text().splitlines()]
    return any("FLOCK" in line and line[-3].rpartition(":")[2] == inode for line in lines)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a new file can else be gone after a power cut though its bytes are not."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_part(fd: int, content: memoryview, at: int) -> None:
    """Write `content` at `at` and make these bytes durable, and nothing else of the file (Linux: pwritev2(2), ``RWF_DSYNC``)."""
    while len(content):
        n = os.pwritev(fd, [content], at, os.RWF_DSYNC)
        content, at = content[n:], at + n


@cache
def this_boot() -> int:
    """Tell one start of the machine from another, by a positive number; 0 where the system does not say."""
    return int.from_bytes(bytes.fromhex(BOOT.read_text().strip().replace("-", ""))[:7], "big") if BOOT.exists() else 0


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable that somebody else has written."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path: Path, content: bytes, *, is_durable: bool = True) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part.

    Parameters
    ----------
    is_durable
        Whether it must survive a power cut (two syncs). `False` for what is written again each second.

    Raises
    ------
    StoreError
        If it cannot be written; the old file stands.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    with trouble(f"writing {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                if is_durable:
                    os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        if is_durable:
            sync_folder(path.parent)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write to; left without an error, what lies there becomes `path`, whole and durable.

    Raises
    ------
    StoreError
        If it cannot be written; the old file stands.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    with trouble(f"writing {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            sync_file(part)
            part.replace(path)
            sync_folder(path.parent)
        finally:
            part.unlink(missing_ok=True)


def remove_parts(folder: Path) -> None:
    """Delete what a process that died left half written. Call only while holding the lock of all who write there."""
    for part in folder.glob(f".*{PART}"):
        part.unlink(missing_ok=True)
