"""Decimal text as exact integers, a column at a time. No floats, no files; what is no number is marked, never guessed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

PLAIN: Final = r"^[+-]?([0-9]{1,19}\.?[0-9]{0,18}|\.[0-9]{1,18})$"
WITH_EXPONENT: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,2}$"
MAX_PLACES: Final = 12  # of a quantum
SMALL: Final = r"^[+-]?[0-9]{1,6}(\.[0-9]{0,12})?$"  # in units of the last of those places it fits 64 bits
MAX_INT: Final = 2**63 - 1
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Quanta(NamedTuple):
    """A column of numbers as whole quanta; where `is_number` or `on_grid` is false, ``value`` is 0 and means nothing."""

    value: Ints
    is_number: Mask
    on_grid: Mask


def quanta(text: pl.Series, quantum: str) -> Quanta:
    """Read a column of decimal numbers exactly, as multiples of a quantum.

    Blank, ``nan``, ``inf``, hexadecimal, thousands separators and what does not fit 64 bits are no numbers.

    Parameters
    ----------
    text
        What the file says, strings or nulls.
    quantum
        A positive decimal, ``"0.25"``.

    Examples
    --------
    >>> quanta(pl.Series(["6904.0", "-0.2500", "1e3", "6904.3", "nan"]), "0.25").value.tolist()
    [27616, -1, 4000, 0, 0]
    >>> quanta(pl.Series(["6904.0", "6904.3", "nan"]), "0.25").on_grid.tolist()
    [True, False, False]
    """
    step = Fraction(quantum)
    places = _places(step)
    text = text.fill_null("")
    whole_numbers = text.cast(pl.Int64, strict=False)
    if whole_numbers.null_count() == 0:
        return _of_integers(whole_numbers.to_numpy(), step)
    if text.str.contains(SMALL).all():  # four times as fast as the general way below, which a file's first odd number takes
        return _of_decimals(text, step)
    return _of_any(text, step, places)


def _of_integers(value: Ints, step: Fraction) -> Quanta:
    limit = MAX_INT // step.denominator
    fits = (-limit <= value) & (value <= limit)
    whole, rest = np.divmod(np.where(fits, value, 0) * step.denominator, step.numerator)
    on_grid = fits & (rest == 0)
    return Quanta(np.where(on_grid, whole, 0), fits, on_grid)


def _of_decimals(text: pl.Series, step: Fraction) -> Quanta:
    value = text.str.to_decimal(scale=MAX_PLACES).to_physical().cast(pl.Int64).to_numpy()
    whole, rest = np.divmod(value, int(step * 10**MAX_PLACES))
    on_grid = rest == 0
    return Quanta(np.where(on_grid, whole, 0), np.ones(len(value), np.bool_), on_grid)


def _of_any(text: pl.Series, step: Fraction, places: int) -> Quanta:
    """Read any text at all, number by number of places."""
    text = _without_exponents(text.str.strip_chars())
    plain = text.str.contains(PLAIN)
    trimmed = _without_trailing_zeros(_where(plain, text, "0"))
    point = trimmed.str.find(".", literal=True).cast(pl.Int64)
    behind = (trimmed.str.len_bytes().cast(pl.Int64) - point - 1).fill_null(0).to_numpy()
    digits = trimmed.str.replace(".", "", literal=True).cast(pl.Int64, strict=False)
    is_number = plain.to_numpy() & digits.is_not_null().to_numpy()
    ratio = Fraction(1, 10**places) / step
    shift = 10 ** np.clip(places - behind, 0, MAX_PLACES) * ratio.numerator
    value = digits.fill_null(0).to_numpy()
    limit = MAX_INT // shift
    fits = (-limit <= value) & (value <= limit)
    whole, rest = np.divmod(np.where(fits, value * shift, 0), ratio.denominator)
    on_grid = is_number & fits & (behind <= places) & (rest == 0)
    return Quanta(np.where(on_grid, whole, 0), is_number & fits, on_grid)


def undo_float32(text: pl.Series) -> pl.Series:
    """Write prices that went through 32-bit floats (yfinance) as the shortest decimals that give those floats.

    Exact both ways: what is no such float stays as it is.

    >>> undo_float32(pl.Series(["670.4500122070312", "6778.5", "670.4500122", "x"])).to_list()
    ['670.45', '6778.5', '670.4500122', 'x']
    """
    text = text.fill_null("").str.strip_chars()
    wide = _where(text.str.contains(PLAIN), text, "nan").cast(pl.Float64, strict=False)
    narrow = wide.cast(pl.Float32)
    is_narrow = (narrow.cast(pl.Float64) == wide) & wide.is_finite() & narrow.is_finite()
    return pl.select(pl.when(is_narrow).then(narrow.cast(pl.String)).otherwise(text)).to_series()


def _places(step: Fraction) -> int:
    """Count the digits behind the point that a multiple of `step` can have."""
    places = next((k for k in range(MAX_PLACES + 1) if (step * 10**k).denominator == 1), None)
    if step <= 0 or places is None:
        raise ValueError(f"a quantum must be a positive decimal of at most {MAX_PLACES} places, not {step}")
    return places


def _where(mask: pl.Series, text: pl.Series, otherwise: str) -> pl.Series:
    return pl.select(pl.when(mask).then(text).otherwise(pl.lit(otherwise))).to_series()


def _without_trailing_zeros(text: pl.Series) -> pl.Series:
    """Drop zeros that say nothing (688.6200): only then does the number of places tell what is off the grid."""
    pointed = text.str.contains(".", literal=True)
    trimmed = text.str.strip_chars_end("0").str.strip_chars_end(".")
    bare = trimmed.str.strip_chars("+-") == ""
    return pl.select(pl.when(pointed & bare).then(pl.lit("0")).when(pointed).then(trimmed).otherwise(text)).to_series()


def _without_exponents(text: pl.Series) -> pl.Series:
    """Write the few numbers with an exponent out in full."""
    marked = text.str.contains(WITH_EXPONENT)
    if not marked.any():
        return text
    rows = marked.arg_true()
    return text.scatter(rows, [_written_out(value) for value in text.gather(rows).to_list()])


def _written_out(text: str) -> str:
    try:
        return f"{Decimal(text):f}"
    except InvalidOperation:
        return ""
