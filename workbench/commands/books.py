"""``workbench export | statement check``: the account's books out of the journals, and held against the broker's. Writes a file at most."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from workbench.commands.playing import AsJson, DataFolder, folder_of, session_of
from workbench.domain.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.research.books.compare import Checked
    from workbench.research.books.executions import Books

UNUSABLE: Final = 2
SHOWN: Final = 20  # rows on a screen
EXPORT_HELP: Final = """The account's books as files: what was executed, closed and earned, over all paper and live runs.

Read from the journals, so they are there as long as decisions are: for ever. Corrections and busts are counted already; money is exact, in
the contract's currency, and in the account's base currency where the broker told a rate.
"""
FILLS_HELP: Final = """Every execution that stands, a line each, by time.

Columns: when it was known here (UTC and exchange time), account, contract (local symbol, conId, expiry, multiplier), execution id, side,
quantity, price in points, gross, commission and net in the contract's currency (below 0 is paid), the rate to base currency where known.

Examples:

  workbench export fills

  workbench export fills --csv --session 2026-01-01:2026-12-31 --out fills-2026.csv

  workbench export fills --csv --run 20261119-simulate-1          (a simulation is exported only when it is named)
"""
TRIPS_HELP: Final = """Every round trip from entry to flat, with what it earned after commissions, those that came later included.

  workbench export round-trips --csv --out trips.csv
"""
EQUITY_HELP: Final = """What the account was worth: a line a run, as the broker said it at the beginning and last.

With --curve: the account after costs of one session, at every 5 s bar while something was open (needs the session's market records).

  workbench export equity --csv

  workbench export equity --csv --curve --session 2026-11-19 --out curve.csv
"""
CHECK_HELP: Final = """Hold our own books against IB's statement: fills, commissions and cash, to the cent.

FLEX.xml is a Flex query of type Activity in XML. Its section Trades, level of detail Execution, needs ibExecID, orderReference, conid,
quantity, tradePrice, ibCommission, ibCommissionCurrency, currency, tradeDate; multiplier, proceeds, netCash, taxes, transactionType,
tradeID, origTradeID, and the sections Cash Transactions and Cash Report make it sharper.

Named are fills that one side lacks, and every quantity, price, commission or cash that differs; corrections and busts count once; what
somebody else did in the account is listed apart. Sums follow by day and contract.

Exit code 0: both say the same; 1: they differ; 2: the file is of no use.

Examples:

  workbench statement check ~/Downloads/FLEX.xml

  workbench statement check FLEX.xml --json

A fill that is missing here is entered with: workbench fills import FLEX.xml --why "the statement of Friday"
"""
Range = Annotated[
    str | None, typer.Option("--session", metavar="DATE", help="Log session, 2026-11-19, or a range 2026-11-16:2026-11-19; usual all.")
]
Run = Annotated[str | None, typer.Option("--run", help="Only this run, also a simulation; usual every paper and live run.")]
Account = Annotated[str | None, typer.Option("--account", help="Only this account.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Write CSV with every row and column.")]
Out = Annotated[Path | None, typer.Option("--out", help="File for the CSV, written whole or not at all; usual the screen.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    export = typer.Typer(help=lines(EXPORT_HELP), no_args_is_help=True, rich_markup_mode=None)
    for name, text, command in (("fills", FILLS_HELP, fills), ("round-trips", TRIPS_HELP, round_trips), ("equity", EQUITY_HELP, equity)):
        export.command(name, help=lines(text))(command)
    app.add_typer(export, name="export")
    group = typer.Typer(help="What the broker's statement says.", no_args_is_help=True, rich_markup_mode=None)
    group.command("check", help=lines(CHECK_HELP), no_args_is_help=True)(check)
    group.callback()(_group)
    app.add_typer(group, name="statement")


def lines(text: str) -> str:
    """Let the paragraphs of a help flow, and leave its examples as they are."""
    return "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in text.split("\n\n"))


def _group() -> None:
    """Keep `check` a word of its own, although the group has one command so far."""


# ---------------------------------------------------------------------- export
def fills(
    session: Range = None,
    run: Run = None,
    account: Account = None,
    foreign: Annotated[bool, typer.Option("--foreign", help="Also executions of others in the account, as far as told.")] = False,
    as_csv: AsCsv = False,
    out: Out = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Export executions."""
    from workbench.research.books import rows

    books = _books(session, run, account, data)
    shown = ("time_utc", "symbol", "side", "quantity", "price_pts", "commission", "net", "currency", "exec_id")
    _give(rows.FILLS, rows.fill_rows(books, with_foreign=foreign), shown, "executions", as_csv=as_csv, out=out, as_json=as_json)
    if books.unplaced:
        print(f"{len(books.unplaced)} executions are of brackets no journal here knows, and left out", file=sys.stderr)  # noqa: T201  beside rows


def round_trips(
    session: Range = None,
    run: Run = None,
    account: Account = None,
    as_csv: AsCsv = False,
    out: Out = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Export round trips."""
    from workbench.research.books import rows

    books = _books(session, run, account, data)
    shown = ("closed_utc", "symbol", "strategy", "side", "quantity", "entry_pts", "exit_pts", "commission", "net", "currency")
    _give(rows.TRIPS, rows.trip_rows(books), shown, "round trips", as_csv=as_csv, out=out, as_json=as_json)


def equity(
    session: Range = None,
    run: Run = None,
    account: Account = None,
    curve: Annotated[bool, typer.Option("--curve", help="The account at every 5 s bar while something was open.")] = False,
    as_csv: AsCsv = False,
    out: Out = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Export what the account was worth."""
    from workbench.research.books import rows

    if curve:
        columns, made = _curve(session, run, data)
        _give(columns, made, columns, "moments", as_csv=as_csv, out=out, as_json=as_json)
        return
    books = _books(session, run, account, data)
    shown = ("session", "account", "mode", "equity_first", "equity_last", "change", "n_fills", "commission", "is_flat")
    _give(rows.EQUITY, rows.equity_rows(books), shown, "runs", as_csv=as_csv, out=out, as_json=as_json)


def _books(session: str | None, run: str | None, account: str | None, data: Path | None) -> Books:
    from workbench.research.books.executions import account_books

    folder = data_folder(data)
    first, last = range_of(session)
    books = account_books(folder, first=first, last=last, run=run, account=account)
    if not books.runs:
        raise DataError(f"{folder} holds no {f'run {run}' if run else 'paper or live run'} {_when(session, account)}; {_there(folder)}")
    return books


def _curve(session: str | None, run: str | None, data: Path | None) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    from decimal import Decimal

    from workbench.domain.units import MICROS
    from workbench.research import open_session

    if session is None:
        raise ConfigError("--curve needs --session: it reads the market records of each")
    first, last = range_of(session)
    frame = open_session(first, last, data=data_folder(data), run=run).equity
    money = tuple(name for name in frame.columns if name.endswith("_usd"))
    columns = ("time_utc", "run", *money)
    times = frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_list()
    cells = [[Decimal(round(value * MICROS)) / MICROS for value in frame[name]] for name in money]
    return columns, list(zip(times, frame["run"].to_list(), *cells, strict=True))


def _give(
    columns: Sequence[str], made: list[tuple[Any, ...]], shown: Sequence[str], what: str, *, as_csv: bool, out: Path | None, as_json: bool
) -> None:
    """Write rows as they were asked for: CSV to a file or the screen, JSON, or a short table for a person."""
    from workbench.research.books import rows
    from workbench.store.whole import write_whole

    if out is not None and not as_csv:
        raise ConfigError("--out is the file of --csv: say both")
    if as_csv and as_json:
        raise ConfigError("--csv or --json, not both")
    if as_csv:
        content = rows.as_csv(columns, made)
        if out is None:
            sys.stdout.write(content)
            return
        if out.is_dir():
            raise ConfigError(f"--out {out} is a folder: name a file")
        write_whole(out, content.encode())
        Console(highlight=False, soft_wrap=True).print(f"wrote {len(made):,} {what} to {out}")
    elif as_json:
        typer.echo(json.dumps([dict(zip(columns, map(_plain, row), strict=True)) for row in made]))
    else:
        table = Table(box=None, pad_edge=False)
        at = [columns.index(name) for name in shown]
        for name in shown:
            table.add_column(name, overflow="fold")
        for row in made[-SHOWN:]:
            table.add_row(*(rows.text(row[n]) for n in at))
        console = Console(highlight=False)
        console.print(table)
        more = f"the last {SHOWN} of {len(made):,} {what}" if len(made) > SHOWN else f"{len(made):,} {what}"
        console.print(f"{more}; all columns: --csv")


# ---------------------------------------------------------------------- statement
def check(
    file: Annotated[Path, typer.Argument(metavar="FLEX.xml", help="The statement, a Flex query in XML.")],
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Hold the journals against a statement."""
    from workbench.importers.statement import read_statements
    from workbench.research.books.compare import check as compare
    from workbench.research.books.executions import account_books

    folder = data_folder(data)
    try:
        found = [compare(account_books(folder, account=each.account), each) for each in read_statements(file)]
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  beside what --json gives
        raise typer.Exit(UNUSABLE) from None
    if as_json:
        typer.echo(json.dumps([_as_dict(each) for each in found]))
    else:
        for each in found:
            _show(each)
    raise typer.Exit(0 if all(each.is_equal for each in found) else 1)


def _as_dict(of: Checked) -> dict[str, Any]:
    def rows(named: Sequence[Any]) -> list[dict[str, Any]]:
        return [{key: _plain(cell) for key, cell in row._asdict().items()} for row in named]

    return {
        "account": of.account,
        "first": of.first,
        "last": of.last,
        "same": of.is_equal,
        "n_equal": of.n_equal,
        "differences": rows(of.differences),
        "sums": rows(of.sums),
        "foreign": rows(of.foreign),
        "cash": rows(of.cash),
        "n_corrected": of.n_corrected,
        "n_busted": of.n_busted,
        "edge": [each.exec_id for each in of.edge],
        "notes": list(of.notes),
    }


def _show(of: Checked) -> None:
    from workbench.research.books.rows import text

    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{of.account}, {of.first} to {of.last}: {of.n_equal:,} executions equal, {len(of.differences):,} differences")
    for it in of.differences:
        console.print(f"  {it.day} {it.symbol} {it.exec_id}: {it.what}: here {it.ours}; statement {it.theirs}")
    if of.sums:
        table = Table(box=None, pad_edge=False)
        for name in ("day", "contract", "fills", "bought", "sold", "gross", "commission", "statement's", "currency"):
            table.add_column(name, justify="left" if name in ("day", "contract", "currency") else "right")
        for row in of.sums:
            fills = f"{row.n_ours}" if row.n_ours == row.n_theirs else f"{row.n_ours} / {row.n_theirs}"
            money = (text(row.gross_ours), text(row.commission_ours), text(row.commission_theirs))
            table.add_row(str(row.day), row.symbol, fills, text(row.bought), text(row.sold), *money, row.currency)
        console.print(table)
    if of.n_corrected:
        console.print(f"{of.n_corrected} executions were corrected, {of.n_busted} of them busted; each counts once")
    for each in of.foreign:
        console.print(f"not ours: {each.day} {each.symbol} {each.exec_id}: {each.qty:+f} at {each.px:f}, commission {each.fee:f}")
    for edge in of.edge:
        console.print(f"at the edge of its days, look into the next statement: {edge.contract.symbol} {edge.exec_id}")
    for cash in of.cash:
        console.print(f"other cash: {cash.day} {cash.kind} {text(cash.amount)} {cash.currency} {cash.about}")
    for note in of.notes:
        console.print(note)


# ---------------------------------------------------------------------- words
def data_folder(data: Path | None) -> Path:
    """Give the data folder: the one named, else the settings'."""
    from workbench.config import load_settings

    return folder_of(data, load_settings().data_path)


def range_of(text: str | None) -> tuple[int, int]:
    """Read a session or a range of them; all where none is named."""
    if text is None:
        return 0, 99_999_999
    first, _, last = text.partition(":")
    begin, end = session_of(first), session_of(last or first)
    if end < begin:
        raise ConfigError(f"--session: a range runs from the earlier session to the later one, not from {begin} to {end}")
    return begin, end


def _when(session: str | None, account: str | None) -> str:
    words = ([f"of session {session}"] if session else []) + ([f"of account {account}"] if account else [])
    return " ".join(words) or "at all"


def _there(folder: Path) -> str:
    from workbench.store.manifest import runs

    found = [run for run in runs(folder) if run.account]
    return f"runs there: {', '.join(f'{run.run} ({run.account})' for run in found[-8:])}" if found else "nothing was traded there"


def _plain(cell: Any) -> Any:
    from decimal import Decimal

    if isinstance(cell, Decimal):
        return re.sub(r"^-0$", "0", f"{cell:f}")
    return cell
