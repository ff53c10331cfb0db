"""Lean's folders and zips: which files there are, what their names say, and their lines. Reads no number and makes no record.

Source of the names: QuantConnect/Lean, Common/Util/LeanData.cs (GenerateZipEntryName, GenerateZipFileName) and Data/*/readme.md. The name
inside the zip says it all, so a file that was unpacked reads as well:

    20131202_es_minute_trade_201312.csv            day, symbol, resolution, what, month of delivery; newer ones end in the expiry
    20131007_spy_second_quote.csv                  a share has no month
    20131007_spy_Trade_Tick.csv                    ticks of shares have the last two the other way round
"""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from workbench.domain.errors import DataError
from workbench.importers.lines import Lines, lines_of, read_lines
from workbench.market.rolls import local_symbol

RESOLUTIONS: Final = ("tick", "second", "minute")
WHAT: Final = ("trade", "quote", "openinterest")  # in this order within a day: what happened in a minute, then what stood at its end
ENTRY: Final = re.compile(r"^(\d{8})_([a-z0-9.]+)_([a-z]+)_([a-z]+)(?:_(\d{6})(?:_(\d{8}))?)?\.csv$", re.IGNORECASE)
LARGEST: Final = 1 << 31  # bytes of one day of one contract, unpacked; a busy day of SPY has a hundredth of it
# what `zipfile` raises about damage and about what it cannot unpack; RuntimeError: a password
BROKEN: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError)


class Entry(NamedTuple):
    """One text file of Lean's: a day of one contract, in one form."""

    path: Path  # of the zip, or of the file itself
    inside: str  # its name in the zip, "" if it lies open
    day: date
    symbol: str  # ES, SPY
    resolution: str
    what: str
    month: tuple[int, int] | None = None  # year and month of delivery
    expiry: date | None = None

    @property
    def label(self) -> str:
        """What errors and reports call it, as Lean does: ``zip#entry``."""
        return f"{self.path}#{self.inside}" if self.inside else str(self.path)

    @property
    def contract(self) -> str:
        """Name of the contract, ``ESZ3``; of a share, its symbol."""
        return self.symbol if self.month is None else local_symbol(self.symbol, *self.month)

    @property
    def order(self) -> tuple[date, str, int, tuple[int, int]]:
        """Where it comes among others: by day, symbol, what it tells, month."""
        return self.day, self.symbol, WHAT.index(self.what), self.month or (0, 0)


class Found(NamedTuple):
    """What lies in the folders: entries that can be read, and names of what was left out."""

    entries: list[Entry]
    left_out: list[str]


def understand(path: Path, inside: str = "") -> Entry | None:
    """Read a name; `None` if it is none of ticks, seconds or minutes.

    >>> understand(Path("a.zip"), "20131202_es_minute_trade_201312.csv").contract
    'ESZ3'
    >>> understand(Path("20131007_spy_Trade_Tick.csv")).what
    'trade'
    """
    found = ENTRY.match(PurePosixPath(inside).name if inside else path.name)
    if found is None:
        return None
    words = {found[3].lower(), found[4].lower()}
    resolution = next((word for word in RESOLUTIONS if word in words), None)
    what = next((word for word in WHAT if word in words), None)
    try:
        day = datetime.strptime(found[1], "%Y%m%d").date()  # noqa: DTZ007  a day has no zone
        month = (int(found[5][:4]), int(found[5][4:])) if found[5] else None
        expiry = datetime.strptime(found[6], "%Y%m%d").date() if found[6] else None  # noqa: DTZ007  nor has an expiry
    except ValueError:
        return None
    if resolution is None or what is None or (month and not 1 <= month[1] <= 12):
        return None
    return Entry(path, inside, day, found[2].upper(), resolution, what, month, expiry)


def find(paths: Iterable[Path]) -> Found:
    """List what can be read in files and folders, in the order of time.

    Raises
    ------
    DataError
        A path is not there, a zip is damaged, or a file that was named holds nothing of Lean's.
    """
    entries: list[Entry] = []
    left_out: list[str] = []
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*.zip")):
                own, others = _inside(file)
                entries += own
                left_out += others if own else [str(file)]
            continue
        own, others = _inside(path) if path.suffix == ".zip" else ([one] if (one := understand(path)) else [], [])
        if not own:
            raise DataError(
                f"{path}: {_why(path)}. Read are Lean's zips of ticks, seconds and minutes, such as .../minute/es/20131202_trade.zip "
                "with 20131202_es_minute_trade_201312.csv inside; hours and days are not, for their bars have no exact end here."
            )
        entries += own
        left_out += others
    return Found(sorted(entries, key=lambda entry: entry.order), left_out)


def read(entry: Entry) -> Lines:
    """Give the lines of an entry; `DataError` if it is damaged, too large, or no text."""
    if not entry.inside:
        return read_lines(entry.path)
    try:
        with zipfile.ZipFile(entry.path) as archive:
            size = archive.getinfo(entry.inside).file_size
            if size > LARGEST:
                raise DataError(f"{entry.label}: would unpack to {size:,} bytes; no day of one contract is that long")
            body = archive.read(entry.inside)
    except (*BROKEN, KeyError) as error:
        raise DataError(f"{entry.path}: damaged ({error}). Nothing of it was used; fetch it again.") from error
    return lines_of(Path(entry.label), body)


def _inside(path: Path) -> tuple[list[Entry], list[str]]:
    """Part the names in a zip into what we read and what we do not."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except BROKEN as error:
        raise DataError(f"{path}: damaged or no zip ({error}). Nothing of it was used; fetch it again.") from error
    found = {name: understand(path, name) for name in names}
    return [entry for entry in found.values() if entry], [f"{path}#{name}" for name, entry in found.items() if entry is None]


def _why(path: Path) -> str:
    if not path.exists():
        return "no such file"
    return "no file of Lean's ticks, seconds or minutes inside" if path.suffix == ".zip" else "its name is none of Lean's"
