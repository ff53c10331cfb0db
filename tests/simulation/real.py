"""Readers of the recordings that the facts of the generated market are held against, as series of `market.facts`. For tests only."""

from __future__ import annotations

import csv
import gzip
import struct
import zipfile
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from databento_dbn import DBNDecoder, MBP1Msg

from workbench.domain.units import MS, SECOND
from workbench.simulation.market.facts import Ends, Minutes, Prints, Quotes

NEW_YORK = ZoneInfo("America/New_York")
UNSIGNED = 0


def firstrate(path: Path) -> list[tuple[Minutes, Ends]]:
    """One-minute bars as sessions (18:00 to 18:00 in New York) with regular hours; days without them, and half-days, are left out."""
    with path.open() as file:
        rows = [row for row in csv.reader(file) if row[0][:2] == "20"]
    stamps = [datetime.fromisoformat(row[0]) for row in rows]
    table = np.array([[float(row[4]), float(row[5])] for row in rows])
    t_ns = np.array([int(stamp.replace(tzinfo=NEW_YORK).timestamp()) * SECOND for stamp in stamps], np.int64)
    days = np.array([(stamp.date().toordinal() + (stamp.hour >= 18)) for stamp in stamps])
    sessions = []
    for day in np.unique(days):
        of = days == day
        date = next((stamp.date() for stamp, here in zip(stamps, of, strict=True) if here and stamp.hour == 12), None)
        if date is None:
            continue
        regular = tuple(int(datetime.combine(date, time(h, m), NEW_YORK).timestamp()) * SECOND for h, m in ((9, 30), (16, 0)))
        inside = of & (t_ns >= regular[0]) & (t_ns < regular[1])
        if inside.sum() >= 380:
            sessions.append((Minutes(t_ns[of], table[of, 0], table[of, 1]), (regular[0], regular[1])))
    return sessions


def lean_prints(path: Path) -> Prints:
    """Ticks of a US stock: ms since midnight, price x 10,000, size, exchange, condition, suspicious. Regular hours, as they are."""
    rows = np.loadtxt(_lines(path), delimiter=",", usecols=(0, 1, 2))
    inside = (rows[:, 0] >= 34_200_000) & (rows[:, 0] < 57_600_000)
    t_ns = rows[inside, 0].astype(np.int64) * MS
    return Prints(t_ns, rows[inside, 1] / 10_000, rows[inside, 2].astype(np.int64), np.full(inside.sum(), UNSIGNED))


def lean_second_quotes(path: Path) -> Quotes:
    """Two-sided quote bars of a second, of a US stock: the closing bid and ask of each, in cents, stamped with the end of the second."""
    rows = [line.split(",") for line in _lines(path)]
    kept = [(int(row[0]), float(row[4]), float(row[9])) for row in rows if row[4] and row[9]]
    table = np.array(kept)
    return Quotes(table[:, 0].astype(np.int64) * MS + SECOND, table[:, 1] / 100, table[:, 2] / 100)


def tick_rule(prints: Prints) -> Prints:
    """Sign prints of cents by the last change of price (Lee and Ready 1991, J. Finance 46: the tick test)."""
    change = np.sign(np.diff(np.rint(prints.pts * 100), prepend=0.0))
    last = np.maximum.accumulate(np.where(change != 0, np.arange(len(change)), 0))
    return prints._replace(side=change[last].astype(np.int64))


def yahoo(path: Path) -> Minutes:
    """Bars with the offset in each stamp: ``Datetime,Close,High,Low,Open,Volume``."""
    with path.open() as file:
        rows = [row for row in csv.reader(file) if row[0][:2] == "20"]
    t_ns = [int(datetime.fromisoformat(row[0]).timestamp()) * SECOND for row in rows]
    return Minutes(np.array(t_ns, np.int64), np.array([float(row[1]) for row in rows]), np.array([float(row[5]) for row in rows]))


def rtrawl_prints(path: Path) -> Prints:
    """The one series of ESM8.RData (R's XDR form: prices, then the times of an xts): microseconds, price only."""
    raw = gzip.decompress(path.read_bytes())
    columns = []
    for marker in (b"\x00\x00\x03\x0e", b"\x00\x00\x02\x0e"):  # a vector of doubles: with attributes and class; with attributes
        at = raw.index(marker) + 4
        n = struct.unpack(">i", raw[at : at + 4])[0]
        columns.append(np.frombuffer(raw, ">f8", n, at + 4).astype(float))
    pts, seconds = columns
    return Prints(np.rint(seconds * 1e6).astype(np.int64) * 1000, pts, np.ones(n, np.int64), np.full(n, UNSIGNED))


def databento_quotes(path: Path, tick: int) -> Quotes:
    """Best bid and ask of the only instrument of a compressed MBP-1 file, in ticks (`tick` in 1e-9 points)."""
    decoder = DBNDecoder()
    decoder.write(pa.input_stream(str(path), compression="zstd").read())
    tops = [(m.ts_recv, m.levels[0].bid_px / tick, m.levels[0].ask_px / tick) for m in decoder.decode() if isinstance(m, MBP1Msg)]
    return Quotes(np.array([top[0] for top in tops], np.int64), *(np.array([top[k] for top in tops]) for k in (1, 2)))


def _lines(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0]).decode().splitlines()
