"""Tables beside the records: what was made of them, or is missing, partitioned by log session. Rows in and out; knows no market.

Nothing here feeds an engine. Each commit carries an application transaction, so that a writer that was killed writes exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deltalake import WriterProperties

from workbench.domain.errors import StoreError
from workbench.store import opened
from workbench.store.delta_table import RecordsTable, files_of, versions_of
from workbench.store.recordings import KEEP_HOURS

if TYPE_CHECKING:
    import polars as pl

SESSION: Final = "session"  # the partition; no column of a row
PACKING: Final = WriterProperties(compression="ZSTD", compression_level=3)
Row = tuple[Any, ...]


class SideTable:
    """One table.

    Parameters
    ----------
    root
        Its folder; made with the first row.
    kind
        Of `versions.FORMATS`.
    columns
        Name -> Python type (`int`, `float`, `str`, `bool`) of each column; any may be `None`. ``session`` is none of them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = SideTable(Path(folder) / "gaps", "gaps", {"contract": int, "why": str})
    ...     written = [table.append(20261120, [(1, None)], ("gaps/20261120", 7)) for _ in range(2)]
    ...     written, table.read(20261120), table.version_of("gaps/20261120")
    ([True, False], [(1, None)], 7)
    """

    def __init__(self, root: Path, kind: str, columns: Mapping[str, type]) -> None:
        if SESSION in columns:
            raise StoreError(f"the table {root} is partitioned by {SESSION}: no column of a row may be called so")
        self._table = RecordsTable(root, None, kind=kind, partition_by=(SESSION,), packing=PACKING)
        self._root, self.columns = root, dict(columns)

    def append(self, session: int, rows: Sequence[Row], transaction: tuple[str, int]) -> bool:
        """Add rows of a log session in one commit, durably; nothing where this transaction, or a higher version of it, came before."""
        if not rows:
            return False
        with self._table.writing() as table:
            if versions_of(table, [transaction[0]])[transaction[0]] >= transaction[1]:
                return False
            self._table.commit(table, self._frame(session, rows), [transaction])
        return True

    def replace(self, session: int, rows: Sequence[Row]) -> None:
        """Put rows in the place of all of a session, in one commit; no rows: nothing is left of it."""
        with self._table.writing() as table:
            if rows:
                self._table.commit(table, self._frame(session, rows), (), _predicate(session) if table is not None else None)
            elif table is not None:
                table.delete(_predicate(session))

    def read(self, session: int) -> list[Row]:
        """Read the rows of a session in the order of their first column."""
        frame = self.frame(session)
        return frame.rows() if frame is not None else []

    def frame(self, session: int) -> pl.DataFrame | None:
        """Give the rows of a session as they lie there, by their first column; `None` if there are none."""
        import polars as pl

        opened.reads("recordings", self._root, session)
        table = self._table.open()
        if table is None:
            return None
        paths = files_of(table).filter(pl.col(f"partition.{SESSION}") == session)["path"].to_list()
        if not paths:
            return None
        uris = [f"{self._root}/{path}" for path in paths]
        return pl.read_parquet(uris, hive_partitioning=False, columns=list(self.columns)).sort(next(iter(self.columns)))

    def sessions(self) -> list[int]:
        """List the sessions it has rows of."""
        table = self._table.open()
        return sorted(set(files_of(table)[f"partition.{SESSION}"].to_list())) if table is not None else []

    def version_of(self, application: str) -> int:
        """Give the highest version an application has written, 0 if none."""
        return versions_of(self._table.open(), [application])[application]

    @property
    def version(self) -> int:
        """The newest version, -1 if there is none."""
        return self._table.version

    def compact(self, session: int) -> int:
        """Put the files of a finished session together; give how many there were."""
        with self._table.writing() as table:
            if table is None:
                return 0
            n: int = files_of(table)[f"partition.{SESSION}"].to_list().count(session)
            if n > 1:
                table.optimize.compact(partition_filters=[(SESSION, "=", str(session))], writer_properties=PACKING)
            return n

    def vacuum(self) -> None:
        """Delete files that no version of the last week needs."""
        with self._table.writing() as table:
            if table is not None:
                table.vacuum(retention_hours=KEEP_HOURS, dry_run=False)

    def _frame(self, session: int, rows: Iterable[Row]) -> pl.DataFrame:
        import polars as pl

        types: dict[type, Any] = {int: pl.Int64(), float: pl.Float64(), str: pl.String(), bool: pl.Boolean()}
        schema = {name: types[of] for name, of in self.columns.items()}
        return pl.DataFrame(list(rows), schema=schema, orient="row").with_columns(pl.lit(session, pl.Int32()).alias(SESSION))


def _predicate(session: int) -> str:
    return f"{SESSION} = {int(session)}"
