"""Whether a page is promoted, and how that changes: whole or not at all, whatever is killed when. It judges nothing; the gates do.

A promoted page is ``pipelines/<name>/`` with a ``promoted.json`` whose digest is that of ``notebook.ipynb`` and ``pipeline.toml`` beside
it. A page changes by two renames of folders: the old one goes to ``pipelines/.promotion/before/<name>``, the new one, finished in
``pipelines/.promotion/new/<name>``, takes its place. Who dies between the two leaves the old one aside, and whoever looks next
(`promoted`, `pages_of`, any command) puts it back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from workbench.domain.errors import ConfigError
from workbench.pipelines.promotion.record import Promoted, minute, read_record, written
from workbench.store.digests import digest_of
from workbench.store.whole import only_one, sync_file, sync_folder, trouble

PARTS: Final = ("notebook.ipynb", "pipeline.toml")
RECORD: Final = "promoted.json"
ASIDE: Final = ".promotion"  # beside the pages, so that renames stay on one disk; a page's settings lie one level too deep to be found
WAIT_S: Final = 10.0


def files_of(folder: Path) -> dict[str, bytes]:
    """Read the two files of a page."""
    with trouble(f"reading the page {folder}"):
        return {name: (folder / name).read_bytes() for name in PARTS}


def digest_of_page(files: Mapping[str, bytes]) -> str:
    """Digest a page's two files, as every run of it is stamped (`provenance.page_digest`)."""
    return digest_of(*(part for name in sorted(files) for part in (name.encode(), files[name])))


def promoted(folder: Path) -> Promoted | None:
    """Say whether the page in a folder is promoted, as it lies there; `None` if it is not.

    Raises
    ------
    ConfigError
        It was promoted, and edited since: it does not run on schedule. Or its record cannot be read.
    """
    record = recorded(folder)
    if record is None:
        return None
    there = files_of(folder)
    if digest_of_page(there) != record.digest:
        changed = [str(folder / name) for name, content in there.items() if record.files.get(name) != digest_of(content)]
        edited = " and ".join(changed) or str(folder)
        raise ConfigError(
            f"{edited} was edited since it was promoted on {minute(record.at)}: it does not run on schedule. "
            f"Promote it again (workbench notebook promote {folder}), "
            f"or take back what was promoted (workbench notebook rollback {folder.name})"
        )
    return record


def recorded(folder: Path) -> Promoted | None:
    """Give what was promoted in a folder, whether or not it was edited since."""
    if not folder.is_dir():
        heal(folder)
    path = folder / RECORD
    if not path.is_file():
        return None
    with trouble(f"reading {path}"):
        content = path.read_bytes()
    record = read_record(content, str(path))
    return record if record.kind == "page" and record.name == folder.name else None


def pages_of(places: Sequence[Path]) -> list[Path]:
    """List the folders of all pages that were promoted, edited since or not; of two with one name the first place counts."""
    found: dict[str, Path] = {}
    for place in reversed(places):
        for aside in sorted((place / ASIDE / "before").glob("*")):
            heal(place / aside.name)
        found |= {path.parent.name: path.parent for path in sorted(place.glob(f"*/{RECORD}"))}
    return [found[name] for name in sorted(found)]


# ---------------------------------------------------------------------- changes
@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one who changes pages beside this one."""
    with only_one(folder.parent / ASIDE / "lock", f"another process is changing pages in {folder.parent}", wait_s=WAIT_S):
        _heal(folder)
        yield


def heal(folder: Path) -> None:
    """Put back what somebody who died had put aside."""
    if (_before(folder)).is_dir():
        with alone(folder):
            pass


def install(folder: Path, files: Mapping[str, bytes], record: Promoted) -> None:
    """Let a page be these files, promoted by this record; whatever else lies in its folder stays. Call within `alone`."""
    new = folder.parent / ASIDE / "new" / folder.name
    with trouble(f"writing the page {folder}"):
        shutil.rmtree(new, ignore_errors=True)
        if folder.is_dir():
            shutil.copytree(folder, new)
        new.mkdir(parents=True, exist_ok=True)
        for name, content in {**files, RECORD: written(record)}.items():
            (new / name).write_bytes(content)
            sync_file(new / name)
        sync_folder(new)
        before = _before(folder)
        before.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            folder.rename(before)
        new.rename(folder)
        sync_folder(folder.parent)
        _drop(before)


def forget(folder: Path) -> None:
    """Let a page be promoted no more; it stays where it is. Call within `alone`."""
    with trouble(f"demoting the page {folder}"):
        (folder / RECORD).unlink(missing_ok=True)
        sync_folder(folder)


def _heal(folder: Path) -> None:
    before = _before(folder)
    if before.is_dir():
        with trouble(f"putting the page {folder} back"):
            if folder.is_dir():
                _drop(before)
            else:
                before.rename(folder)
                sync_folder(folder.parent)


def _drop(before: Path) -> None:
    """Remove what was replaced, under another name first: half a folder is never put back."""
    if before.is_dir():
        gone = before.parents[1] / "gone" / before.name
        shutil.rmtree(gone, ignore_errors=True)
        gone.parent.mkdir(parents=True, exist_ok=True)
        before.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _before(folder: Path) -> Path:
    return folder.parent / ASIDE / "before" / folder.name
