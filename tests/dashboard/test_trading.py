"""Sections say what a picture holds, and nothing that came from outside can become part of the page's code."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from workbench.config import Settings
from workbench.dashboard import trading
from workbench.dashboard.app import SECTIONS
from workbench.dashboard.picture import Note, Picture
from workbench.dashboard.stores import Stores, picture
from workbench.dashboard.words import money

pytestmark = pytest.mark.covers("S0-19", "S3-18")
ZONE = "America/New_York"
EVIL = '<script>alert("x")</script><img src=x onerror=y>\'"&'
VOID = {"img", "br", "line", "path", "circle", "i"}


class Tags(HTMLParser):
    """Which elements there are, and whether each that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"{tag} closes nothing"


@pytest.fixture
def shown(open_: Path, settings: Settings) -> Picture:
    stores = Stores((open_,), settings)
    return picture(stores.look(), stores, ZONE)


def every(p: Picture) -> str:
    return "".join(section(p, ZONE) for section in SECTIONS.values())


def test_every_section_is_whole_whatever_there_is(shown: Picture) -> None:
    empty = Picture(1, 0.0, "data", advice="Nothing has been traded here yet")
    assert shown.card is not None
    bare = shown._replace(limits=(), refusals=(), recipes=(), closed=(), strategies=(), lines=(), refused=(), notes=())
    over = shown._replace(card=shown.card._replace(is_over=True, is_money=True))
    halted = shown._replace(state="halted", why="day loss", since_ns=1, trouble="a disk is gone")
    for each in (empty, shown, bare, over, halted, Picture(1, 0.0, "data", trouble="no journal")):
        for name, section in SECTIONS.items():
            text = section(each, ZONE)
            tags = Tags(text)
            assert tags.open == [], (name, tags.open)
            assert not re.search(r"\b(nan|None|inf)\b", re.sub(r"<[^>]+>", " ", text)), (name, text)


def test_words_from_outside_stay_words(shown: Picture) -> None:
    assert shown.card is not None
    lines = tuple(line._replace(root=EVIL, symbol=EVIL, why=line.why._replace(text=EVIL)) for line in shown.lines)
    evil = shown._replace(
        card=shown.card._replace(source=EVIL, account=EVIL, profile=EVIL, run=EVIL, mode=EVIL),
        why=EVIL,
        state="halted",
        trouble=EVIL,
        data=EVIL,
        notes=(Note("bad", EVIL),),
        lines=lines,
        refusals=((EVIL, 3),),
        refused=((1, EVIL, EVIL),),
        recipes=tuple(each._replace(name=EVIL) for each in shown.recipes),
        closed=tuple(each._replace(symbol=EVIL, strategy=EVIL, how=EVIL) for each in shown.closed),
        strategies=tuple(each._replace(name=EVIL) for each in shown.strategies),
    )
    usual, attacked = Tags(every(shown)), Tags(every(evil))
    assert not attacked.names & {"script", "img"} and "onerror" not in attacked.attributes
    assert attacked.names - usual.names <= {"ul", "li"} and EVIL not in every(evil)
    assert "<" not in trading.title(evil).replace(EVIL, "")


def test_live_is_told_apart_at_a_glance(shown: Picture) -> None:
    assert shown.card is not None
    live = shown._replace(card=shown.card._replace(mode="live", is_money=True))
    assert 'class="pill live"' in trading.head(live, ZONE) and 'class="pill "' in trading.head(shown, ZONE)


def test_the_market_the_session_and_the_law_stand_at_the_top(shown: Picture) -> None:
    text = trading.head(shown, ZONE)
    assert all(word in text for word in ("generated data", "a small world", "session 2026-11-19", "DUSIM1", "law demo"))


def test_what_is_wrong_stands_above_what_is_only_not_right(shown: Picture) -> None:
    notes = (Note("bad", "first"), Note("warn", "second"))
    text = trading.state(shown._replace(notes=notes, trouble="zeroth"), ZONE)
    assert text.index("zeroth") < text.index("first") < text.index("second") and "Nothing needs you" not in text
    assert "Nothing needs you" in trading.state(shown._replace(notes=()), ZONE)


def test_an_exposed_position_cannot_be_overlooked(shown: Picture) -> None:
    lines = tuple(
        line._replace(position=line.position._replace(protection="exposed", qty=1)) if line.position is not None else line
        for line in shown.lines
    )
    text = trading.lines(shown._replace(lines=lines), ZONE)
    assert "no confirmed stop" in text and "shield covered" not in text


def test_the_tab_says_what_was_earned_and_whether_somebody_must_look(shown: Picture) -> None:
    assert shown.money is not None
    earned = money(shown.money.today_micros, signed=True, cents=False)
    assert trading.title(shown._replace(notes=())) == f"{earned} · paper · workbench"
    assert trading.title(shown._replace(notes=(Note("bad", "x"),))).startswith("! ")
    assert trading.title(Picture(1, 0.0, "data")) == "workbench"


def test_features_are_those_of_the_last_minute_and_what_is_not_warm_is_not_made_up(shown: Picture) -> None:
    line = shown.lines[0]
    assert dict(line.features)["RSI 14"] is not None
    cold = shown._replace(lines=(line._replace(features=(("RSI 14", 71.2), ("Bollinger place", None))),))
    text = trading.features(cold, ZONE)
    assert "71.2" in text and "mark-out" in text and "\N{EN DASH}" in text
