"""What a run was made with, as digests: code, lock, settings files, machine. Reads files and asks Python; writes nothing.

A digest says *the same* or *not the same*. With equal digests of code, lock and settings on one CPU family a replay must be equal
to the bit; elsewhere libm may differ in the last one.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import workbench

DECIDES: Final = (  # what the state of an engine hangs on, once its log is given; below the package's folder
    *("domain", "market", "features", "learning", "strategies", "decision", "risk", "execution", "engine"),
    *("config", "calendars"),  # contracts, closes and account days are made by them
    *("simulation/matching", "simulation/account.py", "venues/base.py", "venues/recorded.py", "venues/simulated.py"),
    *("runtime/build.py", "runtime/log.py", "runtime/loop.py", "runtime/machine.py", "runtime/live"),
)
PACKAGES: Final = ("numpy", "numba", "llvmlite", "river", "scipy", "msgspec", "deltalake", "pyarrow", "polars", "pandas", "ib_async")


def digest_of(*contents: bytes) -> str:
    """Digest contents in their order, each with its length, so that moving a boundary changes it.

    >>> digest_of(b"ab", b"c") == digest_of(b"a", b"bc")
    False
    """
    made = hashlib.sha256()
    for content in contents:
        made.update(len(content).to_bytes(8, "little") + content)
    return made.hexdigest()


def files_digest(paths: Iterable[Path], root: Path) -> str:
    """Digest files by their names below `root` and their bytes, in the order of the names."""
    named = sorted((path.relative_to(root).as_posix(), path) for path in paths)
    return digest_of(*(part for name, path in named for part in (name.encode(), path.read_bytes())))


@cache
def code_digest() -> str:
    """Digest the source of the whole package as it lies on the disk when first asked."""
    root = Path(workbench.__file__).parent
    return files_digest(_sources(root), root)


@cache
def deciding_digest() -> str:
    """Digest the source that decides (`DECIDES`): what shows, imports, serves or speaks to a broker may change under a run."""
    root = Path(workbench.__file__).parent
    return files_digest(deciding(root), root)


def deciding(root: Path) -> list[Path]:
    """List the sources of `DECIDES` in a package's folder."""
    return [path for name in DECIDES for path in ([root / name] if name.endswith(".py") else _sources(root / name))]


def _sources(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


@cache
def environment() -> dict[str, str]:
    """Describe what computes: Python, libraries, C library, processor. `None` of these names is left out when not known."""
    found = {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "byte_order": sys.byteorder,
        "n_processors": str(os.cpu_count() or ""),
        **_processor(),
        **{name: version for name in PACKAGES if (version := _version(name))},
    }
    return {name: value for name, value in found.items() if value}


def environment_digest() -> str:
    """Digest `environment`."""
    return digest_of(json.dumps(environment(), sort_keys=True).encode())


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> dict[str, str]:
    """Read model and instruction sets where Linux tells them; elsewhere what `platform` knows."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {"cpu": platform.processor()}
    pairs = (line.split(":", 1) for line in path.read_text().split("\n\n", 1)[0].splitlines() if ":" in line)
    facts = {name.strip(): value.strip() for name, value in pairs}
    flags = facts.get("flags", facts.get("Features", ""))  # arm calls them features
    return {"cpu": facts.get("model name", platform.processor()), "cpu_flags": " ".join(sorted(flags.split()))}
