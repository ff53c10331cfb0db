"""SHA-256 of the files of a table, in the form `sha256sum -c` reads: kept when files are made durable, held against them later. No table.

Rules
-----
1. The list lies beside its folder, ``recordings/records.sha256``, with paths relative to where it lies.
2. A file is measured once, when it was just written: one that is listed is never measured anew, or damage would be blessed.
3. A torn last line counts for nothing; the file it was of is measured again by whoever makes it durable.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from workbench.store.whole import sync_folder, trouble, write_whole

READ_BYTES: Final = 1 << 20
LINE: Final = re.compile(r"^([0-9a-f]{64})  (.+)$")


def path_of(folder: Path) -> Path:
    """Name the list of a folder."""
    return folder.with_name(f"{folder.name}.sha256")


def known(folder: Path) -> dict[str, str]:
    """Read the list: digest by path relative to the folder."""
    path = path_of(folder)
    with trouble(f"reading {path}"):
        content = path.read_text() if path.exists() else ""
    found = (LINE.match(line) for line in content.splitlines())
    begin = f"{folder.name}/"
    return {each[2].removeprefix(begin): each[1] for each in found if each is not None}


def keep(folder: Path, files: Iterable[Path]) -> int:
    """Measure files of a folder that are not listed yet, and list them durably; give how many.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as there:
    ...     folder = Path(there) / "bars"
    ...     folder.mkdir()
    ...     _ = (folder / "a").write_bytes(b"abc")
    ...     keep(folder, [folder / "a"]), keep(folder, [folder / "a"]), known(folder)["a"][:8]
    (1, 0, 'ba7816bf')
    """
    listed = known(folder)
    fresh = [path for path in files if path.relative_to(folder).as_posix() not in listed]
    if not fresh:
        return 0
    path = path_of(folder)
    lines = "".join(f"{measure(each)}  {folder.name}/{each.relative_to(folder).as_posix()}\n" for each in fresh)
    with trouble(f"writing {path}"):
        is_new = not path.exists()
        with path.open("ab+") as file:
            if not is_new and file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n":
                lines = f"\n{lines}"
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(path.parent)
    return len(fresh)


def forget_gone(folder: Path) -> None:
    """Take files off the list that are no more. Call only while holding the folder for writing."""
    listed = known(folder)
    there = {name: digest for name, digest in listed.items() if (folder / name).exists()}
    if len(there) < len(listed):
        write_whole(path_of(folder), "".join(f"{digest}  {folder.name}/{name}\n" for name, digest in there.items()).encode())


def measure(path: Path) -> str:
    """Give the SHA-256 of a file."""
    made = hashlib.sha256()
    with trouble(f"reading {path}"), path.open("rb") as file:
        while content := file.read(READ_BYTES):
            made.update(content)
    return made.hexdigest()
