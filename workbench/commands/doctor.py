"""``workbench doctor``: what is missing or wrong on this machine, in plain words. Looks and measures; repairs nothing, starts nothing.

`report` gives the findings as values; the command prints them. A check never raises: what cannot be found out is *not checked*.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Annotated, Final

import typer
from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

from workbench.commands import machine, warm
from workbench.commands.machine import Check, State

CHECKOUT: Final = Path(__file__).parents[2]
FIRST_PYTHON, AFTER_PYTHON = (3, 11), (3, 14)  # as in pyproject.toml


def report(data: Path = Path("data"), checkout: Path = CHECKOUT) -> list[Check]:
    """Look at everything the workbench needs of a machine.

    Parameters
    ----------
    data
        Folder of the stores; it need not exist yet.
    checkout
        Folder that holds ``requirements.lock``.

    Examples
    --------
    >>> [check.name for check in report()][:3]
    ['python', 'environment', 'kernels']
    """
    ground = machine.ground_of(data)
    return [
        python(sys.version_info[:2]),
        environment(checkout / "requirements.lock"),
        kernels(warm.cold_modules()),
        machine.folder(data),
        machine.disk(shutil.disk_usage(ground).free),
        machine.flush(lambda: machine.measure_flush(ground)),
        machine.clock(time.time_ns, time.monotonic_ns),
        machine.synchronised(),
        machine.zones(),
        machine.processors(),
        machine.memory(),
        machine.chromium(),
        Check("tws", State.NOT_CHECKED, "no venue is spoken to from here", "for orders: start TWS or the IB gateway on paper"),
    ]


def python(found: tuple[int, int]) -> Check:
    """Tell whether this interpreter is one the lock was resolved for.

    >>> python((3, 10)).state
    <State.WRONG: 'wrong'>
    """
    text = f"{platform.python_version()} at {sys.prefix}"
    if FIRST_PYTHON <= found < AFTER_PYTHON:
        return Check("python", State.OK, text)
    return Check("python", State.WRONG, text, "install Python 3.11 to 3.13, remove .venv, run make")


def environment(lock: Path) -> Check:
    """Hold every installed version against its pin."""
    if not lock.exists():
        return Check("environment", State.NOT_CHECKED, f"no {lock.name} in {lock.parent}", "run it from a checkout")
    pins = list(read_pins(lock.read_text()))
    wrong = [f"{name} {_installed(name) or 'missing'} (lock: {pinned})" for name, pinned in pins if _installed(name) != pinned]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return Check("environment", State.WRONG, ", ".join(wrong[:3]) + more, "run make: it installs what requirements.lock names")
    return Check("environment", State.OK, f"{len(pins)} packages as locked")


def read_pins(lock: str) -> Iterator[tuple[str, str]]:
    r"""Give (name, version) of every pin that is meant for this machine.

    >>> list(read_pins("numpy==2.4.6 ; python_version >= '3' \\\n    --hash=sha256:00\nwinonly==1 ; sys_platform == 'win32' \\\n"))
    [('numpy', '2.4.6')]
    """
    for line in lock.splitlines():
        if line[:1].isalnum():
            pin = Requirement(line.rstrip("\\ "))
            if pin.marker is None or pin.marker.evaluate():
                yield pin.name, str(pin.specifier).removeprefix("==")


def kernels(cold: list[str]) -> Check:
    """Tell whether a live session would have to compile.

    >>> kernels(["workbench.market.kernels"]).remedy
    'run make'
    """
    if cold:
        return Check("kernels", State.WRONG, f"not compiled, or from older sources: {', '.join(cold)}", "run make")
    return Check("kernels", State.OK, "compiled, and up to date with their sources")


def register(app: typer.Typer) -> None:
    """Hang ``doctor`` into the command line."""

    @app.command()
    def doctor(
        data: Annotated[Path, typer.Option(help="Folder of the stores.")] = Path("data"),
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Say what is missing or wrong on this machine, and what to do. Exit code 1 if anything is wrong."""
        checks = report(data)
        show(checks, as_json=as_json)
        raise typer.Exit(exit_code(checks))


def exit_code(checks: list[Check]) -> int:
    """Give 1 if anything is wrong; a warning fails nothing.

    >>> exit_code([Check("disk", State.WARN, "9 GB free")]), exit_code([Check("clock", State.WRONG, "1970")])
    (0, 1)
    """
    return int(any(check.state == State.WRONG for check in checks))


def show(checks: list[Check], *, as_json: bool) -> None:
    """Print findings as a table for a person, or as a list of objects for a program."""
    if as_json:
        typer.echo(json.dumps([check._asdict() for check in checks], indent=1))
        return
    table = Table("check", "state", "found", "what to do", title="workbench doctor")
    colours = {State.OK: "green", State.WARN: "yellow", State.WRONG: "red", State.NOT_CHECKED: "dim"}
    for check in checks:
        table.add_row(check.name, f"[{colours[check.state]}]{check.state}[/]", check.found, check.remedy)
    Console().print(table)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
