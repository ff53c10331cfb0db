"""From what a person names to a page that can be judged: which notebook, under which name, with which settings. Decides no gate.

A lab notebook becomes ``pipelines/<name>/`` with a ``pipeline.toml`` made for it; a page that lies in ``pipelines/`` already keeps its own,
and only its schedule is written anew.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import Parameter, find
from workbench.pipelines.contract.cells import cell_of
from workbench.pipelines.contract.parameters import parameters_of
from workbench.pipelines.contract.settings import Reads, why_not_as_of
from workbench.pipelines.promotion.keeping import PARTS, promoted
from workbench.pipelines.when import read as read_when
from workbench.store.whole import trouble

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
OWNER: Final = re.compile(r"Owner:\s*([\w .@-]+?)\s*(?:\.(?:\s|$)|$)", re.MULTILINE)
USUAL: Final = ("recordings", "journal", "bars")  # tables a page may read that says nothing: those of `open_session`
BY: Final = ("session", "last", "date")  # parameters after which results are called, the first that there is
MADE: Final = """# {title}
# Made when it was promoted; yours to change, and then to be promoted again.
owner = {owner}
by = {by}
cell_s = 300        # longest a cell may take

[reads]
tables = [{tables}]
{as_of}"""


class Source(NamedTuple):
    """A notebook that wants to be a page: where it lies, what it shall be called, and what its two files will say."""

    notebook: Path
    name: str
    folder: Path
    files: dict[str, bytes]
    schedule: str


def source_of(
    word: str, places: Sequence[Path], *, name: str = "", owner: str = "", schedule: str = "", tables: Sequence[str] = ()
) -> Source:
    """Find what a word means and make its two files.

    Parameters
    ----------
    word
        A notebook anywhere (``lab/gap.ipynb``), or a page: its folder, or its name in one of `places`.
    places
        Where pages lie: the caller's own, into which it is promoted, then the shipped ones.
    schedule
        Written into its settings; empty: what they say already.

    Raises
    ------
    ConfigError
        There is none, it is no notebook, or its name is no name, or somebody else's.
    """
    notebook = _notebook(word, places)
    is_page = notebook.name == PARTS[0] and (notebook.parent / PARTS[1]).is_file()
    called = name or (notebook.parent.name if is_page else re.sub(r"^[\d_\W]+", "", notebook.stem).lower())
    if not NAME.fullmatch(called):
        raise ConfigError(f"{called or notebook.stem!r} is no name for a page: lower case letters, digits and _; say one with --name")
    folder = places[0] / called
    _must_be_free(folder, notebook, places)
    with trouble(f"reading {notebook}"):
        content = notebook.read_bytes()
    settings = (notebook.parent if is_page else folder) / PARTS[1]
    text = settings.read_text(encoding="utf-8") if settings.is_file() else _made(content, notebook, owner, tables)
    text = scheduled(text, schedule) if schedule else text
    files = {PARTS[0]: content, PARTS[1]: text.encode()}
    when = schedule or _schedule_of(text)
    if when:
        read_when(when)
    return Source(notebook, called, folder, files, when)


def _notebook(word: str, places: Sequence[Path]) -> Path:
    path = Path(word)
    if path.suffix == ".ipynb":
        if not path.is_file():
            raise ConfigError(f"there is no notebook {word}")
        return path
    if path.is_file():
        raise ConfigError(f"{word} is no notebook: name a file that ends in .ipynb, or a page")
    return find(word, places) / PARTS[0]


def _must_be_free(folder: Path, notebook: Path, places: Sequence[Path]) -> None:
    """Refuse a name that belongs to another page, and to write over what nobody kept."""
    if notebook.parent.resolve() == folder.resolve():
        return
    for place in places[1:]:
        shipped = place / folder.name
        if (shipped / PARTS[0]).is_file() and shipped.resolve() not in (notebook.parent.resolve(), *_own(folder)):
            raise ConfigError(f"{folder.name} is the name of a shipped page: give yours another with --name")
    if (folder / PARTS[0]).is_file():
        try:
            there = promoted(folder)
        except ConfigError as error:
            raise ConfigError(f"{error}. As it is, {notebook} cannot take its place: what was edited would be lost") from None
        if there is None:
            raise ConfigError(
                f"{folder} is a page that is not promoted, and would be lost: promote that one (workbench notebook promote {folder}), "
                f"remove it, or give {notebook} another name with --name"
            )


def _own(folder: Path) -> list[Path]:
    """Give the folder itself where something was promoted in it before: a new version of one's own page clashes with nothing."""
    return [folder.resolve()] if (folder / "promoted.json").is_file() else []


# ---------------------------------------------------------------------- settings
def _made(content: bytes, notebook: Path, owner: str, tables: Sequence[str]) -> str:
    """Make the settings of a notebook that has none, from its title and its parameters."""
    cells = _cells(content, notebook)
    title = next((text for tag, text in cells if tag == "title"), "")
    by = _by(cells)
    said = OWNER.search(title)
    if not (owner or said):
        raise ConfigError(f"who owns {notebook}? Write `Owner: name.` into its title cell, or say --owner")
    values = {"title": " ".join(title.split("\n")[0].lstrip("# ").split()), "owner": _quoted(owner or (said[1] if said else ""))}
    reads = Reads(tables=tuple(tables or USUAL))  # type: ignore[arg-type]  # the gate says what is no table
    now = 'as_of = "now"    # not as it was known at a close: see docs/your-page.md\n' if why_not_as_of(reads, _names(cells)) else ""
    return MADE.format(**values, by=_quoted(by), tables=", ".join(map(_quoted, reads.tables)), as_of=now)


def _by(cells: Sequence[tuple[str, str]]) -> str:
    names = _names(cells)
    return next((name for name in (*BY, *names) if name in names), BY[0])


def _names(cells: Sequence[tuple[str, str]]) -> list[str]:
    try:
        parameters: list[Parameter] = [each for tag, text in cells if tag == "parameters" for each in parameters_of(text)]
    except (SyntaxError, ValueError, AssertionError):
        parameters = []  # the gate says what is wrong about them
    return [each.name for each in parameters]


def _cells(content: bytes, notebook: Path) -> list[tuple[str, str]]:
    try:
        found = [cell_of(at, cell) for at, cell in enumerate(json.loads(content)["cells"], 1)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{notebook} is no notebook: {error!r}") from error
    return [(cell.tag, cell.source) for cell in found]


def scheduled(text: str, schedule: str) -> str:
    r"""Write a schedule into the text of a pipeline.toml, leaving everything else of it as it is.

    >>> print(scheduled('by = "x"\n[schedule]  # when\nat = "open"  # early\nretries = 1\n', "close+30m"))
    by = "x"
    [schedule]  # when
    at = "close+30m"
    retries = 1
    <BLANKLINE>
    """
    if _section(text).get("at") == schedule and not _section(text).get("every"):
        return text
    line, made, inside, done = f"at = {_quoted(schedule)}", [], False, False
    for each in text.splitlines():
        if header := re.match(r"\s*\[+\s*([\w.]+)\s*\]+", each):
            inside = header[1] == "schedule"
        elif inside and re.match(r"\s*(at|every)\s*=", each):
            continue
        made.append(each)
        if header and inside:
            made.append(line)
            done = True
    return "\n".join([*made, *([] if done else ["", "[schedule]", line])]) + "\n"


def _schedule_of(text: str) -> str:
    section = _section(text)
    every = section.get("every")
    return " ".join(filter(None, [str(section.get("at") or ""), f"every {every}" if every else ""]))


def _section(text: str) -> Mapping[str, Any]:
    try:
        found = tomllib.loads(text).get("schedule", {})
    except tomllib.TOMLDecodeError:
        return {}  # the gate says what is wrong about it
    return found if isinstance(found, dict) else {}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
