"""The notebook, and the cell of it, that a promoted strategy or recipe was made in. Reads the record of a promotion; promotes nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec

from workbench.research.why.story import Step
from workbench.store.shadows import named

PLACE = "promoted"  # below a workspace: a record a thing, as `pipelines.promotion` writes it


class Record(msgspec.Struct):
    """What is read of such a record; it says more."""

    notebook: str = ""
    digest: str = ""
    at: str = ""
    evidence: str = ""


def made_by(home: Path | None, data: Path, strategy: str, recipe: str) -> Step:
    """Say which notebook made what decided; the copy that lies with the evidence of its promotion is asked for the cell."""
    names = [("strategy", named(strategy, recipe)), ("strategy", strategy), *([("recipe", recipe)] if recipe else [])]
    told, values = [], {}
    for kind, name in dict.fromkeys(names) if home is not None else ():
        record = _record(home, kind, name)
        if record is not None:
            said, found = _notebook(data, record, name)
            told.append(f"{kind} {name} was promoted on {record.at[:16]} as {record.digest[:12]}: {said}")
            values[f"{kind} {name}"] = {"digest": record.digest, "at": record.at, **found}
    if not told:
        return Step("notebook", f"nothing here was promoted as {named(strategy, recipe)}: no notebook is known", {}, is_known=False)
    return Step("notebook", "; ".join(told), values)


def _record(home: Path | None, kind: str, name: str) -> Record | None:
    path = (home or Path()) / PLACE / f"{kind}-{name.replace(':', '+')}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None  # it says nothing here; the command that promotes says what is wrong with it


def _notebook(data: Path, record: Record, name: str) -> tuple[str, dict[str, object]]:
    if not record.notebook:
        return "it is shipped, and hangs on no notebook", {}
    kept, at = data / record.evidence / "files" / "notebook.ipynb", None
    for word in (name.partition(":")[2], name):
        at = _cell(kept, word) if word and at is None else at
    values: dict[str, object] = {"notebook": record.notebook, "cell": at}
    return f"{record.notebook}, {f'cell {at}' if at is not None else 'no cell of which names it'}", values


def _cell(path: Path, name: str) -> int | None:
    """Give the number, from 1, of the first code cell that names something; `None`: none does, or it cannot be read."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) if cell["cell_type"] == "code" else "" for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    word = re.compile(rf"\b{re.escape(name)}\b")
    return next((number for number, source in enumerate(sources, 1) if word.search(source)), None)
