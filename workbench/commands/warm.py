"""Make ahead of use what no start should wait for: compiled kernels, and the tables of calendars. Starts nothing else.

numba sees that a ``kernels.py`` changed, but not that a module changed whose dtypes and constants are built into the compiled code.
So each kernel's cache is keyed here, by a digest over every source of ours that it imports, directly or not; what changed is removed first.
``make`` runs ``python -m workbench.commands.warm`` before anything else; a live session never compiles, and needs no pandas.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import os
import platform
import sys
import time
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import workbench

PACKAGE = Path(workbench.__file__).parent
COMPILERS = ("numba", "llvmlite", "numpy")


class Stamp(NamedTuple):
    """What a kernel was compiled from, and whether that left code of its own (not so when it is only built into others)."""

    key: str
    has_code: bool = True


def sources(kernel: Path, package: Path = PACKAGE) -> list[Path]:
    """List a kernel and every module of the package that it imports, directly or not; sorted."""
    found: set[Path] = set()
    open_ends = [kernel]
    while open_ends:
        path = open_ends.pop()
        if path not in found:
            found.add(path)
            open_ends += [file for name in _imported(path.read_bytes()) if (file := _file_of(name, package))]
    return sorted(found)


def digest(kernel: Path, package: Path = PACKAGE) -> str:
    """Key of what a kernel is compiled from: its sources, the interpreter, the compiler."""
    key = hashlib.sha256(f"{platform.python_version()} {[version(name) for name in COMPILERS]}".encode())
    for path in sources(kernel, package):
        key.update(f"\n{path.relative_to(package)}\n".encode() + path.read_bytes())
    return key.hexdigest()


def cold_modules(package: Path = PACKAGE) -> list[str]:
    """Name the kernels that would have to be compiled at their next import; none when all is well."""
    known = _read_stamps(package)
    return [
        name
        for name, path in _kernels(package).items()
        if (stamp := known.get(name)) is None or stamp.key != digest(path, package) or (stamp.has_code and not _cache_of(path))
    ]


def drop_stale(package: Path = PACKAGE) -> list[str]:
    """Remove the compiled code of every kernel whose sources changed since; name those kernels."""
    known = _read_stamps(package)
    keys = {name: digest(path, package) for name, path in _kernels(package).items()}
    stale = [name for name, key in keys.items() if name not in known or known[name].key != key]
    for name in stale:
        for file in _cache_of(_kernels(package)[name]):
            file.unlink(missing_ok=True)
    if stale:
        _write_stamps({name: known[name] if name not in stale else Stamp(key) for name, key in keys.items()}, package)
    return stale


def warm(package: Path = PACKAGE) -> list[str]:
    """Make sure that every kernel is compiled and up to date; name those that were not.

    Raises
    ------
    Exception
        Whatever a kernel raises that does not compile. It has no code in the cache then, so it stays cold.
    """
    cold = cold_modules(package)
    drop_stale(package)
    for name in cold:
        importlib.import_module(name)
    if cold:
        kernels = _kernels(package).items()
        _write_stamps({name: Stamp(digest(path, package), has_code=bool(_cache_of(path))) for name, path in kernels}, package)
    return cold


def calendars(package: Path = PACKAGE) -> list[str]:
    """Name the calendars of the shipped roots."""
    roots = tomllib.loads((package / "roots.toml").read_text())["roots"].values()
    return sorted({root["calendar"] for root in roots})


def main() -> None:
    """Say in one line what was compiled, in one what was tabled, and nothing when all was warm."""
    start = time.perf_counter()
    if cold := cold_modules():
        sys.stdout.write(f"kernels: compiling {len(cold)} module{'s' * (len(cold) > 1)} (once, and after their sources change)\n")
        sys.stdout.flush()
        warm()
        sys.stdout.write(f"kernels: ready after {time.perf_counter() - start:.0f} s\n")
    from workbench.calendars import ready  # every command imports this file; this one alone makes tables

    start = time.perf_counter()
    if made := ready.prepare(calendars()):
        sys.stdout.write(f"calendars: tables of {', '.join(made)} made in {time.perf_counter() - start:.0f} s (once, and as kernels)\n")


def _kernels(package: Path) -> dict[str, Path]:
    paths = sorted(package.rglob("kernels.py"))
    return {".".join((package.name, *path.relative_to(package).with_suffix("").parts)): path for path in paths}


def _file_of(name: str, package: Path) -> Path | None:
    parts = name.split(".")
    if parts[0] != package.name:
        return None
    at = package.joinpath(*parts[1:])
    return next((file for file in (at.with_suffix(".py"), at / "__init__.py") if file.is_file()), None)


@cache
def _imported(source: bytes) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return tuple(names)


def _cache_of(kernel: Path) -> list[Path]:
    """Files as numba names them, ``kernels.<function>-<line>.<tag>.nbi`` and ``.nbc``, beside the source or where NUMBA_CACHE_DIR says."""
    if elsewhere := os.environ.get("NUMBA_CACHE_DIR"):
        return sorted(Path(elsewhere).glob(f"{kernel.parent.name}_*/kernels.*.nb[ci]"))
    return sorted((kernel.parent / "__pycache__").glob("kernels.*.nb[ci]"))


def _stamp_file(package: Path) -> Path:
    return Path(os.environ.get("NUMBA_CACHE_DIR") or package / "__pycache__") / "kernels.json"


def _read_stamps(package: Path) -> dict[str, Stamp]:
    """Read what is known of the cache; nothing is known when the file is absent or damaged, and all is compiled again."""
    try:
        stamps = json.loads(_stamp_file(package).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {name: Stamp(*stamp) for name, stamp in stamps.items()}


def _write_stamps(stamps: dict[str, Stamp], package: Path) -> None:
    """Replace the file in one step: several test runs may want to at once."""
    file = _stamp_file(package)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(stamps, indent=1))
    new.replace(file)


if __name__ == "__main__":
    main()
