"""Which rows of a text file are of the contract that is meant, where one column names several. Chosen by declaration, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.config import Root
from workbench.domain.errors import ConfigError, DataError
from workbench.importers import naming
from workbench.importers.csv_columns import MARKS, Columns
from workbench.importers.lines import Lines
from workbench.importers.mapping import NOT_SAID, Declared

# names of columns that hold the names of contracts, without case, marks and blanks
USUAL: Final = (
    *("ticker", "symbol", "sym", "contract", "instrument", "security", "root", "product", "ric", "stock"),
    *("rawsymbol", "localsymbol", "instrumentid", "tickersymbol", "contractcode", "productcode", "isin", "wkn", "kontrakt", "wertpapier"),
)
EVERY: Final = "*"  # in place of a name: all rows are meant
SHOWN: Final = 5  # names that a sentence lists
MANY: Final = 1_000  # names; a column of more tells something else
Mask = npt.NDArray[np.bool_]


def own_rows(declared: Declared, columns: Columns, body: Lines, roots: Mapping[str, Root]) -> tuple[Columns, Lines, list[str]]:
    """Keep the rows of the contract that was declared.

    Returns
    -------
    tuple[Columns, Lines, list[str]]
        Columns and lines without those of other names, and notes of what was left out. A line that does not have all its fields stays:
        nothing tells whose it is.

    Raises
    ------
    DataError
        A column holds several names and none was chosen, or the chosen name is not there.
    """
    if declared.mapping.only is None:
        refuse_several(declared, columns, roots)
        return columns.only_read(), body, []
    column, _, wanted = declared.mapping.only.partition("=")
    if column not in columns.every:
        raise DataError(f"{declared.path}: no column {column!r} (--only); the file has {', '.join(columns.every)}")
    if wanted == EVERY:
        return columns.only_read(), body, []
    text = columns.every[column].fill_null("").str.strip_chars()
    held = _names(text.filter(pl.Series(columns.fits)))
    wanted = wanted or _own_name(declared, column, held, roots)
    _refuse_other(declared, column, wanted, held, roots)
    rows = np.flatnonzero((text == wanted).to_numpy() | ~columns.fits)
    left = {name: n for name, n in held.items() if name != wanted}
    shown = [f"{n:,} of {name or 'no name'}" for name, n in list(left.items())[:SHOWN]]
    more = f" and of {len(left) - SHOWN} more names" if len(left) > SHOWN else ""
    notes = [f"only rows of which {column} is {wanted}; left out: {', '.join(shown)}{more}"] if left else []
    return columns.only_read().gather(rows), Lines(body.path, body.text.gather(rows), body.number[rows]), notes


def several(columns: Columns, roots: Mapping[str, Root]) -> tuple[str, dict[str, int]] | None:
    """Find the column that holds several names of contracts: by what it is called, or by names that the settings know.

    Returns
    -------
    tuple[str, dict[str, int]] | None
        What the file calls it, and its names with the number of rows of each, the most frequent first.
    """
    for called in columns.unread:
        text = columns.every[called].filter(pl.Series(columns.fits)).fill_null("").str.strip_chars()
        is_usual = MARKS.sub("", called.lower()) in USUAL
        if not is_usual and not _n_known(text.head(MANY).unique(), roots):  # numbers, mostly: not worth the counting
            continue
        held = {name: n for name, n in _names(text).items() if name}
        if 1 < len(held) <= MANY and (is_usual or _n_known(held, roots) > 1):
            return called, held
    return None


def told(called: str, held: Iterable[str], chosen: str) -> str:
    """Say what a column holds, and how to choose.

    >>> told("Ticker", ["ES", "SPY"], "ES")
    'column Ticker holds 2 names (ES, SPY): say --only Ticker=ES'
    """
    names = list(held)
    more = ", ..." if len(names) > SHOWN else ""
    return f"column {called} holds {len(names)} names ({', '.join(names[:SHOWN])}{more}): say --only {called}={chosen}"


def likely(held: Iterable[str], contract: str, roots: Mapping[str, Root]) -> str:
    """Give the name that the contract is likely called by, the first where none is: an example, for a person to judge."""
    names = list(held)
    return next((name for name in names if _is_meant(name, contract, roots)), names[0])


def refuse_several(declared: Declared, columns: Columns, roots: Mapping[str, Root]) -> None:
    """Refuse rows of several contracts, unless they are the months of one continuous series, one after the other."""
    found = several(columns, roots)
    if found is None or _is_series(declared, columns.every[found[0]], found[1], roots):
        return
    called, held = found
    chosen = likely(held, declared.mapping.contract, roots)
    raise DataError(
        f"{declared.path}: {told(called, held, chosen)} (--only {called} takes for each contract the rows of its name; "
        f"--only '{called}={EVERY}' takes all rows)"
    )


def _own_name(declared: Declared, column: str, held: Mapping[str, int], roots: Mapping[str, Root]) -> str:
    """Give the name in the file that is the contract's: as it was declared, else its root."""
    contract = declared.mapping.contract
    fits = [name for name in held if name == contract] or [name for name in held if _is_meant(name, contract, roots)]
    if len(fits) != 1:
        said = f"none is {contract}" if not fits else f"{' and '.join(fits)} may be {contract}"
        names = ", ".join([*held][:SHOWN])
        raise DataError(f"{declared.path}: of the names in column {column} ({names}), {said}; say which: --only {column}=NAME")
    return fits[0]


def _refuse_other(declared: Declared, column: str, wanted: str, held: Mapping[str, int], roots: Mapping[str, Root]) -> None:
    """Refuse a name that is not there, and one that another contract of the same command was given."""
    if wanted not in held:
        names = ", ".join([*held][:SHOWN])
        raise DataError(f"{declared.path}: no row of which column {column} is {wanted!r}; it holds {names}")
    contract = declared.mapping.contract
    own = [name for name in held if _is_meant(name, contract, roots)]
    if own and wanted not in own:
        raise DataError(
            f"{declared.path}: rows of {wanted} would be taken as {contract}, and column {column} holds {own[0]} too. "
            f"For several contracts of one file say --only {column}: each takes the rows of its own name."
        )


def _is_series(declared: Declared, text: pl.Series, held: Mapping[str, int], roots: Mapping[str, Root]) -> bool:
    """Tell whether these are months of the continuous series that is meant, each in one run."""
    contract = declared.mapping.contract
    if not contract.endswith(".c") or any(_root(name, roots) != contract[:-2] for name in held):
        return False
    text = text.filter(text.is_in(list(held)))
    return int((text != text.shift(1)).sum() or 0) < len(held)


def _is_meant(name: str, contract: str, roots: Mapping[str, Root]) -> bool:
    """Tell whether a name in a file is the contract, or the bare root of it."""
    return name == contract or (contract != NOT_SAID and name in roots and name == _root(contract, roots))


def _root(text: str, roots: Mapping[str, Root]) -> str | None:
    """Give the root that a name in a file is of, `None` if the settings know none."""
    if text in roots:
        return text
    try:
        return naming.name(text, roots).root.root
    except ConfigError:
        return None


def _n_known(names: Iterable[str], roots: Mapping[str, Root]) -> int:
    return sum(_root(each, roots) is not None for each in names)


def _names(text: pl.Series) -> dict[str, int]:
    counted = text.value_counts(sort=True)
    return dict(zip(counted[text.name].to_list(), counted["count"].to_list(), strict=True))
