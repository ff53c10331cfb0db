"""The rules of the house that no tool knows, each a function from a source to complaints. No test of its own: see `test_house`.

A complaint names file, line, what is wrong and what is allowed. A rule is changed here, and its reason written in docs/decisions/.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

FILE_LINES, FUNCTION_LINES, GOAL_LINES = 400, 60, 40

# library -> where alone it may be imported (a pattern on the path below workbench/)
DOORS = {
    "ib_async": r"venues/ib/",
    "ibapi": r"(?!)",  # nowhere
    "deltalake": r"store/",
    "river": r"learning/",
    "numba": r"(market|features|learning|simulation|research|venues/ib)/(\w+/)*kernels\.py",
    "pandas_market_calendars": r"calendars(/\w+)?\.py",
    "exchange_calendars": r"(?!)",
    "vectorbt": r"research/sweeps/vbt_process\.py",
    "hvplot": r"research/plots/",
    "holoviews": r"research/plots/",
    "matplotlib": r"research/figures/",
    "panel": r"dashboard/",
    "papermill": r"pipelines/",
    "apscheduler": r"pipelines/schedule/",
    "dask": r"research/cluster\.py",
    "distributed": r"research/cluster\.py",
    "databento_dbn": r"importers/",
    "cffi": r"domain/native\.py",
    "typer": r"(commands/\w+|__main__)\.py",
}
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "handler", "handlers", "misc"}
CLOCKS = {"time.time", "time.time_ns"}  # and .now, .utcnow, .today of a date, a datetime or a Timestamp
MAY_READ_THE_CLOCK = {
    "workbench/clock.py": "it is the clock",
    "workbench/commands/doctor.py": "it measures the clock itself",
}
# folder whose __init__ is a catalogue -> the files that it must list; base, kernels and conformance serve them
CATALOGUES = {
    "workbench/features": r"workbench/features/\w+/\w+\.py",
    "workbench/learning/models": r"workbench/learning/models/\w+\.py",
    "workbench/strategies": r"workbench/strategies/\w+\.py",
}
ASPECTS = {"no_path", "parity"}  # of a package as a whole, beside an independent implementation
FREE_TEST_FOLDERS = {"conformance", "replay", "simulation", "kill", "notebooks", "pages", "tour"}
MACHINE_PATH = re.compile(r"/(?:home|Users|roo[t])/\w|[A-Z]:\\\\Users")


class Source(NamedTuple):
    """One file, as path from the checkout's top and text."""

    path: str
    text: str

    def walk(self) -> Iterator[ast.AST]:
        return ast.walk(ast.parse(self.text, self.path))

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{node.lineno}"


def one_door_per_library(source: Source) -> Iterator[str]:
    """A library is imported behind one door; whoever wants it asks the door."""
    for node in source.walk():
        for name in _imported(node):
            door = DOORS.get(name.split(".")[0])
            if door and not re.match(f"workbench/{door}", source.path):
                yield f"{source.at(node)}: imports {name}; its door is workbench/{door}"


def short_files(source: Source) -> Iterator[str]:
    """A file is read in one go."""
    n = source.text.count("\n")
    if n > FILE_LINES:
        yield f"{source.path}: {n} lines; {FILE_LINES} are the most"


def short_functions(source: Source, most: int = FUNCTION_LINES) -> Iterator[str]:
    """A function fits on a screen; its docstring does not count."""
    for node in source.walk():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
            n = node.end_lineno - node.lineno + 1 - (first.end_lineno - first.lineno + 1 if text else 0)
            if n > most:
                yield f"{source.at(node)}: {node.name} has {n} lines; {most} are the most"


def approved_by_the_chain_alone(source: Source) -> Iterator[str]:
    """Only the chain of risk checks may say that a proposal becomes orders."""
    if source.path == "workbench/risk/chain.py":
        return
    for node in source.walk():
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Approved":
            yield f"{source.at(node)}: makes an Approved; workbench/risk/chain.py alone does"
        if isinstance(node, ast.alias) and node.name == "Approved" and node.asname:
            yield f"{source.at(node)}: renames Approved, which hides its makers"


def telling_names(source: Source) -> Iterator[str]:
    """A name says what a thing is; these say that nobody knew."""
    named = [(f"{source.path}:1", part) for part in PurePosixPath(source.path).with_suffix("").parts]
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    named += [(source.at(node), node.name) for node in source.walk() if isinstance(node, definitions)]
    for at, name in named:
        words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
        if empty := words & EMPTY_WORDS:
            yield f"{at}: {name} is called {', '.join(sorted(empty))}; name it by what it is"


def one_clock(source: Source) -> Iterator[str]:
    """Time is read in one place and rides in events from there on."""
    if source.path in MAY_READ_THE_CLOCK:
        return
    for node in source.walk():
        read = None
        if isinstance(node, ast.Attribute):
            of = ast.unparse(node.value).split(".")[-1]
            is_date = node.attr in {"now", "utcnow", "today"} and of in {"datetime", "date", "Timestamp"}
            read = f"{of}.{node.attr}" if is_date or f"{of}.{node.attr}" in CLOCKS else None
        elif isinstance(node, ast.ImportFrom):
            read = next((each for each in (f"{node.module}.{alias.name}" for alias in node.names) if each in CLOCKS), None)
        if read:
            yield f"{source.at(node)}: reads {read}; workbench/clock.py alone does (tests/house.py lists who else may, and why)"


def no_path_of_a_machine(source: Source) -> Iterator[str]:
    """What works here only is of no use to anybody else."""
    for n, line in enumerate(source.text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield f"{source.path}:{n}: names a path of one machine, {found.group()}..."


def catalogued(catalogue: Source, files: Iterable[str]) -> Iterator[str]:
    """What is shipped is listed: a file that its catalogue does not import is never run, and never checked by the suites."""
    named = [f"{name}." for node in catalogue.walk() for name in _imported(node, with_members=True)]
    folder = str(PurePosixPath(catalogue.path).parent)
    for path in files:
        module = ".".join(PurePosixPath(path).with_suffix("").parts) + "."
        is_entry = re.fullmatch(CATALOGUES[folder], path) and PurePosixPath(path).stem not in {"__init__", "base", "kernels", "conformance"}
        if is_entry and not any(name.startswith(module) for name in named):
            yield f"{path}: not listed in {catalogue.path}"


def tests_mirror_modules(tests: Iterable[str], modules: Iterable[str]) -> Iterator[str]:
    """A test stands where its module stands: tests/<package>/test_<module>[_<aspect>].py."""
    known = {PurePosixPath(path).with_suffix("") for path in modules}
    known |= {path.parent for path in known}
    for test in map(PurePosixPath, tests):
        folder, stem = test.parts[1:-1], test.stem.removeprefix("test_")
        if folder and (folder[0] in FREE_TEST_FOLDERS or (stem in ASPECTS and PurePosixPath("workbench", *folder) in known)):
            continue
        homes = [PurePosixPath("workbench", *folder)] if folder else [PurePosixPath("workbench"), PurePosixPath("tests"), PurePosixPath()]
        if not any(f"{stem}_".lower().startswith(f"{path.name}_".lower()) for path in known if path.parent in homes):
            yield f"{test}: mirrors no module of {homes[0]}"


def lock_without_addresses(source: Source) -> Iterator[str]:
    """A lock names versions and hashes; where they come from is the installer's business."""
    lines = source.text.splitlines()
    for n, line in enumerate(lines, 1):
        if re.search(r"://|--(?:extra-)?index|--find-links|\sfile:| @ ", line):
            yield f"{source.path}:{n}: holds an address: {line.strip()[:60]}"
        if line[:1].isalnum() and not (line.endswith("\\") and "--hash=sha256:" in lines[n]):
            yield f"{source.path}:{n}: a pin without a hash: {line[:60]}"


def named_dependencies(source: Source, asked: Iterable[str], made_by: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What is imported is asked for by its own name: what only comes along with something else may stay away tomorrow.

    What is imported by a call (`import_module`) is asked for where it is there, and may be missing.
    """
    known = {_plain(name) for name in asked}
    for node in source.walk():
        for name in [] if isinstance(node, ast.Call) else _imported(node):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top == "workbench":
                continue
            makers = {_plain(each) for each in made_by.get(top, (top,))}
            if known.isdisjoint(makers):
                yield f"{source.at(node)}: imports {top}; pyproject.toml asks for no {' or '.join(sorted(makers))}"


def decisions_are_indexed(names: Iterable[str], index: str) -> Iterator[str]:
    """Every decision is numbered without a gap, and linked from the index."""
    for expected, name in enumerate(sorted(names), 1):
        if not re.fullmatch(rf"{expected:04}-[a-z0-9-]+\.md", name):
            yield f"docs/decisions/{name}: expected {expected:04}-words-of-the-decision.md"
        if f"({name})" not in index:
            yield f"docs/decisions/{name}: not linked from docs/decisions/README.md"


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _imported(node: ast.AST, *, with_members: bool = False) -> list[str]:
    """Names of the modules that a statement, or a call by name, imports; on demand with what is taken out of them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        members = [f"{node.module}.{alias.name}" for alias in node.names] if with_members else []
        return [node.module, *members] if node.module and not node.level else []
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}:
        return [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
    return []
