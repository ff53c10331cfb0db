r"""Frames as a person reads them: few rows, no types, numbers written by the unit in their column's name. Text and HTML; changes no value.

==========  ===================================  ==========================
suffix      is written as                        example
==========  ===================================  ==========================
_usd        money, with its sign                 +1,234.50
_frac       percent                              51.3%
_pts        a price or a distance                6,012.25
r           multiples of the risk first taken    +1.55
p_up        a chance, 0 to 1                     0.531
a time      the clock, as finely as it needs     09:30:30.067
==========  ===================================  ==========================
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from html import escape
from typing import Any, Final

import polars as pl

from workbench.research.words import MINUS

MOST_ROWS: Final = 20
NOTHING: Final = "\N{EN DASH}"
SHORT: Final = 24  # characters that are not broken into lines
PLAIN: Final = {"seq", "ref"}  # names of things that happen to be numbers
CHANCES: Final = {"p_up", "confidence", "brier", "ece"}


class Table:
    """A frame made ready to be read. Shows itself in a notebook and in a shell."""

    def __init__(self, names: list[str], rows: list[list[str]], rights: list[bool], n_more: int, none: str) -> None:
        self.names, self.rows, self._rights, self._n_more, self._none = names, rows, rights, n_more, none

    def __repr__(self) -> str:
        if not self.rows:
            return self._none
        widths = [max(map(len, column)) for column in zip(self.names, *self.rows, strict=True)]
        lines = [self._line(self.names, widths), *(self._line(row, widths) for row in self.rows)]
        return "\n".join([*lines, *([f"and {self._n_more:,} more"] if self._n_more else [])])

    def _line(self, row: list[str], widths: list[int]) -> str:
        cells = zip(row, widths, self._rights, strict=True)
        return "  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in cells).rstrip()

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{escape(self._none)}</p>"
        head = "".join(_cell("th", name, right) for name, right in zip(self.names, self._rights, strict=True))
        body = "".join(f"<tr>{''.join(_cell('td', *cell) for cell in zip(row, self._rights, strict=True))}</tr>" for row in self.rows)
        more = f"<p>and {self._n_more:,} more</p>" if self._n_more else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(tag: str, text: str, right: bool) -> str:
    whole = "; white-space: nowrap" if len(text) <= SHORT else ""  # a date is not broken at its hyphens
    return f'<{tag} style="text-align: {"right" if right else "left"}{whole}">{escape(text)}</{tag}>'


def show(frame: pl.DataFrame, *columns: str, most: int = MOST_ROWS, none: str = "(none)") -> Table:
    """Make a frame ready to be read.

    Parameters
    ----------
    columns
        Which of its columns, in this order; none: all.
    most
        Rows shown; of the others their number.
    none
        What is said where there is no row.

    Examples
    --------
    >>> show(pl.DataFrame({"symbol": ["ESZ6"], "side": [-1], "pnl_usd": [-1234.5], "hit_frac": [0.513]}))
    symbol  side    pnl_usd  hit_frac
    ESZ6    sell  −1,234.50     51.3%
    """  # noqa: RUF002  a minus sign is a minus sign
    chosen = frame.select(columns) if columns else frame
    shown = chosen.head(most)
    texts = [list(_texts(shown[name])) for name in shown.columns]
    rights = [shown[name].dtype.is_numeric() and name != "side" for name in shown.columns]
    return Table(list(shown.columns), [list(row) for row in zip(*texts, strict=True)], rights, len(chosen) - len(shown), none)


def _texts(column: pl.Series) -> Iterable[str]:
    name, values = column.name, column.to_list()
    if isinstance(column.dtype, pl.Datetime):
        return _clock(column)
    if name == "side" and column.dtype.is_integer():
        return (NOTHING if value is None else "buy" if value > 0 else "sell" for value in values)
    return (_text(name, value) for value in values)


def _clock(column: pl.Series) -> Iterable[str]:
    """Write moments of one day as the clock; of several with their date. Milliseconds only where there are some."""
    known = column.drop_nulls()
    days = "%Y-%m-%d " if known.dt.date().n_unique() > 1 else ""
    is_fine = bool((known.dt.nanosecond() != 0).any())
    pattern = f"{days}%H:%M:%S" + ("%.3f" if is_fine else "")
    return (NOTHING if text is None else text for text in column.dt.strftime(pattern).to_list())


def _text(name: str, value: Any) -> str:
    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case int():
            text = f"{value}" if name in PLAIN else f"{value:,}"
        case float():
            text = _number(name, value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
    return text.replace("-", MINUS)


def percent(share: float) -> str:
    """Write a share of 1, never rounded to all or nothing.

    >>> percent(0.513), percent(0.99995), percent(1.0)
    ('51.3%', 'over 99.9%', '100.0%')
    """
    return "over 99.9%" if 0.9995 <= share < 1 else "under 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def _number(name: str, value: float) -> str:
    if name.endswith("_usd"):
        if 0 < abs(value) < 0.05:  # a share's commission, not nothing
            return f"{value:+.4f}"
        return f"{value:+,.2f}" if not name.startswith("fee") else f"{value:,.2f}"
    if name.endswith("_frac"):
        return percent(value)
    if name == "r" or name.endswith("_r"):
        return f"{value:+.2f}"
    if name in CHANCES:
        return f"{value:.3f}"
    if name.endswith("_pts"):
        return f"{value:,.4f}".rstrip("0").rstrip(".") if value % 0.25 else f"{value:,.2f}"
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:,.4g}"
