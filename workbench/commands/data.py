"""``workbench data status | verify | compact | prune | export``: what is kept, whether it is whole, how long. The stores do the work."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from workbench.commands.books import Range, data_folder, lines, range_of
from workbench.commands.playing import SESSION_HELP, AsJson, DataFolder, session_of
from workbench.domain.errors import ConfigError, WorkbenchError

if TYPE_CHECKING:
    import polars as pl

    from workbench.research.tiers import Due
    from workbench.store.audit import Finding

LATEST: Final = 5  # sessions whose completeness is looked at where none are named
COMPLETE: Final = 0.999  # of the minutes of a session, the least that is called complete
TOLD_TODO: Final = "look at day.told_bars, day.prints and day.gaps: what is studied of this session lacks that"
FRAMES: Final = ("records", "quotes", "prints", "depth", "bars")
GROUP_HELP: Final = """What is kept of the market: how much, how complete, whether it is whole, and how long it stays."""
STATUS_HELP: Final = """List sessions: records, bytes on the disk, contracts, the share of their minutes in which they were heard.

Completeness reads every record of a session, so it is told of the newest five, or of those that --session names. A session is complete
where every contract was heard in more than 99.9 % of the minutes its market was open; what is less is named.

  workbench data status

  workbench data status --session 2026-11-16:2026-11-20 --json
"""
VERIFY_HELP: Final = """Hold everything against what was written: segments, every file's SHA-256, every record's number, journals.

Found are files that are gone, cut or changed, records that are missing or stand twice, segments that differ from what was sealed of them,
and journals whose chain of hashes is broken or cut off; each with what to do. It may run beside a runner. Where IB told bars of its own
while a recorder ran (recorder.bars), what they count is held against the prints, and a note says what was traded and not seen.

Exit code 0: everything is as it was written (notes may remain); 1: something is wrong.

  workbench data verify --session 2026-11-19
"""
COMPACT_HELP: Final = """Put the many small files of each finished session together, sorted by contract; meant for each night.

Files without a checksum get one; what no reader can need any more, a week later, is deleted. Then what is due goes, as in `workbench data
prune`, unless --keep is said, or the clock is more than a month away from the newest recording.

  workbench data compact
"""
PRUNE_HELP: Final = """Let go what is old: records after 90 days, 5 s bars after two years, 1 m bars after seven.

Bars are made before the records go. For ever stay journals (decisions, orders, fills), and every record five minutes around whatever an own
order did. A session goes as a whole: never one that is younger, whose bars cannot be made, or of which something is not sealed. A session
that was let go cannot be replayed any more; its bars, fills and decisions can be read as before. What was imported stays, unless --imported
is said: its age is its maker's. Days are set under [retention].

  workbench data prune --dry-run --as-of 2027-04-01

  workbench data prune --yes
"""
EXPORT_HELP: Final = """Write a session's market data for other tools: Parquet, or CSV by the file's name.

--what is one of records (as they are stored: integers of quanta and nanoseconds), quotes, prints, depth, bars (with --length 5s, 1m ...).

  workbench data export --session 2026-11-19 --what bars --length 1m --out es-1m.csv --roots ES

  workbench data export --session 2026-11-19 --what records --out day.parquet
"""


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    group = typer.Typer(help=GROUP_HELP, no_args_is_help=True, rich_markup_mode=None)
    for name, text, command in (
        ("status", STATUS_HELP, status),
        ("verify", VERIFY_HELP, verify),
        ("compact", COMPACT_HELP, compact),
        ("prune", PRUNE_HELP, prune),
        ("export", EXPORT_HELP, export),
    ):
        group.command(name, help=lines(text))(command)
    app.add_typer(group, name="data")


# ---------------------------------------------------------------------- looking
def status(session: Range = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """List what there is."""
    folder = data_folder(data)
    first, last = range_of(session)
    from workbench.store.inventory import inventory

    held = [each for each in inventory(folder) if first <= each.session <= last]
    looked = held if session else held[-LATEST:]
    rows = [
        each._asdict() | {"complete": _complete(folder, each.session) if each in looked and not each.is_thinned else None} for each in held
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("session", "records", "in tail", "files", "size", "bars", "complete", "written by"):
        table.add_column(name, justify="right" if name in ("records", "in tail", "files", "size") else "left")
    for row in rows:
        cells = (f"{row['n_records']:,}", f"{row['n_in_tail']:,}", f"{row['n_files']:,}", _bytes(row["n_bytes"]), " ".join(row["bars"]))
        complete = "let go" if row["is_thinned"] else _said(row["complete"])
        table.add_row(str(row["session"]), *cells, complete, ", ".join(row["writers"]))
    console = Console(highlight=False)
    console.print(table)
    total = sum(each.n_bytes for each in held)
    console.print(
        f"{len(held):,} sessions, {sum(each.n_records for each in held):,} records, {_bytes(total)}; sums and hashes: workbench data verify"
    )
    console.print(f"recordings lie {_where(folder)}", soft_wrap=True)


def _where(folder: Path) -> str:
    from workbench.store.place import place_of
    from workbench.store.recordings import Recordings

    place, root = place_of(folder), Recordings.of(folder).root
    if place is None:
        return f"in {root}"
    return f"at {root}, asked at {place.endpoint or 'its usual address'}; tail, journals and everything else lie in {folder}"


def _complete(folder: Path, session: int) -> dict[str, float] | None:
    """Give how much of its minutes each contract of a session was heard in; `None` where that cannot be told."""
    from workbench.research import open_session
    from workbench.research.quality import completeness

    try:
        frame = completeness(open_session(session, data=folder))
    except WorkbenchError:
        return None
    return {symbol: share for symbol, share in frame.select("symbol", "complete_frac").iter_rows() if share is not None}


def _said(complete: dict[str, float] | None) -> str:
    if complete is None:
        return "-"
    less = sorted((share, symbol) for symbol, share in complete.items() if share <= COMPLETE)
    if not less:
        return f"yes, {len(complete)} contracts"
    return f"{less[0][1]} {less[0][0]:.2%}" + (f" and {len(less) - 1} more of {len(complete)}" if len(less) > 1 else "")


def verify(session: Range = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Hold everything against what was written."""
    from workbench.store.audit import audit

    folder = data_folder(data)
    first, last = range_of(session)
    done = audit(folder, first=first, last=last, tell=_teller())
    if done.is_right:  # what is damaged is not read again
        done = done._replace(findings=(*done.findings, *_uncounted(folder, first, last)))
    if as_json:
        counts = {name: getattr(done, name) for name in ("n_segments", "n_files", "n_bytes", "n_records", "n_journals")}
        typer.echo(json.dumps({"right": done.is_right, **counts, "findings": [each._asdict() for each in done.findings]}))
    else:
        console = Console(highlight=False, markup=False, soft_wrap=True)
        for each in done.findings:
            console.print(f"{'WRONG' if each.is_wrong else 'note'}  {each.where}: {each.said}")
            console.print(f"       {each.todo}")
        looked = f"{done.n_segments:,} segments, {done.n_files:,} files ({_bytes(done.n_bytes)}), {done.n_records:,} records"
        wrong = sum(each.is_wrong for each in done.findings)
        console.print(
            f"{looked}, {done.n_journals:,} journals: {'everything is as it was written' if not wrong else f'{wrong} things are wrong'}"
        )
    raise typer.Exit(0 if done.is_right else 1)


def _uncounted(folder: Path, first: int, last: int) -> Iterator[Finding]:
    """Note what the broker counted and nobody saw, where it told its bars."""
    from workbench.research import open_session
    from workbench.research.counted import words
    from workbench.store.audit import Finding
    from workbench.store.told_bars import ToldBarTable

    for session in ToldBarTable(folder).sessions():
        with suppress(WorkbenchError):  # nothing else of it was recorded, or it was let go
            for symbol, said in words(open_session(session, data=folder)) if first <= session <= last else ():
                yield Finding(False, f"{session} {symbol}", said, TOLD_TODO)


# ---------------------------------------------------------------------- keeping
def compact(
    keep: Annotated[bool, typer.Option("--keep", help="Let nothing go, however old.")] = False,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Put files together, and let go what is due."""
    from workbench.research import tiers

    folder = data_folder(data)
    n_fewer = tiers.compact(folder, _today(), _teller())
    is_sure = tiers.is_clock_likely(folder, _today())
    if not is_sure and not keep:
        said = f"nothing is let go by itself: today is {_today()}, the newest recording is of {tiers.newest(folder)}; workbench data prune"
        print(said, file=sys.stderr)  # noqa: T201  beside what --json gives
    gone = _let_go(folder, _due(folder), quiet=as_json) if is_sure and not keep else []
    if as_json:
        typer.echo(json.dumps({"n_files_fewer": n_fewer, "let_go": [_as_dict(each) for each in gone]}))
        return
    Console(highlight=False).print(f"{n_fewer:,} files fewer; {len(gone):,} sessions or bars let go")


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; let nothing go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    imported: Annotated[bool, typer.Option("--imported", help="Also sessions that were imported or generated.")] = False,
    as_of: Annotated[
        int | None, typer.Option("--as-of", parser=session_of, metavar="DATE", help="With --dry-run: what is due then.")
    ] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Let go what is old."""
    if as_of is not None and not dry_run:
        raise ConfigError("--as-of looks ahead: say --dry-run with it")
    folder = data_folder(data)
    found = _due(folder, as_of, imported=imported)
    if dry_run or not as_json:
        _show(found, as_json=as_json)
    going = [each for each in found if not each.why_not]
    if dry_run or not going:
        return
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Let {len(going)} go for good?")):
        raise ConfigError("nothing was let go: say --yes")
    gone = _let_go(folder, found, quiet=as_json)
    if as_json:
        typer.echo(json.dumps([_as_dict(each) for each in gone]))
    else:
        Console(highlight=False).print(f"let go: {len(gone):,}; the space is free in a week, when no reader can be at work in it any more")


def _due(folder: Path, as_of: int | None = None, *, imported: bool = False) -> list[Due]:
    from workbench.config import load_settings
    from workbench.research.tiers import due

    return due(folder, load_settings().retention, as_of or _today(), imported=imported)


def _let_go(folder: Path, found: list[Due], *, quiet: bool) -> list[Due]:
    from workbench.clock import SystemClock
    from workbench.config import load_settings
    from workbench.research.tiers import let_go

    rules, gone = load_settings().retention, []
    for each in found:
        if each.why_not:
            continue
        let_go(folder, each, rules, _today(), SystemClock().now_ns())
        gone.append(each)
        if not quiet:
            Console(highlight=False).print(f"{each.session}: {each.what} let go")
    return gone


def _show(found: list[Due], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_as_dict(each) for each in found]))
        return
    console = Console(highlight=False, soft_wrap=True)
    for each in found:
        windows = f", but for {len(each.windows)} windows around own orders" if each.windows else ""
        would = f"stays: {each.why_not}" if each.why_not else f"goes{windows}"
        records = f"{each.n_records:,} records, " if each.n_records else ""
        console.print(f"{each.session} {each.what}: {records}{_bytes(each.n_bytes)}, {would}")
    console.print(f"{sum(not each.why_not for each in found):,} due, {_bytes(sum(each.n_bytes for each in found if not each.why_not))}")


def _as_dict(of: Due) -> dict[str, Any]:
    return {**of._asdict(), "what": of.what.value}


# ---------------------------------------------------------------------- export
def export(
    session: Annotated[int, typer.Option("--session", parser=session_of, metavar="DATE", help=SESSION_HELP)],
    out: Annotated[Path, typer.Option("--out", help="File: NAME.parquet or NAME.csv, written whole or not at all.")],
    what: Annotated[str, typer.Option("--what", help=f"One of: {', '.join(FRAMES)}.")] = "bars",
    length: Annotated[str, typer.Option("--length", help="Of bars: 5s, 30s, 1m, 5m, 1h.")] = "1m",
    roots: Annotated[str | None, typer.Option("--roots", help="Roots or contracts, ES or ES,SPY; usual all.")] = None,
    data: DataFolder = None,
) -> None:
    """Write market data to a file."""
    if what not in FRAMES:
        raise ConfigError(f"--what {what}: there are {', '.join(FRAMES)}")
    if out.suffix not in (".parquet", ".csv"):
        raise ConfigError(f"--out {out}: its name ends in .parquet or .csv")
    frame = _frame(data_folder(data), session, what, length, roots)
    from workbench.store.whole import whole_file

    with whole_file(out) as part:
        if out.suffix == ".csv":
            frame.write_csv(part, datetime_format="%Y-%m-%dT%H:%M:%S%.9fZ")
        else:
            frame.write_parquet(part, compression="zstd")
    Console(highlight=False, soft_wrap=True).print(f"wrote {len(frame):,} {what} of session {session} to {out}")


def _frame(folder: Path, session: int, what: str, length: str, roots: str | None) -> pl.DataFrame:
    from workbench.research import open_session

    day = open_session(session, data=folder, roots=None if roots is None else [name.strip() for name in roots.split(",")])
    if what == "bars":
        return day.bars(None, length)
    if what != "records":
        return day.frame(what)
    import numpy as np
    import polars as pl

    records = np.concatenate([log.records for log in day.logs])
    if roots is not None:
        records = records[np.isin(records["contract"], [contract.id for contract in day.contracts])]
    symbols = {contract.id: contract.symbol for contract in day.contracts}
    made = pl.DataFrame({name: np.ascontiguousarray(records[name]) for name in records.dtype.names or ()})
    return made.with_columns(symbol=pl.col("contract").replace_strict(symbols, default=None, return_dtype=pl.String))


# ---------------------------------------------------------------------- words
def _today() -> int:
    from workbench.calendars import log_session
    from workbench.clock import SystemClock

    return int(log_session(SystemClock().now_ns()))


def _teller() -> Any:
    """Say on a terminal what is being looked at, in one line."""

    def tell(text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)  # noqa: T201  one line, rewritten

    return tell


def _bytes(n: int) -> str:
    """Write a size.

    >>> _bytes(12_345_678), _bytes(999)
    ('12.3 MB', '999 B')
    """
    for unit, worth in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n >= worth:
            return f"{n / worth:,.1f} {unit}"
    return f"{n} B"
