"""``workbench run | lab``: a page with its parameters; the place where notebooks are written. Arguments and printing; makes no page."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.playing import SESSION_HELP, folder_of, session_of
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.pipelines.contract import Parameter
    from workbench.pipelines.runner import Page

CHECKOUT: Final = Path(__file__).parents[2]
RUN_HELP: Final = """Run a page: a promoted notebook of pipelines/, with parameters. Without a name: list the pages there are.

The page is executed from top to bottom in a kernel of its own; what is kept is one HTML file to be read, the executed notebook, and its
result as JSON, under <data folder>/pages/<page>/<session>/. A page whose checks fail is kept too, says where, and ends with exit code 1.
Without --session a page runs on its defaults: a short generated session, made where it is missing.

Examples:

  workbench run

  workbench run daily_report

  workbench run daily_report --session 20261119 --data data/demo

  workbench run daily_report --session 20261119 -p run=simulate -p zone=UTC
"""
LAB_HELP: Final = """Open JupyterLab on this folder: 127.0.0.1 only, with a token, asking no other machine for anything.

It prints its address, token included, when it is ready. Words behind -- go to JupyterLab as they are:

  workbench lab -- --port 8890
"""
OFFLINE: Final = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}}
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("run", help=RUN_HELP)(run)
    app.command("lab", help=LAB_HELP, context_settings={"allow_extra_args": True})(lab)


def places() -> list[Path]:
    """Where pages lie: the workspace's own before the shipped ones."""
    from workbench.config import workspace_of

    return [(workspace_of() or Path()) / "pipelines", CHECKOUT / "pipelines"]


def own_place() -> list[Path]:
    """Where pages are promoted, and run on a schedule from: here alone. What was promoted elsewhere is that place's."""
    return places()[:1]


def run(
    pipeline: Annotated[str | None, typer.Argument(help="Name of a page, or its folder; none: list them.")] = None,
    parameter: Annotated[list[str] | None, typer.Option("--parameter", "-p", help="NAME=VALUE, may be given several times.")] = None,
    session: Annotated[int | None, typer.Option("--session", parser=session_of, metavar="DATE", help=SESSION_HELP)] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of the stores; else the settings' data_folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a page, or list them."""
    from workbench.config import load_settings
    from workbench.pipelines.contract import admit, find
    from workbench.pipelines.runner import run as run_page
    from workbench.research.sample import usual_folder

    console = Console(quiet=as_json, highlight=False, soft_wrap=True)
    if pipeline is None:
        _list(console)
        return
    given: dict[str, object] = dict(_pair(each) for each in parameter or ())
    if session is not None or data is not None:
        given |= {"session": session} if session is not None else {}
        given["data"] = str(folder_of(data, load_settings().data_path))
    folder = Path(str(given["data"])) if given.get("data", "sample") != "sample" else usual_folder()
    of = admit(find(pipeline, places()))
    console.print(f"[bold]workbench run[/] {of.name} · {of.title}")
    page = run_page(of, given, folder / "pages")
    if as_json:
        typer.echo(json.dumps({"result": page.result, "failure": page.failure and page.failure._asdict(), "page": str(page.html)}))
    show_page(console, page)
    raise typer.Exit(0 if page.failure is None else 1)


def show_page(console: Console, page: Page) -> None:
    """Print what became of a page and where it lies."""
    if page.failure is not None:
        console.print(f"  [bold red]the page failed[/] in {escape(str(page.failure))}")
    result = page.result or {}
    for name, value in result.items():
        note = result.get(f"{name}_note") if value is None or value == {} else None
        if note or not (value == {} or name.removesuffix("_note") in result.keys() - {name}):
            console.print(f"  {name:<18} {escape(note or _told(value))}")
    console.print(f"  page               {escape(str(page.html))}   ({page.took_s:g} s)")


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(each)}" for name, each in value.items()) or "nothing"
    return {None: "not known", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)


def _pair(text: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not is_there or not name:
        raise ConfigError(f"-p {text!r}: write NAME=VALUE")
    return name, value


def _list(console: Console) -> None:
    from workbench.pipelines.contract import listed, read

    table = Table("page", "answers", "parameters", box=None, pad_edge=False)
    for path in listed(places()):
        of = read(path.parent)
        table.add_row(of.name, of.title, "\n".join(_asked(each) for each in of.parameters))
    if table.row_count:
        console.print(table)
    else:
        console.print(f"there is no page in {' or '.join(map(str, places()))}")


def _asked(parameter: Parameter) -> str:
    limits = f"  ({parameter.may_be})" if parameter.may_be != parameter.kind else ""
    return escape(f"{parameter.name} = {parameter.default!r}{limits}")


def lab(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; the next free one if it is taken.")] = 8888,
    browser: Annotated[bool, typer.Option("--browser", help="Open a browser on it.")] = False,
) -> None:
    """Become JupyterLab."""
    from workbench.config import load_settings

    settings = (load_settings().data_path / "cache" / "lab").absolute()
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "overrides.json").write_text(json.dumps(OFFLINE), encoding="utf-8")
    words = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    words += [f"--ServerApp.root_dir={Path.cwd()}", f"--LabApp.app_settings_dir={settings}", "--LabApp.extension_manager=readonly"]
    words += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"]
    words += ["--ServerApp.allow_remote_access=False"]
    words += [] if browser else ["--no-browser"]
    words += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # `!workbench` in a notebook
    os.execv(words[0], [*words, *context.args])  # noqa: S606  no shell, and every word is ours or the caller's
