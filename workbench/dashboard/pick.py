"""What a person chose on the page of runs: a day, a page, a run, as it stands behind the ``#`` of the address. Text only."""

from __future__ import annotations

from html import escape
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlencode

PATH: Final = "/runs"


class Pick(NamedTuple):
    """What a person chose; empty: nothing. It stands behind the ``#`` of the address, so that it can be kept and sent."""

    day: int = 0
    page: str = ""
    run: str = ""

    @classmethod
    def read(cls, text: str) -> Pick:
        """Read what stands behind the ``#``; what cannot be meant is nothing.

        >>> Pick.read("#day=20261119&page=truth"), Pick.read("#day=x")
        (Pick(day=20261119, page='truth', run=''), Pick(day=0, page='', run=''))
        """
        said = {name: values[-1] for name, values in parse_qs(text.removeprefix("#")).items()}
        day = said.get("day", "")
        return cls(int(day) if day.isdecimal() and day.isascii() and len(day) <= 8 else 0, said.get("page", ""), said.get("run", ""))

    @property
    def href(self) -> str:
        """Give the link that picks this; with the page's path, because Panel takes a link that begins with ``#`` for its own.

        >>> Pick(day=20261119, run="p/1+2").href
        '/runs#day=20261119&amp;run=p%2F1%2B2'
        """
        return escape(f"{PATH}#" + urlencode({name: value for name, value in self._asdict().items() if value}))


def current(is_it: bool) -> str:
    """Mark what is chosen, for whoever listens to the page."""
    return ' aria-current="true"' if is_it else ""
