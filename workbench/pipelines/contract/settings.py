"""What ``pipeline.toml`` says: who owns a page, what it may read, write and use, when it runs. Reads one file; enforces nothing.

Only `owner` and `by` must be said. What is not said is the narrowest: nothing is read but the parameters' own data, nothing written but
the page. Who enforces it: the runner (reads, writes, effects, budget) and the scheduler (schedule).
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from workbench.domain.errors import ConfigError

# what [reads] tables may name -> what that is below a data folder; the book of contracts and the sample are open to every page
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "recordings": ("recordings", "tail"),
    "journal": ("runs",),
    "bars": ("bars",),
    "history": ("history", "missing.msgpack"),
    "models": ("models",),
    "pages": ("pages",),
    "status": ("status", "notices", "preflight"),
}

TIMED: Final = ("recordings", "journal", "bars")  # tables whose parts are of sessions: what was known at a close can be told of them alone
OF_SESSION: Final = ("session", "last")  # parameters that name the session whose close is meant, the first that there is

Inside = Annotated[str, Meta(pattern=r"^(?!/|~|.*\.\.(/|$)|[A-Za-z]:)[^\\\n]+$")]  # a path that stays below its folder
Address = Annotated[str, Meta(pattern=r"^[\w.-]+(:\d{1,5})?$")]
Program = Annotated[str, Meta(pattern=r"^[\w.+-]+$")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z]\w*$")]
Table = Literal["recordings", "journal", "bars", "history", "models", "pages", "status"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the file; each key's description is what a refusal says that it may be."""


class Reads(Section, frozen=True):
    """What a page may open: tables below the data folder, files below the workspace; whom it may connect to, what it may start."""

    tables: Annotated[tuple[Table, ...], Meta(description=f"a list out of {', '.join(TABLES)}")] = ()
    as_of: Annotated[Literal["close", "now"], Meta(description="close (nothing later than the close of its session) or now")] = "close"
    files: Annotated[tuple[Inside, ...], Meta(description="a list of paths below the workspace, without .. in them")] = ()
    connections: Annotated[tuple[Address, ...], Meta(description="a list of host or host:port that it may connect to")] = ()
    programs: Annotated[tuple[Program, ...], Meta(description="a list of names of programs that it may start")] = ()


class Writes(Section, frozen=True):
    """What the cell `outputs` may write, beyond the page itself: files below ``data/pages/<name>/``."""

    files: Annotated[tuple[Inside, ...], Meta(description="a list of paths below data/pages/<name>/, without .. in them")] = ()


class Budget(Section, frozen=True):
    """What one run may use."""

    seconds: Annotated[int, Meta(ge=1, le=86_400, description="whole seconds for the run, 1 to 86400")] = 900
    memory_mb: Annotated[int, Meta(ge=64, le=1_048_576, description="whole megabytes of memory, 64 to 1048576")] = 4096
    disk_mb: Annotated[int, Meta(ge=1, le=1_048_576, description="whole megabytes that one file may grow to, 1 to 1048576")] = 512


class Schedule(Section, frozen=True):
    """When the page runs, once it is promoted, and what happens when it could not."""

    at: Annotated[str, Meta(max_length=80, description='a moment of the session such as "close+30m", or empty')] = ""
    every: Annotated[str, Meta(max_length=80, description='an interval such as "5m", or empty')] = ""
    retries: Annotated[int, Meta(ge=0, le=10, description="how often a failed run is tried again, 0 to 10")] = 2
    missed: Annotated[Literal["run", "skip", "latest"], Meta(description="run, skip or latest: what becomes of missed slots")] = "run"
    after: Annotated[tuple[Name, ...], Meta(description="a list of names of pages that must have run before")] = ()
    days: Annotated[int, Meta(ge=0, le=400, description="how many days before its session a span begins, 1 to 400; 0: by the schedule")] = 0
    tell: Annotated[tuple[Name, ...], Meta(description="a list of channels that are told of a failure; none: all of [notify]")] = ()


class PipelineSettings(Section, frozen=True):
    """The whole file. `by` names the parameter that the folder of results is called after; `cell_s` is how long a cell may take."""

    owner: Annotated[str, Meta(min_length=1, max_length=80, description="text: who answers for the page")]
    by: Annotated[str, Meta(min_length=1, description="text: the parameter after whose value the folder of results is called")]
    cell_s: Annotated[int, Meta(ge=1, le=86_400, description="whole seconds that a cell may take, 1 to 86400")] = 300
    effects: Annotated[
        Literal["none", "artefact", "propose"],
        Meta(description="none (the page alone), artefact (files of [writes] too) or propose (a wish that a person confirms)"),
    ] = "none"
    reads: Reads = Reads()
    writes: Writes = Writes()
    budget: Budget = Budget()
    schedule: Schedule = Schedule()


def read_settings(path: Path) -> PipelineSettings:
    """Read the settings beside a page.

    Raises
    ------
    ConfigError
        Naming every key that is missing, unknown, or not what it may be; with what is there, and what may be.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return settings_of(found, path)


def why_not_as_of(reads: Reads, parameters: Collection[str]) -> str:
    """Say why a page cannot be held to what was known at its session's close; nothing if it can, or need not.

    >>> why_not_as_of(Reads(tables=("recordings", "models")), ["session"])
    'the table models is not kept by sessions: what it was at a close is not known; [reads] as_of = "now" takes it as it is'
    >>> why_not_as_of(Reads(tables=("recordings",)), ["day"])
    'as_of = "close" needs a parameter session or last, whose close is meant; [reads] as_of = "now" goes without'
    """
    if reads.as_of == "now" or not reads.tables:
        return ""
    if loose := ", ".join(each for each in reads.tables if each not in TIMED):
        return f'the table {loose} is not kept by sessions: what it was at a close is not known; [reads] as_of = "now" takes it as it is'
    if not set(OF_SESSION) & set(parameters):
        return 'as_of = "close" needs a parameter session or last, whose close is meant; [reads] as_of = "now" goes without'
    return ""


def settings_of(found: Mapping[str, Any], path: Path) -> PipelineSettings:
    """Take settings that were read already; `path` is what a refusal names."""
    if wrong := list(_wrong(found, PipelineSettings, "")):
        raise ConfigError("\n".join(f"{path}: {each}" for each in wrong))
    return msgspec.convert(found, PipelineSettings)


def _wrong(found: Mapping[str, Any], of: type[Section], above: str) -> Iterator[str]:
    hints = get_type_hints(of, include_extras=True)
    for field in msgspec.structs.fields(of):
        if field.required and field.name not in found:
            yield f"{above}{field.name} is missing; it must be {_may_be(hints[field.name])}"
    for key, value in found.items():
        hint = hints.get(key)
        if hint is None:
            near = difflib.get_close_matches(key, hints, n=1)
            allowed = f"did you mean {near[0]}?" if near else f"there are {', '.join(hints)}"
            yield f"there is no key {above}{key}; {allowed}"
        elif get_origin(hint) is not Annotated and not isinstance(value, dict):
            yield f"{above}{key} = {value!r} must be a section: [{key}]"
        elif get_origin(hint) is not Annotated:
            yield from _wrong(value, hint, f"{above}{key}.")
        elif not _fits(value, hint):
            yield f"{above}{key} = {value!r} must be {_may_be(hint)}"


def _fits(value: object, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    return not isinstance(value, bool | float)


def _may_be(hint: Any) -> str:
    return next((each.description for each in get_args(hint)[1:] if isinstance(each, Meta) and each.description), "a section")
