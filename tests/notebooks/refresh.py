"""Execute the teaching notebooks anew and store them with their outputs: ``python -m tests.notebooks.refresh [NAME ...]``. Tests nothing.

Run it when what a notebook shows has changed, and read the difference before it is committed. Stored is what a reader needs: no times of
execution, no output of cells tagged `not-kept` (those that move: megabytes of JavaScript), no path of the machine.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
SANITIZE = Path(__file__).parent / "sanitize.cfg"
CELL_S = 300
NOT_KEPT = "not-kept"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def names() -> list[str]:
    """Name the notebooks that teach, in their order."""
    return sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def environment() -> dict[str, str]:
    """Give the environment of a kernel whose shell knows the command line, and writes lines of one length."""
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI", "LINES")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return plain | {"PATH": path, "COLUMNS": "120", "TERM": "xterm-color"}  # colours and width as a kernel of JupyterLab gives them


def sanitized(text: str) -> str:
    """Replace what differs from run to run, as nbval does before it compares; rules for comparing alone leave what is stored as it is."""
    rules = re.findall(r"^\[stored: .*\]\nregex: (.*)\nreplace: (.*)$", SANITIZE.read_text(), flags=re.MULTILINE)
    for pattern, by in rules:
        text = re.sub(pattern, by, text)
    return text


def refresh(name: str) -> None:
    """Execute one notebook and store it."""
    path = NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    with _only(environment()):
        NotebookClient(notebook, timeout=CELL_S, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for n, cell in enumerate(notebook.cells, 1):
        tags = cell.metadata.get("tags", [])
        cell.id, cell.metadata = f"c{n:02d}", nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs = [] if NOT_KEPT in tags else _joined([_kept(output) for output in cell.outputs])
    nbformat.validate(notebook)
    with tempfile.NamedTemporaryFile("w", dir=NOTEBOOKS, delete=False, encoding="utf-8") as part:
        part.write(nbformat.writes(notebook) + "\n")
    Path(part.name).chmod(0o644)
    Path(part.name).replace(path)


def _kept(output: Any) -> Any:
    if "text" in output:
        output.text = sanitized(output.text)
    for kind in ("text/plain", "text/html"):
        if kind in output.get("data", {}):
            output.data[kind] = sanitized(output.data[kind])
    return output


def _joined(outputs: list[Any]) -> list[Any]:
    """Join what came in several pieces of one stream: where it was cut is chance."""
    joined: list[Any] = []
    for output in outputs:
        if joined and output.output_type == "stream" and joined[-1].get("name") == output.name:
            joined[-1].text = sanitized(joined[-1].text + output.text)
        else:
            joined.append(output)
    return joined


@contextmanager
def _only(wanted: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    for each in sys.argv[1:] or names():
        print(each)
        refresh(each)
