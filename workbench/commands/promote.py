"""``workbench promote KIND | status | look | demote | rollback``: ideas proven and tied to a notebook. Enables none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer
from rich.console import Console
from rich.markup import escape

from workbench.commands.playing import AsJson, DataFolder, folder_of
from workbench.commands.promoting import DryRun, Owner, Why, body_of, finish_status, lines, show_back, show_end, showing, standing, telling
from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.pipelines.promotion.record import Kind, Promoted
    from workbench.workspace import Things

ABOUT: Final = """Features, recipes and strategies on their way into production: proven gate by gate, tied to the notebook that made them.

What is promoted is a digest of their source (and of every file of yours that they use) and of the notebook. When the source changes they
are promoted no more, until the gates have seen what changed. Nothing is enabled by it: the line of the settings, or of a command, that
lets them act is a separate change.
"""
HELP: Final = """Hold a {kind} against the gates and, if it passes them all, write down that it is promoted.

The gates, in this order: contract, a clean run through the generated sample, the conformance suite (as `workbench check`), leakage, replay
parity over the last five recorded sessions (where there are fewer: the generated sample, and the words "thin evidence"), and for recipes
and strategies the tiers (`workbench tiers`). The first that refuses ends it, in its own words, exit code 1; "not yet" is an answer. What
each gate saw lies in data/promotion/{kind}-NAME/ to be read.

Examples:

  workbench promote {example} --notebook lab/{lab}.ipynb

  workbench promote {example} --dry-run --notebook lab/{lab}.ipynb
"""
EXAMPLES: Final = {"feature": ("feature opening_gap", "gap"), "recipe": ("recipe gap_5m", "gap"), "strategy": ("strategy first", "first")}
STATUS_HELP: Final = """Say what is promoted, what was edited since, and what does worse than it did then and should be taken back.

Exit code 1 if there is any of the two.

  workbench promote status

  workbench promote status opening_gap --json
"""
LOOK_HELP: Final = """Look whether what is promoted does worse than it did then: tell a person, and promote it no more.

Worse is: the process score fell by more than 0.05, or the worst drawdown is worse by more than 20 % (thresholds.toml), over ten round trips
or more since. `workbench schedule run` looks so after each session; this is for a timer of your own. It is told over the notifier's
channels. What trades on paper alone loses its promotion; where something traded live since, nothing is changed. Exit code 1 if anything
does worse.
"""
DEMOTE_HELP: Final = """Let something be promoted no more. Its source stays; take its line out of the settings as well.

  workbench promote demote opening_gap --why "no better than a coin"
"""
ROLLBACK_HELP: Final = """Take something back to the source that was promoted before, with the evidence it had.

Of what was edited since it was promoted: back to what was promoted. Files of the workspace are written; what is replaced is kept in
data/promotion/. Something else that shares a file with it and was promoted is then edited, and says so.

  workbench promote rollback opening_gap
"""
NEXT: Final = {  # by kind: the separate change that lets it act
    "feature": "a recipe or a strategy that names one of its columns uses it; see workbench check",
    "recipe": 'watch it: [learning] recipes = ["{name}"] in workbench.toml; act on it: workbench paper --strategy learned:{name}',
    "strategy": "workbench paper --strategy {name}; live only after paper",
}
Named = Annotated[str, typer.Argument(help="Name, as the catalogue says it; of a strategy also with its recipe: learned:flow_1m.")]
OfKind = Annotated[str, typer.Option("--kind", help="feature, recipe or strategy, where a name means several.")]
Maker = Annotated[Path | None, typer.Option("--notebook", help="The notebook that made it; else that of its last promotion.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    group = typer.Typer(help=lines(ABOUT), no_args_is_help=True)
    app.add_typer(group, name="promote")
    for kind, (example, lab) in EXAMPLES.items():
        group.command(kind, help=lines(HELP.format(kind=kind, example=example, lab=lab)))(_command(kind))
    for command, text in ((status, STATUS_HELP), (look, LOOK_HELP), (demote, DEMOTE_HELP), (rollback, ROLLBACK_HELP)):
        group.command(command.__name__, help=lines(text))(command)


def _command(kind: str) -> Callable[..., None]:
    def command(
        name: Named, notebook: Maker = None, owner: Owner = "", dry_run: DryRun = False, data: DataFolder = None, as_json: AsJson = False
    ) -> None:
        _promote(cast("Kind", kind), name, notebook, owner, dry_run, data, as_json=as_json)

    command.__doc__ = f"Promote a {kind}."
    return command


def _promote(kind: Kind, name: str, notebook: Path | None, owner: str, is_trial: bool, data: Path | None, *, as_json: bool) -> None:
    from workbench.config import load_settings
    from workbench.pipelines.promotion.judging import GATES
    from workbench.pipelines.promotion.of_things import Wanted, promote_thing

    home, things = _around()
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    trial = " (a trial: nothing is changed)" if is_trial else ""
    wanted = Wanted(kind, name, notebook, home, things, owner)
    console.print(f"[bold]workbench promote {kind}[/] {escape(name)}{trial}")
    where = folder_of(data, load_settings().data_path)
    outcome = promote_thing(wanted, where, GATES, is_trial=is_trial, tell=telling(console), told=showing(console))
    if outcome.record is not None:
        console.print(f"[bold green]promoted[/]: {kind} {escape(name)}, digest {outcome.record.short}")
    show_end(console, outcome, is_trial)
    if outcome.record is not None:
        console.print(f"  not yet on: that is a separate change. {escape(NEXT[kind].format(name=name))}")
    if as_json:
        typer.echo(json.dumps(body_of(outcome), indent=1))
    raise typer.Exit(0 if outcome.refusal is None else 1)


def _around() -> tuple[Path, Things]:
    from workbench.config import workspace_of
    from workbench.workspace import things_of

    return workspace_of() or Path(), things_of(workspace_of())


def status(
    name: Annotated[str, typer.Argument(help="Name; none: everything.")] = "",
    kind: OfKind = "",
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say what is promoted."""
    from workbench.config import load_settings
    from workbench.pipelines.promotion import evidence
    from workbench.pipelines.promotion.of_things import promoted_thing, reasons_to_take_back, records

    home, things = _around()
    folder = folder_of(data, load_settings().data_path)
    found = []
    for record in [_one(home, name, kind)] if name else records(home):
        state, why = "promoted", ""
        try:
            promoted_thing(home, record.kind, record.name, things)
            if reasons := reasons_to_take_back(record, folder):
                state, why = "fell", f"{record.kind} {record.name} should be taken back: {'; '.join(reasons)}"
        except ConfigError as error:
            state, why = "edited", str(error)
        found.append(standing(record, folder, state, why, evidence.notes(folder, record.kind, record.name) if name else []))
    finish_status(found, as_json, "nothing is promoted: workbench promote feature NAME --notebook lab/NOTEBOOK.ipynb", is_one=bool(name))


def _one(home: Path, name: str, kind: str) -> Promoted:
    from workbench.pipelines.promotion.of_things import records

    every = records(home)
    found = [each for each in every if each.name == name and kind in ("", each.kind)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{name} is {' and '.join(each.kind for each in found)}: say which with --kind")
    there = ", ".join(f"{each.kind} {each.name}" for each in every) or "nothing"
    raise ConfigError(f"{kind} {name} is not promoted; promoted here: {there}".strip())


def demote(name: Named, kind: OfKind = "", why: Why = "", data: DataFolder = None, as_json: AsJson = False) -> None:
    """Let something be promoted no more."""
    from workbench.config import load_settings
    from workbench.pipelines.promotion.of_things import demote_thing

    home, _ = _around()
    record = _one(home, name, kind)
    demote_thing(home, record.kind, name, folder_of(data, load_settings().data_path), why)
    if as_json:
        typer.echo(json.dumps({"demoted": record.name, "digest": record.digest}))
    else:
        typer.echo(f"demoted {record.kind} {name}; its source stays where it is")


def look(data: DataFolder = None, as_json: AsJson = False) -> None:
    """Look whether what is promoted does as it did."""
    from workbench.clock import SystemClock
    from workbench.config import load_settings
    from workbench.pipelines.promotion.looking_back import look_back
    from workbench.pipelines.promotion.of_things import records

    home, _ = _around()
    n = len(records(home))
    found = look_back(home, folder_of(data, load_settings().data_path), SystemClock().now_ns())
    if as_json:
        body = [{"kind": of.kind, "name": of.name, "reasons": why, "taken_back": is_back} for of, why, is_back in found]
        typer.echo(json.dumps({"looked_at": n, "fell": body}))
    for of, why, is_back in [] if as_json else found:
        what = "promoted no more" if is_back else "nothing was changed: money is traded here"
        typer.echo(f"{of.kind} {of.name} does worse than when it was promoted: {'; '.join(why)}; {what}")
    if not found and not as_json:
        typer.echo(f"nothing of {n} promoted does worse than when it was promoted" if n else "nothing is promoted")
    raise typer.Exit(1 if found else 0)


def rollback(name: Named, kind: OfKind = "", why: Why = "", data: DataFolder = None, as_json: AsJson = False) -> None:
    """Take something back."""
    from workbench.config import load_settings
    from workbench.pipelines.promotion.of_things import roll_back_thing

    home, _ = _around()
    record = _one(home, name, kind)
    show_back(roll_back_thing(home, record.kind, name, folder_of(data, load_settings().data_path), why), as_json)
