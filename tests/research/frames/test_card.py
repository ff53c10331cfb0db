"""A session shows what it is: in a shell, in a notebook, now and as it was known."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from tests.replay.world import SESSION
from tests.research.conftest import Traded
from tests.runtime.folders import BARS_SESSION
from workbench.research import Session, open_session
from workbench.research.frames.columns import FRAMES


def words(html: str) -> str:
    """What a reader of the page reads."""
    assert not re.findall(r"(?:src|href)=|@import|url\(", html)  # nothing is fetched

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.words: list[str] = []
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag  # what is opened is closed

        def handle_data(self, data: str) -> None:
            if self.open[-1] != "style":
                self.words.append(data)

    reader = Reader()
    reader.feed(html)
    assert not reader.open
    return " ".join(reader.words)


def test_a_shell_is_told_in_four_lines(day: Session) -> None:
    first, second, market, journal = repr(day).splitlines()
    assert first == "session 2026-11-19 · paper run 20261119-paper-1 (ended) · a small world, generated"
    assert second == f"  ESZ6, SPY · {len(day._logs[0].records):,} records, 2026-11-19 14:25:00 to 2026-11-19 14:55:00 UTC"
    assert market == "  market   quotes prints depth bars(symbol, length) features"
    assert journal == "  journal  forecasts decisions refusals orders fills round_trips equity states"


def test_a_notebook_shows_mode_state_provenance_contracts_counts_and_frames(day: Session) -> None:
    shown = words(day._repr_html_())
    for text in ("Session 2026-11-19", "paper", "ended", "generated, not a real market", "20261119-paper-1", "a small world, generated"):
        assert text in shown
    for of in day.contracts:
        assert of.symbol in shown
    for name in ("quotes", "prints", "depth"):
        assert f"{len(day.frame(name, 'ES')):,}" in shown
    for kind in FRAMES.values():
        assert kind.row in shown
    assert "50 USD a point · tick 0.25" in shown and "tick 0.01, prints at 0.0001" in shown


def test_as_seen_at_a_moment_it_counts_no_further(day: Session) -> None:
    seen = day.as_seen_at("2026-11-19 14:40")
    shown = words(seen._repr_html_())
    assert "as seen at 2026-11-19 14:40:00" in shown and f"{len(seen.frame('prints', 'ES')):,}" in shown
    assert f"{len(day._logs[0].records):,}" not in shown + repr(seen)


def test_an_imported_session_says_that_nobody_traded_and_how_to(barred: Path) -> None:
    day = open_session(BARS_SESSION, data=barred)
    assert "nobody traded; to trade it: workbench simulate --session 20260126" in words(day._repr_html_())
    assert "imported bars" in words(day._repr_html_()) and "quotes" not in repr(day) and "not a real market" not in day._repr_html_()


def test_what_a_file_was_called_cannot_break_the_page(traded: Traded) -> None:
    day = traded.open()
    writer = day._logs[0].told.writer
    day._logs[0].told = day._logs[0].told._replace(writer=msgspec.structs.replace(writer, source="<script>alert(1)</script>"))
    assert "<script>" not in day._repr_html_() and "&lt;script&gt;" in day._repr_html_()


@pytest.mark.parametrize("more", [{}, {"roots": "SPY"}, {"zone": "America/New_York"}])
def test_every_session_can_be_shown(traded: Traded, more: dict[str, str]) -> None:
    day = open_session(SESSION, data=traded.data, **more)
    assert words(day._repr_html_()) and repr(day)
