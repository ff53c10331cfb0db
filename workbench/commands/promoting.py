"""``workbench notebook promote | status | demote | rollback``: pages on and off the schedule. Arguments and printing; judges nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.commands.notebook import group
from workbench.commands.notebooks import own_place, places
from workbench.commands.playing import AsJson, DataFolder, folder_of
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.pipelines.promotion.gates import Answer, Gate
    from workbench.pipelines.promotion.of_pages import Back, Outcome
    from workbench.pipelines.promotion.record import Promoted

PROMOTE_HELP: Final = """Hold a notebook against the gates and, if it passes them all, let it run on schedule.

The gates, in this order: contract (as `workbench notebook check`), a clean run on the generated sample, nbval (what it showed it shows
again, within tolerance), leakage (no cell looks ahead), and replay parity over the last five recorded sessions (where there are fewer:
the generated sample, and the words "thin evidence"). The first that refuses ends it, in its own words; nothing was changed then, exit
code 1. What each gate saw lies in data/promotion/NAME/ to be read.

A notebook from anywhere becomes pipelines/NAME/ with a pipeline.toml made for it. Read that file afterwards: it says who owns the page,
what it may read, and when it runs. A page that lies in pipelines/ already is promoted where it is. An earlier version is kept.

Examples:

  workbench notebook promote notebooks/60_promote_me.ipynb --schedule close+30m

  workbench notebook promote lab/gap.ipynb --schedule "friday close+1h" --name weekly_gap --owner ann

  workbench notebook promote weekly_gap --dry-run
"""
STATUS_HELP: Final = """Say what is promoted, since when, on which evidence, and what was edited since and so does not run.

With a name: every gate, and what happened to it so far. Exit code 1 if a page was edited since it was promoted.

  workbench notebook status

  workbench notebook status weekly_gap --json
"""
DEMOTE_HELP: Final = """Take a page off the schedule. It stays in pipelines/, and `workbench run NAME` runs it by hand.

  workbench notebook demote weekly_gap --why "nobody reads it"
"""
ROLLBACK_HELP: Final = """Take a page back to the version that was promoted before, with the evidence it had; its gates are not asked again.

Of a page that was edited since it was promoted: back to what was promoted. What is replaced is kept in data/promotion/NAME/.

  workbench notebook rollback weekly_gap --why "empty on Mondays"
"""
Why = Annotated[str, typer.Option("--why", help="Your reason; it is written down.")]
Name = Annotated[str, typer.Argument(help="Name of a page.")]
AnyName = Annotated[str, typer.Argument(help="Name of a page; none: all.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Ask the gates and change nothing.")]
Owner = Annotated[str, typer.Option("--owner", help="Who answers for it; else whom its title names.")]
MARKS: Final = {True: "[green]passed[/]   ", False: "[bold red]refused[/]  "}
NOT_ASKED: Final = "[dim]not asked[/]"


def lines(text: str) -> str:
    """Join the lines of each paragraph of a help text, examples excepted."""
    return "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in text.split("\n\n"))


def register(_: typer.Typer) -> None:
    """Hang the commands into the group ``notebook`` of the command line."""
    commands = ((promote, PROMOTE_HELP), (status, STATUS_HELP), (demote, DEMOTE_HELP), (rollback, ROLLBACK_HELP))
    for command, text in commands:
        group.command(command.__name__, help=lines(text))(command)


def promote(
    notebook: Annotated[str, typer.Argument(help="A notebook (lab/gap.ipynb), or a page: its name or its folder.")],
    schedule: Annotated[str, typer.Option("--schedule", metavar="WHEN", help='"close+30m", "friday close+1h", "every 5m".')] = "",
    name: Annotated[str, typer.Option("--name", help="What the page is called; else after the file.")] = "",
    owner: Owner = "",
    reads: Annotated[list[str] | None, typer.Option("--reads", help="A table it may read; else recordings, journal, bars.")] = None,
    dry_run: DryRun = False,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Promote a page."""
    from workbench.config import load_settings
    from workbench.pipelines.promotion.candidates import source_of
    from workbench.pipelines.promotion.judging import GATES
    from workbench.pipelines.promotion.of_pages import promote_page

    source = source_of(notebook, places(), name=name, owner=owner, schedule=schedule, tables=reads or ())
    if not source.schedule:
        raise ConfigError(f"when shall {source.name} run? Say --schedule close+30m, or write it into its pipeline.toml")
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    trial = " (a trial: nothing is changed)" if dry_run else ""
    console.print(f"[bold]workbench notebook promote[/] {escape(source.name)} · {escape(source.schedule)}{trial}")
    where = folder_of(data, load_settings().data_path)
    outcome = promote_page(source, where, GATES, is_trial=dry_run, tell=telling(console), told=showing(console))
    if outcome.record is not None:
        console.print(f"[bold green]promoted[/]: {source.name} runs on schedule {escape(source.schedule)}, digest {outcome.record.short}")
        console.print(f"  page      {escape(str(source.folder))}   look at its pipeline.toml, and commit the folder")
    show_end(console, outcome, dry_run)
    if outcome.record is not None:
        console.print("  next      workbench schedule run runs it when it is due; workbench notebook status")
    if as_json:
        typer.echo(json.dumps(body_of(outcome), indent=1))
    raise typer.Exit(0 if outcome.refusal is None else 1)


def telling(console: Console) -> Any:
    """Give a function that says which gate looks now, where somebody watches."""

    def tell(gate: Gate) -> None:
        if console.is_terminal:
            console.print(f"  [dim]{gate.name} ...[/]", end="\r")

    return tell


def showing(console: Console) -> Any:
    """Give a function that says what a gate answered."""

    def told(answer: Answer) -> None:
        state = MARKS[answer.verdict.passed] if answer.verdict.applies else NOT_ASKED
        text = escape(answer.verdict.text).replace("\n", "\n" + " " * 26)
        console.print(f"  {state}  {answer.gate.name:<13}  {text}" + (f" [dim]({answer.took_s:g} s)[/]" if answer.took_s else ""))

    return told


def show_end(console: Console, outcome: Outcome, is_trial: bool) -> None:
    """Say where the evidence lies, and of a refusal that nothing was changed."""
    if outcome.refusal is not None:
        console.print(f"[bold red]refused[/] at {outcome.refusal.gate.name}; nothing was changed")
    elif is_trial:
        console.print("every gate was passed; nothing was changed (--dry-run)")
    console.print(f"  evidence  {escape(str(outcome.report))}")


def body_of(outcome: Outcome) -> dict[str, Any]:
    """Give an outcome for a program."""
    gates = [{"name": each.gate.name, **each.verdict._asdict(), "took_s": each.took_s} for each in outcome.answers]
    refused = outcome.refusal
    return {
        "promoted": outcome.record is not None,
        "refused_at": refused and refused.gate.name,
        "why": refused and refused.verdict.text,
        "digest": outcome.record and outcome.record.digest,
        "evidence": str(outcome.report),
        "gates": json.loads(json.dumps(gates, default=str)),
    }


# ---------------------------------------------------------------------- status
def status(name: AnyName = "", data: DataFolder = None, as_json: AsJson = False) -> None:
    """Say what is promoted."""
    from workbench.config import load_settings
    from workbench.pipelines.promotion import evidence, pages_of, promoted, recorded

    folder = folder_of(data, load_settings().data_path)
    found = []
    for page in [_folder(name)] if name else pages_of(own_place()):
        record = recorded(page)
        if record is None:
            found.append({"name": page.name, "state": "not promoted", "folder": str(page)})
            continue
        try:
            promoted(page)
            state, why = "promoted", ""
        except ConfigError as error:
            state, why = "edited", str(error)
        history = evidence.notes(folder, "page", page.name) if name else []
        found.append({**standing(record, folder, state, why, history), "folder": str(page)})
    finish_status(found, as_json, "no page is promoted: workbench notebook promote NOTEBOOK --schedule close+30m", is_one=bool(name))


def standing(record: Promoted, data: Path, state: str, why: str, history: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put into plain values how a promotion stands."""
    import msgspec

    told = msgspec.to_builtins(record)
    is_here = (data / record.evidence).is_dir()
    return {**told, "state": state, "why": why, "is_thin": record.is_thin, "has_evidence": is_here, "history": list(history)}


def finish_status(found: Sequence[dict[str, Any]], as_json: bool, none: str, *, is_one: bool) -> None:
    """Print how promotions stand; exit code 1 if one was edited since."""
    console = Console(highlight=False, soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(found[0] if is_one else found, indent=1))
    elif is_one:
        _show_one(console, found[0])
    elif found:
        table = Table("name", "state", "schedule", "promoted", "digest", box=None, pad_edge=False)
        for each in found:
            table.add_row(*_row(each))
        console.print(table)
        for each in found:
            if each.get("why"):
                console.print(f"\n[bold red]{escape(each['why'])}[/]")
    else:
        console.print(none)
    raise typer.Exit(1 if any(each["state"] in ("edited", "fell") for each in found) else 0)


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    from workbench.pipelines.promotion.record import SHORT, minute

    thin = " (thin)" if each["is_thin"] else ""
    state = {"edited": "[bold red]edited[/]", "fell": "[bold red]fell[/]"}.get(each["state"], each["state"]) + thin
    kind = "" if each["kind"] == "page" else f"{each['kind']} "
    return kind + each["name"], state, each["schedule"], minute(each["at"]), each["digest"][:SHORT]


def _show_one(console: Console, each: dict[str, Any]) -> None:
    from workbench.pipelines.promotion.record import SHORT, minute

    console.print(f"[bold]{escape(each['name'])}[/] {each['state']}")
    if each["state"] == "not promoted":
        console.print(f"  it lies in {escape(each.get('folder', ''))}")
        return
    if each["why"]:
        console.print(f"  [bold red]{escape(each['why'])}[/]")
    where = each["evidence"] + ("/report.md" if each["has_evidence"] else " (not on this machine)")
    facts = {"schedule": each["schedule"], "owner": each["owner"], "promoted": minute(each["at"]), "note": each["note"]}
    facts |= {"digest": each["digest"][:SHORT], "before it": each["before"], "notebook": each["notebook"], "evidence": where}
    for name, value in facts.items():
        if value:
            console.print(f"  {name:<10} {escape(str(value))}")
    for gate in each["gates"]:
        state = MARKS[gate["passed"]] if gate["applies"] else NOT_ASKED
        console.print(f"  {state} {gate['name']:<13} {escape(gate['text'])}")
    for was in each["history"]:
        why = f": {was['why']}" if was.get("why") else ""
        console.print(f"  [dim]{minute(was['at'])} {was['what']} {was['digest'][:SHORT]}{escape(why)}[/]")


def _folder(name: str) -> Path:
    from workbench.pipelines.contract import find
    from workbench.pipelines.promotion import pages_of, recorded

    own = {page.name: page for page in pages_of(own_place())}
    if name in own:
        return own[name]
    page = find(name, places())
    if page.parent.resolve() != own_place()[0].resolve() and recorded(page) is not None:
        raise ConfigError(f"{name} is promoted in {page}, not here: call this there, or promote it here too")
    return page


# ---------------------------------------------------------------------- back
def demote(name: Name, why: Why = "", data: DataFolder = None, as_json: AsJson = False) -> None:
    """Take a page off the schedule."""
    from workbench.config import load_settings
    from workbench.pipelines.promotion.of_pages import demote_page

    page = _folder(name)
    record = demote_page(page, folder_of(data, load_settings().data_path), why)
    if as_json:
        typer.echo(json.dumps({"demoted": record.name, "digest": record.digest}))
    else:
        typer.echo(f"demoted {name}: it does not run on schedule any more; it stays in {page}")


def rollback(name: Name, why: Why = "", data: DataFolder = None, as_json: AsJson = False) -> None:
    """Take a page back."""
    from workbench.config import load_settings
    from workbench.pipelines.promotion.of_pages import roll_back_page

    show_back(roll_back_page(_folder(name), folder_of(data, load_settings().data_path), why), as_json)


def show_back(back: Back, as_json: bool) -> None:
    """Say what counts again."""
    from workbench.pipelines.promotion.record import minute

    now, was = back.now, back.instead_of
    if as_json:
        typer.echo(json.dumps({"name": now.name, "digest": now.digest, "instead_of": was.digest, "was_edited": back.was_edited}))
        return
    instead = "what was edited since" if back.was_edited else f"{was.short} of {minute(was.at)}"
    typer.echo(f"{now.name} is what was promoted on {minute(now.at)} again, digest {now.short}, instead of {instead}")
    typer.echo("its gates were not asked again; what was replaced is kept with the evidence")
