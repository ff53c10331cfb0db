"""HTML as a reader sees it: cells of tables, text between them, figures in scripts. No style, no name of an element, no layout."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, NamedTuple

from workbench.pipelines.comparing.drawn import documents


class Shown(NamedTuple):
    """What a piece of HTML shows: `tables` as rows of cells, `texts` outside of them in their order, `figures` as JSON."""

    tables: list[list[list[str]]]
    texts: list[str]
    figures: list[Any]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown = Shown([], [], [])
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "table"):
            self._within.append(tag)
        if tag == "table":
            self.shown.tables.append([])
        elif self._is_in_table and tag == "tr":
            self.shown.tables[-1].append([])
        elif self._is_in_table and tag in ("td", "th"):
            if not self.shown.tables[-1]:
                self.shown.tables[-1].append([])
            self.shown.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        last = self._within[-1] if self._within else ""
        if last == "script":
            self.shown.figures.extend(documents(data))
        elif last == "table" and self.shown.tables[-1] and self.shown.tables[-1][-1]:
            self.shown.tables[-1][-1][-1] += data
        elif last != "style" and data.strip():
            self.shown.texts.append(data.strip())

    @property
    def _is_in_table(self) -> bool:
        return "table" in self._within


def shown(html: str) -> Shown:
    """Read a piece of HTML.

    >>> shown("<p>two</p><table id='a'><tr><th>x</th></tr><tr><td style='b'>1.5</td></tr></table>")
    Shown(tables=[[['x'], ['1.5']]], texts=['two'], figures=[])
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.shown
