"""What can be told of a user's file without running it: where things are defined, what it imports, what has no place in a decision.

Reads and parses source; runs none of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

MINE: Final = ("workbench", "mine")
# the core's own rule (no clock, no I/O, no logging, no randomness), for whatever decides
OUTSIDE: Final = {
    **dict.fromkeys(("time", "calendar"), "reads the clock: time rides in the view (view.now_ns) and in the bar (bar.t_end)"),
    **dict.fromkeys(("random", "secrets"), "draws at random: the same log must give the same answers"),
    **dict.fromkeys(
        ("os", "pathlib", "io", "shutil", "sqlite3", "deltalake", "tempfile"),
        "reaches for files: whatever is decided on comes with the log, or it has looked into the future",
    ),
    **dict.fromkeys(
        ("socket", "requests", "urllib", "http", "httpx", "aiohttp", "subprocess", "ib_async"), "reaches outside: a replay could not"
    ),
    **dict.fromkeys(("threading", "asyncio", "multiprocessing", "logging"), "acts beside the engine, which calls it once and waits"),
}
CLOCKS: Final = ("now", "utcnow", "today")  # of a date, a datetime or a Timestamp
READERS: Final = ("open", "input", "read_csv", "read_parquet", "scan_parquet", "read_text", "read_bytes", "open_session", "open_log")


@lru_cache(maxsize=256)
def _parsed(path: Path, _: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _tree(path: Path) -> ast.Module:
    return _parsed(path, path.stat().st_mtime_ns)


def assignments(path: Path) -> dict[str, int]:
    """Give the lines at which names are assigned at the top of a file."""
    found: dict[str, int] = {}
    for node in _tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        found |= {target.id: node.lineno for target in targets if isinstance(target, ast.Name)}
    return found


def classes(path: Path) -> dict[str, int]:
    """Give the lines at which classes are defined at the top of a file."""
    return {node.name: node.lineno for node in _tree(path).body if isinstance(node, ast.ClassDef)}


def intrusions(path: Path, of: str | None = None) -> Iterator[tuple[int, str]]:
    """Name what has no place in a feature or a strategy: (line, what is wrong); in the whole file, or in one class of it."""
    parts = [node for node in _tree(path).body if of is None or (isinstance(node, ast.ClassDef) and node.name == of)]
    for node in (each for part in parts for each in ast.walk(part)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, wrong) for alias in node.names if (wrong := _intruding(alias.name)))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, wrong) for wrong in [_intruding(node.module)] if wrong)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            last = called.rpartition(".")[2]
            if last in CLOCKS and any(word in called.lower() for word in ("date", "timestamp")):
                yield node.lineno, f"calls {called}(), which {OUTSIDE['time']}"
            if last in READERS:
                yield node.lineno, f"calls {called}(), which {OUTSIDE['os']}"


def _intruding(module: str) -> str | None:
    why = OUTSIDE.get(module.split(".")[0])
    return f"imports {module}, which {why}" if why else None


def closure(path: Path, workspace: Path) -> list[Path]:
    """List a file of a workspace and every file of the workspace that it imports, and those import, in the order of their names."""
    found: set[Path] = set()
    waiting = [path.absolute()]
    while waiting:
        at = waiting.pop()
        if at in found or not at.is_file():
            continue
        found.add(at)
        waiting += _imported(at, workspace.absolute())
    return sorted(found)


def _imported(path: Path, workspace: Path) -> Iterator[Path]:
    package = (*MINE, *path.relative_to(workspace).parent.parts)
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(tuple(alias.name.split(".")), workspace)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            dotted = (*base, *(node.module.split(".") if node.module else ()))
            yield from _files(dotted, workspace)
            for alias in node.names:
                yield from _files((*dotted, alias.name), workspace)


def _files(dotted: tuple[str, ...], workspace: Path) -> Iterator[Path]:
    if dotted[:2] == MINE and len(dotted) > 2:
        yield workspace.joinpath(*dotted[2:]).with_suffix(".py")
