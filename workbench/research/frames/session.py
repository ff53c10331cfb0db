"""A session, or a range of them, as frames with units in their names. Reads through its logs; no engine, no venue, writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.io.plugins import register_io_source

from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError, DataError
from workbench.features.base import Feature
from workbench.research.frames import card, journal, market, recorder
from workbench.research.frames.bars import length_of
from workbench.research.frames.columns import FRAMES, schema
from workbench.research.frames.log import SessionLog
from workbench.research.frames.sheet import Known, Make, Sheet, known
from workbench.research.frames.times import Moment, moment_ns
from workbench.research.frames.told import Runs
from workbench.store.manifest import RunManifest

if TYPE_CHECKING:
    import pandas as pd

LENGTH: Final = "1m"  # of bars where none is said
OF_A_RUN: Final = (*journal.FRAMES, "equity")


class Session:
    """What `open_session` gives; its frames are read at first access and kept.

    Parameters
    ----------
    logs
        One a log session, the earliest first.
    zone
        Of all times.
    reopen
        Opens the same again.
    until_ns
        Moment it is seen at; `None`: all there is.
    whole
        The same without that moment: frames are read there, and cut here.
    """

    def __init__(
        self,
        logs: tuple[SessionLog, ...],
        zone: str,
        reopen: Callable[[], Session],
        *,
        until_ns: int | None = None,
        whole: Session | None = None,
    ) -> None:
        self._logs, self._reopen, self._until_ns, self._whole = logs, reopen, until_ns, whole
        self._told_ns = until_ns
        self.zone = zone
        self._known: dict[tuple[str, int], Known] = {}
        self._frames: dict[tuple[str, int], pl.DataFrame] = {}

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
        """Closed bars of a root or contract (`None`: of all), exactly those the engine saw.

        Parameters
        ----------
        length
            ``"5s"`` or a multiple: ``"30s" "1m" "5m" "1h"``.
        """
        return self.frame("bars", symbol, length)

    @property
    def features(self) -> pl.DataFrame:
        """Every feature at every 5 s barrier, exactly as the engine valued it; null until warm.

        Those of your own that the run named are among them, as they stand in the workspace now; to try another: `features_with`.
        """
        return self.frame("features")

    def features_with(self, *own: Callable[[], Feature], symbol: str | None = None) -> pl.DataFrame:
        """Features with some of your own beside them: ``day.features_with(MyFeature)``; each call values them anew.

        Parameters
        ----------
        own
            Classes or factories of features; each gets a column a bar length: ``my_feature_1m``.
        """
        sheets = [log.make("features", self.zone, length_of(LENGTH), own=own) for log in self._logs]
        return self._of(known(sheets).at(self._until_ns), symbol)

    # ------------------------------------------------------------------ beside the log of a recorder
    @property
    def snapshots(self) -> pl.DataFrame:
        """Every five minutes a row a contract, where a recorder wrote the session; see `frames.recorder`."""
        return recorder.snapshots(self._logs, self.zone, self._until_ns)

    @property
    def gaps(self) -> pl.DataFrame:
        """What is missing in what a recorder wrote, why, and what was found of it."""
        return recorder.gaps(self._logs, self.zone, self._until_ns)

    @property
    def backfill(self) -> pl.DataFrame:
        """Bars of what was missing, asked for afterwards: no run ever saw them."""
        return recorder.backfill(self._logs, self.zone, self._until_ns)

    @property
    def told_bars(self) -> pl.DataFrame:
        """Bars of 5 s as the broker counted them, where it was asked: no run ever saw them."""
        return recorder.told_bars(self._logs, self.zone, self._until_ns)

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
        """The account after costs, marked at each 5 s bar while something was open.

        Each run is told from its own beginning, also in a range of sessions: a simulation begins with the same money each time. Column
        ``run`` says which; ``workbench.research.account.joined(day.equity)`` is the range as one account.
        """
        return self.frame("equity")

    @property
    def states(self) -> pl.DataFrame:
        """Every change of the trading state, and why."""
        return self.frame("states")

    # ------------------------------------------------------------------ any frame
    def frame(self, name: str, symbol: str | None = None, length: str = LENGTH) -> pl.DataFrame:
        """Give a frame by its name.

        Parameters
        ----------
        symbol
            Only this root or contract.
        length
            Of bars.

        Raises
        ------
        DataError
            There is nothing of the kind; the text says what there is.
        """
        key = name, length_of(length) if name == "bars" else 0
        if key not in self._frames:
            self._frames[key] = self._read(*key).at(self._until_ns)
        return self._of(self._frames[key], symbol)

    def scan(self, name: str, symbol: str | None = None, length: str = LENGTH) -> pl.LazyFrame:
        """Give a frame lazily: sessions are read one by one, only the columns that are used are made, and rows are dropped there.

        ``day.scan("prints").filter(pl.col("size") >= 50).select("time", "size").collect()``
        """
        logs, length_ns = self._logs_with(name), length_of(length)
        shape = self._shape(name, logs)

        def read(columns: list[str] | None, wanted: pl.Expr | None, n_rows: int | None, _: int | None) -> Iterator[pl.DataFrame]:
            names = list(shape) if columns is None else columns
            used = {*names, *(wanted.meta.root_names() if wanted is not None else ())}
            made = {column: of for column, of in shape.items() if column in used}
            left = n_rows
            for log in logs:
                sheet = log.make(name, self.zone, length_ns, made)
                frame = known([_shaped(sheet, made)]).at(self._until_ns)
                frame = (frame if wanted is None else frame.filter(wanted)).select(names).head(len(frame) if left is None else left)
                yield frame
                left = None if left is None else left - len(frame)
                if left == 0:
                    return

        lazy = register_io_source(read, schema=shape)
        return lazy if symbol is None else lazy.filter(pl.col("symbol").is_in(self._symbols(symbol)))

    def pandas(self, name: str, symbol: str | None = None, length: str = LENGTH) -> pd.DataFrame:
        """Give a frame by its name for pandas."""
        return self.frame(name, symbol, length).to_pandas()

    # ------------------------------------------------------------------ time
    def as_seen_at(self, time: Moment) -> Session:
        """Give the same as it was known at a moment: nothing that came later, bars that had closed, outcomes that had come.

        Parameters
        ----------
        time
            ``"2026-11-19 10:30"`` in the session's zone, a `datetime`, or ns UTC. A `datetime` ends at microseconds: to take a row's
            very ``time``, give ``int(frame["time"].dt.epoch("ns")[row])``.
        """
        return self._cut(moment_ns(time, self.zone), is_told=True)

    def within(self, until_ns: int) -> Session:
        """Give the same as it was known at a moment that whoever looks has agreed on: it is not told beside the frames."""
        return self._cut(until_ns, is_told=False)

    def _cut(self, until_ns: int, *, is_told: bool) -> Session:
        if self._until_ns is not None:
            until_ns = min(until_ns, self._until_ns)
        cut = Session(self._logs, self.zone, self._reopen, until_ns=until_ns, whole=self._whole or self)
        cut._told_ns = until_ns if is_told else self._told_ns
        return cut

    def refresh(self) -> Session:
        """Open the same again: of a run that goes on, what it has committed since."""
        made = self._reopen()
        return made if self._until_ns is None else made._cut(self._until_ns, is_told=self._told_ns is not None)

    # ------------------------------------------------------------------ what it is
    @property
    def sessions(self) -> tuple[date, ...]:
        """Log sessions in it."""
        return tuple(card.date_of(log.session) for log in self._logs)

    @property
    def logs(self) -> tuple[SessionLog, ...]:
        """Its log sessions, each with its records as they were written, for who needs more than frames; the earliest first."""
        return self._logs

    @property
    def until_ns(self) -> int | None:
        """Moment it is seen at; `None`: all there is."""
        return self._until_ns

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """Contracts in it."""
        return tuple({(of.id, of.version): of for log in self._logs for of in log.contracts}.values())

    @property
    def runs(self) -> Runs:
        """Every run that could tell of it: ``open_session(..., run=NAME)`` chooses."""
        return Runs({run.run: run for log in self._logs for run in log.told.runs}.values())

    @property
    def run(self) -> RunManifest | None:
        """The run whose forecasts and orders are shown, of the last session; `None` where nobody traded."""
        return self._logs[-1].told.run

    @property
    def source(self) -> str:
        """Say what the data is: ``generated data, seed 7``."""
        return "; ".join(card.few(log.told.writer.source or log.told.writer.run for log in self._logs))

    @property
    def is_generated(self) -> bool:
        """Whether the market was generated: not a real one."""
        return card.is_generated(self._logs)

    @property
    def is_unfinished(self) -> bool:
        """Whether a run that writes it has not ended: `refresh` may give more."""
        return any(log.is_unfinished for log in self._logs)

    def __repr__(self) -> str:
        return card.text(self._logs, self.zone, self._told_ns)

    def _repr_html_(self) -> str:
        return card.html(self._logs, self.zone, self._told_ns)

    # ------------------------------------------------------------------ within
    def _read(self, name: str, length_ns: int) -> Known:
        if self._whole is not None:
            return self._whole._read(name, length_ns)
        key = name, length_ns
        if key not in self._known:
            logs = self._logs_with(name)
            shape = self._shape(name, logs)
            self._known[key] = known(_shaped(log.make(name, self.zone, length_ns), shape) for log in logs)
        return self._known[key]

    def _logs_with(self, name: str) -> list[SessionLog]:
        """Give the sessions that have something of this kind, or say what there is."""
        if name not in FRAMES:
            raise ConfigError(f"there is no frame {name!r}; there are {', '.join(FRAMES)}")
        logs = list(self._logs)
        if name in market.KINDS:
            logs = [log for log in logs if log.has(name)]
            if not logs:
                raise DataError(f"there are no {name} in {card.name_of(self._logs)}; there are {card.kinds_there(self._logs)}")
        if name in OF_A_RUN:
            logs = [log for log in logs if log.told.run is not None]
            if not logs:
                raise DataError(self._logs[-1].why_no_story())
        return logs

    def _shape(self, name: str, logs: list[SessionLog]) -> dict[str, pl.DataType]:
        shape = schema(name, self.zone)
        if name == "features":
            shape |= {column: pl.Float64() for log in logs for column in log.feature_columns}
        return shape

    def _of(self, frame: pl.DataFrame, symbol: str | None) -> pl.DataFrame:
        return frame if symbol is None else frame.filter(pl.col("symbol").is_in(self._symbols(symbol)))

    def _symbols(self, symbol: str) -> list[str]:
        found = [of.symbol for of in self.contracts if symbol in (of.symbol, of.root)]
        if not found:
            there = ", ".join(f"{of.symbol} ({of.root})" if of.symbol != of.root else of.symbol for of in self.contracts)
            raise DataError(f"there is no contract {symbol!r} in {card.name_of(self._logs)}; there are {there}")
        return found


def _shaped(sheet: Sheet, shape: dict[str, pl.DataType]) -> Sheet:
    """Give a sheet exactly these columns; features that the settings of its session did not have are null."""
    return sheet._replace(columns={name: sheet.columns.get(name) or _nulls(of, len(sheet.known_ns)) for name, of in shape.items()})


def _nulls(of: pl.DataType, n: int) -> Make:
    return lambda: pl.repeat(None, n, dtype=of, eager=True)
