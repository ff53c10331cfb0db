"""The recordings: every sealed record, in one Delta Lake table partitioned by (log session, kind), here or on ``s3://``.

Nothing is written here that is not in the tail or in a maker's file until it is durable; bars and features are not recorded: a
replay makes them again. One writer process at a time is the rule; two are correct, only slow, for Delta's commits are optimistic.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
from deltalake import DeltaTable

from workbench.domain.errors import StoreError
from workbench.domain.records import RECORD, Records
from workbench.store import opened, segments
from workbench.store.columns import to_frame, to_records
from workbench.store.delta_table import RecordsTable, files_of, versions_of
from workbench.store.folders import Folders
from workbench.store.place import Place, place_of

if TYPE_CHECKING:
    import polars as pl

EPOCH_SHIFT: Final = 40  # seq = epoch << 40 | n
KEEP_HOURS: Final = 168  # files no version needs any more stay a week: a reader of an older version may still be at work


class Span(NamedTuple):
    """What is recorded of one log session."""

    session: int
    n: int
    first_seq: int
    last_seq: int
    first_ns: int
    last_ns: int
    kinds: tuple[int, ...]

    @property
    def epochs(self) -> range:
        """Start epochs its records can have."""
        return range(self.first_seq >> EPOCH_SHIFT, (self.last_seq >> EPOCH_SHIFT) + 1)


class Recordings:
    """The table of sealed records.

    Parameters
    ----------
    root
        Its folder, or an ``s3://`` address; made with the first record.
    storage_options
        What the object store needs (``AWS_REGION``, ``AWS_ENDPOINT_URL``, keys ...); passed through.
    cache
        Folder for sessions as the engine eats them; `None`: beside the table.
    place, lock
        Of an object store that `store.place` knows, in the place of `storage_options`; see `RecordsTable`.

    Examples
    --------
    >>> import tempfile
    >>> from workbench.domain.records import Kind, empty
    >>> records = empty(2); records["seq"] = [7, 8]; records["kind"] = Kind.PRINT
    >>> with tempfile.TemporaryDirectory() as data:
    ...     recordings = Recordings.of(Path(data))
    ...     taken = [recordings.append(20261120, records, ("20261120/1-0", 2)) for _ in range(2)]
    ...     taken, recordings.read(20261120)["seq"].tolist()
    ([True, False], [7, 8])
    """

    def __init__(
        self,
        root: Path | str,
        storage_options: Mapping[str, str] | None = None,
        *,
        cache: Path | None = None,
        place: Place | None = None,
        lock: Path | None = None,
    ) -> None:
        self._table = RecordsTable(root, storage_options, place=place, lock=lock)
        self._cache = cache if cache is not None else Path(root).parent / "cache"

    @classmethod
    def of(cls, data: Path) -> Self:
        """Give the recordings of a data folder: in it, or where it says they lie (`store.place`)."""
        folders, place = Folders(data), place_of(data)
        if place is None:
            return cls(folders.recordings, cache=folders.cache)
        return cls(f"{place.url}/records", cache=folders.cache, place=place, lock=folders.recordings.with_name("records.lock"))

    @property
    def root(self) -> str:
        """Where they lie."""
        return self._table.root

    @property
    def is_here(self) -> bool:
        """Whether they lie on a disk of this machine."""
        return self._table.is_here

    def append(self, session: int, records: Records, transaction: tuple[str, int] | None = None) -> bool:
        """Add records of one log session in one commit, durably.

        Parameters
        ----------
        transaction
            (application, version): given again with a version no higher than before, nothing happens. That makes a writer that
            was killed, and does not know whether its commit came through, write exactly once.

        Returns
        -------
        bool
            Whether they were written by this call.
        """
        return self.append_parts(session, [(records, transaction)]) == 1

    def append_parts(self, session: int, parts: Sequence[tuple[Records, tuple[str, int] | None]]) -> int:
        """Add several parts of one log session in one commit, each under its own transaction; see `append`.

        Returns
        -------
        int
            How many of them were written by this call.
        """
        with self._table.writing() as table:
            done = versions_of(table, [transaction[0] for _, transaction in parts if transaction is not None])
            fresh = [(records, its) for records, its in parts if its is None or done[its[0]] < its[1]]
            if fresh:
                frame = to_frame(session, [records for records, _ in fresh])
                self._table.commit(table, frame, [its for _, its in fresh if its is not None])
        return len(fresh)

    def replace(self, session: int, records: Records, transaction: tuple[str, int] | None = None, *, epoch: int | None = None) -> None:
        """Put `records` in the place of a session, or of one epoch of it, in one commit."""
        with self._table.writing() as table:
            instead_of = _predicate(session, epoch) if table is not None else None
            self._table.commit(table, to_frame(session, [records]), [transaction] if transaction is not None else (), instead_of)

    def delete(self, session: int, epoch: int | None = None) -> None:
        """Take a session, or one epoch of it, out of the current version of the table."""
        with self._table.writing() as table:
            if table is not None:
                table.delete(_predicate(session, epoch))

    def version_of(self, application: str) -> int:
        """Give the highest version an application has written, 0 if none."""
        return self.versions_of([application])[application]

    def versions_of(self, applications: Collection[str]) -> dict[str, int]:
        """Give `version_of` for several applications, as of one version of the table."""
        return versions_of(self._table.open() if applications else None, applications)

    def make_durable(self) -> None:
        """Sync commits of which it is not known whether they are durable: a writer may have died behind its commit."""
        self._table.make_durable()

    def read(
        self,
        session: int,
        contracts: Collection[int] | None = None,
        kinds: Collection[int] | None = None,
        *,
        seqs: tuple[int, int] | None = None,
    ) -> Records:
        """Read records of a session in the order of `seq`, bit for bit as they were appended.

        Parameters
        ----------
        contracts, kinds
            Only these; `None`: all.
        seqs
            Only from the first to the last of these, both included.
        """
        table = self._table.open()
        return self._read(table, session, contracts, kinds, seqs) if table is not None else np.empty(0, RECORD)

    def snapshot(self, session: int, applications: Collection[str]) -> tuple[Records, dict[str, int]]:
        """Read a session and what the given applications have written, both of one and the same version of the table."""
        table = self._table.open()
        records = self._read(table, session, None, None, None) if table is not None else np.empty(0, RECORD)
        return records, versions_of(table, applications)

    def sessions(self) -> list[Span]:
        """List what is recorded, one entry a log session, from the table's log alone."""
        import polars as pl

        table = self._table.open()
        if table is None:
            return []
        total = files_of(table).group_by("partition.session").agg(
            pl.sum("num_records"), pl.min("min.seq"), pl.max("max.seq"), pl.min("min.recv_ns"), pl.max("max.recv_ns"),
            pl.col("partition.kind").unique().sort(),
        )  # fmt: skip
        return [Span._make((*row[:-1], tuple(row[-1]))) for row in total.sort("partition.session").iter_rows()]

    def newest_epoch(self) -> int:
        """Give the highest start epoch among all records, 0 of an empty table."""
        table = self._table.open()
        if table is None:
            return 0
        last: Any = table.get_add_actions(flatten=True).column("max.seq")
        return max((int(seq.as_py()) for chunk in last.chunks for seq in chunk), default=0) >> EPOCH_SHIFT

    def sizes(self) -> dict[int, int]:
        """Give the bytes of the files of each session, from the table's log alone."""
        table = self._table.open()
        if table is None:
            return {}
        by_session = files_of(table).group_by("partition.session").agg(_bytes())
        return {int(session): int(n) for session, n in by_session.iter_rows()}

    def cache(self, session: int) -> Records:
        """Map a whole session, read-only, from a file made for it; it is made anew when the session's records have changed.

        Opens in less than a millisecond once the file is there.
        """
        opened.reads("recordings", self.root, session)
        while True:
            version = self._table.version
            path = self._cache / f"{session}-{version}.seg"
            if not path.exists():
                self._fill_cache(session, version, path)
            try:
                return segments.read(path)[1]
            except FileNotFoundError:
                continue  # another process has made that of a newer version

    def compact(self, session: int) -> int:
        """Put the many small files of a finished session together, each kind sorted by (contract, seq), one commit a kind.

        The old files stay for readers of older versions until `vacuum`.

        Returns
        -------
        int
            Files before, less files after.
        """
        with self._table.writing() as table:
            if table is None:
                return 0
            files = files_of(table).filter(_is(session))
            counts = dict(files.group_by("partition.kind").len().iter_rows())
            for kind in sorted(kind for kind, n in counts.items() if n > 1):
                rows = self._table.scan(files.filter(_is(session, kind))).collect().sort("contract", "seq")
                frame = rows.with_columns(_constant("kind", kind, "i2", len(rows)), _constant("session", session, "i4", len(rows)))
                self._table.commit(table, frame, (), f"{_predicate(session)} AND kind = {kind}")
                table.update_incremental()
            return len(files) - len(files_of(table).filter(_is(session)))

    def vacuum(self, keep_hours: int = KEEP_HOURS) -> list[str]:
        """Delete files that no version of the last `keep_hours` needs.

        Raises
        ------
        StoreError
            Below a week: a reader of an older version would find its files gone.
        """
        if keep_hours < KEEP_HOURS:
            raise StoreError(f"recordings keep old files for at least {KEEP_HOURS} hours, not {keep_hours}: readers may need them")
        with self._table.writing() as table:
            gone = table.vacuum(retention_hours=keep_hours, dry_run=False) if table is not None else []
            self._table.forget_gone()
            return gone

    def keep_checksums(self) -> int:
        """Measure files of the newest version that have no checksum yet; give how many. On a local disk only."""
        with self._table.writing() as table:
            return self._table.keep_checksums(table) if table is not None else 0

    def table(self, version: int | None = None) -> DeltaTable | None:
        """Open the table itself, for study; `None` if nothing was ever recorded."""
        opened.reads("recordings", self.root)
        return self._table.open(version)

    # ------------------------------------------------------------------------------------------------ within

    def _read(
        self,
        table: DeltaTable,
        session: int,
        contracts: Collection[int] | None,
        kinds: Collection[int] | None,
        seqs: tuple[int, int] | None,
    ) -> Records:
        import polars as pl

        opened.reads("recordings", self.root, session)
        files = files_of(table).filter(_is(session))
        if kinds is not None:
            files = files.filter(pl.col("partition.kind").is_in(list(kinds)))
        where = []
        if seqs is not None:
            files = files.filter((pl.col("max.seq") >= seqs[0]) & (pl.col("min.seq") <= seqs[1]))
            where.append(pl.col("seq").is_between(*seqs))
        if contracts is not None:
            where.append(pl.col("contract").is_in(list(contracts)))
        found = files["partition.kind"].unique().sort().to_list()
        frames = self._table.collect([self._table.scan(files.filter(_is(session, kind))).filter(*where) for kind in found])
        return to_records(list(zip(found, frames, strict=True)))

    def _fill_cache(self, session: int, version: int, path: Path) -> None:
        table = self._table.open(version) if version >= 0 else None
        if table is None:
            raise StoreError(f"nothing of session {session} is recorded in {self._table.root}")
        names = sorted(files_of(table).filter(_is(session))["path"])
        stamp = int.from_bytes(hashlib.sha256("\n".join(names).encode()).digest()[:7], "big")
        others = list(path.parent.glob(f"{session}-*.seg"))
        for other in others:
            if segments.stamp_of(other) == stamp:  # other sessions were written since; this one was not
                with contextlib.suppress(FileNotFoundError):  # another process was quicker
                    other.replace(path)
                return
        segments.write(path, self._read(table, session, None, None, None), session=session, number=version, stamp=stamp)
        for other in others:
            other.unlink(missing_ok=True)


def _predicate(session: int, epoch: int | None = None) -> str:
    if epoch is None:
        return f"session = {int(session)}"
    return f"session = {int(session)} AND seq >= {int(epoch) << EPOCH_SHIFT} AND seq < {(int(epoch) + 1) << EPOCH_SHIFT}"


def _is(session: int, kind: int | None = None) -> pl.Expr:
    import polars as pl

    of_session = pl.col("partition.session") == session
    return of_session if kind is None else of_session & (pl.col("partition.kind") == kind)


def _bytes() -> pl.Expr:
    import polars as pl

    return pl.col("size_bytes").sum()


def _constant(name: str, value: int, width: str, n: int) -> pl.Series:
    import polars as pl

    return pl.Series(name, np.full(n, value, width))
