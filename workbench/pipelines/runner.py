"""Run a page: its parameters, a kernel of its own, and what is kept of it. It knows no market; whatever is shown the page itself works out.

Kept are ``page.ipynb`` (as executed), ``page.html`` (to be read: one file, no address in it, code folded) and ``result.json`` (what the
page said, for a program; with versions, what was opened, seconds and memory), and what the page itself wrote: the folder is replaced whole.
A page that fails is kept as well, and says where and why; what it wrote is not.

No secret appears: variables of the environment that are called like one never reach the kernel, but for those that a parameter refers to
(``env:NAME``), and their values are struck out of whatever was written.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import Pipeline, bind, looks_secret, referred
from workbench.pipelines.executing import Failure, Room, execute, secrets, untyped
from workbench.pipelines.provenance import data_digests, page_digest, versions
from workbench.pipelines.publishing import publish
from workbench.store.digests import code_digest
from workbench.store.whole import write_whole

STRUCK: Final = "[struck out]"
PARTS: Final = ".parts"
TEMPLATES: Final = Path(__file__).parent


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
        A parameter that does not exist or is not of its kind; no kernel was started.
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
        if isinstance(value, str) and (is_called_one or any(secret in value for secret in secrets().values())):
            raise ConfigError(f"parameter {name} looks like a secret: a page shows its parameters")
    handed = referred({name: value for name, value in values.items() if name in hidden})
    folder = pages / pipeline.name / _plain(str(values[pipeline.by]))
    began = time.monotonic()
    part = folder.parent / PARTS / f"{folder.name}.{os.getpid()}"  # two deep: whoever lists pages does not see it
    with _cleared(part), tempfile.TemporaryDirectory(prefix="page-") as place:
        room = Room(Path(place), part, folder.parent)
        done = execute(pipeline, {name: values[name] for name in given}, values, room, handed)
        notebook, (result, failure) = done.notebook, _result(done.notebook, done.failure)
        seconds = round(time.monotonic() - began, 1)
        _finish(notebook, pipeline, values, failure, seconds)
        body: dict[str, Any] = {"pipeline": pipeline.name, "parameters": values, "result": result, "failure": failure and failure._asdict()}
        body |= {"seconds": seconds, "peak_mb": round(done.peak_mb, 1), "page_digest": page_digest(pipeline.folder)}
        body |= {"versions": versions(), "data": data_digests(done.opened)}
        texts = {"page.ipynb": _written(notebook), "page.html": _html(notebook), "result.json": json.dumps(body, indent=1) + "\n"}
        if failure is not None:  # of a page that failed only itself is kept: nothing that it made
            shutil.rmtree(part, ignore_errors=True)
        for name, text in texts.items():
            write_whole(part / name, _struck(text, handed).encode(), is_durable=False)
        publish(part, folder, f"another run of {pipeline.name} is writing its page at {folder}")
    return Page(folder, result, failure, seconds)


@contextmanager
def _cleared(part: Path) -> Iterator[None]:
    """Leave nothing half made behind, whatever happens."""
    try:
        yield
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _plain(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "page"


def _struck(text: str, handed: frozenset[str]) -> str:
    for value in sorted(secrets(handed).values(), key=len, reverse=True):
        text = text.replace(value, STRUCK).replace(json.dumps(value)[1:-1], STRUCK)
    return text


# ---------------------------------------------------------------------- what it said
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
        said = untyped(nbformat.v4).new_markdown_cell(f"> **This page failed** in *{failure.where}*: {failure.kind}.\n>\n> {text}")
        notebook.cells.insert(1, said)


def _written(notebook: Any) -> str:
    import nbformat

    return str(untyped(nbformat).writes(notebook, version=4))


def _html(notebook: Any) -> str:
    from nbconvert import HTMLExporter

    exporter = untyped(HTMLExporter)(template_name="page", extra_template_basedirs=[str(TEMPLATES)], exclude_output_prompt=True)
    text, _ = exporter.from_notebook_node(notebook)
    return str(text)
