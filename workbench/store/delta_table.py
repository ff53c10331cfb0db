"""The Delta Lake table the recordings lie in: opening, committing, listing its files, scanning them. Rows only; no record is known here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from workbench.domain.errors import StoreError
from workbench.store import checksums, delta_log, opened
from workbench.store.columns import COLUMNS, PACKING
from workbench.store.place import Place
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import only_one, trouble

if TYPE_CHECKING:
    import polars as pl

OF_RECORDS: Final = "recordings"  # kinds of table are those of `versions.FORMATS`
WORDS: Final = {OF_RECORDS: "records"}  # what a table is said to hold, where that is not its kind
CONFIGURATION: Final = {"delta.checkpointInterval": "10"}  # commits stay fast: 11 ms against 26 with the default of 100
LOCK_WAIT_S: Final = 60.0
ROLES: Final = "169.254.169.254"  # where a machine in a cloud is told its role; asked when there are no keys
NO_KEYS: Final = "no keys in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), and this machine has no role that gives it any"
MANY_LETTERS: Final = 400  # of what a store said


class RecordsTable:
    """One table at one address; it need not be there yet.

    Parameters
    ----------
    root
        Its folder, or an ``s3://`` address.
    storage_options
        What the object store needs; passed through.
    kind
        What it holds: recordings, or what a recorder made of them.
    partition_by
        Columns that are folders.
    packing
        How its columns are written.
    place
        Of a table on an object store, in the place of `storage_options`: how it is reached, and whose it is.
    lock
        Of such a table: the file that one writer of this machine holds at a time.
    """

    def __init__(
        self,
        root: Path | str,
        storage_options: Mapping[str, str] | None,
        *,
        kind: str = OF_RECORDS,
        partition_by: Sequence[str] = ("session", "kind"),
        packing: WriterProperties = PACKING,
        place: Place | None = None,
        lock: Path | None = None,
    ) -> None:
        self.root, self._kind, self._partition_by, self._packing = str(root), kind, list(partition_by), packing
        self._about = f"{WORDS.get(kind, kind)} of futures-workbench, format "
        self._options = place.options if place is not None else dict(storage_options) if storage_options else None
        self._scan_options = place.scan_options if place is not None else self._options
        self._owner, self._lock = place.owner if place is not None else None, lock
        self._folder = None if "://" in self.root else Path(root)

    @property
    def is_here(self) -> bool:
        """Whether it lies on a disk of this machine."""
        return self._folder is not None

    def open(self, version: int | None = None) -> DeltaTable | None:
        """Open a version, the newest if `None`; `None` if nothing was ever written.

        Raises
        ------
        StoreError
            If it cannot be read, is somebody else's, or of a newer format.
        """
        try:
            table = DeltaTable(self.root, version=version, storage_options=self._options)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise StoreError(f"the recordings {self.root} cannot be opened: {self._said(error)}") from error
        description = table.metadata().description or ""
        if not description.startswith(self._about):
            raise StoreError(f"{self.root} is a table, but none of the workbench")
        refuse_newer(self._kind, int(description.removeprefix(self._about)), self.root)
        if self._owner is not None and table.metadata().name not in (None, self._owner):
            raise StoreError(f"{self.root} holds the recordings of another data folder: give each an address of its own (recordings.url)")
        return table

    @property
    def version(self) -> int:
        """The newest version, -1 if there is none; on a local disk without opening anything."""
        if self._folder is not None:
            return delta_log.newest(self._folder)
        table = self.open()
        return table.version() if table is not None else -1

    @contextmanager
    def writing(self) -> Iterator[DeltaTable | None]:
        """Hold the table for writing; on the way out what was committed is made durable, which Delta itself leaves to chance."""
        opened.writes(self.root)
        folder = self._folder
        with self._trouble(f"writing the recordings {self.root}"):
            if folder is None:
                with only_one(self._lock, f"another process writes {self.root}", wait_s=LOCK_WAIT_S) if self._lock else nullcontext():
                    yield self.open()
                return
            with only_one(folder.with_name(f"{folder.name}.lock"), f"another process writes {folder}", wait_s=LOCK_WAIT_S):
                delta_log.drop_torn(folder)
                yield self.open()
                self.make_durable()

    def make_durable(self) -> None:
        """Sync commits of which it is not known whether they are durable."""
        if self._folder is not None and delta_log.newest(self._folder) >= 0:
            with trouble(f"syncing the recordings {self._folder}"):
                delta_log.sync_commits(self._folder)

    def keep_checksums(self, table: DeltaTable) -> int:
        """Measure files that have no checksum yet; while holding the table for writing."""
        return checksums.keep(self._folder, [self._folder / path for path in files_of(table)["path"]]) if self._folder is not None else 0

    def forget_gone(self) -> None:
        """Drop checksums of files that are no more; while holding the table for writing."""
        if self._folder is not None:
            checksums.forget_gone(self._folder)

    def commit(
        self, table: DeltaTable | None, frame: pl.DataFrame, transactions: Sequence[tuple[str, int]] = (), instead_of: str | None = None
    ) -> None:
        """Add rows in one commit, in the place of those of which the predicate `instead_of` holds. Makes the table if `table` is `None`."""
        how: dict[str, Any] = {
            "writer_properties": self._packing,
            "commit_properties": CommitProperties(app_transactions=[Transaction(*each) for each in transactions]),
            "storage_options": self._options,
        }
        if table is None:
            about = f"{self._about}{FORMATS[self._kind]}"
            how |= {"partition_by": self._partition_by, "configuration": CONFIGURATION, "description": about, "name": self._owner}
            write_deltalake(self.root, frame, mode="append", **how)
        elif instead_of is None:
            write_deltalake(table, frame, mode="append", **how)
        else:
            write_deltalake(table, frame, mode="overwrite", predicate=instead_of, **how)

    def scan(self, files: pl.DataFrame) -> pl.LazyFrame:
        """Scan some of the table's files, all of one kind."""
        import polars as pl

        uris = [f"{self.root}/{path}" for path in files["path"]]
        return pl.scan_parquet(uris, hive_partitioning=False, storage_options=self._scan_options).select(COLUMNS)

    def collect(self, frames: list[pl.LazyFrame]) -> list[pl.DataFrame]:
        """Read what `scan` gave; on an object store a `StoreError` says if it does not answer."""
        import polars as pl

        if self.is_here:
            return pl.collect_all(frames)
        try:
            return pl.collect_all(frames)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise StoreError(f"reading the recordings {self.root} failed: {self._said(error)}") from error

    @contextmanager
    def _trouble(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (DeltaError, OSError) as error:
            raise StoreError(f"{doing} failed: {self._said(error)}") from error

    def _said(self, error: BaseException) -> str:
        """Say it in a line; of an object store the whole chain of causes, and what stays safe."""
        if self.is_here:
            return _first_line(error)
        said = NO_KEYS if ROLES in str(error) else _in_a_line(str(error))
        return f"{said}; what is not sealed stays in the tail until the store answers"


def files_of(table: DeltaTable) -> pl.DataFrame:
    """List the files of a table's version: path, rows, partition, and the least and greatest value of each column."""
    import polars as pl

    return pl.DataFrame(table.get_add_actions(flatten=True))


def versions_of(table: DeltaTable | None, applications: Collection[str]) -> dict[str, int]:
    """Give the highest version each application has written, 0 if none."""
    return {name: (table.transaction_version(name) or 0) if table is not None else 0 for name in applications}


def _in_a_line(text: str) -> str:
    r"""Put a chain of causes into a line, without colours, and without the body of an answer: that may repeat the name of a key.

    >>> _in_a_line("Generic S3 error\n \x1b[31m↳\x1b[0m 403: <?xml?><Error><Code>AccessDenied</Code><AWSAccessKeyId>AK</Error>")
    'Generic S3 error: 403: AccessDenied'
    """
    line = " ".join(re.sub(r"\x1b\[\d*m", "", text).replace("↳", "\0").split()).replace(" \0 ", ": ")
    before, is_there, body = line.partition("<")
    code = re.search(r"<Code>(\w+)</Code>", body) if is_there else None
    return f"{before}{code[1] if code else ''}"[:MANY_LETTERS].rstrip()


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
