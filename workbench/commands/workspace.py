"""``workbench init | new | check``: a place of one's own. Reads arguments and prints; the work is `workbench.workspace`'s."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.workspace import Problem, Report

INIT_HELP: Final = """Make a workspace: a folder with settings, limits, features, strategies, models, notebooks and tests that are yours.

All commands called in it, or below it, use it. Nothing that exists is overwritten; an update of the workbench touches nothing in it.

Examples:

  workbench init ~/trading

  workbench init
"""
NEW_HELP: Final = """Write a working feature, strategy or model into the workspace, with its test, to be changed into your own.

Examples:

  workbench new feature opening_gap

  workbench new strategy my_first

  workbench new model five_minutes --in ~/trading
"""
CHECK_HELP: Final = """Hold your things against the rules of their kind, look whether they know the future, and measure what they cost.

Without a word: everything of the workspace. What is wrong is told with file and line; exit code 1 then, 2 if a word means nothing.

Examples:

  workbench check

  workbench check features/opening_gap.py

  workbench check my_module:MyStrategy --json
"""
In = Annotated[Path | None, typer.Option("--in", help="The workspace; else the one around the working folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command("init", help=INIT_HELP)(init)
    app.command("new", help=NEW_HELP)(new)
    app.command("check", help=CHECK_HELP)(check)


def init(folder: Annotated[Path, typer.Argument(help="Folder, made if it is not there; else the working folder.")] = Path()) -> None:
    """Make a workspace."""
    from workbench.workspace import make_workspace

    make_workspace(folder)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"made a workspace in [bold]{escape(str(folder.absolute()))}[/]; its README.md says what is where")
    steps = ["workbench new strategy first", "workbench check", "workbench demo"]
    steps.append("workbench simulate --data data/demo --session 20261119 --strategy first")
    if folder.absolute() != Path.cwd():
        steps.insert(0, f"cd {folder}")
    console.print("\n".join(["next:", *(f"  {escape(step)}" for step in steps)]))


def new(
    what: Annotated[Literal["feature", "strategy", "model"], typer.Argument(help="What to write.")],
    name: Annotated[str, typer.Argument(help="Lower case letters, digits and _: the file's name, and the name in the catalogue.")],
    place: In = None,
) -> None:
    """Write a thing to begin with."""
    from workbench.workspace import make_thing, things_of

    workspace = _workspace(place)
    file, test = make_thing(what, name, workspace, things_of(workspace))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"wrote {file} and {test}")
    console.print(f"next:\n  workbench check {file}\n  pytest {test}")


def check(
    words: Annotated[list[str] | None, typer.Argument(help="Files, my_module:MyThing, or names; else everything of the workspace.")] = None,
    place: In = None,
    as_json: AsJson = False,
) -> None:
    """Check things; exit code 1 if anything is wrong."""
    from workbench.config import workspace_of
    from workbench.research.leakage import with_leaks
    from workbench.workspace import check_all, things_of
    from workbench.workspace.targets import meant

    workspace = _workspace(place) if place is not None else workspace_of()
    things = things_of(workspace)
    if words:
        found = [meant(word, things, workspace) for word in words]
        chosen, problems = [thing for these, _ in found for thing in these], [problem for _, these in found for problem in these]
        collisions = [said for said in things.collisions() if any(repr(thing.name) in said for thing in chosen)]
    else:
        _workspace(workspace)
        chosen, problems, collisions = list(things.own), list(things.problems), things.collisions()
    reports = [with_leaks(report, things) for report in check_all(things, chosen)]
    is_ok = not problems and not collisions and not any(report.wrong for report in reports)
    if as_json:
        typer.echo(json.dumps(_body(reports, problems, collisions, is_ok), indent=1))
    else:
        _show(reports, problems, collisions)
    raise typer.Exit(0 if is_ok else 1)


def _workspace(place: Path | None) -> Path:
    """Give the workspace that is meant; it must be one."""
    from workbench.config import workspace_of

    found = workspace_of(place or Path())
    if found is None:
        where = f"{place} is no workspace" if place is not None else "this folder lies in no workspace"
        raise ConfigError(f"{where}: make one with `workbench init`, or name one with --in")
    return found


def _body(reports: list[Report], problems: list[Problem], collisions: list[str], is_ok: bool) -> dict[str, object]:
    things = [
        {
            "kind": report.thing.kind.value,
            "name": report.thing.name,
            "where": report.thing.where,
            "is_ok": not report.wrong,
            "findings": [finding._asdict() for finding in report.findings],
        }
        for report in reports
    ]
    return {"is_ok": is_ok, "things": things, "problems": [problem._asdict() for problem in problems], "collisions": collisions}


def _show(reports: list[Report], problems: list[Problem], collisions: list[str]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for report in reports:
        thing = report.thing
        console.print(f"[bold]{escape(thing.name)}[/] ({thing.kind}, {escape(thing.where)})")
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 1))
        for finding in report.findings:
            state = "[green]ok[/]" if finding.is_ok else "[bold red]wrong[/]"
            at = f" [bold]({escape(finding.where)})[/]" if finding.where else ""
            table.add_row(state, finding.rule, escape(finding.said) + at)
        console.print(table)
    for problem in problems:
        console.print(f"[bold red]cannot be read[/] {escape(problem.where)}: {escape(problem.said)}")
    for said in collisions:
        console.print(f"[bold red]wrong[/] {escape(said)}")
    if not reports and not problems:
        console.print("nothing here is yours yet: workbench new feature NAME, workbench new strategy NAME, workbench new model NAME")
        return
    n_wrong = sum(bool(report.wrong) for report in reports) + len(problems) + len(collisions)
    console.print(f"something is wrong with {n_wrong}" if n_wrong else f"{len(reports)} checked, all is well")
