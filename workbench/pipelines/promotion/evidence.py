"""What the gates saw, for a person (Markdown) and for a program (JSON): a file a gate and one report. Writes files; judges nothing.

Below the data folder, in ``promotion/<name>/`` (of a page) or ``promotion/<kind>-<name>/``::

    <digest12>/       report.md, report.json, <n>-<gate>.md and .json, what gates ran, and the files that were promoted in files/
    tried/            the same of the last candidate that was refused, or was only tried
    edited/           what somebody had edited when it was taken back to what was promoted
    log.jsonl         what happened when: promoted, demoted, taken back
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from workbench.pipelines.promotion.gates import Answer
from workbench.pipelines.promotion.record import SHORT, Kind, Passed, Promoted, minute, read_record, written
from workbench.store.folders import Folders
from workbench.store.whole import only_one, sync_folder, trouble, write_whole

FILES: Final = "files"
TRIED: Final = "tried"
EDITED: Final = "edited"
RECORD: Final = "promoted.json"  # in files/: what was promoted with them, written when something else takes their place
LOG: Final = "log.jsonl"
GONE: Final = ".gone-"  # before the name of what is being replaced
MARKS: Final = {True: "passed", False: "**refused**"}


def home(data: Path, kind: Kind, name: str) -> Path:
    """Give the folder of everything known of one name's promotions."""
    return Folders(data).promotion / (name if kind == "page" else f"{kind}-{name.replace(':', '+')}")


@contextmanager
def gathering(data: Path, kind: Kind, name: str) -> Iterator[Path]:
    """Give a folder to gather evidence in, nobody else's; what is not put in its place by `put` is gone afterwards."""
    place = home(data, kind, name)
    with only_one(place / ".lock", f"{kind} {name} is being promoted by another process"):
        _clean(place)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=place, ignore_cleanup_errors=True) as part:
            yield Path(part)


def _clean(place: Path) -> None:
    """Take away what somebody who died left, and put back what was to be replaced."""
    for left in place.glob(".part-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in place.glob(f"{GONE}*"):
        was = place / left.name.removeprefix(GONE)
        if was.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.rename(was)


def write_answer(folder: Path, n: int, answer: Answer) -> str:
    """Write what one gate said; give the name of the file a person reads."""
    gate, verdict, took_s = answer
    name = f"{n}-{re.sub(r'[^a-z]+', '-', gate.name)}"
    state = MARKS[verdict.passed] if verdict.applies else "does not apply"
    text = [f"# {n}. {gate.name}: {state}", gate.asks, verdict.text, *([verdict.more] if verdict.more else []), f"Looked for {took_s:g} s."]
    body = {"gate": gate.name, "passed": verdict.passed, "applies": verdict.applies, "text": verdict.text, "took_s": took_s}
    write_whole(folder / f"{name}.md", ("\n\n".join(text) + "\n").encode(), is_durable=False)
    content = json.dumps({**body, "data": verdict.data}, indent=1, default=str) + "\n"
    write_whole(folder / f"{name}.json", content.encode(), is_durable=False)
    return f"{name}.md"


def passed_of(answers: Sequence[Answer], names: Sequence[str], below: str) -> tuple[Passed, ...]:
    """Put answers into the form of a record; ``below`` is the folder of the evidence, below the data folder."""
    return tuple(
        Passed(each.gate.name, each.verdict.passed, each.verdict.text, f"{below}/{name}", each.verdict.applies)
        for each, name in zip(answers, names, strict=True)
    )


def write_report(folder: Path, what: str, digest: str, at: str, facts: Mapping[str, str], answers: Sequence[Answer], n_gates: int) -> None:
    """Write the page a person reads first: every gate in a line, with the file that tells more."""
    refused = next((each for each in answers if not each.verdict.passed), None)
    said = f"Refused at *{refused.gate.name}*: {refused.verdict.text}" if refused else "Every gate was passed."
    left = n_gates - len(answers)
    rows = ["| | gate | | in its words |", "|---|---|---|---|"]
    for n, (gate, verdict, _) in enumerate(answers, 1):
        state = MARKS[verdict.passed] if verdict.applies else "does not apply"
        name = re.sub(r"[^a-z]+", "-", gate.name)
        rows.append(f"| {n} | [{gate.name}]({n}-{name}.md) | {state} | {_cell(verdict.text)} |")
    more = [f"{left} further gates were not asked."] if left else []
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)
    title = f"# May {what} run?"
    text = "\n\n".join([title, f"Asked on {minute(at)} of digest `{digest[:SHORT]}`. {said}", listed, "\n".join(rows), *more])
    write_whole(folder / "report.md", (text + "\n").encode(), is_durable=False)
    gates = [{"gate": gate.name, "asks": gate.asks, **verdict._asdict(), "took_s": took_s} for gate, verdict, took_s in answers]
    body = {"what": what, "digest": digest, "at": at, "is_refused": refused is not None, "facts": dict(facts), "gates": gates}
    write_whole(folder / "report.json", (json.dumps(body, indent=1, default=str) + "\n").encode(), is_durable=False)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def put(part: Path, name: str) -> Path:
    """Let what was gathered be the evidence called `name`, in the place of what was called so before; what it kept as promoted stays."""
    place = part.parent / name
    with trouble(f"keeping the evidence {place}"):
        if (kept := place / FILES / RECORD).is_file() and (part / FILES).is_dir():
            shutil.copy2(kept, part / FILES / RECORD)
        gone = place.with_name(f"{GONE}{name}")
        if place.exists():
            place.rename(gone)
        part.rename(place)
        sync_folder(place.parent)
        shutil.rmtree(gone, ignore_errors=True)
        part.mkdir()  # its maker removes it
    return place


# ---------------------------------------------------------------------- what was promoted before
def keep_files(data: Path, record: Promoted, files: Mapping[str, bytes]) -> None:
    """Keep what was promoted with its record, before something else takes its place; without files, those of the evidence are it."""
    folder = home(data, record.kind, record.name) / record.short / FILES
    for name, content in {**files, RECORD: written(record)}.items():
        write_whole(folder / name, content)


def kept_files(data: Path, record: Promoted) -> dict[str, bytes]:
    """Read back the files of a promotion, as they were; empty where they do not lie there whole."""
    folder = home(data, record.kind, record.name) / record.short / FILES
    paths = {name: folder / name for name in record.files}
    return {name: path.read_bytes() for name, path in paths.items()} if all(path.is_file() for path in paths.values()) else {}


def before(data: Path, record: Promoted) -> Promoted | None:
    """Find what this took the place of; `None` if it took nothing's, or if that does not lie here any more."""
    path = home(data, record.kind, record.name) / record.before / FILES / RECORD
    return read_record(path.read_bytes(), str(path)) if record.before and path.is_file() else None


def note(data: Path, kind: Kind, name: str, what: Mapping[str, Any]) -> None:
    """Write down that something happened."""
    path = home(data, kind, name) / LOG
    with trouble(f"writing {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")


def notes(data: Path, kind: Kind, name: str) -> list[dict[str, Any]]:
    """Read back what happened, the oldest first; a line that was cut off is passed over."""
    path = home(data, kind, name) / LOG
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
