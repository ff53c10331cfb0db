"""Compile the kernels ahead of use: fill numba's cache on disk, and empty it first when their sources changed. Starts nothing else.

numba sees that a ``kernels.py`` changed, but not that a module changed whose dtypes and constants are built into the compiled code.
So the cache is keyed here, by a digest over every source of ours that a kernel imports, directly or not. ``make`` runs
``python -m workbench.commands.warm`` before anything else; a live session never compiles.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import workbench

PACKAGE = Path(workbench.__file__).parent
COMPILERS = ("numba", "llvmlite", "numpy")


def sources(package: Path = PACKAGE) -> list[Path]:
    """List the kernels and every module of the package that they import, directly or not; sorted."""
    found: set[Path] = set()
    open_ends = list(package.rglob("kernels.py"))
    while open_ends:
        path = open_ends.pop()
        if path not in found:
            found.add(path)
            open_ends += [file for name in _imported(path) if (file := _file_of(name, package))]
    return sorted(found)


def digest(package: Path = PACKAGE) -> str:
    """Key of what is compiled: the sources, the interpreter, the compiler."""
    key = hashlib.sha256(f"{platform.python_version()} {[version(name) for name in COMPILERS]}".encode())
    for path in sources(package):
        key.update(f"\n{path.relative_to(package)}\n".encode() + path.read_bytes())
    return key.hexdigest()


def cold_modules(package: Path = PACKAGE) -> list[str]:
    """Name the kernels that would have to be compiled at their next import; none when all is well."""
    known = _read_stamp(package)
    is_stale = known[:1] != [digest(package)]
    return [name for name, path in _kernels(package).items() if is_stale or (name not in known and not _cache_of(path))]


def drop_stale(package: Path = PACKAGE) -> bool:
    """Empty the cache if a source changed since it was filled, and say whether it was so."""
    key = digest(package)
    if _read_stamp(package)[:1] == [key]:
        return False
    for path in _kernels(package).values():
        for file in _cache_of(path):
            file.unlink(missing_ok=True)
    _write_stamp([key], package)
    return True


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
        without_code = [name for name, path in _kernels(package).items() if not _cache_of(path)]  # built into other kernels
        _write_stamp([digest(package), *without_code], package)
    return cold


def main() -> None:
    """Say in one line what was compiled, and nothing when all was warm."""
    start = time.perf_counter()
    if cold := cold_modules():
        sys.stdout.write(f"kernels: compiling {len(cold)} module{'s' * (len(cold) > 1)} (once, and after their sources change)\n")
        sys.stdout.flush()
        warm()
        sys.stdout.write(f"kernels: ready after {time.perf_counter() - start:.0f} s\n")


def _kernels(package: Path) -> dict[str, Path]:
    paths = sorted(package.rglob("kernels.py"))
    return {".".join((package.name, *path.relative_to(package).with_suffix("").parts)): path for path in paths}


def _file_of(name: str, package: Path) -> Path | None:
    parts = name.split(".")
    if parts[0] != package.name:
        return None
    at = package.joinpath(*parts[1:])
    return next((file for file in (at.with_suffix(".py"), at / "__init__.py") if file.is_file()), None)


def _imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return names


def _cache_of(kernel: Path) -> list[Path]:
    """Files as numba names them, ``kernels.<function>-<line>.<tag>.nbi`` and ``.nbc``, beside the source or where NUMBA_CACHE_DIR says."""
    if elsewhere := os.environ.get("NUMBA_CACHE_DIR"):
        return sorted(Path(elsewhere).glob(f"{kernel.parent.name}_*/kernels.*.nb[ci]"))
    return sorted((kernel.parent / "__pycache__").glob("kernels.*.nb[ci]"))


def _stamp(package: Path) -> Path:
    return Path(os.environ.get("NUMBA_CACHE_DIR") or package / "__pycache__") / "kernels.sha256"


def _read_stamp(package: Path) -> list[str]:
    """Digest of what was compiled, then the kernels that have no code of their own; empty when nothing was."""
    return _stamp(package).read_text().split() if _stamp(package).exists() else []


def _write_stamp(lines: list[str], package: Path) -> None:
    _stamp(package).parent.mkdir(parents=True, exist_ok=True)
    _stamp(package).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
