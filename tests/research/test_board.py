"""The board is what the engine's own memory is, at every turn of a run, although it reads nothing but the journal."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import pytest

from tests.replay.world import World, before, world
from tests.simulation.pit import future
from workbench.domain.decisions import (
    Adopted,
    AnyFact,
    Approved,
    At,
    BracketMoved,
    ClosedByHand,
    FeeCharged,
    ForecastMade,
    LabelMatured,
    ParityBroken,
    Proposal,
    Quarantined,
    Reason,
    Refused,
    RoundTripClosed,
    StateChanged,
    TradingState,
)
from workbench.domain.events import (
    Arrival,
    ConnectionChanged,
    ContractDefined,
    FeeReported,
    OperatorAction,
    OperatorSaid,
    OrderFilled,
    PositionAdopted,
)
from workbench.domain.orders import Cause, Key, Leg, OrderType
from workbench.engine import Engine
from workbench.engine.money import at_stake, open_pnl
from workbench.research.board import Board
from workbench.research.evaluate import summarise
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.store.entries import Entry
from workbench.venues.base import Happened

pytestmark = pytest.mark.covers("S0-19", "S1-18", "S1-30")
KEY = Key("DUSIM1", 1, "learned")
WISH = Proposal(1, OrderType.MARKET, 24_000, 23_990, 24_020, 60)


class Told:
    """A journal that tells a board at once."""

    def __init__(self, board: Board) -> None:
        self.board, self.n = board, 0

    def append(self, arrival: Arrival) -> None:
        self._tell(arrival.after_seq, arrival.n, arrival.recv_ns, arrival.event)

    def extend(self, after_seq: int, n: int, recv_ns: int, facts: list[AnyFact]) -> None:
        self._tell(after_seq, n, recv_ns, tuple(facts))

    def _tell(self, after_seq: int, n: int, recv_ns: int, content: object) -> None:
        self.n += 1
        self.board.take(Entry(self.n, after_seq, n, recv_ns, content))

    def commit(self) -> None:
        pass


def same(board: Board, engine: Engine) -> bool:
    memory = engine.desk.memory
    # which watch of the market waits, and since when a stop is looked at as wrong, is told by no journal, and moves nothing that is shown
    untold = {"watch": None, "breakeven_px": None, "wrong_ns": None}
    held = {ref: msgspec.structs.replace(b, **untold) for ref, b in memory.book.open.items()}
    shown = {ref: msgspec.structs.replace(b, **untold) for ref, b in board.supervisor.book.open.items()}
    now = memory.breaker.state, held, memory.ledger, Counter(memory.n_refused)
    refused = Counter({reason: n for reason, n in board.n_refused.items() if reason != "outranked"})  # by the arbiter, not by risk
    return now == (board.state, shown, board.ledger, refused)


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES", "SPY"), minutes=40, activity=0.2)


def play(of: World, **venue: object) -> tuple[Board, Engine, list[AnyFact], int]:
    """Run a world with a board beside the engine, held against it at each turn."""
    board, engine = Board(of.setup.account_days), Engine(of.setup)
    log, turns = RunLog(None, Told(board), keep=True), [0]

    def at_turn(_: int) -> None:
        turns[0] += 1
        assert same(board, engine), f"turn {turns[0]}"

    asyncio.run(run(simulated(of.setup, of.records, of.fills), engine, log, after_seq=before(of), at_turn=at_turn))
    return board, engine, log.facts, turns[0]


def test_positions_money_and_refusals_are_the_engines_own_at_every_turn(of: World) -> None:
    board, engine, facts, turns = play(of)
    assert turns > 500 and len(board.trips) > 5 and board.delays_ns
    assert board.account == of.setup.account and board.start_equity_micros == 300_000_000_000
    assert list(board.contracts) == [1, 2]
    assert len(board.entries_ns) == len([ns for ns in engine.desk.memory.entries_ns if ns > board.now_ns - 3_600 * 10**9])
    told = summarise(facts)
    assert board.realised_micros == told.pnl_micros and dict(board.n_refused) == dict(told.refusals)
    assert sum(each.n for each in board.by_strategy.values()) == told.n_trips == sum(each.n for each in board.by_contract.values())


def test_forecasts_and_their_calibration_are_those_of_the_summary(of: World) -> None:
    board, _, facts, _ = play(of)
    [told] = summarise(facts).forecasts
    learnt = board.learnt[told.name]
    assert (learnt.n_made, learnt.n_known, learnt.n_void, learnt.n_drifts) == (told.n_made, told.n_known, told.n_void, told.n_drifts)
    assert told.n_known > 300 and learnt.table.hit_rate == told.hit_frac and learnt.table.brier == told.brier
    last = [fact for fact in facts if type(fact) is ForecastMade and fact.contract == 1][-1]
    assert board.forecasts[1, told.name][1:] == (last.p_up, last.confidence, last.horizon_ns)


def test_what_is_open_is_valued_as_the_desk_values_it(of: World) -> None:
    board, engine = Board(of.setup.account_days), Engine(of.setup)
    seen = [0]

    def at_turn(_: int) -> None:
        for bracket in board.brackets():
            if bracket.filled:
                bar = engine.view(bracket.key.contract).bar
                px = bar.bid_px if bracket.side > 0 else bar.ask_px
                assert board.open_micros(bracket, px) == open_pnl(engine.desk, bracket) - bracket.fees_micros
                seen[0] += 1
            assert board.at_stake_micros(bracket) == at_stake(engine.desk, bracket)

    log = RunLog(None, Told(board))
    asyncio.run(run(simulated(of.setup, of.records, of.fills), engine, log, after_seq=before(of), at_turn=at_turn))
    assert seen[0] > 50


def board_with(*contents: object) -> Board:
    board = Board()
    for n, content in enumerate(contents, 1):
        board.take(Entry(n, 10 * n, 0 if isinstance(content, tuple) else 1, 1_000 + n, content))
    return board


def test_a_state_keeps_its_reason_and_when_it_came() -> None:
    board = board_with((StateChanged(TradingState.REDUCING, "connection"),), (StateChanged(TradingState.ACTIVE, "connection is over"),))
    assert (board.state, board.why, board.state_ns) == (TradingState.ACTIVE, "connection is over", 1_002)


def test_an_approval_takes_the_last_refusal_away() -> None:
    refused = Refused(KEY, WISH, Reason.FRICTION, 0.4, 0.3)
    assert board_with((refused,)).last_refused[1].reason == "friction"
    board = board_with((refused,), (Approved(KEY, WISH, 1, 125_000_000),))
    assert board.last_refused == {} and board.n_refused["friction"] == 1 and board.n_approved == 1


def test_what_broke_and_what_was_said_by_hand_is_kept() -> None:
    board = board_with(
        ConnectionChanged(False, "socket closed"),
        OperatorSaid(OperatorAction.HALT, "lunch"),
        (ParityBroken("a", "b"), Quarantined("strategy", "mine", 1, "strategies/mine.py:7", "ZeroDivisionError", ())),
    )
    assert board.connection is not None and not board.connection.up and board.operator is not None and board.operator.why == "lunch"
    assert board.parity == ParityBroken("a", "b") and board.quarantined["strategy", "mine"].where == "strategies/mine.py:7"


def test_words_about_brackets_it_never_saw_move_nothing() -> None:
    board = board_with((BracketMoved(99, "working", "filled", "exposed"),), FeeReported("x1", 620_000))
    assert board.brackets() == [] and board.realised_micros == 0


def test_memory_stays_bounded_however_long_a_run_lasts() -> None:
    board = Board()
    facts = tuple(LabelMatured(1, "flow", 0, 0.6, True) for _ in range(100))
    turned = tuple(Refused(KEY, WISH, Reason.SPREAD, 9, 6) for _ in range(100))
    for n in range(1, 400):
        board.take(Entry(n, n, 0, n, facts + turned))
    assert board.learnt["flow"].table.n == 10_000 and board.learnt["flow"].n_known == 39_900
    assert len(board.refused) == 200 and board.n_refused["spread"] == 39_900


def test_a_late_event_is_placed_like_any_other() -> None:
    happened = Happened(7, ConnectionChanged(True, "back"))
    board = board_with(happened.event)
    assert board.connection == happened.event and board.now_ns == 1_001


def test_a_commission_after_the_close_is_taken_off_what_was_earned_everywhere() -> None:
    key = Key("DUSIM1", 1, "by hand")
    trip = RoundTripClosed(7, key, 1, 2, 6000.0, 6010.0, 5, 9, 80, 1_000_000, 9_000_000, 0.9, "target")
    board = Board()
    board.account = key.account
    board.take(Entry(1, 41, 0, 9, (At(9, Cause(41, 0)), trip)))
    board.take(Entry(2, 42, 1, 10, (At(10, Cause(42, 1)), FeeCharged(7, key, 1_000_000))))
    assert (board.realised_micros, board.by_contract[1].pnl_micros, board.by_strategy["by hand"].fees_micros) == (
        8_000_000,
        8_000_000,
        2_000_000,
    )
    shown = board.trips[0].closed
    assert (shown.pnl_micros, shown.fees_micros, round(shown.r, 9)) == (8_000_000, 2_000_000, 0.8)


def test_a_position_that_was_handed_over_is_shown_and_what_a_hand_closes_is_taken_off() -> None:
    board, key = Board(), Key("DUSIM1", 1, "adopted")
    board.account = key.account
    board.take(Entry(1, 41, 1, 5, ContractDefined(future())))
    board.take(Entry(2, 41, 2, 6, PositionAdopted("DUSIM1", 1, -2, 24_000, 24_020, 23_960, 60, "mine now")))
    board.take(Entry(3, 41, 2, 6, (At(6, Cause(41, 2)), Adopted(9, key, -2))))
    [held] = board.brackets()
    assert (held.ref, held.side, held.open, held.stop_px, held.key.strategy) == (9, -1, 2, 24_020, "adopted")
    board.take(Entry(4, 42, 1, 8, (At(8, Cause(42, 1)), ClosedByHand(9, 1, 23_990, "x", 0))))
    assert held.open == 1 and [fill.px for fill in board.fills] == [23_990]


def test_a_bracket_that_closed_too_much_is_shown_until_a_person_has_looked() -> None:
    board, key = Board(), Key("DUSIM1", 1, "adopted")
    board.account = key.account
    board.take(Entry(1, 41, 1, 5, ContractDefined(future())))
    board.take(Entry(2, 41, 2, 6, PositionAdopted("DUSIM1", 1, 2, 24_000, 23_980, 24_040, 60, "mine now")))
    board.take(Entry(3, 41, 2, 6, (At(6, Cause(41, 2)), Adopted(9, key, 2))))
    board.take(Entry(4, 42, 1, 8, OrderFilled(9, Leg.STOP, 1, 23_980, "x", 0)))
    board.take(Entry(5, 43, 1, 9, OrderFilled(9, Leg.TARGET, 2, 24_040, "y", 0)))
    [held] = board.brackets()
    assert held.open == -1
    board.take(Entry(6, 44, 1, 10, OperatorSaid(OperatorAction.RESUME, "settled in TWS")))
    assert list(board.brackets()) == []
