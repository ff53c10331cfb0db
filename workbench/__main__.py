"""The command line: groups of commands and one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys

import typer

from workbench.commands import (
    asking,
    books,
    connect,
    constitution,
    dashboard,
    data,
    degrading,
    demo,
    doctor,
    drill,
    gateway,
    guardian,
    history,
    importing,
    keeping,
    live,
    notebook,
    notebooks,
    notify,
    playing,
    preflight,
    promote,
    promoting,
    prove,
    recording,
    runs,
    schedule,
    service,
    shadow,
    showing,
    tiers,
    trials,
    why,
    workspace,
)
from workbench.domain.errors import ConfigError, InvariantError, WorkbenchError

HELP = """Research, replay, paper and live trading of futures with one deterministic engine.

Begin with `workbench demo`; `workbench doctor` says what this machine lacks.
"""
app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for group in (
    demo,
    dashboard,
    workspace,
    connect,
    importing,
    history,
    playing,
    degrading,
    preflight,
    recording,
    live,
    asking,
    guardian,
    notify,
    drill,
    gateway,
    prove,
    notebook,
    notebooks,
    promoting,
    promote,
    schedule,
    service,
    runs,
    showing,
    shadow,
    tiers,
    trials,
    why,
    books,
    constitution,
    data,
    keeping,
    doctor,
):
    group.register(app)


def main() -> None:
    """Run a command; 0 done, 1 refused, 2 meant wrong, 3 broken."""
    try:
        app()
    except InvariantError as error:
        print(f"broken: {error}", file=sys.stderr)  # noqa: T201  the end of the line
        sys.exit(3)
    except WorkbenchError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  the last word
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201  the same
        sys.exit(130)


if __name__ == "__main__":
    main()
