"""``workbench why ORDER``: the story of an order. Arguments and printing; the walk is `research.why`."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

from workbench.commands.playing import AsJson, DataFolder, Session, folder_of

HELP: Final = """Tell why an order was sent: from the order to verdict, limits, proposal, strategy, forecast, recipe, features, bar.

ORDER is its number (7), its place in the session (#3 is the third), the reference it bears at the broker (WB:RUN:7:E), or the id of one of
its executions. Without --session the newest session that has such an order is taken. What the stores do not say is said to be not known.

Examples:

  workbench why 7 --session 2026-11-19 --data data/sample

  workbench why "#1" --json
"""
Word = Annotated[str, typer.Argument(metavar="ORDER", help="Number, #place, reference or execution id.")]
OfRun = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="Of several that tell of a session: a run, or a mode (simulate, shadow).")
]


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("why", help=HELP)(why)


def why(word: Word, session: Session = None, run: OfRun = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Tell it."""
    from workbench.config import load_settings
    from workbench.research.why import why_order

    story = why_order(word, folder_of(data, load_settings().data_path), session, run)
    typer.echo(json.dumps(story.as_dict(), default=str) if as_json else str(story))
