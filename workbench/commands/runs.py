"""``workbench runs list | show | diff``: what scheduled runs came to. Arguments and printing; the reading is `pipelines.runs`'s."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.playing import AsJson, DataFolder, folder_of
from workbench.domain.units import SECOND

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.pipelines.runs import Told

COLOURS: Final = {"done": "green", "failed": "bold red", "missed": "yellow", "running": "cyan"}
WIDEST: Final = 60  # characters of a value
DIGEST: Final = re.compile(r"[0-9a-f]{40,}")
Named = Annotated[str, typer.Argument(help="A run's key or its beginning, or a page: then its last run.")]


def register(app: typer.Typer) -> None:
    """Hang the group into the command line."""
    group = typer.Typer(help="What scheduled runs came to.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    group.command("list", help="List runs, the last one first: page, session, slot, how it ended, seconds, memory.")(list_)
    group.command("show", help="Show one run: parameters, result, versions, the data it read, and where its page lies.")(show)
    group.command(
        "diff", help="Say what differs between two runs: page, parameters, versions, data, result. Exit code 1 if anything does."
    )(diff)
    app.add_typer(group, name="runs")


def list_(
    page: Annotated[str | None, typer.Argument(help="Of this page alone.")] = None,
    most: Annotated[int, typer.Option("--most", help="Of the last ones.", min=1)] = 30,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """List runs."""
    from workbench.pipelines.runs import runs

    found = runs(_folder(data), page)[:most]
    if as_json:
        typer.echo(json.dumps([_numbers(each) for each in found]))
        return
    console = Console(highlight=False, soft_wrap=True)
    if not found:
        console.print("nothing ran on a schedule yet; `workbench schedule show` says what will")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("due UTC", "page", "session", "slot", "state"):
        table.add_column(name)
    for name in ("seconds", "MB"):
        table.add_column(name, justify="right")
    table.add_column("why")
    for each in found:
        run, took = each.run, each.seconds
        state = f"[{COLOURS[run.state]}]{run.state}[/]" + (f" ({run.attempts} attempts)" if run.attempts > 1 else "")
        took_text, memory = "" if took is None else f"{took:,.1f}", "" if each.peak_mb is None else f"{each.peak_mb:,.0f}"
        table.add_row(
            _at(run.due_ns), run.page, str(run.session), run.slot, state, took_text, memory, escape(run.why.split("\n")[0][:WIDEST])
        )
    console.print(table)


def show(named: Named, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Show a run."""
    from workbench.pipelines.runs import find

    each = find(_folder(data), named)
    if as_json:
        typer.echo(json.dumps(_numbers(each) | {"told": dict(each.result)}))
        return
    console = Console(highlight=False, soft_wrap=True)
    run = each.run
    console.print(f"[bold]{escape(run.page)}[/] of {run.session}, {run.slot}: [{COLOURS[run.state]}]{run.state}[/] {escape(run.why)}")
    console.print(f"  key        {escape(run.key)}")
    console.print(f"  due        {_at(run.due_ns)} UTC, begun {_at(run.begun_ns)}, ended {_at(run.ended_ns)}, attempts {run.attempts}")
    for name in ("parameters", "result", "versions"):
        for key, value in (each.result.get(name) or {}).items():
            console.print(f"  {name:<10} {escape(key)} = {escape(_short(value))}")
    for row in each.result.get("data") or ():
        console.print(f"  data       {escape(' '.join(_short(row[name]) for name in ('table', 'part', 'digest') if row.get(name)))}")
    console.print(f"  took       {_or_not(each.seconds, 's')}, at most {_or_not(each.peak_mb, 'MB')}")
    console.print(f"  page       {escape(str(each.page or 'it left none'))}")


def diff(one: Named, other: Named, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Compare two runs."""
    from workbench.pipelines.runs import differences, find

    folder = _folder(data)
    both = find(folder, one), find(folder, other)
    names, found = [each.run.key for each in both], differences(*both)
    if as_json:
        typer.echo(json.dumps([each._asdict() for each in found]))
    else:
        console = Console(highlight=False, soft_wrap=True)
        if found:
            console.print(f"  {'':<36} {escape(names[0]):<{WIDEST}} {escape(names[1])}", style="bold")
        for each in found:
            console.print(f"  {escape(each.where):<36} {escape(_short(each.one)):<{WIDEST}} {escape(_short(each.other))}")
        if not found:
            console.print("nothing differs: page, parameters, versions, data and result are the same")
    raise typer.Exit(int(bool(found)))


def _folder(data: Path | None) -> Path:
    from workbench.config import load_settings

    return folder_of(data, load_settings().data_path)


def _numbers(each: Told) -> dict[str, Any]:
    run = each.run
    plain = {"key": run.key, "page": run.page, "session": run.session, "slot": run.slot, "due": _at(run.due_ns), "state": run.state.value}
    left = {"seconds": each.seconds, "peak_mb": each.peak_mb, "html": str(each.page) if each.page else None}
    return plain | {"attempts": run.attempts, "why": run.why} | left


def _at(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // SECOND, UTC):%Y-%m-%d %H:%M:%S}" if ns else "not yet"


def _short(value: object) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value)
    if DIGEST.fullmatch(text):
        return text[:12]
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _or_not(value: float | None, unit: str) -> str:
    return "not known" if value is None else f"{value:,.1f} {unit}"
