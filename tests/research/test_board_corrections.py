"""The board follows the exchange's corrections as the engine does: prices, busts, round trips that are over."""

from __future__ import annotations

import pytest

from tests.engine.hand import ACCOUNT, LONG, ONCE, Hand, Script, setup
from tests.research.test_board import same
from workbench.domain.events import AccountValued, AnyEvent, ContractDefined, FillCorrected, OrderAccepted
from workbench.domain.orders import AnyCommand, Leg
from workbench.domain.records import Records
from workbench.domain.units import MICROS
from workbench.research.board import Board
from workbench.store.entries import Entry

pytestmark = pytest.mark.covers("S0-19")


class Watched(Hand):
    """A hand whose journal a board reads; they must agree after every word."""

    def __init__(self) -> None:
        of = setup(Script(LONG, until_ns=ONCE))
        self.board, self._entry, self._told = Board(of.account_days), 0, 0
        self.board.account = ACCOUNT
        super().__init__(of, is_known=False)
        self.hear(*(ContractDefined(each.contract) for each in of.terms), AccountValued(ACCOUNT, 300_000 * MICROS, 300_000 * MICROS))

    def hear(self, *events: AnyEvent) -> list[AnyCommand]:
        made: list[AnyCommand] = []
        for event in events:
            made += super().hear(event)
            self._tell(event, self.n)
            self._tell_facts()
        return made

    def say(self, *parts: Records) -> list[AnyCommand]:
        made = super().say(*parts)
        self._tell_facts()
        return made

    def _tell_facts(self) -> None:
        fresh, self._told = tuple(self.facts[self._told :]), len(self.facts)
        if fresh:
            self._tell(fresh, 0)
        self.board.ledger.day(ACCOUNT)  # who looks first at a day without an entry makes it
        self.engine.desk.ledger.day(ACCOUNT)
        assert same(self.board, self.engine)

    def _tell(self, content: object, n: int) -> None:
        self._entry += 1
        self.board.take(Entry(self._entry, self.seq, n, self.now_ns, content))


def held() -> Watched:
    hand = Watched()
    sent = hand.entered()
    hand.hear(OrderAccepted(1, Leg.ENTRY, 2, 24_000))
    hand.fill(1, Leg.ENTRY, 2, 24_000, id_="in.01")
    hand.hear(OrderAccepted(1, Leg.STOP, 2, sent.stop_px))
    return hand


def shown(hand: Watched) -> list[tuple[str, int, int, int]]:
    return [(fill.exec_id, fill.side, fill.qty, fill.px) for fill in hand.board.fills]


def test_a_corrected_price_stands_in_the_place_of_the_first_one() -> None:
    hand = held()
    hand.hear(FillCorrected(1, Leg.ENTRY, 2, 24_002, "in.02", "in.01"), FillCorrected(1, Leg.ENTRY, 2, 24_001, "in.03", "in.02"))
    assert shown(hand) == [("in.03", 1, 2, 24_001)]
    assert [bracket.entry_value for bracket in hand.board.brackets()] == [48_002]
    hand.fill(1, Leg.TARGET, 2, 24_020, id_="out.01")
    assert [trip.closed.pnl for trip in hand.board.trips] == [2 * 19]


def test_a_correction_that_comes_first_is_shown_once() -> None:
    hand = Watched()
    hand.entered()
    hand.hear(FillCorrected(1, Leg.ENTRY, 2, 24_001, "in.02", "in.01"))
    hand.fill(1, Leg.ENTRY, 2, 24_000, id_="in.01")
    assert shown(hand) == [("in.02", 1, 2, 24_001)]


def test_a_corrected_price_of_a_round_trip_that_is_over_is_in_its_strategys_sum() -> None:
    hand = held()
    hand.fill(1, Leg.TARGET, 2, 24_020, id_="out.01")
    before = hand.board.realised_micros
    hand.hear(FillCorrected(1, Leg.TARGET, 2, 24_016, "out.02", "out.01"))
    lost = -2 * 4 * 12_500_000
    assert hand.board.realised_micros - before == lost and shown(hand)[-1] == ("out.02", -1, 2, 24_016)
    [trip] = hand.board.trips
    assert [worth.pnl_micros for worth in (*hand.board.by_strategy.values(), *hand.board.by_contract.values())] == [
        trip.closed.pnl_micros + lost
    ] * 2


def test_a_bust_is_no_fill_and_the_exit_it_brings_is_counted_once() -> None:
    hand = Watched()
    hand.entered()
    hand.fill(1, Leg.ENTRY, 1, 24_000, id_="a.01")
    hand.fill(1, Leg.ENTRY, 1, 24_000, id_="b.01")
    hand.hear(OrderAccepted(1, Leg.STOP, 2, 23_992))
    assert len(hand.hear(FillCorrected(1, Leg.ENTRY, 0, 0, "a.02", "a.01"))) == 1
    assert [fill[0] for fill in shown(hand)] == ["b.01"] and [bracket.n_exits for bracket in hand.board.brackets()] == [1]
    hand.fill(1, Leg.EXIT, 1, 24_001, id_="c.01")
    assert hand.board.brackets() == [] and hand.board.state.value == "halted"


def test_a_bust_of_a_whole_position_leaves_nothing() -> None:
    hand = held()
    hand.hear(FillCorrected(1, Leg.ENTRY, 0, 0, "in.02", "in.01"))
    assert hand.board.brackets() == [] and shown(hand) == [] and hand.board.realised_micros == 0
