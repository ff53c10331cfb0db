"""Run a page: its parameters, a kernel of its own, and what is kept of it. It knows no market; whatever is shown the page itself works out.

Kept are ``page.ipynb`` (as executed), ``page.html`` (to be read: one file, no address in it, code folded) and ``result.json`` (what the
page said, for a program), each written whole. A page that fails is kept as well: then it says where and why.

No secret appears: variables of the environment that are called like one never reach the kernel, but for those that a parameter refers to
(``env:NAME``), and their values are struck out of whatever was written.
"""

from __future__ import annotations

import ast
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import Pipeline, bind, looks_secret, referred
from workbench.store.digests import code_digest
from workbench.store.whole import only_one, write_whole

STRUCK: Final = "[struck out]"
SHORTEST_SECRET: Final = 6  # characters; shorter values would strike out half the page
TEMPLATES: Final = Path(__file__).parent
START_S: Final = 60  # a kernel that has not come up by then never will
LONGEST_SOCKET: Final = 100  # characters of a socket's path that all systems allow


class Failure(NamedTuple):
    """Why a page failed: the tag of the cell (``kernel`` if no cell is to blame), the kind of error, its text."""

    where: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.text}" if self.text else f"{self.where}: {self.kind}"


class Page(NamedTuple):
    """What became of a run: where it lies, what it said, or why it failed."""

    folder: Path
    result: dict[str, Any] | None
    failure: Failure | None
    took_s: float

    @property
    def html(self) -> Path:
        """The page to be read."""
        return self.folder / "page.html"

    @property
    def notebook(self) -> Path:
        """The page as it was executed."""
        return self.folder / "page.ipynb"


def run(pipeline: Pipeline, given: Mapping[str, object], pages: Path) -> Page:
    """Run a page and keep it under ``pages/<pipeline>/<value of its `by`>``.

    Parameters
    ----------
    given
        Parameters by name; text is read as the parameter's kind. What is not given has its default.
    pages
        Folder of all pages.

    Raises
    ------
    ConfigError
        A parameter that does not exist or is not of its kind, a secret in clear or one that is not there; no kernel was started.
    StoreError
        The page could not be written.

    Notes
    -----
    Blocks until the page is done. A failure of the page is no exception: look at `Page.failure`.
    """
    values = bind(pipeline.parameters, given)
    hidden = {each.name for each in pipeline.parameters if each.is_secret}
    for name, value in values.items():
        is_called_one = looks_secret(name) and name not in hidden
        if isinstance(value, str) and (is_called_one or any(secret in value for secret in _secrets().values())):
            raise ConfigError(f"parameter {name} looks like a secret: a page shows its parameters")
    handed = referred({name: value for name, value in values.items() if name in hidden})
    folder = pages / pipeline.name / _plain(str(values[pipeline.by]))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="page-") as place:
        notebook, failure = _execute(pipeline, {name: values[name] for name in given}, Path(place) / "page.ipynb", handed)
    result, failure = _result(notebook, failure)
    took_s = round(time.monotonic() - began, 1)
    _finish(notebook, pipeline, values, failure, took_s)
    body = {"pipeline": pipeline.name, "parameters": values, "result": result, "failure": failure and failure._asdict(), "took_s": took_s}
    texts = {"page.ipynb": _written(notebook), "page.html": _html(notebook), "result.json": json.dumps(body, indent=1) + "\n"}
    with only_one(folder / ".lock", f"another run of {pipeline.name} is writing its page at {folder}", wait_s=10.0):
        for name, text in texts.items():
            write_whole(folder / name, _struck(text, handed).encode(), is_durable=False)
    return Page(folder, result, failure, took_s)


def _plain(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "page"


# ---------------------------------------------------------------------- secrets
def _secrets(handed: frozenset[str] = frozenset()) -> dict[str, str]:
    """Give what holds a secret by its name, and what was handed to the kernel as one."""
    called = {name: value for name, value in os.environ.items() if looks_secret(name) or name in handed}
    return {name: value for name, value in called.items() if len(value) >= SHORTEST_SECRET}


def _struck(text: str, handed: frozenset[str]) -> str:
    for value in sorted(_secrets(handed).values(), key=len, reverse=True):
        text = text.replace(value, STRUCK).replace(json.dumps(value)[1:-1], STRUCK)
    return text


# ---------------------------------------------------------------------- execution
def _execute(pipeline: Pipeline, given: Mapping[str, object], path: Path, handed: frozenset[str]) -> tuple[Any, Failure | None]:
    """Execute a page; give it as far as it came, and why it came no further. `handed` are the secrets that it may see."""
    import nbformat
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    _register()
    failure, log = None, path.with_suffix(".log")
    out = str(path).replace("{", "{{").replace("}", "}}")  # papermill takes a path for a format
    notebook = _untyped(nbformat).from_dict(pipeline.notebook)
    try:
        papermill.execute_notebook(
            notebook, out, parameters=dict(given), engine_name="workbench", kernel_name="python3", language="python",
            progress_bar=False, start_timeout=START_S, cell_s=pipeline.cell_s, kernel_log=log, handed=handed,
        )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        failure = Failure("", error.ename, error.evalue)
    except CellTimeoutError:
        failure = Failure("", "too slow", f"the cell took longer than {pipeline.cell_s} s (cell_s in pipeline.toml)")
    except (DeadKernelError, NoSuchKernel, RuntimeError) as error:
        last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        failure = Failure("", type(error).__name__, " ".join([str(error), *last]))
    executed = _untyped(nbformat).read(path, as_version=4) if path.exists() else notebook
    executed.cells = [cell for cell in executed.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", ())]
    return executed, failure and failure._replace(where=_where(executed))


def _untyped(library: Any) -> Any:
    return library


def _register() -> None:
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, papermill_engines
    from traitlets.config import Config

    class Private(Engine):  # type: ignore[misc]  # papermill has no types
        """A kernel that listens on files of this user, not on ports, and inherits no secret."""

        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, cell_s: int, start_timeout: int, kernel_log: Path, handed: frozenset[str], **_: Any
        ) -> Any:
            config = Config({"KernelManager": {"transport": _transport()}})
            hidden = _secrets().keys() - handed
            environment = {name: value for name, value in os.environ.items() if name not in hidden}
            client = PapermillNotebookClient(nb_man, kernel_name=kernel_name, timeout=cell_s, startup_timeout=start_timeout, config=config)
            with kernel_log.open("wb") as log:
                return client.execute(env=environment, stderr=log)

    papermill_engines.register("workbench", Private)


def _transport() -> str:
    from jupyter_core.paths import jupyter_runtime_dir

    longest = len(jupyter_runtime_dir()) + len("/kernel-") + 36 + len("-ipc-5")
    return "ipc" if os.name == "posix" and longest < LONGEST_SOCKET else "tcp"


def _where(notebook: Any) -> str:
    """Name the cell that failed by its tag: the one with an error, or the last one that was begun."""
    at = "kernel"
    for cell in notebook.cells:
        tag = next((tag for tag in cell.metadata.get("tags", ()) if tag != "injected-parameters"), "parameters")
        if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time") is not None:
            at = tag
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            return tag
    return at


def _result(notebook: Any, failure: Failure | None) -> tuple[dict[str, Any] | None, Failure | None]:
    """Read back the dict that the page ended with."""
    if failure is not None:
        return None, failure
    shown = next(_shown(notebook), "nothing")
    try:
        found = ast.literal_eval(shown)
        json.dumps(found, allow_nan=False)
        if isinstance(found, dict) and all(isinstance(key, str) for key in found):
            return found, None
    except (ValueError, SyntaxError, TypeError):
        pass
    return None, Failure("outputs", "no result", f"a page ends with a dict of plain values, not with {shown[:80]}")


def _shown(notebook: Any) -> Iterator[str]:
    for output in notebook.cells[-1].get("outputs", ()):
        if output.output_type == "execute_result":
            yield output.data["text/plain"]


# ---------------------------------------------------------------------- what is kept
def _finish(notebook: Any, pipeline: Pipeline, values: Mapping[str, object], failure: Failure | None, took_s: float) -> None:
    """Say in the page what it is, and, where it failed, say so first. Paths of this machine leave."""
    import nbformat

    facts = {"page": f"{pipeline.name}, {pipeline.owner}", "made by": f"workbench {code_digest()[:12]} in {took_s:g} s"}
    facts |= {f"parameter {name}": str(value) or "(empty)" for name, value in values.items()}
    notebook.metadata.pop("papermill", None)
    notebook.metadata["workbench"] = {"title": pipeline.title, "failed": failure is not None, "facts": facts}
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
    if failure is not None:
        text = failure.text.replace("\n", "\n> ")
        said = _untyped(nbformat.v4).new_markdown_cell(f"> **This page failed** in *{failure.where}*: {failure.kind}.\n>\n> {text}")
        notebook.cells.insert(1, said)


def _written(notebook: Any) -> str:
    import nbformat

    return str(_untyped(nbformat).writes(notebook, version=4))


def _html(notebook: Any) -> str:
    from nbconvert import HTMLExporter

    exporter = _untyped(HTMLExporter)(template_name="page", extra_template_basedirs=[str(TEMPLATES)], exclude_output_prompt=True)
    text, _ = exporter.from_notebook_node(notebook)
    return str(text)
