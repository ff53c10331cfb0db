"""What needs a person comes first, the worst on top; a quiet run says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.config import Settings
from workbench.dashboard import trading
from workbench.dashboard.attention import notes
from workbench.dashboard.picture import Limit, Picture
from workbench.dashboard.stores import Stores, picture
from workbench.domain.decisions import ParityBroken, Quarantined, StateChanged, TradingState
from workbench.domain.events import ConnectionChanged
from workbench.domain.records import Phase
from workbench.research.board import Board
from workbench.store.entries import Entry

pytestmark = pytest.mark.covers("S0-19", "S1-30")


@pytest.fixture
def shown(open_: Path, settings: Settings) -> Picture:
    stores = Stores((open_,), settings)
    return picture(stores.look(), stores, "UTC")


def told(shown: Picture, *contents: Any, **changed: Any) -> list[tuple[str, str]]:
    board = Board()
    for n, content in enumerate(contents, 1):
        board.take(Entry(n, n, 0, n, content))
    assert shown.card is not None and shown.runner is not None
    runner = changed.pop("runner", shown.runner._replace(word="runs", age_s=0.5, feed_age_s=0.5))
    lines = tuple(line._replace(**changed) for line in shown.lines)
    return [(note.level, note.text) for note in notes(board, shown.card, runner, lines, changed.pop("limits", ()))]


def test_a_quiet_run_needs_nobody(shown: Picture) -> None:
    assert told(shown) == []


def test_a_broken_parity_and_a_lost_venue_are_said_with_their_reason(shown: Picture) -> None:
    found = told(shown, (ParityBroken("one", "another"),), ConnectionChanged(False, "socket closed"))
    assert [level for level, _ in found] == ["bad"] * 2 and "Parity is broken" in found[0][1] and "socket closed" in found[1][1]


def test_the_trading_state_is_not_told_twice(shown: Picture) -> None:
    assert told(shown, (StateChanged(TradingState.HALTED, "day loss of DUSIM1"),)) == []
    halted = trading.state(shown._replace(state="halted", why="day loss of DUSIM1", since_ns=1, notes=()), "UTC")
    assert halted.count("day loss of DUSIM1") == 1 and "a person must resume it" in halted and "Nothing needs you" not in halted


def test_a_position_without_a_stop_stands_above_a_warning(shown: Picture) -> None:
    held = next(line.position for line in shown.lines if line.position is not None)
    found = told(
        shown,
        (Quarantined("strategy", "mine", 1, "strategies/mine.py:7", "KeyError", ()),),
        position=held._replace(protection="exposed", qty=2, side=-1),
    )
    assert found[0][0] == "bad" and found[0][1].endswith("2 short without a confirmed stop") and found[-1][0] == "warn"


def test_who_is_quarantined_is_named_with_file_and_line(shown: Picture) -> None:
    fact = Quarantined("strategy", "mine", 1, "strategies/mine.py:7", "ZeroDivisionError: division by zero", ())
    [(level, text)] = told(shown, (fact,))
    assert level == "warn" and "strategies/mine.py:7" in text and "ZeroDivisionError" in text


def test_poor_data_counts_only_while_the_market_is_open(shown: Picture) -> None:
    assert "Data quality is low in 2 roots" in told(shown, is_quality_low=True, phase=Phase.RTH)[0][1]
    assert told(shown, is_quality_low=True, phase=Phase.CLOSED) == []


def test_silence_is_worse_with_a_position(shown: Picture) -> None:
    assert shown.runner is not None
    silent = shown.runner._replace(word="silent", age_s=64.0)
    assert told(shown, runner=silent)[0][0] == "bad"
    [(level, text)] = told(shown, runner=silent, position=None)
    assert level == "warn" and "for 1 min" in text


def test_a_limit_of_risk_is_told_before_it_is_reached_and_a_count_never(shown: Picture) -> None:
    assert shown.card is not None and shown.runner is not None
    used = (
        Limit("Loss today, if left now", "4,900", "6,000", "1,100", 0.817, True),
        Limit("Entries today", "240", "240", "0", 1.0, False),
    )
    found = notes(Board(), shown.card._replace(is_over=False), shown.runner._replace(word="runs", feed_age_s=0.1), (), used)
    assert [note.text for note in found] == ["Loss today, if left now: 4,900 of 6,000 used"]


def test_a_run_that_is_over_says_what_it_left_open(shown: Picture) -> None:
    assert shown.card is not None and shown.runner is not None
    found = notes(Board(), shown.card._replace(is_over=True), shown.runner, shown.lines, ())
    assert "ended with open brackets in" in found[0].text
