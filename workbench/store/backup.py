"""A consistent copy of a data folder, also while it is in use, and the way back. Copies what `store.folders` names, nothing else.

The order makes it consistent without stopping anybody: first the books and the runs, then the tail, then the recordings. A journal
in the copy then refers to no record the copy does not hold, and what the sealer moves meanwhile is in both places, which its own
transactions sort out when the copy is sealed. Bars and marks of what was let go come last: they are there before the records go.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from workbench.domain.errors import StoreError
from workbench.store import checksums, segments
from workbench.store.delta_log import LOG, commit_path
from workbench.store.delta_table import OF_RECORDS, RecordsTable
from workbench.store.folders import Folders
from workbench.store.schema import copy_database
from workbench.store.tail import read_segments
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import PART, sync_file, sync_folder, trouble, write_whole

LIST: Final = "backup.json"  # written last: a copy without it is not one
READ_BYTES: Final = 1 << 20


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy holds: every file with its length and its SHA-256. ``recordings`` is the version of their table, -1 without one."""

    format: int = FORMATS["backup"]
    recordings: int
    files: dict[str, tuple[int, str]]


def backup(data: Path, target: Path) -> Backup:
    """Copy a data folder into an empty or absent folder.

    Recordings that lie elsewhere (``s3://``) are not in it, but where they lie: their store keeps its own versions.

    Raises
    ------
    StoreError
        If the target holds anything, or a disk refuses; a copy without its list is not restored.
    """
    if not data.is_dir():
        raise StoreError(f"{data} is no folder: nothing was copied (--data names the data folder)")
    _must_be_empty(target)
    source, copy = Folders(data), Folders(target)
    read_segments(source.tail)  # what a power cut took from them and the journals hold is put back: a copy of a segment is closed
    with trouble(f"copying {data} to {target}"):
        target.mkdir(parents=True, exist_ok=True)
        for path in (source.contracts, source.epoch, source.place):
            if path.exists():
                (target / path.relative_to(data)).parent.mkdir(exist_ok=True)
                shutil.copy2(path, target / path.relative_to(data))
        for path in _run_files(source):
            _copy_run_file(path, target / path.relative_to(data))
        for path in (source.trials, source.schedule / "runs.db"):
            if path.exists():
                _copy_run_file(path, target / path.relative_to(data))
        for path in segments.paths(source.tail):
            _copy_segment(path, target / path.relative_to(data))
        for (folder, kind), (to, _) in zip(source.beside, copy.beside, strict=True):
            _copy_table(folder, to, kind)
        version = _copy_table(source.recordings, copy.recordings, OF_RECORDS)
        for path in _kept_files(source):
            (target / path.relative_to(data)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / path.relative_to(data))
        files = {path.relative_to(target).as_posix(): _measure(path) for path in _all_files(target)}
        for name in files:
            sync_file(target / name)
        made = Backup(recordings=version, files=files)
        write_whole(target / LIST, msgspec.json.format(msgspec.json.encode(made), indent=1))
    return made


def restore(source: Path, data: Path) -> Backup:
    """Make a data folder of a copy. Every file is checked before the folder gets its name.

    Raises
    ------
    StoreError
        If `data` holds anything, or the copy is incomplete, damaged or of a newer format; `data` is untouched then.
    """
    _must_be_empty(data)
    made = read_list(source)
    part = data.with_name(f".{data.name}{PART}")
    with trouble(f"restoring {source} to {data}"):
        shutil.rmtree(part, ignore_errors=True)
        try:
            for name, measured in made.files.items():
                to = part / name
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, to)
                if _measure(to) != measured:
                    raise StoreError(f"the copy {source} is damaged: {name} is not what was copied; nothing was restored")
                sync_file(to)
            part.mkdir(parents=True, exist_ok=True)
            if data.exists():
                data.rmdir()
            part.replace(data)
            sync_folder(data.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return made


def read_list(source: Path) -> Backup:
    """Read what a copy says it holds."""
    path = source / LIST
    with trouble(f"reading {path}"):
        if not path.exists():
            raise StoreError(f"{source} is no complete copy of a data folder: {LIST} is missing")
        content = path.read_bytes()
    try:
        made = msgspec.json.decode(content, type=Backup)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged: {error}") from error
    refuse_newer("backup", made.format, path)
    return made


def _must_be_empty(folder: Path) -> None:
    with trouble(f"looking into {folder}"):
        if folder.exists() and any(folder.iterdir()):
            raise StoreError(f"{folder} is not empty: choose another folder, nothing is ever written over")


def _run_files(source: Folders) -> Iterator[Path]:
    for path in sorted(source.runs.rglob("*")) if source.runs.exists() else ():
        is_hidden = any(part.startswith(".") for part in path.relative_to(source.runs).parts)
        if path.is_file() and not is_hidden and not path.name.endswith(("-wal", "-shm", ".lock")):
            yield path


def _kept_files(source: Folders) -> Iterator[Path]:
    """List bars that outlive their records, marks of what was let go, rehearsals, the shadow slot, promotions: small whole files."""
    small = (path for folder in (source.thinned, source.drills, source.shadow) for path in sorted(folder.glob("[!.]*")))
    every = sorted(source.promotion.rglob("*"))
    promoted = (path for path in every if not any(part.startswith(".") for part in path.relative_to(source.promotion).parts))
    for path in (checksums.path_of(source.bars), *sorted(source.bars.glob("*/[!.]*")), *small, *promoted):
        if path.is_file():
            yield path


def _copy_run_file(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".db":
        copy_database(path, to)
        return
    try:
        shutil.copy2(path, to)
    except FileNotFoundError:
        return  # an old checkpoint that was dropped meanwhile


def _copy_segment(path: Path, to: Path) -> None:
    """Copy the committed part; the copy is closed, for nobody will write it."""
    try:
        segment, records = segments.read(path)
    except FileNotFoundError:
        return  # sealed in the meantime: the recordings come last
    if len(records):
        segments.write(to, records, session=segment.session, epoch=segment.epoch, number=segment.number)


def _copy_table(folder: Path, to: Path, kind: str) -> int:
    """Copy the newest version of a table: its files, which never change, and its log up to that version."""
    table = RecordsTable(folder, None, kind=kind).open()
    if table is None:
        return -1
    for uri in table.file_uris():
        name = Path(uri).relative_to(folder.absolute()) if Path(uri).is_absolute() else Path(uri).relative_to(folder)
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / name, to / name)
    (to / LOG).mkdir(parents=True, exist_ok=True)
    for path in sorted((folder / LOG).iterdir()):
        number = path.name[:20]
        if number.isdigit() and int(number) <= table.version() and path.suffix in (".json", ".parquet"):
            shutil.copy2(path, to / LOG / path.name)
    if not commit_path(to, table.version()).exists():
        raise StoreError(f"the log of {folder} was cleaned up while it was copied: copy again")
    return int(table.version())


def _all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LIST)


def _measure(path: Path) -> tuple[int, str]:
    made = hashlib.sha256()
    with path.open("rb") as file:
        while content := file.read(READ_BYTES):
            made.update(content)
    return path.stat().st_size, made.hexdigest()
