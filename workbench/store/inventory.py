"""What lies in a data folder, session by session: records, files, bytes, bars, who wrote them. From logs and names; reads no record."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from workbench.store.bars import kept_bars
from workbench.store.delta_table import files_of
from workbench.store.folders import Folders
from workbench.store.manifest import find_log
from workbench.store.recordings import Recordings
from workbench.store.retention import thinned
from workbench.store.tail import read_segments


class Held(NamedTuple):
    """One session. ``n_records`` counts each once; ``n_bytes`` are those of recordings, bars and tail on the disk."""

    session: int
    n_records: int
    n_in_tail: int
    n_files: int
    n_bytes: int
    n_small: int  # files beyond one a kind: what compaction puts together
    first_ns: int
    last_ns: int
    bars: tuple[str, ...]
    is_thinned: bool
    writers: tuple[str, ...]


def inventory(data: Path) -> list[Held]:
    """List every session there is anything of, the oldest first."""
    recordings, marks = Recordings.of(data), thinned(data)
    spans, files = {span.session: span for span in recordings.sessions()}, _files(recordings)
    tail: dict[int, list[tuple[int, int, int, int]]] = {}
    parts = [(segment, rows) for segment, rows in read_segments(Folders(data).tail) if len(rows)]
    done = recordings.versions_of([segment.name for segment, _ in parts])
    for segment, rows in parts:
        fresh = max(len(rows) - done[segment.name], 0)
        at = (fresh, segment.path.stat().st_size if segment.path.exists() else 0, int(rows["recv_ns"][0]), int(rows["recv_ns"][-1]))
        tail.setdefault(segment.session, []).append(at)
    bars = kept_bars(data)
    made = []
    for session in sorted({*spans, *tail, *marks, *(each.session for each in bars)}):
        span, its, of_it = spans.get(session), tail.get(session, []), [each for each in bars if each.session == session]
        n_files, n_bytes, n_kinds = files.get(session, (0, 0, 0))
        times = [(span.first_ns, span.last_ns)] if span else []
        times += [(first, last) for *_, first, last in its]
        n_in_tail = sum(fresh for fresh, *_ in its)
        made.append(
            Held(
                session=session,
                n_records=(span.n if span else 0) + n_in_tail,
                n_in_tail=n_in_tail,
                n_files=n_files + len(of_it) + len(its),
                n_bytes=n_bytes + sum(each.n_bytes for each in of_it) + sum(size for _, size, *_ in its),
                n_small=n_files - n_kinds,
                first_ns=min((first for first, _ in times), default=0),
                last_ns=max((last for _, last in times), default=0),
                bars=tuple(each.length for each in of_it),
                is_thinned=session in marks,
                writers=tuple(run.run for run in find_log(data, session)),
            )
        )
    return made


def _files(recordings: Recordings) -> dict[int, tuple[int, int, int]]:
    """Give files, bytes and kinds of each session."""
    import polars as pl

    table = recordings.table()
    if table is None:
        return {}
    by = files_of(table).group_by("partition.session").agg(pl.len(), pl.sum("size_bytes"), pl.col("partition.kind").n_unique())
    return {int(session): (int(n), int(size), int(kinds)) for session, n, size, kinds in by.iter_rows()}
