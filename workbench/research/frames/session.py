"""`open_session`: a session, or a range of them, as frames with units in their names. Reads stores; no engine, no venue, writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import polars as pl
from polars.io.plugins import register_io_source

from workbench.config import Settings, load_settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, DataError
from workbench.research.frames import card, journal
from workbench.research.frames.bars import length_of
from workbench.research.frames.columns import FRAMES, schema
from workbench.research.frames.log import MARKET, SessionLog
from workbench.research.frames.sheet import Known, Sheet, known
from workbench.store.manifest import RunManifest
from workbench.store.sessions import sessions_between, told

if TYPE_CHECKING:
    import pandas as pd

Day = str | int | date
Moment = str | int | datetime
LENGTH: Final = "1m"  # of bars where none is said


class Session:
    """What `open_session` gives: see there."""

    def __init__(self, logs: tuple[SessionLog, ...], asked: dict[str, Any], *, until_ns: int | None = None, whole: Session | None = None) -> None:
        self._logs, self._asked, self._until_ns, self._whole = logs, asked, until_ns, whole
        self._kept: dict[str, pl.DataFrame] = {}
        self._known: dict[str, Known] = {}

    # ------------------------------------------------------------------ market
    @property
    def quotes(self) -> pl.DataFrame:
        """Every change of the best bid and ask."""
        return self.frame("quotes")

    @property
    def prints(self) -> pl.DataFrame:
        """Every reported trade."""
        return self.frame("prints")

    @property
    def depth(self) -> pl.DataFrame:
        """Every change of a row of the book."""
        return self.frame("depth")

    def bars(self, symbol: str | None = None, length: str = LENGTH) -> pl.DataFrame:
        """Closed bars of a root or contract (`None`: all), exactly those the engine saw.

        Parameters
        ----------
        length
            ``"5s"`` or a multiple: ``"30s" "1m" "5m" "1h"``.
        """
        return self.frame("bars", symbol=symbol, length=length)

    @property
    def features(self) -> pl.DataFrame:
        """Every feature at every 5 s barrier, null until warm."""
        return self.frame("features")

    # ------------------------------------------------------------------ journal
    @property
    def forecasts(self) -> pl.DataFrame:
        """Every forecast, with what came of it."""
        return self.frame("forecasts")

    @property
    def decisions(self) -> pl.DataFrame:
        """Every proposal held against the law, approved or refused."""
        return self.frame("decisions")

    @property
    def refusals(self) -> pl.DataFrame:
        """Decisions that were refused."""
        return self.frame("refusals")

    @property
    def orders(self) -> pl.DataFrame:
        """Every order of every command."""
        return self.frame("orders")

    @property
    def fills(self) -> pl.DataFrame:
        """Every execution."""
        return self.frame("fills")

    @property
    def round_trips(self) -> pl.DataFrame:
        """Every position from entry to flat."""
        return self.frame("round_trips")

    @property
    def equity(self) -> pl.DataFrame:
        """The account after costs, marked at each 5 s bar while something was open."""
        return self.frame("equity")

    @property
    def states(self) -> pl.DataFrame:
        """Every change of the trading state, and why."""
        return self.frame("states")

    # ------------------------------------------------------------------ any frame
    def frame(self, name: str, *, symbol: str | None = None, length: str = LENGTH) -> pl.DataFrame:
        """Give a frame by its name, read at first access and kept.

        Raises
        ------
        DataError
            There is nothing of the kind; the text says what there is.
        """
        key = _key(name, length)
        if key not in self._kept:
            made = self._frame_known(name, length)
            self._kept[key] = made.frame if self._until_ns is None else made.at(self._until_ns)
        frame = self._kept[key]
        return frame if symbol is None else frame.filter(pl.col("symbol").is_in(self._symbols(symbol)))

    def scan(self, name: str, *, symbol: str | None = None, length: str = LENGTH) -> pl.LazyFrame:
        """Give a frame lazily: sessions are read one by one, only the columns that are used are made, and rows are filtered there.

        >>> lazy = day.scan("prints").filter(pl.col("size") >= 50).select("time", "size")     # doctest: +SKIP
        """
        logs = self._logs_with(name)
        shape = self._shape(name, logs)
        until_ns = self._until_ns
        zone = self.zone

        def read(columns: list[str] | None, where: pl.Expr | None, n_rows: int | None, _: int | None) -> Iterator[pl.DataFrame]:
            left = n_rows
            names = list(shape) if columns is None else columns
            used = names if where is None else [*names, *(column for column in where.meta.root_names() if column not in names)]
            for log in logs:
                made = known([log.make(name, zone, length)], [column for column in shape if column in used])
                frame = made.frame if until_ns is None else made.at(until_ns)
                frame = (frame if where is None else frame.filter(where)).select(names)
                frame = frame if left is None else frame.head(left)
                left = None if left is None else left - len(frame)
                yield frame
                if left == 0:
                    return

        lazy = register_io_source(read, schema=shape, is_pure=not any(log.is_running for log in logs))
        return lazy if symbol is None else lazy.filter(pl.col("symbol").is_in(self._symbols(symbol)))

    def pandas(self, name: str, *, symbol: str | None = None, length: str = LENGTH) -> pd.DataFrame:
        """Give a frame by its name for pandas."""
        return self.frame(name, symbol=symbol, length=length).to_pandas()

    # ------------------------------------------------------------------ time
    def as_seen_at(self, time: Moment) -> Session:
        """Give the same sessions as they were known at a moment: nothing that came later, bars that had closed, outcomes that had come.

        Parameters
        ----------
        time
            ``"2026-11-19 10:30"`` in the session's zone, an aware `datetime`, a value of a frame's ``time``, or ns UTC.
        """
        until_ns = _moment_ns(time, self.zone)
        if self._until_ns is not None:
            until_ns = min(until_ns, self._until_ns)
        return Session(self._logs, self._asked, until_ns=until_ns, whole=self._whole or self)

    def refresh(self) -> Session:
        """Open the same again: of a run that is going on, what it has committed since."""
        made = open_session(**self._asked)
        return made if self._until_ns is None else made.as_seen_at(self._until_ns)

    # ------------------------------------------------------------------ what it is
    @property
    def zone(self) -> str:
        """Time zone of all times."""
        return str(self._asked["zone"])

    @property
    def sessions(self) -> tuple[date, ...]:
        """Log sessions in it."""
        return tuple(_date(log.session) for log in self._logs)

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """Contracts in it."""
        return tuple({(of.id, of.version): of for log in self._logs for of in log.contracts}.values())

    @property
    def runs(self) -> tuple[RunManifest, ...]:
        """Every run that could tell of it: `open_session(..., run=NAME)` chooses."""
        return tuple({run.run: run for log in self._logs for run in log.told.runs}.values())

    @property
    def run(self) -> RunManifest | None:
        """The run whose forecasts and orders are shown, of the last session; `None` where nobody traded."""
        return self._logs[-1].told.run

    @property
    def is_running(self) -> bool:
        """Whether a run is still writing it."""
        return any(log.is_running for log in self._logs)

    def __repr__(self) -> str:
        return card.text(self._logs, self.zone, self._until_ns)

    def _repr_html_(self) -> str:
        return card.html(self._logs, self.zone, self._until_ns)

    # ------------------------------------------------------------------ within
    def _frame_known(self, name: str, length: str) -> Known:
        if self._whole is not None:
            return self._whole._frame_known(name, length)
        key = _key(name, length)
        if key not in self._known:
            logs = self._logs_with(name)
            sheets = [log.make(name, self.zone, length) for log in logs]
            shape = self._shape(name, logs)
            self._known[key] = known([_whole_shape(sheet, shape) for sheet in sheets])
        return self._known[key]

    def _logs_with(self, name: str) -> list[SessionLog]:
        """Give the sessions that have something of this kind, or say what there is."""
        if name not in FRAMES:
            raise ConfigError(f"there is no frame {name!r}; there are {', '.join(FRAMES)}")
        if name in MARKET and name != "bars":
            found = [log for log in self._logs if log.has(name)]
            if not found:
                raise DataError(f"no {name} in {self._named()}; there are {card.kinds_there(self._logs)}")
            return found
        if name in (*journal.FRAMES, "equity"):
            found = [log for log in self._logs if log.told.run is not None]
            if not found:
                raise DataError(self._logs[-1].why_no_story())
            return found
        return list(self._logs)

    def _shape(self, name: str, logs: list[SessionLog]) -> dict[str, Any]:
        shape: dict[str, Any] = schema(name, self.zone)
        if name == "features":
            shape |= dict.fromkeys(dict.fromkeys(column for log in logs for column in log.valued.columns), pl.Float64())
        return shape

    def _symbols(self, symbol: str) -> list[str]:
        found = [of.symbol for of in self.contracts if symbol in (of.symbol, of.root)]
        if not found:
            there = ", ".join(f"{of.symbol} ({of.root})" if of.symbol != of.root else of.symbol for of in self.contracts)
            raise DataError(f"no contract {symbol!r} in {self._named()}; there are {there}")
        return found

    def _named(self) -> str:
        first, last = self._logs[0].session, self._logs[-1].session
        return f"session {first}" if first == last else f"sessions {first} to {last}"


def open_session(
    session: Day,
    to: Day | None = None,
    *,
    data: Path | str = "data",
    roots: Collection[str] | str | None = None,
    zone: str = "UTC",
    run: str | None = None,
) -> Session:
    """Open a log session, or all from `session` to `to`, recorded, imported or still running.

    Parameters
    ----------
    session, to
        ``"2026-11-19"``, ``20261119``, a `date`; both included.
    data
        Data folder.
    roots
        Only contracts of these roots (or these contracts themselves): ``["ES", "SPY"]``.
    zone
        Time zone of all times in frames, and of times given without one: ``"America/New_York"``.
    run
        Name of a run, or a mode (``"simulate"``: the newest). `None`: the run that wrote the session, where it traded; else the newest
        simulation of it.

    Returns
    -------
    Session
        Its frames are read at first access and kept: ``quotes prints depth bars(...) features`` of the market; ``forecasts decisions
        refusals orders fills round_trips equity states`` of a run.

    Raises
    ------
    DataError
        There is no such session, contract or run; the text says what there is.
    ConfigError
        A date or a zone that cannot be meant.
    """
    asked = {"session": session, "to": to, "data": data, "roots": roots, "zone": zone, "run": run}
    _check_zone(zone)
    folder, settings = Path(data), _settings()
    wanted = None if roots is None else {roots} if isinstance(roots, str) else set(roots)
    first, last = session_number(session), session_number(session if to is None else to)
    logs = tuple(SessionLog(folder, told(folder, each, run), wanted, settings) for each in sessions_between(folder, first, last))
    there = {of for log in logs for contract in log.all_contracts for of in (contract.root, contract.symbol)}
    if wanted is not None and (missing := sorted(wanted - there)):
        raise DataError(f"no contract of {', '.join(missing)} in that; there are {', '.join(sorted(there))}")
    return Session(logs, asked)


def session_number(session: Day) -> int:
    """Give a log session as it is written in the stores.

    >>> session_number("2026-11-19"), session_number(20261119), session_number(date(2026, 11, 19))
    (20261119, 20261119, 20261119)
    """
    try:
        found = session if isinstance(session, date) else datetime.strptime(str(session).replace("-", ""), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise ConfigError(f"a session is a date, 2026-11-19, not {session!r}") from None
    return found.year * 10_000 + found.month * 100 + found.day


def _settings() -> Settings:
    return load_settings()


def _date(session: int) -> date:
    return date(session // 10_000, session // 100 % 100, session % 100)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"there is no time zone {zone!r}; America/New_York, America/Chicago, Europe/Zurich and UTC are some") from None


def _moment_ns(time: Moment, zone: str) -> int:
    if isinstance(time, int):
        return time
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        raise ConfigError(f"a moment is written 2026-11-19 10:30, or 2026-11-19T15:30Z, not {time!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    whole = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 1) * 1_000_000_000
    return whole + moment.microsecond * 1_000 + int(getattr(moment, "nanosecond", 0))


def _key(name: str, length: str) -> str:
    return f"bars {length_of(length)}" if name == "bars" else name


def _whole_shape(sheet: Sheet, shape: dict[str, Any]) -> Sheet:
    """Give a sheet all columns of the range: features that this session's settings did not have are null."""
    n = len(sheet.known_ns)
    more = {name: (lambda of=of: pl.Series([None], dtype=of).new_from_index(0, n)) for name, of in shape.items() if name not in sheet.columns}
    return sheet._replace(columns={name: sheet.columns.get(name) or more[name] for name in shape})
