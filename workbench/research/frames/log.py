"""One session as one run tells it, read when asked: records, barriers, features, the story of the journal. Reads stores; writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from workbench.config import Settings
from workbench.domain.errors import DataError
from workbench.domain.orders import Submit
from workbench.domain.records import Kind, Records
from workbench.domain.units import SECOND
from workbench.research.frames import bars, journal, market, money
from workbench.research.frames.sheet import Sheet
from workbench.store import checkpoints
from workbench.store.folders import Folders
from workbench.store.manifest import RunManifest, runs
from workbench.store.sessions import Told, records_of

MARKET: Final = {
    "quotes": {Kind.QUOTE},
    "prints": {Kind.PRINT},
    "depth": {Kind.DEPTH_INSERT, Kind.DEPTH_UPDATE, Kind.DEPTH_DELETE, Kind.DEPTH_RESET},
    "bars": {Kind.BAR},
}


class _Image(msgspec.Struct, array_like=True):
    """A checkpoint of a run: the engine; what stands behind it is passed over."""

    engine: bytes


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
        self.all_contracts = tuple(sorted(told.writer.contracts, key=lambda contract: contract.id))
        self.contracts = tuple(of for of in self.all_contracts if roots is None or of.root in roots or of.symbol in roots)

    @property
    def ids(self) -> set[int]:
        """Ids of the wanted contracts."""
        return {contract.id for contract in self.contracts}

    @property
    def is_running(self) -> bool:
        """Whether the run that writes these records has not ended by itself."""
        return not self.told.writer.is_closed and self.told.writer.mode in ("paper", "live", "record")

    @cached_property
    def records(self) -> Records:
        """All records of its writer."""
        return records_of(self.data, self.session, self.told.writer)

    @cached_property
    def kinds(self) -> dict[int, tuple[str, ...]]:
        """Kinds of market data each contract has: ``quotes prints depth``, or ``bars`` alone."""
        width = max(Kind) + 1
        cells = np.bincount(self.records["contract"].astype(np.int64) * width + self.records["kind"])
        there = {divmod(int(cell), width) for cell in np.flatnonzero(cells)}
        return {
            of.id: tuple(name for name, kinds in MARKET.items() if any((of.id, int(kind)) in there for kind in kinds))
            for of in self.all_contracts
        }

    @cached_property
    def begun(self) -> bars.Begun | None:
        """What the run began with: the end of the session before, where it went on from one."""
        run = self.told.run
        if run is None or not run.starts_from:
            return None
        found = checkpoints.latest(Folders(self.data).run(run.starts_from)).checkpoint
        if found is None:
            raise DataError(f"run {run.run} began with the checkpoint of {run.starts_from}, which is gone or damaged: no bar can be made again")
        return msgspec.msgpack.decode(msgspec.msgpack.decode(found.blob, type=_Image).engine, type=bars.Begun)

    @cached_property
    def folded(self) -> bars.Folded:
        """Every barrier."""
        return bars.fold(self.records, self.all_contracts, self.begun)

    @cached_property
    def valued(self) -> bars.Valued:
        """Every feature at every barrier, as the engine of this run valued them."""
        return bars.value_features(
            self.folded,
            self.all_contracts,
            lengths_ns=tuple(length * SECOND for length in self._settings.engine.feature_bars_s),
            leaders=self._leaders(),
            kinds=None if self.told.run is self.told.writer else self.kinds,
            begun=self.begun,
        )

    def _leaders(self) -> dict[int, int]:
        of_root = {of.root: of.id for of in self.all_contracts}
        roots: Mapping[str, object] = self._settings.roots
        leads = {of.id: getattr(roots.get(of.root), "lead", None) for of in self.all_contracts}
        return {id_: of_root[lead] for id_, lead in leads.items() if lead in of_root}

    @cached_property
    def story(self) -> journal.Story:
        """What the run did."""
        run = self.told.run
        if run is None:
            raise DataError(self.why_no_story())
        story = journal.Story(run.run, self.all_contracts, self._earlier(run))
        path = Folders(self.data).journal(run.run)
        if path.exists():
            story.read(path)
        elif run.is_closed or run.mode == "simulate":
            raise DataError(f"run {run.run} has no journal at {path}: it is gone, or the run was cut off before its end")
        return story

    def _earlier(self, run: RunManifest) -> dict[int, Submit]:
        """Give the brackets of the runs before that had not ended flat."""
        found: dict[int, Submit] = {}
        by_name = {each.run: each for each in runs(self.data)} if run.starts_from else {}
        before = by_name.get(run.starts_from)
        while before is not None and not before.ended_flat and (path := Folders(self.data).journal(before.run)).exists():
            told = journal.Story(before.run, before.contracts)
            told.read(path)
            found = told.submitted | found
            before = by_name.get(before.starts_from)
        return found

    def why_no_story(self) -> str:
        """Say why there is nothing to tell of forecasts and orders."""
        writer = self.told.writer
        return (
            f"session {self.session} was never traded ({writer.mode} run {writer.run}), so there are no forecasts, decisions, orders or "
            f"fills; play it: workbench simulate --session {self.session}"
        )

    def has(self, name: str) -> bool:
        """Whether the wanted contracts have this kind of market data."""
        return any(name in self.kinds[id_] for id_ in self.ids)

    def make(self, name: str, zone: str, length: str = "5s") -> Sheet:
        """Make one frame of this session, its times in `zone`."""
        is_all = len(self.contracts) == len(self.all_contracts)
        if name in market.KINDS:
            return market.market_sheet(name, self.records, self.contracts, zone, is_all=is_all)
        if name == "bars":
            made = bars.lengthen(self.folded, self.all_contracts, bars.length_of(length))
            return bars.bar_sheet(self.folded, made, self.all_contracts, zone, self.ids)
        if name == "features":
            return bars.feature_sheet(self.folded, self.valued, self.all_contracts, zone, self.ids)
        if name == "equity":
            return money.equity_sheet(self.story, self.folded, self.all_contracts, zone, self.ids)
        return journal.story_sheet(name, self.story, zone, None if is_all else {of.symbol for of in self.contracts})
