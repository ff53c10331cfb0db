"""A few numbers side by side, each with its name and a word about it. Shows what it is given; works out nothing."""

from __future__ import annotations

from html import escape
from typing import Final, NamedTuple

from workbench.research.palette import LOST, WON

TONES: Final = {"": "inherit", "good": WON, "bad": LOST}


class Card(NamedTuple):
    """One number: its name, itself, a word about it, and whether that is good or bad."""

    name: str
    value: str
    note: str = ""
    tone: str = ""


class Cards:
    """Cards in a row that breaks where the page is narrow; ``note`` stands below them.

    >>> Cards((Card("round trips", "50", "19 won"),), "Generated data.")
    round trips  50  (19 won)
    Generated data.
    """

    def __init__(self, cards: tuple[Card, ...], note: str = "") -> None:
        self.cards, self.note = cards, note

    def __repr__(self) -> str:
        width = max((len(card.name) for card in self.cards), default=0)
        lines = [f"{card.name:<{width}}  {card.value}" + (f"  ({card.note})" if card.note else "") for card in self.cards]
        return "\n".join([*lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        made = "".join(
            '<div style="flex: 1 1 min(11.5em, 42%); padding: .6em .9em; border: 1px solid #8884; border-radius: 8px">'
            f'<div style="font-size: .8em; opacity: .75">{escape(card.name)}</div>'
            f'<div style="font-size: 1.2em; font-weight: 600; white-space: nowrap; color: {TONES[card.tone]}">{escape(card.value)}</div>'
            f'<div style="font-size: .8em; opacity: .75">{escape(card.note)}</div></div>'
            for card in self.cards
        )
        note = f'<p style="opacity: .75">{escape(self.note)}</p>' if self.note else ""
        return f'<div style="display: flex; flex-wrap: wrap; gap: .6em; margin: .6em 0">{made}</div>{note}'
