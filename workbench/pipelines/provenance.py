"""What a run was made of: versions, the page itself, the tables it opened. Reads the store's own digests; computes none over data."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from workbench.domain.errors import StoreError
from workbench.store import checksums, entries
from workbench.store.digests import code_digest, digest_of, files_digest

PACKAGES: Final = ("numpy", "polars", "pandas", "pyarrow", "deltalake", "numba", "river", "papermill", "ipykernel")
PARTS: Final = ("notebook.ipynb", "pipeline.toml")


def versions() -> dict[str, str]:
    """Give the versions that matter: Python, the workbench's code, the packages that compute and run.

    >>> sorted(versions())[-3:]
    ['python', 'river', 'workbench']
    """
    return {"python": platform.python_version(), "workbench": code_digest()} | {name: metadata.version(name) for name in PACKAGES}


def page_digest(folder: Path) -> str:
    """Digest a page as it lies in its folder: the notebook, and what its pipeline.toml says."""
    return files_digest([folder / name for name in PARTS], folder)


def data_digests(opened: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Say what was opened, each with the digest that the store itself keeps of it; `None` where it keeps none (what lies in a tail).

    Read when the run is over: of a session that is still being written it is the digest of that moment.
    """
    found: dict[tuple[str, str], str | None] = {}
    for table, where, what in opened:
        part, digest = _of(table, where, what)
        found[table, part] = found.get((table, part)) or digest
    return [{"table": table, "part": part, "digest": digest} for (table, part), digest in sorted(found.items())]


def _of(table: str, where: str, what: str) -> tuple[str, str | None]:
    path = Path(where)
    try:
        if table == "journal":
            run = path.parents[1] if what == "checkpoint" else path.parent
            return run.name, entries.head(run / "journal.db").digest.hex()
        if table == "bars":
            return f"{path.parent.name}/{path.stem}", checksums.known(path.parents[1]).get(f"{path.parent.name}/{path.name}")
        if "://" in where or not path.is_dir():
            return what, None
        known = checksums.known(path)
    except (StoreError, OSError):
        return what, None
    of = sorted(f"{digest} {name}" for name, digest in known.items() if f"session={what}/" in name)
    return what or path.name, digest_of("\n".join(of).encode()) if of else None
