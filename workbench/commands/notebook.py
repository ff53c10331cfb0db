"""``workbench notebook``: from a notebook to a page. The group, and `check`; arguments and printing alone.

A further command of the group is a file of its own whose function is hung up in `register`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from workbench.pipelines.contract import Checked, Finding

GROUP_HELP: Final = "From a notebook to a page that runs on a schedule: what it must be, and what keeps it from being one."
CHECK_HELP: Final = """Say what keeps a notebook from being a page, or a page from running; start nothing.

A notebook with the tags of a page is held against all that a page must be: cells, parameters, pipeline.toml, that no cell uses what nothing
above it made, and what has no place in a page. One without tags is free: it must run from top to bottom, and what else a page would have to
be is told with --as-page. Without a name: every page there is. Exit code 1 if anything is wrong.

Examples:

  workbench notebook check

  workbench notebook check daily_report

  workbench notebook check notebooks/lab/mine.ipynb --as-page
"""
group = typer.Typer(help=GROUP_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")]


def register(app: typer.Typer) -> None:
    """Hang the group into the command line."""
    group.command("check", help=CHECK_HELP)(check)
    app.add_typer(group, name="notebook")


def notebook_of(named: str) -> Path:
    """Find a notebook: a file, the folder of a page, or a page's name."""
    from workbench.commands.notebooks import places
    from workbench.domain.errors import ConfigError
    from workbench.pipelines.contract import find

    path = Path(named)
    if path.is_file():
        return path
    if path.suffix == ".ipynb":
        raise ConfigError(f"there is no notebook {named}")
    return find(named, places()) / "notebook.ipynb"


def check(
    notebook: Annotated[str | None, typer.Argument(help="A notebook, the folder of a page, or a page's name; none: all pages.")] = None,
    as_page: Annotated[bool, typer.Option("--as-page", help="Hold a notebook without tags against all that a page must be.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at notebooks and say what was found."""
    from workbench.commands.notebooks import places
    from workbench.pipelines.contract import check as look
    from workbench.pipelines.contract import listed

    paths = [notebook_of(notebook)] if notebook is not None else [path.parent / "notebook.ipynb" for path in listed(places())]
    found = [look(path, as_page=as_page) for path in paths]
    if as_json:
        typer.echo(json.dumps([_plain(each) for each in found] if notebook is None else _plain(found[0]), indent=1))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for each in found:
            show_checked(console, each)
        if not found:
            console.print(f"there is no page in {' or '.join(map(str, places()))}")
    raise typer.Exit(1 if any(each.wrong for each in found) else 0)


def show_checked(console: Console, found: Checked) -> None:
    """Print what was found in a notebook, by cells."""
    name = found.path.parent.name if found.path.name == "notebook.ipynb" else found.path.name
    kind, n = "a page" if found.is_page else "a free notebook", len(found.wrong)
    verdict = f"{n} thing{'s are' if n > 1 else ' is'} wrong" if n else "nothing is wrong"
    console.print(f"[bold]{escape(name)}[/]  {'no page yet' if n and found.is_page else kind}: {verdict}")
    for finding in found.wrong:
        _show(console, finding)
    if found.later and not found.wrong:
        console.print(f"  {len(found.later)} things would keep it from being a page: --as-page tells them")


def _show(console: Console, finding: Finding) -> None:
    console.print(f"  [red]{finding.place:<18}[/] {escape(finding.text)}")
    if finding.remedy:
        console.print(f"  {'':<18} [dim]{escape(finding.remedy)}[/]")


def _plain(found: Checked) -> dict[str, Any]:
    listing = {"wrong": found.wrong, "later": found.later}
    return {"notebook": str(found.path), "is_page": found.is_page} | {
        name: [finding._asdict() for finding in findings] for name, findings in listing.items()
    }
