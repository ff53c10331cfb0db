"""What a user declares about a text file: which column is what, in which zone, stamped where. Declared, never guessed; reads no data.

Rules
-----
1. What a wrong guess would shift unseen has no default: zone, stamp and length of bars, the contract.
2. A file of mappings (TOML) and flags mean the same; a flag wins.
3. A word that is not known is an error, not ignored.

::

    zone = "America/New_York"          # of times without an offset
    stamp = "start"                    # a bar's time is its start or its end
    length = "1m"
    [columns]                          # ours = theirs; needed where their header uses a name of its own
    time = "Datetime"
    [[files]]
    path = "ES_1min_sample.csv"        # beside this file
    contract = "ES.c"                  # ESH6: that contract; ES.c: a continuous series; SPY: a share. More keys as above overrule them
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.importers.lines import DELIMITERS
from workbench.importers.times import EPOCHS, zone

NEEDED: Final = {
    "bars": ("time", "open", "high", "low", "close", "volume"),
    "quotes": ("time", "bid", "bid_size", "ask", "ask_size"),
    "prints": ("time", "price", "size"),
}
OPTIONAL: Final = {"bars": ("date", "count"), "quotes": ("date",), "prints": ("date", "side")}
SKIPPED: Final = "-"  # a column of a file without header that is not read
NAMED: Final = re.compile(r"^([A-Za-z0-9.]+)=(.+)$")
UNITS: Final = {"s": SECOND, "m": MINUTE, "h": HOUR}
NOT_SAID: Final = ""  # the contract of a file that nobody named
LONGEST_NS: Final = 12 * HOUR
Contents = Literal["bars", "quotes", "prints"]


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to read one file.

    Parameters
    ----------
    contract
        ``ESH6``, ``ES.c`` or ``SPY``.
    expiry
        Last trading day, where `contract` is the root of a future: ``2026-03-20``.
    kind
        ``bars``, ``quotes`` or ``prints``.
    zone
        IANA name; `None` only where every time has an offset or counts from 1970.
    stamp
        Whether a bar's time is its start or its end; bars only.
    length
        Of a bar: ``5s 1m 5m 1h``.
    delimiter
        One character, or ``comma semicolon tab pipe space``; `None`: as the first line shows.
    header
        Whether the first line names the columns; not said: it does, unless `columns` are in the file's order.
    columns
        With a header: our name -> theirs, where they differ. Without: our names in the file's order, ``-`` for one to skip.
    only
        ``Ticker=ES``: only the rows of which that column (by their name, or by its number from 1 where there is no header) is ES;
        ``Ticker``: of which it is the name of `contract`; ``Ticker=*``: all rows, whatever it holds.
    time_format
        ``iso``, ``epoch_s epoch_ms epoch_us epoch_ns``, or a pattern such as ``%m/%d/%Y %H:%M``; `None`: found, where one alone fits.
    decimal
        ``point``, or ``comma``: 6904,25.
    prices
        ``exact``, or ``float32``: they went through 32-bit floats (yfinance: 670.4500122070312 is 670.45).
    newest_first
        The file's last line is the oldest.
    max_bad_frac
        Share of rows that may be quarantined; above it the whole import is refused. 0 to 1.
    trust_times
        Do not hold zone and stamp against the market's hours.
    """

    contract: str
    expiry: str | None = None
    kind: Contents = "bars"
    zone: str | None = None
    stamp: Literal["start", "end"] | None = None
    length: str | None = None
    delimiter: str | None = None
    header: bool = True
    columns: dict[str, str] | list[str] = {}
    only: str | None = None
    time_format: str | None = None
    decimal: Literal["point", "comma"] = "point"
    prices: Literal["exact", "float32"] = "exact"
    newest_first: bool = False
    max_bad_frac: float = 0.01
    trust_times: bool = False

    @property
    def length_ns(self) -> int:
        """Length of a bar in nanoseconds, 0 for quotes and prints."""
        return 0 if self.length is None else length_ns(self.length)

    @property
    def separator(self) -> str | None:
        """The one character between two fields, `None` when it is to be found."""
        return None if self.delimiter is None else DELIMITERS.get(self.delimiter, self.delimiter)


class UndeclaredError(ConfigError):
    """Something about a file was not declared that cannot be found in it; what was is in `mapping`."""

    def __init__(self, path: Path, mapping: Mapping, missing: list[str]) -> None:
        head = f"{path}: this is declared, never guessed, for a wrong guess would shift the data unseen:"
        super().__init__("\n".join([head, *(f"  - {each}" for each in missing)]))
        self.path, self.mapping = path, mapping


class Declared(NamedTuple):
    """A file and how to read it."""

    path: Path
    mapping: Mapping


def length_ns(text: str) -> int:
    """Read the length of a bar.

    >>> length_ns("5m") // SECOND
    300
    """
    found = re.fullmatch(r"([1-9]\d{0,3})([smh])", text)
    length = int(found[1]) * UNITS[found[2]] if found else 0
    if not 0 < length <= LONGEST_NS:
        raise ConfigError(
            f"length {text!r} of a bar is not understood; write 5s, 1m, 15m, 1h. A day's bar has no exact end to place it by."
        )
    return length


def declare(paths: list[str], toml: Path | None, flags: Map[str, Any]) -> list[Declared]:
    """Bring paths, a file of mappings, and flags together.

    Parameters
    ----------
    paths
        ``ES.c=/data/es.csv`` or a bare path, whose contract then stands in `flags`.
    toml
        A file of mappings whose ``[[files]]`` are read as well.
    flags
        Fields of `Mapping` that were given; `None` means not given.

    Raises
    ------
    ConfigError
        Something is missing, contradicts itself, or is not known.

    Examples
    --------
    >>> one, = declare(["SPY=spy.csv"], None, {"zone": "America/New_York", "stamp": "start", "length": "1m"})
    >>> one.mapping.contract, one.mapping.separator
    ('SPY', None)
    """
    given = {key: value for key, value in flags.items() if value is not None}
    shared, listed = _toml(toml) if toml else ({}, [])
    found = [(path, {**shared, **own, **given, **_whose(own)}, f"{toml}") for path, own in listed]
    for text in paths:
        named = NAMED.match(text)
        own = {"contract": named[1]} if named else {}
        found.append((Path(named[2] if named else text), {**shared, **given, **_whose(own)}, text))
    if not found:
        raise ConfigError("no file is named; write CONTRACT=PATH, or --mapping FILE with [[files]]")
    return [Declared(path, _mapping(path, body, where)) for path, body, where in found]


def _whose(own: dict[str, Any]) -> dict[str, Any]:
    """Give what a file says about its own contract: no flag for all files overrules that."""
    return {"contract": own["contract"], "expiry": own.get("expiry")} if "contract" in own else {}


def _toml(path: Path) -> tuple[dict[str, Any], list[tuple[Path, dict[str, Any]]]]:
    try:
        body = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML ({error})") from error
    files = body.pop("files", [])
    if not isinstance(files, list) or not all(isinstance(one, dict) and isinstance(one.get("path"), str) for one in files):
        raise ConfigError(f"{path}: each of [[files]] needs a path, a text")
    return body, [(path.parent / one["path"], {key: value for key, value in one.items() if key != "path"}) for one in files]


def _mapping(path: Path, body: dict[str, Any], where: str) -> Mapping:
    body = {"contract": NOT_SAID, "header": not isinstance(body.get("columns"), list), **body}
    try:
        mapping = msgspec.convert(body, Mapping)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}; known are {', '.join(Mapping.__struct_fields__)}") from error
    _check_times(path, mapping)
    _check_columns(path, mapping)
    mark = mapping.separator
    if mark is not None and (len(mark) != 1 or mark in '"\n\r'):
        raise ConfigError(f"{path}: delimiter {mapping.delimiter!r} is not one character; known by name are {', '.join(DELIMITERS)}")
    if not 0 <= mapping.max_bad_frac <= 1:
        raise ConfigError(f"{path}: max_bad_frac is a share from 0 to 1, not {mapping.max_bad_frac}")
    _refuse_undeclared(path, mapping)
    return mapping


def _refuse_undeclared(path: Path, mapping: Mapping) -> None:
    """Say all that is missing in one go."""
    missing = []
    if mapping.contract == NOT_SAID:
        missing.append(f"which contract is it? ESH6={path}, ES.c={path} (a continuous series), SPY={path}; or --root")
    if mapping.kind == "bars" and mapping.stamp is None:
        missing.append("which moment of a bar does its time name? --stamp start, or --stamp end")
    if mapping.kind == "bars" and mapping.length is None:
        missing.append("how long is a bar? --length 1m")
    if missing:
        raise UndeclaredError(path, mapping, missing)


def _check_times(path: Path, mapping: Mapping) -> None:
    if mapping.zone is not None:
        zone(mapping.zone)
    if mapping.zone is not None and mapping.time_format in EPOCHS:
        raise ConfigError(f"{path}: {mapping.time_format} counts from 1970 UTC and has no zone; leave zone away")
    if mapping.kind != "bars" and (mapping.stamp or mapping.length):
        raise ConfigError(f"{path}: {mapping.kind} have no length and no stamp; leave them away, or say kind bars")
    if mapping.length is not None:
        length_ns(mapping.length)


def _check_columns(path: Path, mapping: Mapping) -> None:
    known = NEEDED[mapping.kind] + OPTIONAL[mapping.kind]
    is_list = isinstance(mapping.columns, list)
    if is_list == mapping.header:
        form = "open=Open,time=Datetime (ours=theirs)" if mapping.header else "time,open,high,low,close,volume (the file's order)"
        if mapping.columns or not mapping.header:
            raise ConfigError(f"{path}: columns of a file {'with' if mapping.header else 'without'} a header are written {form}")
    unknown = [name for name in mapping.columns if name not in known and not (is_list and name == SKIPPED)]
    if unknown:
        raise ConfigError(f"{path}: no column of {mapping.kind} is called {unknown[0]!r}; known are {', '.join(known)}")
    named = [name for name in mapping.columns if name != SKIPPED]
    missing = [name for name in NEEDED[mapping.kind] if name not in named]
    if is_list and (missing or len(set(named)) < len(named)):
        what = f"{missing[0]} is missing" if missing else "one is named twice"
        raise ConfigError(f"{path}: columns must name each of {', '.join(NEEDED[mapping.kind])} once; {what}")
