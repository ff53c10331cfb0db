"""How far what is shown may differ, and numbers and texts held against it. Knows no notebook."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from workbench.domain.errors import ConfigError

# Dates, times and addresses are words, so that no tolerance moves a day; what is left of digits is a number.
TOKEN: Final = re.compile(
    r"(?P<word>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?|\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)"
    r"|(?P<number>(?<![\w.])[-+\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)|(?<!\w)[-+\u2212]?(?:nan|inf)(?!\w))"
)
ADDRESS: Final = re.compile(r"0x[0-9a-f]{6,}")  # where something lies in memory
RULES: Final = re.compile(r"[─━═\-—]{3,}")  # lines of tables, as long as their widest number
SHOWN: Final = 90  # characters of what differs


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers a, b are the same if ``|a - b| <= atol + rtol * |a|``; what matches a pattern of ``ignore`` is not looked at.

    >>> Tolerance(rtol=1e-3).close(1000.0, 1000.9), Tolerance().close(1.0, 1.0000001), Tolerance().close(math.nan, math.nan)
    (True, False, True)
    >>> print(Tolerance(rtol=1e-3, ignore=("took .* s",)))
    numbers by 0.1%, texts like 'took .* s'
    """

    rtol: float = 0.0
    atol: float = 0.0
    ignore: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether no number may move."""
        return self.rtol == 0 and self.atol == 0

    def __str__(self) -> str:
        by = " and ".join([*([f"{self.rtol * 100:g}%"] if self.rtol else []), *([f"{self.atol:g}"] if self.atol else [])])
        texts = [f"texts like {pattern!r}" for pattern in self.ignore]
        return ", ".join([*([f"numbers by {by}"] if by else []), *texts])

    def close(self, stored: float, fresh: float) -> bool:
        """Say whether two numbers are the same."""
        if math.isnan(stored) or math.isnan(fresh):
            return math.isnan(stored) and math.isnan(fresh)
        return stored == fresh or abs(stored - fresh) <= self.atol + self.rtol * abs(stored)

    def texts(self, stored: str, fresh: str) -> str:
        """Say how two texts differ; nothing if they are the same but for numbers that are close.

        >>> Tolerance(atol=0.01).texts("won 1,704.30 USD on 2026-11-19", "won 1,704.31 USD on 2026-11-19")
        ''
        >>> Tolerance(atol=9).texts("won 5 on 2026-11-19", "won 5 on 2026-11-20")
        "'2026-11-20' where '2026-11-19' was"
        """
        one, other = list(self._parts(stored)), list(self._parts(fresh))
        for before, after in zip(one, other, strict=False):
            if isinstance(before, float) and isinstance(after, float):
                if not self.close(before, after):
                    return f"{after:.12g} where {before:.12g} was"
            elif before != after:
                return f"{str(after)[:SHOWN]!r} where {str(before)[:SHOWN]!r} was"
        if len(one) != len(other):
            more, which = (other[len(one) :], "more") if len(other) > len(one) else (one[len(other) :], "less")
            return f"{which}: {' '.join(map(str, more))[:SHOWN]!r}"
        return ""

    def _parts(self, text: str) -> Iterator[str | float]:
        for pattern in self.ignore:
            text = re.sub(pattern, " ", text)
        text = RULES.sub(" ", ADDRESS.sub("0x", text))
        at = 0
        for found in TOKEN.finditer(text):
            yield from text[at : found.start()].split()
            yield number(found["number"]) if found["number"] else found["word"]
            at = found.end()
        yield from text[at:].split()


EXACT: Final = Tolerance()


def number(text: str) -> float:
    """Read a number as a page writes it.

    >>> number("-1,704.30")
    -1704.3
    """
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def tolerance_of(metadata: Mapping[str, Any], usual: Tolerance = EXACT) -> Tolerance:
    """Read what a notebook or a cell declares in its metadata; `usual` where it declares nothing.

    Raises
    ------
    ConfigError
        What is there is no tolerance; the text says what is wrong about it.
    """
    said = metadata.get("workbench", {}).get("tolerance")
    if said is None:
        return usual
    try:
        found = msgspec.convert(said, Tolerance)
        if not (0 <= found.rtol < 1 and 0 <= found.atol < math.inf):
            raise ValueError("rtol lies from 0 to below 1, atol is 0 or more")
        for pattern in found.ignore:
            re.compile(pattern)
    except (ValueError, re.error) as error:
        raise ConfigError(f"metadata workbench.tolerance = {said!r} is no tolerance: {error}") from error
    return found
