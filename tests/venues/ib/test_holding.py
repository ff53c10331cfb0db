"""What our brackets can hold at most: by the broker's positions, believed only where no fill of ours is fresh."""

from __future__ import annotations

from tests.engine.hand import ES
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.venues.ib.book import Life, Part, Stage, Terms
from workbench.venues.ib.holding import QUIET_TICKS, Holding

CON_ID = 495


def life(ref: int, qty: int, side: int = 1, filled: int | None = None) -> Life:
    sent = Submit(ref, Key("DU1", ES.id, "s"), 0, Cause(0, 0), side, qty, OrderType.MARKET, 100, 90, 110)
    entry = Part(
        ref * 10, Leg.ENTRY, side, OrderType.MARKET, Terms(qty, None), stage=Stage.FILLED, filled=qty if filled is None else filled
    )
    legs = [(Leg.STOP, OrderType.STOP, 90), (Leg.TARGET, OrderType.LIMIT, 110)]
    return Life(sent, 90, [entry, *(Part(ref * 10 + n, leg, -side, kind, Terms(qty, px)) for n, (leg, kind, px) in enumerate(legs, 1))])


def held(lives: list[Life], position: int, *, quiet: int = QUIET_TICKS, ignored: tuple[int, ...] = ()) -> list[int]:
    holding = Holding(ignored)
    holding.tick(lives, 10)
    changed = holding.hold(lives, {CON_ID: position} if position else {}, {CON_ID: ES}, 10 + quiet)
    assert {each.submit.ref for each in changed} == {each.submit.ref for each in lives if each.by_hand}
    return [each.held for each in lives]


def test_what_the_broker_does_not_hold_is_taken_from_the_oldest_first() -> None:
    assert held([life(1, 2), life(2, 2)], 4) == [2, 2]
    assert held([life(1, 2), life(2, 2)], 3) == [1, 2]
    assert held([life(1, 2), life(2, 2)], 1) == [0, 1]
    assert held([life(1, 2)], 0) == [0]
    assert held([life(1, 2)], -1) == [0]  # turned round
    assert held([life(1, 2, side=-1)], -1) == [1]
    assert held([life(1, 2)], 9) == [2]  # what is more is somebody else's


def test_a_position_that_may_lag_behind_a_fill_is_not_believed() -> None:
    assert held([life(1, 2)], 0, quiet=QUIET_TICKS - 1) == [2]
    holding, mine = Holding(), life(1, 2, filled=1)
    holding.tick([mine], 10)
    mine.entry.filled = 2
    holding.tick([mine], 12)
    assert holding.hold([mine], {CON_ID: 1}, {CON_ID: ES}, 12) == [] and mine.held == 2


def test_where_foreign_is_counted_apart_the_net_position_takes_nothing() -> None:
    assert held([life(1, 2)], 0, ignored=(ES.id,)) == [2]


def test_what_was_taken_is_given_back_when_the_broker_holds_it_again() -> None:
    holding, mine = Holding(), life(1, 2)
    holding.tick([mine], 0)
    holding.hold([mine], {CON_ID: 1}, {CON_ID: ES}, 5)
    assert mine.held == 1
    assert holding.hold([mine], {CON_ID: 2}, {CON_ID: ES}, 9) == [mine] and mine.held == 2


def test_a_command_takes_no_more_than_others_were_seen_to_trade() -> None:
    mine = life(1, 2)
    Holding.take(mine, 0, traded=0)
    assert mine.held == 2  # a fill of ours that the engine has not heard of yet
    Holding.take(mine, 1, traded=1)
    Holding.take(mine, 1, traded=1)
    assert mine.held == 1
    Holding.take(mine, 2, traded=1)
    assert mine.held == 1  # given back on the broker's word alone
    assert "1 of bracket 1 are not at the broker" in Holding.word(mine).text


def test_between_fills_it_is_taken_what_no_fill_can_explain_and_looked_at_again() -> None:
    holding, mine = Holding(), life(1, 4, filled=1)
    for n, filled in enumerate((3, 3, 4), 10):
        mine.entry.filled = filled
        holding.tick([mine], n)
    assert holding.hold([mine], {CON_ID: 3}, {CON_ID: ES}, 12) == []  # it may lack the newest fill
    assert holding.is_unsettled
    assert holding.hold([mine], {CON_ID: 2}, {CON_ID: ES}, 12) == [mine] and mine.held == 3  # not two of them
    assert holding.hold([mine], {CON_ID: 4}, {CON_ID: ES}, 12) == [] and mine.held == 3  # and gives nothing back
    for n in (13, 14):
        holding.tick([mine], n)
    assert holding.settled(14) == [ES.id] and holding.settled(13) == []
    assert holding.hold([mine], {CON_ID: 2}, {CON_ID: ES}, 14) == [mine] and (mine.held, holding.is_unsettled) == (2, False)


def test_an_answer_older_than_what_is_remembered_takes_nothing_between_fills() -> None:
    holding, mine = Holding(), life(1, 4)
    for n, filled in enumerate((1, 2, 3, 4), 10):
        mine.entry.filled = filled
        holding.tick([mine], n)
    assert holding.hold([mine], {}, {CON_ID: ES}, 11) == [] and holding.is_unsettled
