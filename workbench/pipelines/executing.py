"""One execution of a page in a kernel of its own: papermill, a guard, limits. Gives the notebook as far as it came; keeps nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import msgspec

from workbench.domain.errors import ConfigError, DataError
from workbench.pipelines.contract import Pipeline, looks_secret
from workbench.pipelines.contract.settings import OF_SESSION
from workbench.pipelines.kernel import OWN
from workbench.pipelines.kernel.budget import Watch
from workbench.pipelines.kernel.rules import MB, OUTPUT_MB, Rules, usual_places
from workbench.research.frames.known import AS_OF

SHORTEST_SECRET: Final = 6  # characters; shorter values would strike out half the page
START_S: Final = 60  # a kernel that has not come up by then never will
LONGEST_SOCKET: Final = 100  # characters of a socket's path that all systems allow
LONGEST_SHUT: Final = 10  # days on end without a session; Christmas has four
NAMED: Final[Mapping[str, str]] = {"Undeclared": "not declared", "TooMuchOutput": "too much output"}


class Failure(NamedTuple):
    """Why a page failed: the tag of the cell (``kernel`` if no cell is to blame), the kind of error, its text."""

    where: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.text}" if self.text else f"{self.where}: {self.kind}"


class Executed(NamedTuple):
    """A notebook as far as it came, why no further, what it opened (table, place, part), and the most memory it used."""

    notebook: Any
    failure: Failure | None
    opened: tuple[tuple[str, str, str], ...]
    peak_mb: float


class Room(NamedTuple):
    """The folders of one run: `place` for what the run itself needs, `own` for what the page writes, `pages` for pages of its name."""

    place: Path
    own: Path
    pages: Path

    @property
    def temporary(self) -> Path:
        """Where the kernel's temporary files go."""
        return self.place / "tmp"

    @property
    def told(self) -> Path:
        """What the kernel says that it opened."""
        return self.place / "told.jsonl"


def secrets(handed: frozenset[str] = frozenset()) -> dict[str, str]:
    """Give what holds a secret by its name, and what was handed to the kernel as one."""
    called = {name: value for name, value in os.environ.items() if looks_secret(name) or name in handed}
    return {name: value for name, value in called.items() if len(value) >= SHORTEST_SECRET}


def execute(
    pipeline: Pipeline, given: Mapping[str, object], values: Mapping[str, object], room: Room, handed: frozenset[str] = frozenset()
) -> Executed:
    """Execute a page.

    Parameters
    ----------
    given
        The parameters that are not as the page has them.
    values
        All parameters.
    handed
        The secrets of the environment that it may see.
    """
    import nbformat
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    for folder in (room.temporary, room.own):
        folder.mkdir(parents=True, exist_ok=True)
    rules = room.place / "rules.json"
    rules.write_bytes(msgspec.json.encode(rules_of(pipeline, values, room)))
    failure, run = None, _Run(pipeline, values, room, rules, handed)
    _register()
    try:
        papermill.execute_notebook(
            untyped(nbformat).from_dict(pipeline.notebook), None, parameters=dict(given), engine_name="workbench", kernel_name="python3",
            language="python", progress_bar=False, start_timeout=START_S, run=run,
        )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        failure = Failure("", NAMED.get(error.ename, error.ename), error.evalue)
    except CellTimeoutError:
        failure = Failure("", "too slow", f"the cell took longer than {pipeline.cell_s} s (cell_s in pipeline.toml)")
    except (DeadKernelError, NoSuchKernel, RuntimeError) as error:
        failure = Failure("", type(error).__name__, " ".join([str(error), *run.last_words()]))
        if isinstance(error, DeadKernelError):
            failure = Failure("", "kernel died", " ".join([run.how_it_ended(), *run.last_words()]))
    notebook = untyped(nbformat).from_dict(pipeline.notebook) if run.notebook is None else run.notebook
    notebook.cells = [cell for cell in notebook.cells if "papermill-error-cell-tag" not in cell.metadata.get("tags", ())]
    opened, breach = run.told()
    if run.watch is not None and run.watch.verdict is not None:
        failure = Failure("", *run.watch.verdict)
    elif failure is not None and breach:
        failure = Failure("", "not declared", breach)
    return Executed(notebook, failure and failure._replace(where=where(notebook)), opened, run.watch.peak_mb if run.watch else 0.0)


def rules_of(pipeline: Pipeline, values: Mapping[str, object], room: Room) -> Rules:
    """Make what a run may touch out of what its pipeline.toml declares, its parameters, and where it runs."""
    from workbench.config import load_settings, workspace_of
    from workbench.research.sample import usual_folder

    reads, sample, workspace = pipeline.settings.reads, usual_folder(), workspace_of() or Path()
    given = str(values.get("data", "sample"))
    data = sample if given == "sample" else Path(given)
    made = [sample, sample.with_name(f".{sample.name}.lock"), sample.with_name(f".{sample.name}.part")]
    read, code, caches = usual_places()
    own = os.path.realpath(room.own)
    folders = tuple(dict.fromkeys(os.path.realpath(each) for each in (data, sample, load_settings().data_path)))
    return Rules(
        tables=tuple(reads.tables),
        data=folders,
        read=(*read, os.path.realpath(room.pages)),
        code=(*code, os.path.realpath(workspace)),
        write=(*caches, os.path.realpath(room.temporary)),
        sample=tuple(map(os.path.realpath, made)) if given == "sample" else (),
        files=tuple(os.path.realpath(workspace / each) for each in reads.files),
        writes=tuple(pipeline.settings.writes.files),
        own=own,
        connections=tuple(reads.connections),
        programs=tuple(reads.programs),
        as_of=as_of(pipeline, values)[0],
        file_bytes=pipeline.settings.budget.disk_mb * MB,
        told=str(room.told),
    )


def as_of(pipeline: Pipeline, values: Mapping[str, object]) -> tuple[int, int]:
    """Give the session beyond whose close nothing may be known, and that close in ns, of a day without one the close before it.

    0 is *as it is now*: no session is named.
    """
    if pipeline.settings.reads.as_of == "now":
        return 0, 0
    named = next((str(values[name]) for name in (pipeline.by, *OF_SESSION) if name in OF_SESSION and name in values), "0")
    number = named.replace("-", "")  # a date may be written with dashes
    session = int(number) if number.isdecimal() else 0
    return session, _close_ns(session)


def _close_ns(session: int) -> int:
    from workbench import calendars

    try:
        day = date(session // 10_000, session // 100 % 100, session % 100)
    except ValueError:
        return 0
    for back in range(LONGEST_SHUT):
        with contextlib.suppress(ConfigError, DataError, KeyError, ValueError, OverflowError):
            return calendars.session_bounds(int(f"{day - timedelta(days=back):%Y%m%d}"))[1]
    return 0


def where(notebook: Any) -> str:
    """Name the cell that failed by its tag: the one with an error, or the last one that was begun."""
    at = "kernel"
    for cell in notebook.cells:
        tag = next((tag for tag in cell.metadata.get("tags", ()) if tag != "injected-parameters"), "parameters")
        if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time") is not None:
            at = tag
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            return tag
    return at


class _Run:
    """What the engine needs to know of one run, and what is left of it when it fails."""

    def __init__(self, pipeline: Pipeline, values: Mapping[str, object], room: Room, rules: Path, handed: frozenset[str]) -> None:
        self.pipeline, self.values, self.room, self.rules, self.handed = pipeline, values, room, rules, handed
        self.notebook: Any = None
        self.watch: Watch | None = None
        self.process: Any = None
        self.log = room.place / "kernel.log"

    def environment(self) -> dict[str, str]:
        """Give the kernel's environment: without a secret, with folders of its own."""
        hidden = secrets().keys() - self.handed
        plain = {name: value for name, value in os.environ.items() if name not in hidden}
        close_ns = as_of(self.pipeline, self.values)[1]
        known = {AS_OF: str(close_ns)} if close_ns else {}
        own = known | {"TMPDIR": str(self.room.temporary), "IPYTHONDIR": str(self.room.temporary / "ipython")}
        return plain | own | {OWN: os.path.realpath(self.room.own)}

    def watched(self, pid: Callable[[], int | None]) -> Watch:
        budget = self.pipeline.settings.budget
        folders = (self.room.temporary, self.room.own)
        self.watch = Watch(pid, seconds=budget.seconds, memory_mb=budget.memory_mb, disk_mb=budget.disk_mb, folders=folders)
        return self.watch

    def told(self) -> tuple[tuple[tuple[str, str, str], ...], str]:
        """Read what the kernel said that it opened, and the first thing it was refused."""
        lines = self.room.told.read_text(errors="replace").splitlines() if self.room.told.exists() else []
        found = [msgspec.json.decode(line, type=list[str]) for line in lines if line.endswith("]")]
        opened = tuple((each[1], each[2], each[3]) for each in found if each[0] == "opened")
        return opened, next((each[1] for each in found if each[0] == "breach"), "")

    def last_words(self) -> list[str]:
        return self.log.read_text(errors="replace").strip().splitlines()[-1:] if self.log.exists() else []

    def how_it_ended(self) -> str:
        code = getattr(self.process, "returncode", None)
        if code is None or code >= 0:
            return "the kernel ended by itself" + (f", with exit code {code}." if code is not None else ".")
        return f"the kernel was ended by {signal.Signals(-code).name}."


def untyped(library: Any) -> Any:
    """Take a library that says nothing of its types for what it is."""
    return library


def _register() -> None:
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, papermill_engines
    from traitlets.config import Config

    class Listener(PapermillNotebookClient):  # type: ignore[misc]
        """Takes in what a kernel shows, so much and no more, even from one that does not keep to it."""

        def __init__(self, nb_man: Any, run: _Run, **words: Any) -> None:
            super().__init__(nb_man, **words)
            self._run, self._left = run, 2 * OUTPUT_MB * MB  # the kernel itself stops at the half

        def process_message(self, message: Any, *words: Any, **named: Any) -> Any:
            content = message["content"]
            self._left -= len(content.get("text", "")) + sum(len(str(each)) for each in content.get("data", {}).values())
            if self._left < 0 and self._run.watch is not None:
                self._run.watch.end("too much output", f"the page printed more than {OUTPUT_MB} MB")
                content = {"text": ""} if "text" in content else {"data": {}} if "data" in content else {}
                message["content"] = message["content"] | content
            return super().process_message(message, *words, **named)

    class Private(Engine):  # type: ignore[misc]  # papermill has no types
        """A guarded kernel that listens on files of this user, not on ports, and inherits no secret."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, run: _Run, start_timeout: int, **_: Any) -> Any:
            run.notebook = nb_man.nb
            sockets = TemporaryDirectory(prefix="page-", ignore_cleanup_errors=True)
            manager = AsyncKernelManager(config=Config({"KernelManager": _listening(Path(sockets.name))}))
            words = [sys.executable, "-m", "workbench.pipelines.kernel", str(run.rules), "-f", "{connection_file}"]
            manager._kernel_spec = KernelSpec(argv=words, display_name="page", language="python")
            client = Listener(nb_man, run, km=manager, timeout=run.pipeline.cell_s, startup_timeout=start_timeout)

            def pid() -> int | None:
                run.process = getattr(manager.provisioner, "process", None) or run.process
                return run.process.pid if run.process is not None else None

            with sockets, run.log.open("wb") as log, run.watched(pid):
                return client.execute(cleanup_kc=True, env=run.environment(), stdout=log, stderr=log)

    papermill_engines.register("workbench", Private)


def _listening(sockets: Path) -> dict[str, str]:
    """Say where a kernel listens: left alone, all that start in one folder would take the same names for their files."""
    ip = str(sockets / "kernel")
    return {"transport": "ipc", "ip": ip} if os.name == "posix" and len(ip) + len("-5") < LONGEST_SOCKET else {"transport": "tcp"}
