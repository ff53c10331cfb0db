"""Bars that stay when the records they were made of go: one Parquet file a session and length, with its checksum. Frames in, frames out.

::

    data/bars/5s/20261119.parquet      the frame `bars` of a session, as `research.frames` gives it; times in UTC
    data/bars/1m/20261119.parquet

Any tool reads them; a file is there whole or not at all, and never changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from workbench.domain.errors import StoreError
from workbench.store import checksums, opened
from workbench.store.folders import Folders
from workbench.store.whole import sync_folder, trouble, whole_file

if TYPE_CHECKING:
    import polars as pl

LENGTHS: Final = {"5s": 5, "1m": 60}  # seconds
SUFFIX: Final = ".parquet"


class KeptBars(NamedTuple):
    """Bars of one session in one length."""

    session: int
    length: str
    path: Path
    n_bytes: int


def path_of(data: Path, session: int, length: str) -> Path:
    """Name the file of a session's bars."""
    return Folders(data).bars / length / f"{session}{SUFFIX}"


def keep_bars(data: Path, session: int, length: str, frame: pl.DataFrame) -> Path:
    """Keep a session's bars, durably and with a checksum; those that are kept stay as they are."""
    path = path_of(data, session, length)
    if not path.exists():
        with whole_file(path) as part:
            frame.write_parquet(part, compression="zstd")
    checksums.keep(Folders(data).bars, [path])
    return path


def read_bars(data: Path, session: int, length: str) -> pl.DataFrame | None:
    """Give a session's bars; `None` if none are kept in this length.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    import polars as pl

    path = path_of(data, session, length)
    opened.reads("bars", path)
    if not path.exists():
        return None
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(f"{path} cannot be read: {str(error).splitlines()[0]}; bring it back from a backup") from error


def kept_bars(data: Path) -> list[KeptBars]:
    """List all bars that are kept, by session and length."""
    paths = [(length, path) for length in LENGTHS for path in (Folders(data).bars / length).glob(f"[!.]*{SUFFIX}")]
    return sorted(KeptBars(int(path.stem), length, path, path.stat().st_size) for length, path in paths if path.stem.isdigit())


def drop_bars(data: Path, session: int, length: str) -> None:
    """Let the bars of a session in one length go."""
    path = path_of(data, session, length)
    with trouble(f"removing {path}"):
        path.unlink(missing_ok=True)
        if path.parent.exists():
            sync_folder(path.parent)
    checksums.forget_gone(Folders(data).bars)
