"""Why no order goes out now: one line a root, the first thing in the way, with the number that was held against the limit."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.replay.world import World
from workbench.dashboard.feed import Seen
from workbench.dashboard.why import Around, refusal, why
from workbench.domain.decisions import ForecastMade, LabelMatured, Proposal, Reason, Refused, StateChanged, TradingState
from workbench.domain.orders import Key, OrderType
from workbench.domain.records import Phase
from workbench.domain.units import SECOND
from workbench.execution.bracket import Bracket
from workbench.learning.models import RECIPES
from workbench.research.board import Board
from workbench.research.tallies import Turned
from workbench.risk.constitution import Constitution
from workbench.runtime import build
from workbench.store.entries import Entry

pytestmark = pytest.mark.covers("S0-19", "S3-18")
KEY = Key("DUSIM1", 1, "learned")
WISH = Proposal(1, OrderType.MARKET, 24_000, 23_990, 24_020, 60)
NOW = 1_795_124_940 * SECOND
FLOW = RECIPES["flow_1m"]
WARM = dict.fromkeys(FLOW.features, 0.5)
LAW: Constitution = build.constitution("demo")


@pytest.fixture
def seen(of: World) -> Seen:
    return Seen(of.setup.terms[0].contract, Phase.RTH, 24_040, 24_041, 24_040, 1.0, False, NOW)


def board_with(*facts: Any, at_ns: int = NOW) -> Board:
    board = Board()
    board.take(Entry(1, 1, 0, at_ns, facts))
    return board


def around(**changed: Any) -> Around:
    return Around(LAW, (FLOW,), None, WARM, NOW + 3_600 * SECOND, "UTC")._replace(**changed)


def said(confidence: float | None = 0.55) -> ForecastMade:
    return ForecastMade(1, "flow_1m", 0.54, confidence, 60 * SECOND)


def refused(reason: Reason = Reason.FRICTION, value: float = 0.41, threshold: float = 0.30) -> Refused:
    return Refused(KEY, WISH, reason, value, threshold)


def bracket(**changed: Any) -> Bracket:
    given: dict[str, Any] = {
        "ref": 1, "key": KEY, "side": 1, "qty": 2, "stop_px": 23_990, "target_px": 24_020, "hold_ns": 60, "thesis": None, "risk_micros": 1,
        "sent_ns": 0,
    }  # fmt: skip
    return Bracket(**(given | changed))


def test_what_stands_first_in_the_way_is_named_first(seen: Seen) -> None:
    """Everything stands in the way; one after the other is taken out of it."""
    everything = (StateChanged(TradingState.HALTED, "day loss of DUSIM1"), said(0.48), refused())
    bad, closed = seen._replace(quality_frac=0.41), Phase.MAINTENANCE
    cold: dict[str, float | None] = dict.fromkeys(FLOW.features)
    told = [
        why(bad._replace(phase=closed), board_with(*everything), around(bracket=bracket(filled=2), features=cold)),
        why(bad._replace(phase=closed), board_with(*everything[1:]), around(bracket=bracket(filled=2), features=cold)),
        why(bad, board_with(*everything[1:]), around(bracket=bracket(filled=2), features=cold)),
        why(seen, board_with(*everything[1:]), around(bracket=bracket(filled=2), features=cold)),
        why(seen, board_with(*everything[2:]), around(features=cold)),
        why(seen, board_with(*everything[1:]), around()),
        why(seen, board_with(said(), refused()), around()),
        why(seen, board_with(said()), around()),
    ]
    assert [each.kind for each in told] == ["state", "phase", "quality", "owned", "cold", "confidence", "refused", "quiet"]
    assert [each.text for each in told] == [
        "Trading is halted: day loss of DUSIM1",
        "The market is in maintenance until 22:49",
        "Data quality 0.41 is under 0.80",
        "Holds a position, long: one bracket a contract",
        "No forecast yet: flow_1m has 0 of 10 features; not warm: ret_1_5s, ret_3_5s and 14 more",
        "Confidence 48.0% is under 50%",
        "learned was refused: costs 41% of the move, at most 30%",
        "Nothing proposed",
    ]


def test_a_model_that_still_learns_says_how_far_it_is(seen: Seen) -> None:
    matured = [LabelMatured(1, "flow_1m", 0, None, True)] * 120
    assert why(seen, board_with(*matured), around()).text == "No forecast yet: flow_1m has learnt 120 of 200 outcomes"


def test_a_forecast_that_fell_silent_says_why(seen: Seen) -> None:
    matured = [LabelMatured(1, "flow_1m", 0, None, True)] * 200
    old = board_with(*matured, said(), at_ns=NOW - 60 * SECOND)
    assert why(seen._replace(is_broken=True), old, around()).text == "No forecast now: an opening or a gap lies in the last bar"
    assert why(seen._replace(ask_px=None), old, around()).text == "No forecast now: there is no two-sided quote"
    assert why(seen, old, around()).text == "No forecast now: the last one is of 21:48"
    assert why(seen, board_with(*matured), around()).text == "No forecast now: the one that stood is void"


def test_a_refusal_that_is_over_is_told_as_past(seen: Seen) -> None:
    board = board_with(refused(), at_ns=NOW - 600 * SECOND)
    board.take(Entry(2, 2, 0, NOW, (said(),)))
    assert why(seen, board, around()).text == "Nothing proposed; last refused 21:39: costs 41% of the move, at most 30%"


def test_a_forecast_without_confidence_is_not_held_against_the_floor(seen: Seen) -> None:
    assert why(seen, board_with(said(None)), around()).kind == "quiet"


def test_an_entry_that_works_and_a_position_that_is_left_are_told_apart(seen: Seen) -> None:
    board = board_with(said())
    assert why(seen, board, around(bracket=bracket())).text == "Its entry works, long 2: one bracket a contract"
    assert why(seen, board, around(bracket=bracket(side=-1, filled=2, leaving="thesis"))).text == "Leaving its position: thesis"


def test_a_closed_market_and_one_outside_of_the_laws_phases(seen: Seen) -> None:
    assert why(seen._replace(phase=Phase.CLOSED), board_with(), around()).text == "The market is closed until 22:49"
    assert why(seen._replace(phase=Phase.CLOSED), board_with(), around(until_ns=None)).text == "The market is closed"
    assert why(seen._replace(phase=Phase.PREOPEN), board_with(), around()).text == "The market is in pre-open auction until 22:49"
    assert why(seen._replace(phase=Phase.ETH), board_with(said()), around()).kind == "quiet"  # the demo's law trades there


def test_without_a_law_or_a_recipe_nothing_is_made_up(seen: Seen) -> None:
    assert why(seen._replace(quality_frac=0.1), board_with(said(0.1)), around(law=None)).kind == "quiet"
    assert why(seen, board_with(), around(recipes=())).text == "Nothing proposed"


@pytest.mark.parametrize(
    ("reason", "value", "threshold", "text"),
    [
        (Reason.QUALITY, 0.28, 0.2, "data quality 0.72, at least 0.80"),
        (Reason.CONFIDENCE, 0.53, 0.5, "confidence 47.0%, at least 50%"),
        (Reason.SPREAD, 8.0, 6.0, "spread 8 ticks, at most 6"),
        (Reason.SPREAD, math.inf, 6.0, "no two-sided quote"),
        (Reason.STOP_DISTANCE, -1.0, -2.0, "stop 1 tick away, at least 2"),
        (Reason.STOP_DISTANCE, 500.0, 400.0, "stop 500 ticks away, at most 400"),
        (Reason.HEAT, 0.064, 0.06, "heat 6.4% of equity, at most 6%"),
        (Reason.MARGIN, 1.04, 1.0, "margin 104.0% of equity, at most 100%"),
        (Reason.DAY_LOSS, 6_100.0, 6_000.0, "day loss 6,100 USD, at most 6,000"),
        (Reason.NOTIONAL, 1_600_000.0, 1_500_000.0, "notional 1,600,000 USD, at most 1,500,000"),
        (Reason.SIZE, 612.4, 400.0, "one contract risks 612 USD, at most 400"),
        (Reason.N_DAY, 11.0, 10.0, "entry 11 of the hour, at most 10"),
        (Reason.N_DAY, 241.0, 240.0, "entry 241 of the day, at most 240"),
        (Reason.WINDOW, -40.0, -60.0, "40 s since the last entry, at least 60"),
        (Reason.WINDOW, -600.0, -900.0, "600 s to the close, at least 900"),
        (Reason.LOSSES_IN_ROW, 12.0, 11.0, "12 losses in a row, at most 11"),
        (Reason.N_OPEN, 7.0, 6.0, "open brackets 7, at most 6"),
        (Reason.OUTRANKED, 0.5, 0.52, "a stronger wish: 52% against 50%"),
        (Reason.UNKNOWN, 1.0, 0.0, "the venue has not said the equity"),
        (Reason.MALFORMED, 1.0, 0.0, "malformed"),
    ],
)
def test_a_refusal_is_told_as_its_limit_means_it(reason: Reason, value: float, threshold: float, text: str) -> None:
    assert refusal(Turned(0, 1, "learned", 1, reason.value, value, threshold), LAW) == text


def test_every_reason_there_is_can_be_told() -> None:
    for reason in Reason:
        for law in (LAW, None):
            assert refusal(Turned(0, 1, "learned", 1, reason.value, 2.0, 1.0), law)
