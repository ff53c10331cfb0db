"""``workbench import csv | databento | lean``: other makers' files into recordings. Reads arguments, prints what came back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Column, Table

from workbench.commands.playing import folder_of
from workbench.domain.errors import ConfigError, DataError

if TYPE_CHECKING:
    from workbench.importers.base import Report
    from workbench.importers.mapping import Declared
    from workbench.importers.reading import FileReport

OK, REFUSED, MEANT_WRONG = 0, 1, 2  # exit codes
MOST_LINES: Final = 40  # of a table
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

Name each file with its contract: ESH6=PATH is that contract, ES.c=PATH a continuous series (never ordered at a broker; a
simulation trades it), SPY=PATH a share. All contracts that a replay shall see together come in one command.

To begin, give the path alone: what the file shows is told, with a command to start from. Separator, columns and the form of times are
found where one reading alone fits. Declared, never guessed, are zone, stamp (does a bar's time name its start or its end?), length and
a decimal comma; they are held against the market's hours and the distances between rows. What was understood is shown with the first
rows as they will be written; --dry-run stops there. A few bad rows are set aside under data/quarantine with line and reason; many
refuse the import.

Examples:

  workbench import csv es.csv

  workbench import csv ES.c=es.csv SPY=spy.csv --zone America/New_York --stamp start --length 1m --dry-run

  workbench import csv ESH6=a.txt --columns time,open,high,low,close,volume --zone UTC --stamp end --length 5m

  workbench import csv SPY=prints.csv --kind prints --columns time=ts,price=last

  workbench import csv ESH6=a.csv --decimal comma --time-format '%d/%m/%Y %H:%M' --zone Europe/Berlin --stamp end --length 1m

  workbench import csv ES.c=both.csv SPY=both.csv --only Ticker --zone America/New_York --stamp start --length 1m

  workbench import csv --mapping firstrate.toml
"""
LEAN_HELP: Final = """Bring files of QuantConnect's Lean (folders, zips, or the text files in them) into the recordings.

Ticks, seconds and minutes of shares and futures, trades and quotes. Contract, day and form are in the names
(20131202_es_minute_trade_201312.csv is ESZ3), times and prices are as Lean keeps them: milliseconds of a New York day and 1/10,000 USD
for shares, of a UTC day and points for futures. Trade bars become bars; of a quote bar its closing bid and ask become one quote at its
end; open interest, hours and days are left out and counted. A day in New York or UTC reaches into two log sessions: bring days that
follow each other, and contracts to be seen together, in one command.

Examples:

  workbench import lean Data/future/cme/minute/es --only ESZ3,ESH4 --dry-run

  workbench import lean Data/equity/usa/tick/spy

  workbench import lean Data/equity/usa --only SPY --resolution second
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
    group.command("lean", help=_flowing(LEAN_HELP), no_args_is_help=True)(lean)
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
        folder = folder_of(data, settings.data_path)
        report = base.rehearse(plan, folder) if dry_run else base.keep(plan, folder, replace=replace, tell=tell)
    show(report, as_json=as_json, data=data, replace=replace)


def lean(
    paths: Annotated[list[Path], typer.Argument(help="Folders, zips or unpacked files, in any order.")],
    only: Annotated[str | None, typer.Option(help="Contracts or symbols to take: ESZ3,ESH4 or SPY; usual all.")] = None,
    resolution: Annotated[str | None, typer.Option(help="tick, second or minute, where a folder holds several.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of the times, where it is not Lean's own.")] = None,
    max_bad_frac: Annotated[float, typer.Option(help="Share of a zip's rows that may be set aside, 0 to 1.")] = 0.01,
    trust_times: Annotated[bool, typer.Option("--trust-times", help="Do not hold times against market hours.")] = False,
    data: DataFolder = None,
    dry_run: DryRun = False,
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Run ``import lean``; see `LEAN_HELP`."""
    from workbench.importers import base, lean

    with sentences(), waiting() as tell:
        settings, roots = _settings()
        tell("reading")
        names = tuple(name.strip() for name in only.split(",")) if only else ()
        wanted = lean.Wanted(resolution=resolution, only=names, zone=zone, max_bad_frac=max_bad_frac, trust_times=trust_times)
        readings = []
        for reading in lean.read_all(paths, roots, wanted):
            readings.append(reading)
            tell(f"read {reading.report.path}")
        plan = base.plan("lean", readings)
        folder = folder_of(data, settings.data_path)
        report = base.rehearse(plan, folder) if dry_run else base.keep(plan, folder, replace=replace, tell=tell)
    show(report, as_json=as_json, data=data, replace=replace)


def csv(
    paths: Annotated[list[str] | None, typer.Argument(help="CONTRACT=PATH, or PATH with --root; PATH alone: look at it.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="TOML file of declarations; paths in it are relative to it.")] = None,
    root: RootFlag = None,
    expiry: Expiry = None,
    continuous: Annotated[bool, typer.Option("--continuous", help="With --root ES: the files are a continuous series, ES.c.")] = False,
    kind: Annotated[str | None, typer.Option(help="bars (usual), quotes or prints.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of times without an offset: America/New_York, UTC.")] = None,
    stamp: Annotated[str | None, typer.Option(help="start or end: which moment of a bar its time names.")] = None,
    length: Annotated[str | None, typer.Option(help="Of a bar: 5s, 1m, 1h.")] = None,
    columns: Annotated[str | None, typer.Option(help="ours=theirs,... with a header; ours,... in the file's order without.")] = None,
    only: Annotated[
        str | None, typer.Option(help="COLUMN=NAME: the rows of that name; COLUMN: of the contract's. For files of several contracts.")
    ] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first line names the columns; usual: --columns tells.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="comma, semicolon, tab, pipe, space, or the character; usual: found.")] = None,
    time_format: Annotated[
        str | None, typer.Option(help="iso, epoch_s, epoch_ms, epoch_us, epoch_ns, or %m/%d/%Y %H:%M; usual: found, where one alone fits.")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="point (usual), or comma: 6904,25.")] = None,
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
    from workbench.importers.mapping import Mapping

    with sentences():
        settings, roots = _settings()
        flags = {name: given.get(name) for name in Mapping.__struct_fields__}
        flags |= {"contract": _contract(root, continuous=continuous), "columns": columns and _columns(columns)}
        with waiting() as tell:
            tell("reading")
            plan = base.plan("csv", [csv_files.read(one, roots) for one in _declared(paths or [], mapping, flags, roots)])
        if not as_json:
            typer.echo("\n".join(plan.report.preview))
        with waiting() as tell:
            folder = folder_of(data, settings.data_path)
            report = base.rehearse(plan, folder) if dry_run else base.keep(plan, folder, replace=replace, tell=tell)
    show(report, as_json=as_json, data=data, replace=replace)


def show(report: Report, *, as_json: bool, data: Path | None = None, replace: bool = False) -> None:
    """Print what an import did, to which folder if one was named, and whether it may replace what is there."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())
        return
    from workbench.importers.times import show as clock

    console = Console()
    console.print(_files_table(report))
    told: dict[str, list[str]] = {}
    for file in report.files:
        for said in (*file.notes, *(f"set aside: {n:,} x {reason}" for reason, n in file.reasons.items())):
            told.setdefault(said, []).append(Path(file.path).name)
    for said, names in told.items():
        console.print(f"  {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {said}", highlight=False)
    console.print(_sessions_table(report))
    console.print(f"From {clock(report.first_ns, 'UTC')} to {clock(report.last_ns, 'UTC')} UTC.", highlight=False)
    if report.quarantine:
        console.print(f"Rows set aside: {report.quarantine}", highlight=False)
    if report.taken:
        console.print(_of_taken(report.taken, replace=replace), highlight=False, soft_wrap=True)
    if report.dry_run:
        console.print("Nothing was written (--dry-run).")
        return
    most = max(report.sessions, key=lambda one: one.n_market).session
    console.print(f"Next: workbench simulate --session {most}{f' --data {data}' if data else ''}", highlight=False)


def _of_taken(sessions: list[int], *, replace: bool) -> str:
    """Say what becomes of log sessions that have records already, once this is no rehearsal."""
    from workbench.importers.base import few

    held = f"Held already: log session {few(sessions)}. "
    if replace:
        return held + "All records there give way to these (--replace)."
    return held + "Without --dry-run this import is refused; --replace puts these in their place, --data names another folder."


def _files_table(report: Report) -> Table:
    """Lay out what was read: a line a file, or, of many files, a line a kind."""
    table = Table(Column("file", overflow="fold"), "what", "contracts", "rows", "records", "set aside", title="Read")
    alike: dict[str, list[FileReport]] = {}
    for file in report.files:
        alike.setdefault(file.path if len(report.files) <= MOST_LINES else file.schema, []).append(file)
    for files in alike.values():
        kinds: dict[str, int] = {}
        for kind, n in (pair for file in files for pair in file.kinds.items()):
            kinds[kind] = kinds.get(kind, 0) + n
        contracts = sorted({contract for file in files for contract in file.contracts})
        table.add_row(
            Path(files[0].path).name if len(files) == 1 else f"{len(files):,} files",
            files[0].schema,
            ", ".join(contracts),
            f"{sum(file.n_rows for file in files):,}",
            ", ".join(f"{n:,} {kind}" for kind, n in kinds.items()) or "-",
            f"{sum(file.n_quarantined for file in files):,}",
        )
    return table


def _sessions_table(report: Report) -> Table:
    """Lay out what each log session gets; of many, the first and the last."""
    title = "Would write" if report.dry_run else "Wrote"
    table = Table("log session", "contracts", "of the market", "with phases and seconds", title=title)
    half = MOST_LINES // 2
    for at, one in enumerate(report.sessions):
        if len(report.sessions) > MOST_LINES and at == half:
            table.add_row(f"{len(report.sessions) - 2 * half:,} more", "...", "...", "...")
        if len(report.sessions) <= MOST_LINES or at < half or at >= len(report.sessions) - half:
            table.add_row(str(one.session), ", ".join(one.contracts), f"{one.n_market:,}", f"{one.n_records:,}")
    return table


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


def _declared(paths: list[str], mapping: Path | None, flags: dict[str, Any], roots: Any) -> list[Declared]:
    """Bring the declarations together; where something is missing, look at the file for who must say it."""
    from workbench.importers.csv_look import look
    from workbench.importers.mapping import UndeclaredError, declare

    try:
        return declare(paths, mapping, flags)
    except UndeclaredError as error:
        raise ConfigError("\n".join([str(error), "", *look(error.path, error.mapping, roots)])) from error


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
