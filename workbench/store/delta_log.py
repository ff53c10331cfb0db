"""The log of a Delta table on a local disk, as files: which version is the newest, and that its commits are durable. Opens no table.

Delta Lake's writer neither syncs the files of a commit nor their names (seen with strace, deltalake 1.6.6). After a power cut a
commit may then name files that are empty, or be half written itself. So every commit is synced here before anybody relies on it,
and a half written last one, whose rows by that rule are still in the tail, is put aside.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from workbench.store import checksums
from workbench.store.whole import sync_file, sync_folder, write_whole

LOG: Final = "_delta_log"


def newest(folder: Path) -> int:
    """Give the version of the table in `folder`, -1 if there is none. Lists one folder, opens nothing."""
    try:
        names = os.listdir(folder / LOG)
    except FileNotFoundError:
        return -1
    return max((int(name[:20]) for name in names if name.endswith(".json") and name[:20].isdigit()), default=-1)


def commit_path(folder: Path, version: int) -> Path:
    """Name the file of one commit."""
    return folder / LOG / f"{version:020}.json"


def added(folder: Path, version: int) -> list[Path]:
    """List the files a commit added to the table."""
    lines = commit_path(folder, version).read_text().splitlines()
    return [folder / unquote(action["add"]["path"]) for action in map(json.loads, lines) if "add" in action]


def sync_commits(folder: Path) -> None:
    """Make all commits durable that are not known to be: their files, the names of these, the commits themselves; then keep checksums.

    How far that has come stands in a file beside the table, which may be lost: then it is done again.
    """
    mark = folder.with_name(f"{folder.name}.synced")
    done = int(mark.read_text()) if mark.exists() else -1
    last = newest(folder)
    commits = [version for version in range(done + 1, last + 1) if commit_path(folder, version).exists()]
    if not commits:
        return
    paths = [path for version in commits for path in added(folder, version) if path.exists()]
    for path in paths:
        sync_file(path)
    for parent in sorted({above for path in paths for above in (path.parent, path.parent.parent)}):
        sync_folder(parent)
    for version in commits:
        sync_file(commit_path(folder, version))
    for parent in (folder / LOG, folder, folder.parent):
        sync_folder(parent)
    checksums.keep(folder, paths)
    write_whole(mark, str(last).encode(), is_durable=False)


def drop_torn(folder: Path) -> Path | None:
    """Put the last commit aside if a power cut left half of it; see above. Call only while holding the table for writing.

    Returns
    -------
    Path or None
        Where it lies now, for a person to look at.
    """
    version = newest(folder)
    if version < 0:
        return None
    path = commit_path(folder, version)
    try:
        lines = path.read_text().splitlines()
        if lines and all(isinstance(json.loads(line), dict) for line in lines):
            return None
    except ValueError:
        pass  # no JSON, or no text at all
    torn = path.with_suffix(".torn")
    path.replace(torn)
    return torn
