"""What shuts entries for a while, or to some: bursts, wide spreads, windows, tiers, floors. Each refusal that an engine gives says it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.engine.hand import ACCOUNT, BAR, LONG, SHORT, T0, Hand, Script, law, setup, standing
from tests.simulation.pit import record
from workbench.domain.decisions import Adjust, ExitWish, Proposal, Reason, Refused
from workbench.domain.events import AccountValued, ContractTold
from workbench.domain.orders import AnyCommand, Submit
from workbench.domain.records import Kind
from workbench.domain.units import MICROS, MINUTE, SECOND
from workbench.domain.views import PositionView, View
from workbench.engine.gating import tier_of
from workbench.risk.tables import Tier

BURSTS = {"volatility_lock_s": 600.0, "volatility_lock_ratio": 4.0}


def refusals(hand: Hand, *reasons: Reason) -> list[Refused]:
    """Refusals in order; without reasons all but that of the bar in which the opening lies, which is broken."""
    return [fact for fact in hand.made(Refused) if (fact.reason in reasons if reasons else fact.reason is not Reason.QUALITY)]


class Late(NamedTuple):
    """Wishes from a time on."""

    since_ns: int
    name: str = "late"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        return LONG if view.now_ns >= self.since_ns else None

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


def minutes(hand: Hand, n: int, ticks: int) -> None:
    """Let trades go to and fro by so many ticks a minute."""
    for _ in range(n):
        begin = hand.now_ns // MINUTE * MINUTE
        for part, px in enumerate((24_000, 24_000 + ticks, 24_000)):
            hand.say(record(Kind.PRINT, max(hand.now_ns, begin + (2 + 5 * part) * SECOND), px=px, sz=1, side=1))
        each_bar(hand, begin + MINUTE)
        hand.quote()


def each_bar(hand: Hand, until_ns: int) -> list[AnyCommand]:
    """Go on bar by bar, as time does: a barrier that comes late is decided at when it comes."""
    made: list[AnyCommand] = []
    while hand.now_ns + BAR <= until_ns + SECOND:
        made += hand.bar()
    return made


def calm(*strategies: Any, **changes: Any) -> Hand:
    """An engine that has seen twenty calm minutes, of four ticks each."""
    hand = Hand(setup(*strategies, by=law(**{**BURSTS, **changes}))).opened()
    minutes(hand, 20, 4)
    return hand


# ---------------------------------------------------------------------- volatility
@pytest.mark.covers("S2-42", "S4-02")
def test_a_minute_of_four_times_the_usual_range_shuts_the_contract_for_as_long_as_the_law_says() -> None:
    hand = calm()
    assert standing(hand).lock_left_s == 0.0
    minutes(hand, 1, 40)
    lock = hand.engine.desk.memory.tally.locks[1]
    left = standing(hand).lock_left_s
    assert lock.why == "volatility" and 590 < left <= 600
    minutes(hand, 1, 4)  # calm again: it opens no sooner, and not later
    assert standing(hand).lock_left_s == pytest.approx(left - 60, abs=1)
    hand.until(lock.until_ns)
    assert standing(hand).lock_left_s == 0.0


@pytest.mark.covers("S2-42", "S3-12")
def test_behind_a_burst_every_wish_is_refused_with_the_seconds_left_and_granted_when_they_are_over() -> None:
    hand = calm(Late(T0 + 21 * MINUTE))
    minutes(hand, 1, 40)
    until_ns = hand.engine.desk.memory.tally.locks[1].until_ns
    assert not each_bar(hand, until_ns - BAR)
    shut = refusals(hand)
    assert {(fact.reason, fact.threshold) for fact in shut} == {(Reason.REGIME, 0)}
    assert [fact.value for fact in shut] == [600.0 - 5 * n for n in range(120)]
    assert [type(each) for each in hand.bar()] == [Submit]


def test_a_law_without_a_lock_enters_in_the_same_burst() -> None:
    hand = calm(volatility_lock_s=0.0)
    minutes(hand, 1, 40)
    assert standing(hand).lock_left_s == 0.0


# ---------------------------------------------------------------------- spread
@pytest.mark.covers("S2-42", "S3-12")
def test_a_wide_spread_shuts_entries_until_its_time_is_over_and_the_next_wish_is_granted() -> None:
    hand = Hand(setup(Script(LONG), by=law(spread_lock_s=60.0, spread_lock_ticks=3.0))).opened()
    hand.quote(23_997, 24_000)
    assert not hand.bar()
    until_ns = hand.engine.desk.memory.tally.locks[1].until_ns
    hand.quote()
    assert not hand.until(until_ns - BAR) and {fact.reason for fact in refusals(hand)} == {Reason.REGIME}
    assert [type(each) for each in hand.until(until_ns + BAR)] == [Submit]


@pytest.mark.covers("S2-42")
def test_a_lock_is_of_its_contract_alone_and_survives_a_snapshot() -> None:
    hand = Hand(setup(by=law(spread_lock_s=60.0, spread_lock_ticks=3.0), both=True)).opened()
    hand.quote(23_997, 24_000)
    hand.bar()
    locks = hand.engine.desk.memory.tally.locks
    assert locks[1].left_s(hand.now_ns) > 0 and (2 not in locks or locks[2].left_s(hand.now_ns) == 0)
    other = Hand(hand.engine.setup, now_ns=hand.now_ns, is_known=False)
    other.engine.restore(hand.engine.snapshot())
    assert standing(other).lock_left_s == standing(hand).lock_left_s > 0


# ---------------------------------------------------------------------- windows
@pytest.mark.covers("S2-42", "S4-20")
def test_what_is_wished_inside_a_window_is_refused_and_on_its_end_granted() -> None:
    start, end = T0 + BAR, T0 + 6 * BAR
    hand = Hand(setup(Script(LONG), no_entry=((start, end),))).opened()
    assert not hand.until(end - BAR)
    assert {fact.reason for fact in refusals(hand)} == {Reason.WINDOW}
    [sent] = hand.until(end)
    assert isinstance(sent, Submit) and sent.decided_ns == end


@pytest.mark.covers("S4-20")
def test_a_window_shuts_nobody_in() -> None:
    hand = Hand(setup(Script(LONG, until_ns=T0 + 2 * BAR), no_entry=((T0 + 3 * BAR, 1 << 62),)))
    sent = hand.protected()
    assert hand.bracket is not None
    commands = hand.until(hand.now_ns + 700 * SECOND)
    assert [each.ref for each in commands if type(each).__name__ == "Exit"] == [sent.ref]  # its time is over: it leaves


# ---------------------------------------------------------------------- tiers
TIERS = (Tier("small", 0.0, ("other",)), Tier("middle", 50_000.0, (), 7), Tier("large", 250_000.0))


def of_worth(usd: float, wish: Any = LONG) -> Hand:
    hand = Hand(setup(Script(wish), by=law(tiers=TIERS, max_heat_frac=0.25)), is_known=False)
    hand.hear(AccountValued(ACCOUNT, round(usd * MICROS), round(usd * MICROS)))
    hand.opened()
    hand.bar()
    return hand


@pytest.mark.covers("S2-42", "S3-12")
@pytest.mark.parametrize(("usd", "value"), [(49_999.0, 1), (100.0, 1), (50_000.0, 1), (249_999.0, 1)])
def test_a_tier_bars_strategies_and_stops_that_are_not_its_own(usd: float, value: float) -> None:
    hand = of_worth(usd)  # its stop is eight ticks away
    assert not hand.commands
    assert {(fact.reason, fact.value, fact.threshold) for fact in refusals(hand)} == {(Reason.TIER, value, 0)}


@pytest.mark.covers("S2-42", "S3-12")
def test_the_next_tier_begins_with_its_first_dollar_and_a_closer_stop_is_the_tiers_own() -> None:
    assert [type(each) for each in of_worth(250_000.0).commands] == [Submit]
    near = SHORT._replace(entry_px=23_999, stop_px=24_006, target_px=23_975)
    assert [type(each) for each in of_worth(249_999.0, near).commands] == [Submit]
    assert tier_of(TIERS, 250_000.0) is TIERS[2] and tier_of(TIERS, -5.0) is TIERS[0]


# ---------------------------------------------------------------------- floors
@pytest.mark.covers("S2-41")
@pytest.mark.parametrize(
    ("floor", "told", "value"),
    [
        ({"min_open_interest": 100}, None, float("inf")),
        ({"min_open_interest": 100}, (99, 10**6), -99),
        ({"min_open_interest": 100}, (None, 10**6), float("inf")),
        ({"min_volume": 500}, (10**6, 499), -499),
        ({"min_volume": 500}, (10**6, None), float("inf")),
    ],
)
def test_less_than_a_floor_is_refused_with_what_was_told_and_so_is_what_nobody_told(floor: Any, told: Any, value: float) -> None:
    hand = Hand(setup(Script(LONG), by=law(**floor)))
    if told is not None:
        hand.hear(ContractTold(1, *told))
    hand.opened()
    assert not hand.bar(3)
    [least] = floor.values()
    assert {(fact.reason, fact.value, fact.threshold) for fact in refusals(hand)} == {(Reason.LIQUIDITY, value, -least)}
    hand.hear(ContractTold(1, least, least))
    assert [type(each) for each in hand.bar()] == [Submit]
