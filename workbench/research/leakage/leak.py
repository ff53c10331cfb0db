"""What a leak is: one place where something knows what it could not have known. A value; nothing is looked for here."""

from __future__ import annotations

from typing import Final, NamedTuple


class Leak(NamedTuple):
    """A finding.

    Attributes
    ----------
    kind
        One of `KINDS`.
    where
        File and line, cell and line, or the name of the thing.
    text
        What was seen, or what is written there.
    remedy
        What to do instead.

    Examples
    --------
    >>> print(Leak("window", "cell 3, line 2", "a centred window", "let it end at the bar: leave center out"))
    cell 3, line 2: window: a centred window; let it end at the bar: leave center out
    """

    kind: str
    where: str
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.text}; {self.remedy}"


KINDS: Final = {
    "future": "what came later changed what was said before",
    "memory": "it says something else when another one, or an earlier run, has been there",
    "file": "it opens files while it decides",
    "window": "a window, a filter or a fill reaches past the bar",
    "shift": "a later row stands beside an earlier one",
    "sample": "a number of the whole sample is known from the first row on",
    "fit": "something learnt from what it is asked about",
    "label": "what is to be forecast is among what it is forecast from",
    "time": "a time that says earlier than it was known",
    "choice": "rows or contracts are chosen by what happened to them later",
    "position": "a position earns the very move that it was made from",
    "chance": "it draws without a seed",
    "unknown": "it could not be examined",
}  # kind -> what it says
