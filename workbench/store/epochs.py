"""The start epoch: the upper bits of every `seq` a start gives away, so that no two starts number alike. One small file; no records."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from workbench.domain.errors import StoreError
from workbench.store import entries, manifest, segments
from workbench.store.folders import Folders
from workbench.store.recordings import EPOCH_SHIFT, Recordings
from workbench.store.whole import only_one, trouble, write_whole

WAIT_S: Final = 10.0


def next_epoch(data: Path, recordings: Recordings | None = None) -> int:
    """Take an epoch above everything in tail, recordings and journals; nobody gets the same one again.

    Parameters
    ----------
    recordings
        Where they lie elsewhere (``s3://``); `None`: in the data folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as data:
    ...     next_epoch(Path(data)), next_epoch(Path(data))
    (1, 2)
    """
    path = Folders(data).epoch
    with only_one(path.with_name("epoch.lock"), f"another process is starting on {data}", wait_s=WAIT_S):
        epoch = max(_given(path), *_used(data, recordings or Recordings.of(data))) + 1
        write_whole(path, f"{epoch}\n".encode())
    return epoch


def first_seq(epoch: int) -> int:
    """Give the first `seq` of an epoch.

    >>> first_seq(3) >> EPOCH_SHIFT
    3
    """
    return (epoch << EPOCH_SHIFT) + 1


def _given(path: Path) -> int:
    with trouble(f"reading {path}"):
        if not path.exists():
            return 0
        text = path.read_text().strip()
    if not text.isdigit():
        raise StoreError(f"{path} holds {text!r} in place of a number: write the highest epoch in use into it, or restore a backup")
    return int(text)


def _used(data: Path, recordings: Recordings) -> tuple[int, int, int]:
    """Give the highest epoch in tail, recordings and journals: what `epoch` says may be older than what was copied in."""
    folders = Folders(data)
    in_tail = max((int(path.name.split("-")[0]) for path in segments.paths(folders.tail)), default=0)
    in_runs = max((_of_run(folder) for folder in manifest.run_folders(data)), default=0)
    return in_tail, recordings.newest_epoch(), in_runs


def _of_run(folder: Path) -> int:
    """Give the epoch of a run: its manifest's, or, of one that never wrote another, that of its journal's last entry."""
    known = manifest.read_manifest(folder)
    if known is not None and known.is_closed:
        return max(known.epoch, (known.last_seq or 0) >> EPOCH_SHIFT)
    journal = folder / "journal.db"
    last = entries.last(journal) if journal.exists() else None
    return max(known.epoch if known is not None else 0, last.after_seq >> EPOCH_SHIFT if last is not None else 0)
