"""What the state itself breaks is told once a break, and five in five minutes shut down; bursts and wide spreads lock a contract."""

from __future__ import annotations

import random

import msgspec
import pytest

from tests.engine.hand import ACCOUNT, BAR, KEY, LONG, ONCE, T0, Hand, Script, law, position, setup, standing
from workbench.domain.decisions import Reason, Refused, StateChanged, ViolationSeen
from workbench.domain.events import AccountValued, ContractTold, OperatorAction, OperatorSaid, OrderAccepted
from workbench.domain.orders import Leg
from workbench.domain.units import MICROS, SECOND
from workbench.engine.desk import Desk
from workbench.engine.money import look_at_books
from workbench.engine.observing import _measured, observe
from workbench.risk.violations import over


def worth(hand: Hand, usd: float) -> None:
    hand.hear(AccountValued(ACCOUNT, round(usd * MICROS), round(usd * MICROS)))
    hand.bar()


@pytest.mark.covers("S4-06", "S4-03")
def test_an_account_that_shrinks_under_its_positions_breaks_heat_once() -> None:
    hand = position()  # 200 USD at risk
    worth(hand, 300_000)
    assert not hand.made(ViolationSeen)
    worth(hand, 3_000)
    hand.bar(3)
    kinds = [fact.kind for fact in hand.made(ViolationSeen)]
    assert kinds.count("portfolio_heat") == 1 and "margin" in kinds
    [heat] = [fact for fact in hand.made(ViolationSeen) if fact.kind == "portfolio_heat"]
    assert (heat.value, heat.threshold) == (pytest.approx(200 / 3_000), 0.06)


@pytest.mark.covers("S4-04", "S1-29")
def test_five_violations_within_five_minutes_shut_down_until_a_person_resumes() -> None:
    hand = position()
    for usd in (3_000, 300_000, 3_000, 300_000):  # heat and margin break twice: four edges
        worth(hand, usd)
    assert hand.state == "active" and len(hand.made(ViolationSeen)) == 4
    worth(hand, 3_000)
    assert hand.state == "halted" and "violations within 300 s" in hand.made(StateChanged)[-1].why
    worth(hand, 300_000)
    assert hand.state == "halted"
    hand.hear(OperatorSaid(OperatorAction.RESUME, "operator: looked"))
    hand.bar()
    assert hand.state == "active"


@pytest.mark.covers("S4-04")
def test_violations_that_are_further_apart_shut_nothing_down() -> None:
    hand = position(setup(Script(LONG._replace(hold_ns=10**15), until_ns=ONCE)))
    for _ in range(4):
        worth(hand, 3_000)
        worth(hand, 300_000)
        hand.until((hand.now_ns // BAR + 80) * BAR)
    assert hand.state == "active" and len(hand.made(ViolationSeen)) == 8


@pytest.mark.covers("S4-06")
def test_a_refusal_is_no_violation() -> None:
    hand = Hand(setup(Script(LONG), by=law(max_notional_usd=1_000.0))).opened()
    hand.bar(20)
    assert hand.made(Refused) and not hand.made(ViolationSeen)


@pytest.mark.covers("S4-06")
def test_a_contract_that_dries_up_under_a_position_breaks_its_floors() -> None:
    hand = position(setup(Script(LONG, until_ns=ONCE), by=law(max_friction_frac=1.0)))
    changed = msgspec.structs.replace(
        hand.engine.setup.law, data=msgspec.structs.replace(hand.engine.setup.law.data, min_open_interest=100)
    )
    hand.engine.desk.setup = hand.engine.setup._replace(law=changed)
    hand.hear(ContractTold(1, 99, None))
    hand.bar()
    assert [(fact.kind, fact.value, fact.threshold) for fact in hand.made(ViolationSeen)] == [("open_interest", 1, 0)]


@pytest.mark.covers("S4-06")
def test_a_quiet_account_costs_nothing_and_breaks_nothing() -> None:
    hand = Hand(setup())
    observe(hand.engine.desk, T0)
    assert hand.engine.desk.memory.tally.violations.broken == [] and not hand.engine.desk.memory.tally.locks


def test_a_wide_spread_locks_the_contract_and_nothing_else_for_half_an_hour() -> None:
    hand = Hand(setup(Script(LONG), by=law(spread_lock_s=1800.0, spread_lock_ticks=3.0))).opened()
    hand.quote(23_997, 24_000)
    assert not hand.bar() and hand.made(Refused)[-1].reason is Reason.REGIME
    hand.quote(23_999, 24_000)
    assert not hand.bar(12)
    left = standing(hand).lock_left_s
    assert 0 < left < 1800 and hand.made(Refused)[-1].value == pytest.approx(left, abs=6)
    assert standing(hand)._replace(lock_left_s=0) and KEY.contract in hand.engine.desk.memory.tally.locks


@pytest.mark.covers("S2-42")
def test_nothing_is_entered_in_a_window_and_its_end_is_not_in_it() -> None:
    start, end = T0 + 3 * BAR, T0 + 6 * BAR
    hand = Hand(setup(Script(LONG), no_entry=((T0 - 9, T0 - 1), (start, end)), by=law(min_seconds_between_entries=0.0)))
    inside = [gating_at(hand, at) for at in (start - 1, start, end - 1, end)]
    assert inside == [False, True, True, False]


def gating_at(hand: Hand, now_ns: int) -> bool:
    hand.now_ns = now_ns
    return bool(standing(hand).is_in_window)


def test_a_barrier_without_news_leaves_the_tally_as_it_was() -> None:
    hand = position(setup(Script(LONG._replace(hold_ns=3600 * SECOND), until_ns=ONCE)))
    tally = hand.engine.desk.memory.tally
    hand.bar()
    before = msgspec.msgpack.encode(tally)
    hand.bar(3)
    assert msgspec.msgpack.encode(tally) == before


def knows(desk: Desk) -> bool:
    """Whether what is remembered of books and stops is what a look at them finds."""
    trails = [tended.trail for tended in desk.memory.care.tended.values()]
    are_same = desk.broken == over(_measured(desk)) and desk.books == look_at_books(desk)
    return are_same and desk.follows == any(trail is not None for trail in trails)


@pytest.mark.parametrize("trail_px", [None, 6])
@pytest.mark.parametrize("seed", range(12))
def test_books_are_measured_anew_whenever_anything_has_moved_them(seed: int, trail_px: int | None) -> None:
    """Whoever is not stirred knows what he would find: by random fills, moves, losses, days and words, at every bar."""
    chance, n_broken, n_calm = random.Random(seed), 0, 0
    wish = LONG._replace(hold_ns=60 * SECOND, trail_px=trail_px)
    hand = Hand(setup(Script(wish), by=law(min_seconds_between_entries=0.0, max_entries_per_hour=1000)))
    hand.opened()
    desk = hand.engine.desk
    for _ in range(80):
        b = hand.bracket
        match chance.choice(("quote", "bar", "worth", "entry", "stop", "out", "day", "told")):
            case "quote":
                bid = 23_999 + chance.randint(-40, 40)
                hand.quote(bid, bid + 1)
            case "worth":
                worth(hand, chance.choice((3_000, 30_000, 300_000)))
            case "entry" if b is not None and b.rest:
                hand.fill(b.ref, Leg.ENTRY, chance.randint(1, b.rest), b.entry_px or 24_000)
            case "stop" if b is not None and b.held:
                hand.hear(OrderAccepted(b.ref, Leg.STOP, b.held, b.stop_px))
            case "out" if b is not None and b.held:
                hand.fill(b.ref, Leg.STOP, chance.randint(1, b.held), b.stop_px)
            case "day":
                hand.until(hand.now_ns + chance.choice((60, 900)) * SECOND)
            case "told":
                hand.hear(ContractTold(1, chance.randint(0, 200), chance.randint(0, 200)))
            case _:
                hand.bar()
        n_broken += bool(desk.broken)
        assert desk.is_stirred or knows(desk)
        hand.hear(OperatorSaid(OperatorAction.RESUME, "operator: looked"))
        hand.bar()
        assert desk.is_stirred or knows(desk)
        n_calm += not desk.is_stirred
    assert n_broken and n_calm and hand.made(ViolationSeen)
