"""One session as one run tells it, read when asked: records, barriers, features, the story of the journal. Reads stores; writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from workbench.clock import SystemClock
from workbench.config import Settings
from workbench.domain.errors import DataError
from workbench.domain.orders import Leg, Submit
from workbench.domain.records import PROVENANCE_SHIFT, Kind, Provenance, Records
from workbench.domain.units import SECOND
from workbench.research.frames import bars, features, journal, kept, market, money
from workbench.research.frames.sheet import Sheet
from workbench.store import checkpoints
from workbench.store.epochs import first_seq
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, runs
from workbench.store.retention import Thinned, is_thinned
from workbench.store.sessions import FOREVER, RECORDED, TRADED, Told, contracts_of, pieces, records_of
from workbench.store.status import heard

MARKET: Final = {**market.KINDS, "bars": (Kind.BAR,)}  # kinds of market data -> their records
SILENT_NS: Final = 30 * SECOND  # a run beats each second


class SessionLog:
    """One session, one run.

    Parameters
    ----------
    data
        Data folder.
    told
        Which run tells it.
    roots
        Roots or symbols wanted; `None`: all.
    settings
        Lengths of the bars features run on, and who leads whom.
    """

    def __init__(self, data: Path, told: Told, roots: Collection[str] | None, settings: Settings) -> None:
        self.data, self.told, self._settings = data, told, settings
        self.session = told.session
        self.writers = _writers(told)
        self.all_contracts = contracts_of(self.writers)
        self.contracts = tuple(of for of in self.all_contracts if roots is None or of.root in roots or of.symbol in roots)
        self.ids = {contract.id for contract in self.contracts}

    # ------------------------------------------------------------------ what is read
    @cached_property
    def gone(self) -> Thinned | None:
        """What of its records was let go; `None`: nothing."""
        return is_thinned(self.data, self.session)

    @cached_property
    def records(self) -> Records:
        """All records of its writers; where most were let go, those around own orders."""
        return records_of(self.data, self.session, self.writers, windows=True)

    def n_until(self, until_ns: int | None) -> int:
        """Count the records that were known at a moment; `None`: all."""
        return len(self.records) if until_ns is None else int(np.searchsorted(self.records["recv_ns"], until_ns, side="right"))

    @cached_property
    def counts(self) -> dict[int, dict[str, int]]:
        """Records of each contract by kind of market data."""
        return self.count(None)

    def count(self, until_ns: int | None) -> dict[int, dict[str, int]]:
        """Count what was known at a moment, by contract and kind of market data (of imported bars: bars)."""
        width, records = max(Kind) + 1, self.records[: self.n_until(until_ns)]
        cells = np.bincount(records["contract"] * np.int64(width) + records["kind"])
        n = {divmod(int(cell), width): int(cells[cell]) for cell in np.flatnonzero(cells)}
        return {
            of.id: {
                name: total // (2 if name == "bars" else 1)
                for name, kinds in MARKET.items()
                if (total := sum(n.get((of.id, int(kind)), 0) for kind in kinds))
            }
            for of in self.all_contracts
        }

    @property
    def kinds(self) -> dict[int, tuple[str, ...]]:
        """Kinds of market data each contract has: ``quotes prints depth``, or ``bars`` alone."""
        return {id_: tuple(counted) for id_, counted in self.counts.items()}

    @cached_property
    def provenances(self) -> tuple[Provenance, ...]:
        """How its market records came to us."""
        is_market = ~np.isin(self.records["kind"], (Kind.TIME, Kind.PHASE, Kind.GAP))
        there = np.bincount((self.records["flags"] >> PROVENANCE_SHIFT & 3)[is_market], minlength=len(Provenance))
        return tuple(each for each in Provenance if there[each])

    @cached_property
    def begun(self) -> bars.Begun | None:
        """What the run began with: the end of the session before, where it went on from one."""
        run = self.told.run
        if run is None or not run.starts_from or run.carries == "orders":
            return None
        found = checkpoints.latest(Folders(self.data).run(run.starts_from)).checkpoint
        if found is None:
            raise DataError(f"{run.run} began with the checkpoint of {run.starts_from}, which is gone or damaged: no bar can be made again")
        return msgspec.msgpack.decode(msgspec.msgpack.decode(found.blob, type=_Image).engine, type=bars.Begun)

    @cached_property
    def folded(self) -> bars.Folded:
        """Every barrier."""
        if self.gone is not None:
            raise DataError(
                f"the records of session {self.session} were let go but for those around own orders: bars of 5 s and 1 m are kept, fills "
                "and decisions are there, nothing else can be made again"
            )
        return bars.fold(self.records, self.all_contracts, self.begun)

    @cached_property
    def bank(self) -> features.BankOf:
        """The bank of features this run valued, or would have: one that trades knows all kinds of data, a simulation those there are."""
        lengths_ns = tuple(length * SECOND for length in self._settings.engine.feature_bars_s)
        is_own = self.told.run is self.told.writer
        return features.BankOf(self.all_contracts, lengths_ns, self._leaders(), None if is_own else self.kinds, self.begun, self._own())

    @cached_property
    def feature_columns(self) -> tuple[str, ...]:
        """Names of all features."""
        return tuple(features.columns_of(self.bank))

    def _own(self) -> features.Own:
        """Find the user's features this run valued in the workspace, as they are now; those that are gone are left out."""
        wanted = self.told.run.own_features if self.told.run is not None else ()
        if not wanted:
            return ()
        from workbench.workspace import Kind, things_of  # what reads no run of one's own needs none of it

        there = {thing.name: thing.what for thing in things_of(self._settings.workspace).own if thing.kind is Kind.FEATURE}
        return tuple(there[name] for name in wanted if name in there)

    def _leaders(self) -> dict[int, int]:
        of_root = {of.root: of.id for of in self.all_contracts}
        roots: Mapping[str, object] = self._settings.roots
        leads = {of.id: getattr(roots.get(of.root), "lead", None) for of in self.all_contracts}
        return {id_: of_root[lead] for id_, lead in leads.items() if lead in of_root}

    @cached_property
    def story(self) -> journal.Story:
        """What the run did, as far as it is committed."""
        run = self.told.run
        if run is None:
            raise DataError(self.why_no_story())
        story = journal.Story(run.run, self.all_contracts, *self._earlier(run))
        path = Folders(self.data).journal(run.run)
        if path.exists():
            story.read(path)
        elif run.is_closed:
            raise DataError(f"run {run.run} has no journal at {path}: it is gone; restore it from a backup, or play the session again")
        elif run.mode == "simulate":
            raise DataError(f"run {run.run} is not done, or was cut off: its journal comes in one piece at its end; runs: {self._runs()}")
        return story

    def _earlier(self, run: RunManifest) -> tuple[dict[int, Submit], list[journal.Fill], dict[int, str]]:
        """Give of the runs before that had not ended flat: brackets, executions of those that still held something, why they were left."""
        found: dict[int, Submit] = {}
        fills: list[journal.Fill] = []
        said: dict[int, str] = {}
        by_name = {each.run: each for each in runs(self.data)} if run.starts_from else {}
        before = by_name.get(run.starts_from)
        while before is not None and not before.ended_flat and (path := Folders(self.data).journal(before.run)).exists():
            told = journal.Story(before.run, before.contracts)
            told.read(path)
            found = told.submitted | found
            fills, said = told.fills + fills, told.said | said
            before = by_name.get(before.starts_from)
        held: Counter[int] = Counter()
        for fill in fills:
            held[fill.ref] += fill.qty if fill.leg is Leg.ENTRY else -fill.qty
        return found, [fill._replace(bracket=found.get(fill.ref)) for fill in fills if held[fill.ref]], said

    # ------------------------------------------------------------------ what it is
    @property
    def is_unfinished(self) -> bool:
        """Whether the run that writes these records has not ended by itself: it goes on, or was killed."""
        writer = self.told.writer
        return not writer.is_closed and writer.mode in {*TRADED, "record"}

    @property
    def state(self) -> str:
        """Say how the writer is: ``ended``, ``running`` (it said so just now), or ``not ended``: killed, or silent."""
        if not self.is_unfinished:
            return "ended"
        now_ns = SystemClock().now_ns()
        beats = any(word.run == self.told.writer.run and now_ns - word.said_ns < SILENT_NS for word in heard(self.data))
        return "running" if beats else "not ended"

    def _certain_ns(self) -> int:
        """Say up to when both journal and records are complete."""
        if self.told.run is not self.told.writer or not self.is_unfinished:
            return FOREVER
        return min(self.story.last_ns - 1, int(self.records["recv_ns"][-1]) if len(self.records) else 0)

    def why_no_story(self) -> str:
        """Say why there is nothing to tell of forecasts and orders."""
        writer = self.told.writer
        others = f"; runs that could tell: {self._runs()}" if len(self.told.runs) > 1 else ""
        return (
            f"nobody traded in run {writer.run} ({writer.mode}) of session {self.session}: there are no forecasts, decisions, orders or "
            f"fills; play it: workbench simulate --session {self.session} --data {self.data}{others}"
        )

    def _runs(self) -> str:
        return ", ".join(run.run for run in self.told.runs)

    def has(self, name: str) -> bool:
        """Whether the wanted contracts have this kind of market data."""
        return any(name in self.counts[id_] for id_ in self.ids)

    # ------------------------------------------------------------------ frames
    def make(self, name: str, zone: str, length_ns: int, columns: Collection[str] | None = None, own: features.Own = ()) -> Sheet:
        """Make one frame of this session.

        Parameters
        ----------
        zone
            Of its times.
        length_ns
            Of bars.
        columns
            What will be asked of it; `None`: everything. Features that are not are not kept.
        own
            Factories of a researcher's features, to stand beside the shipped ones.
        """
        is_all = len(self.contracts) == len(self.all_contracts)
        if name in market.KINDS:
            return market.market_sheet(name, self.records, self.contracts, zone, is_all=is_all)
        if name == "bars" and self.gone is not None:
            return kept.kept_sheet(self.data, self.session, zone, length_ns, {of.symbol for of in self.contracts})
        if name == "bars":
            made = bars.lengthen(self.folded, self.all_contracts, length_ns)
            return bars.bar_sheet(self.folded, made, self.all_contracts, zone, self.ids)
        if name == "features":
            return features.feature_sheet(self.folded, self.bank, zone, self.ids, names=columns, own=own)
        if name == "equity":
            began = bars.at_begin(self.all_contracts, self.begun) if self.begun is not None else None
            return money.equity_sheet(self.story, self.folded, self.all_contracts, zone, self.ids, began=began, until_ns=self._certain_ns())
        return journal.story_sheet(name, self.story, zone, None if is_all else {of.symbol for of in self.contracts})


class _Image(msgspec.Struct, array_like=True):
    """A checkpoint of a run: the engine; what stands behind it is passed over."""

    engine: bytes


def _writers(told: Told) -> tuple[RunManifest, ...]:
    """Give the runs whose records it reads: all pieces of a recording, unless an earlier one was asked for by its name."""
    found = pieces(told.writer, told.runs)
    if told.run is not None and told.run.first_seq is not None:  # a simulation over what was there then
        return tuple(run for run in found if first_seq(run.epoch + 1) > told.run.first_seq)
    newest = max((run.epoch for run in told.runs if run.mode == RECORDED), default=0)
    return found if told.writer.epoch == newest else (told.writer,)
