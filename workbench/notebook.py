"""``%load_ext workbench.notebook``: after each cell, what would keep it out of a page, and why; ``%page`` shows it all. Changes nothing.

It is for whoever writes a notebook that is to become a page. The findings are those of ``workbench notebook check``: a cell that breaks the
contract says so at once, in a line each, with its remedy.

A kernel knows neither tags nor where a cell stands. JupyterLab says which notebook it works for, so both are read from the file, as it was
saved last; elsewhere a cell may say its tag in its first line, ``# tag: work``, and stands where it was first run. ``%page FILE.ipynb``
holds a stored notebook against everything.
"""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench.pipelines.contract import TAGS, Cell, Finding, check, findings, flow, form

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

TAG: Final = re.compile(r"\A\s*#\s*tag:\s*(\w+)", re.IGNORECASE)
OURS: Final = re.compile(r"^[ \t]*%((load_ext|reload_ext|unload_ext)[ \t]+workbench\.notebook|page\b.*)[ \t]*$", re.MULTILINE)
MOST: Final = 200  # cells that are kept; of a longer session the oldest are forgotten
NAME: Final = "page"
SESSION: Final = "JPY_SESSION_NAME"  # the notebook that JupyterLab started this kernel for


class Watch:
    """What was run in this kernel, as cells of a notebook in the making; `saved` is the file it works for, if that is known.

    >>> watch = Watch()
    >>> print(watch.ran("a", "import time; now = time.time()"))
    cell 1, line 1: time.time reads the clock...
    >>> watch.ran("b", "rows = len('abc')")
    ''
    """

    def __init__(self, saved: Path | None = None) -> None:
        self._sources: dict[str, str] = {}
        self._saved, self._read_ns = saved, 0
        self._places: dict[str, tuple[int, str]] = {}
        self.took_s = 0.0  # of the last look

    @property
    def cells(self) -> list[Cell]:
        """All that was run, each cell once, where it stands in the file, or where it first stood."""
        behind = max((at for at, _ in self._places.values()), default=0)
        others = [name for name in self._sources if name not in self._places]
        where = {name: (behind + n, "") for n, name in enumerate(others, 1)} | self._places
        return sorted(_cell(*where[name], source) for name, source in self._sources.items())

    def ran(self, name: str, source: str) -> str:
        """Take a cell in that was run; give what it breaks, a line each, or nothing.

        Parameters
        ----------
        name
            What tells it from the others, also when it is run again.
        """
        began, source = time.perf_counter(), OURS.sub("", source)
        if not source.strip():
            return ""
        self._sources[name] = source
        while len(self._sources) > MOST:
            del self._sources[next(iter(self._sources))]
        self._look_up()
        at = next(cell.at for cell in self.cells if cell.source == source)
        said = "\n".join(str(each) for each in self.found() if each.at == at)
        self.took_s = time.perf_counter() - began
        return said

    def found(self) -> list[Finding]:
        """Find what keeps the cells out of a page, as far as a kernel can know."""
        cells = self.cells
        is_tagged = any(cell.tag for cell in cells)
        rules = ("read", "write", "effect")  # which cell may do this is known only where cells are tagged
        found = [each for each in findings(cells) if is_tagged or each.rule not in rules]
        found += [each for each in form(cells) if each.at and each.line]  # of the code; which tags are missing is no news while one writes
        return sorted({*found, *flow(cells, of_page=False)}, key=lambda each: (each.at, each.line, each.text))

    def _look_up(self) -> None:
        """Read where cells stand, and their tags, from the file, if it was saved anew."""
        try:
            saved_ns = self._saved.stat().st_mtime_ns if self._saved is not None else 0
            if self._saved is not None and saved_ns != self._read_ns:
                self._read_ns = saved_ns
                cells = json.loads(self._saved.read_text(encoding="utf-8"))["cells"]
                tags = [next((tag for tag in cell["metadata"].get("tags", ()) if tag in TAGS), "") for cell in cells]
                self._places = {str(cell["id"]): (at, tag) for at, (cell, tag) in enumerate(zip(cells, tags, strict=True), 1)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._places = {}  # it is being written, or none yet: then nothing is known

    def page(self, line: str) -> str:
        """Say it of all cells, or of a stored notebook."""
        if path := line.strip().strip("'\""):
            told = check(Path(path), as_page=True).wrong
            return "\n".join(map(str, told)) or f"{path} is a page: nothing keeps it from running"
        told = self.found()
        n = len(self._sources)
        return "\n".join(map(str, told)) or f"nothing in the {n} cell{'s' * (n != 1)} run so far has no place in a page"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Begin to look."""
    named = Path(os.environ.get(SESSION, ""))
    watch = Watch(named if named.suffix == ".ipynb" else None)
    held: Any = shell  # what is kept for unloading stands on it
    held.workbench_page = watch

    def look(result: ExecutionResult) -> None:
        said = watch.ran(_name(result), str(result.info.raw_cell if result.info else ""))
        if said:
            print("\n".join(f"page: {line}" for line in said.splitlines()))  # noqa: T201  beneath the cell: that is what it is for

    def page(line: str) -> None:
        print(watch.page(line))  # noqa: T201  it is a command of a notebook

    held.workbench_look = look
    held.events.register("post_run_cell", look)
    held.register_magic_function(page, "line", NAME)


def unload_ipython_extension(shell: Any) -> None:
    """Look no more."""
    shell.events.unregister("post_run_cell", shell.workbench_look)
    del shell.workbench_look, shell.workbench_page


def _cell(at: int, tag: str, source: str) -> Cell:
    found = TAG.match(source)
    tag = tag or (found[1].lower() if found and found[1].lower() in TAGS else "")
    return Cell(at, "code", tag, source, (tag,) if tag else ())


def _name(result: Any) -> str:
    """Tell a cell from the others: JupyterLab says which it is, elsewhere each run is one of its own."""
    return str(getattr(result.info, "cell_id", None) or f"run {result.execution_count}")
