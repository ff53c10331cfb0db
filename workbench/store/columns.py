"""Records as columns and back: what the recordings' table holds, how it is packed, and its rows as 64-byte records again.

Everything is an integer. Delta Lake has no unsigned ones: `contract` is a long, `kind`, `level` and `flags` are shorts.
Packing, measured on a night of ES with ten rows of depth: 6.6 bytes a record in one commit, against 19 with the defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from deltalake import ColumnProperties, WriterProperties

from workbench.domain.records import RECORD, Records

if TYPE_CHECKING:
    import polars as pl

COLUMNS: Final = (*(name for name in RECORD.names or () if name != "kind"),)  # `kind` and `session` are partitions: no bytes
WIDTHS: Final = {"contract": "i8", "side": "i1", "level": "i2", "flags": "i2"}  # all others are i8
RISING: Final = ("seq", "recv_ns", "event_ns", "px", "px2")  # near to the value before: packed as differences; the rest repeats
BLOCK: Final = 8_192  # rows put together at a time: half a megabyte stays in the processor's cache
SHARE: Final = 16 * BLOCK  # rows one thread puts together at a time
MOST_THREADS: Final = 4
Columns = dict[str, npt.NDArray[Any]]
PACKING: Final = WriterProperties(
    compression="ZSTD",
    max_row_group_size=262_144,  # a million rows are unpacked by two threads in 21 ms, in one group by one in 29; a file is no bigger
    compression_level=1,  # three quarters of the time of 3; ES with depth 7.65 bytes a record with either, prints of SPY 3.7 and not 3.5
    column_properties={name: ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED") for name in RISING},
)


def to_frame(session: int, parts: Sequence[Records]) -> pl.DataFrame:
    """Give the rows of the table that records of one log session are, one part after the other."""
    import polars as pl  # half a second: the runner reads spans from the table and never a frame

    n, at = sum(map(len, parts)), 0
    columns = {name: np.empty(n, WIDTHS.get(name, "i8")) for name in COLUMNS} | {"kind": np.empty(n, "i2")}
    for part in parts:
        for start in range(0, len(part), BLOCK):
            block = part[start : start + BLOCK]
            for name, column in columns.items():
                column[at : at + len(block)] = block[name]
            at += len(block)
    return pl.DataFrame(columns | {"session": np.full(n, session, "i4")})


def to_records(parts: Sequence[tuple[int, pl.DataFrame]]) -> Records:
    """Put the rows of the table together again, in the order of their `seq`.

    Parameters
    ----------
    parts
        A kind and its rows, in any order.
    """
    pieces = [(kind, piece) for kind, part in parts for piece in _pieces(part)]
    if not pieces:
        return np.empty(0, RECORD)
    places = _places([piece["seq"] for _, piece in pieces])
    out = np.empty(len(places), RECORD)
    shares, at = [], 0
    for kind, piece in pieces:
        for start in range(0, len(piece["seq"]), SHARE):
            share = {name: column[start : start + SHARE] for name, column in piece.items()}
            shares.append((out, places[at : at + len(share["seq"])], kind, share))
            at += len(share["seq"])
    if len(shares) == 1:
        _put(*shares[0])
    else:
        with ThreadPoolExecutor(min(len(shares), MOST_THREADS)) as pool:  # numpy copies without the interpreter's lock; no two share a row
            list(pool.map(_put, *zip(*shares, strict=True)))
    return out


def _put(out: Records, places: npt.NDArray[np.int64], kind: int, piece: Columns) -> None:
    raw, at = out.view(f"V{RECORD.itemsize}"), 0
    for block in _blocks(kind, piece):
        raw[places[at : at + len(block)]] = block.view(raw.dtype)
        at += len(block)


def _places(seqs: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Tell for each row where it belongs. Where every `seq` is there once that is a subtraction, else a sort."""
    seq = np.concatenate(seqs)
    n, first = len(seq), int(seq.min())
    if int(seq.max()) - first + 1 == n:
        places = seq - first
        if int(places.sum()) == n * (n - 1) // 2:  # none is there twice in the place of one that is not
            return places
    places = np.empty(n, np.int64)
    places[np.argsort(seq, kind="stable")] = np.arange(n)
    return places


def _pieces(part: pl.DataFrame) -> Iterator[Columns]:
    """Go through a frame as it lies in memory, a piece a file it was read from; nothing is copied."""
    if len({tuple(part[name].chunk_lengths()) for name in COLUMNS}) > 1:
        part = part.rechunk()
    chunks = {name: [chunk.to_numpy() for chunk in part[name].get_chunks()] for name in COLUMNS}
    for number in range(part.n_chunks() if len(part) else 0):
        yield {name: chunks[name][number] for name in COLUMNS}


def _blocks(kind: int, piece: Columns) -> Iterator[Records]:
    n = len(piece["seq"])
    scratch = np.empty(min(BLOCK, n), RECORD)
    scratch["kind"] = kind
    for start in range(0, n, BLOCK):
        block = scratch[: min(BLOCK, n - start)]
        for name, column in piece.items():
            block[name] = column[start : start + BLOCK]
        yield block
