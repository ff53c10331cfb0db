"""``workbench import databento | csv``: files of other makers into recordings. Reads arguments, prints what came back; decides nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from workbench.domain.errors import ConfigError, DataError

if TYPE_CHECKING:
    from workbench.importers.base import Report

OK, REFUSED, MEANT_WRONG = 0, 1, 2  # exit codes
PATIENCE_S: Final = 2.0  # nobody needs to be told what takes less
DATABENTO_HELP: Final = """Bring Databento's files (.dbn, .dbn.zst) into the recordings.

MBO files become quotes, prints and ten rows of depth a side, from a book that is rebuilt order by order; MBP-1, TBBO, trades, MBP-10,
BBO and OHLCV (1 s, 1 m, 1 h) are read as well. A definition file beside them tells symbols and expiries. Files of one command are
merged; each log session is kept whole or not at all.

Examples:

  workbench import databento esh4-20231225.mbo.dbn.zst --dry-run

  workbench import databento definition.dbn.zst trades-*.dbn.zst

  workbench import databento old.dbn --root ES --expiry 2024-03-15
"""
CSV_HELP: Final = """Bring bars, quotes or prints out of text files into the recordings.

Name each file with its contract: ESH6=PATH is that contract, ES.c=PATH a continuous series (for study, never traded), SPY=PATH a
share. All contracts that a replay shall see together come in one command.

Zone, stamp (does a bar's time name its start or its end?) and length are declared, never guessed, and held against the market's hours
and the distances between rows. What was understood is shown, with the first rows as they will be written; --dry-run stops there. A few
bad rows are set aside under data/quarantine with line and reason; many refuse the import.

Examples:

  workbench import csv ES.c=es.csv SPY=spy.csv --zone America/New_York --stamp start --length 1m --dry-run

  workbench import csv ESH6=a.txt --no-header --columns time,open,high,low,close,volume --zone UTC --stamp end --length 5m

  workbench import csv SPY=prints.csv --kind prints --columns time=ts,price=last --time-format epoch_ms

  workbench import csv --mapping firstrate.toml
"""

DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the stores; else the settings' data_folder.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read, check and show everything; write nothing.")]
Replace = Annotated[bool, typer.Option("--replace", help="Put these records in the place of what the same log sessions hold.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
RootFlag = Annotated[str | None, typer.Option("--root", help="Contract of all files that do not name one: ES with --expiry, ESH4, SPY.")]
Expiry = Annotated[str | None, typer.Option(help="Last trading day of the future, 2024-03-15.")]


def register(app: typer.Typer) -> None:
    """Hang ``import`` into the command line."""
    group = typer.Typer(help="Bring other makers' files into the recordings.", no_args_is_help=True)
    app.add_typer(group, name="import")
    group.command("databento", help=_flowing(DATABENTO_HELP), no_args_is_help=True)(databento)
    group.command("csv", help=_flowing(CSV_HELP), no_args_is_help=True)(csv)


def databento(
    paths: Annotated[list[Path], typer.Argument(help="Files, in any order.")],
    root: RootFlag = None,
    expiry: Expiry = None,
    data: DataFolder = None,
    dry_run: DryRun = False,
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Run ``import databento``; see `DATABENTO_HELP`."""
    from workbench.importers import base, databento, naming

    with sentences(), waiting() as tell:
        settings, roots = _settings()
        tell(f"reading {len(paths)} files")
        readings = databento.read_all(paths, roots, root=root, expiry=naming.day(expiry))
        plan = base.plan("databento", list(readings))
        report = base.rehearse(plan) if dry_run else base.keep(plan, data or settings.data_path, replace=replace, tell=tell)
    show(report, as_json=as_json)


def csv(
    paths: Annotated[list[str] | None, typer.Argument(help="CONTRACT=PATH, or PATH with --root.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="TOML file of declarations; paths in it are relative to it.")] = None,
    root: RootFlag = None,
    expiry: Expiry = None,
    continuous: Annotated[bool, typer.Option("--continuous", help="With --root ES: the files are a continuous series, ES.c.")] = False,
    kind: Annotated[str | None, typer.Option(help="bars (usual), quotes or prints.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of times without an offset: America/New_York, UTC.")] = None,
    stamp: Annotated[str | None, typer.Option(help="start or end: which moment of a bar its time names.")] = None,
    length: Annotated[str | None, typer.Option(help="Of a bar: 5s, 1m, 1h.")] = None,
    columns: Annotated[str | None, typer.Option(help="ours=theirs,... with a header; ours,... in the file's order without.")] = None,
    header: Annotated[bool | None, typer.Option("--header/--no-header", help="Whether the first line names the columns.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="comma (usual), semicolon, tab, pipe, space, or the character.")] = None,
    time_format: Annotated[str | None, typer.Option(help="iso (usual), epoch_s, epoch_ms, epoch_us, epoch_ns, or %m/%d/%Y %H:%M.")] = None,
    prices: Annotated[str | None, typer.Option(help="exact (usual), or float32: yfinance writes 670.4500122070312 for 670.45.")] = None,
    newest_first: Annotated[bool | None, typer.Option("--newest-first", help="The last line is the oldest.")] = None,
    max_bad_frac: Annotated[float | None, typer.Option(help="Share of rows that may be set aside, 0 to 1; usual 0.01.")] = None,
    trust_times: Annotated[bool | None, typer.Option("--trust-times", help="Do not hold times against market hours.")] = None,
    data: DataFolder = None,
    dry_run: DryRun = False,
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Run ``import csv``; see `CSV_HELP`."""
    given = locals()
    from workbench.importers import base, csv_files
    from workbench.importers.mapping import Mapping, declare

    with sentences():
        settings, roots = _settings()
        flags = {name: given.get(name) for name in Mapping.__struct_fields__}
        flags |= {"contract": _contract(root, continuous=continuous), "columns": columns and _columns(columns)}
        with waiting() as tell:
            tell("reading")
            plan = base.plan("csv", [csv_files.read(one, roots) for one in declare(paths or [], mapping, flags)])
        if not as_json:
            typer.echo("\n".join(plan.report.preview))
        with waiting() as tell:
            report = base.rehearse(plan) if dry_run else base.keep(plan, data or settings.data_path, replace=replace, tell=tell)
    show(report, as_json=as_json)


def show(report: Report, *, as_json: bool) -> None:
    """Print what an import did."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())
        return
    from workbench.importers.times import show as clock

    console = Console()
    files = Table("file", "what", "contracts", "rows", "records", "set aside", title="Read")
    for file in report.files:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in file.kinds.items()) or "-"
        files.add_row(Path(file.path).name, file.schema, ", ".join(file.contracts), f"{file.n_rows:,}", kinds, f"{file.n_quarantined:,}")
    console.print(files)
    for file in report.files:
        for said in (*file.notes, *(f"{n:,} x {reason}" for reason, n in file.reasons.items())):
            console.print(f"  {Path(file.path).name}: {said}", highlight=False)
    sessions = Table(
        "log session", "contracts", "of the market", "with phases and seconds", title="Would write" if report.dry_run else "Wrote"
    )
    for one in report.sessions:
        sessions.add_row(str(one.session), ", ".join(one.contracts), f"{one.n_market:,}", f"{one.n_records:,}")
    console.print(sessions)
    console.print(f"From {clock(report.first_ns, 'UTC')} to {clock(report.last_ns, 'UTC')} UTC.", highlight=False)
    if report.quarantine:
        console.print(f"Rows set aside: {report.quarantine}", highlight=False)
    if report.dry_run:
        console.print("Nothing was written (--dry-run).")


@contextmanager
def sentences() -> Iterator[None]:
    """Turn errors into a sentence and an exit code: 1 data refused, 2 a wrong argument or setting."""
    try:
        yield
    except ConfigError as error:
        typer.echo(f"Cannot be meant: {error}", err=True)
        raise typer.Exit(MEANT_WRONG) from error
    except DataError as error:
        typer.echo(f"Refused: {error}", err=True)
        raise typer.Exit(REFUSED) from error


@contextmanager
def waiting() -> Iterator[Callable[[str], None]]:
    """Show what is being done once it takes longer than `PATIENCE_S`, on the error stream, to a terminal only."""
    console = Console(stderr=True)
    status = console.status("")
    timer = Timer(PATIENCE_S, status.start)
    timer.daemon = True
    if sys.stderr.isatty():
        timer.start()
    try:
        yield lambda text: status.update(text)
    finally:
        timer.cancel()
        status.stop()


def _flowing(text: str) -> str:
    """Undo the line breaks inside paragraphs: the terminal makes its own."""
    return "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in text.split("\n\n"))


def _settings() -> tuple[Any, Any]:
    from workbench.config import load_roots, load_settings

    settings = load_settings()
    return settings, load_roots(settings)


def _contract(root: str | None, *, continuous: bool) -> str | None:
    if continuous and root is None:
        raise ConfigError("--continuous needs --root; or name the series with its file: ES.c=PATH")
    return f"{root}.c" if continuous else root


def _columns(text: str) -> dict[str, str] | list[str]:
    """Read ``time=Datetime,open=Open`` or ``time,open,high``.

    >>> _columns("time=Date Time,open=O"), _columns("time,-,close")
    ({'time': 'Date Time', 'open': 'O'}, ['time', '-', 'close'])
    """
    fields = [field.strip() for field in text.split(",")]
    if not any("=" in field for field in fields):
        return fields
    if not all("=" in field for field in fields):
        raise ConfigError(f"--columns {text}: either every column is ours=theirs, or none is")
    return {ours.strip(): theirs.strip() for ours, _, theirs in (field.partition("=") for field in fields)}
