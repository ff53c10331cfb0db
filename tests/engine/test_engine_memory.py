"""What an engine remembers: history that warms it up, what it forgets at a close, and snapshots of all of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.hand import (
    ACCOUNT,
    BAR,
    LONG,
    T0,
    Hand,
    Script,
    setup,
)
from tests.simulation.pit import record
from workbench.domain.decisions import ForecastMade, LabelsVoided
from workbench.domain.errors import InvariantError
from workbench.domain.events import (
    AccountValued,
    Answered,
    ConnectionChanged,
    Unknown,
)
from workbench.domain.orders import Leg
from workbench.domain.records import Kind, Phase, Provenance, provenance_flag
from workbench.domain.units import MINUTE
from workbench.engine import Engine
from workbench.learning.recipe import Recipe

RECIPE = Recipe(name="r", model="scaled_logistic", features=("ret_1_5s",), horizon_ns=BAR, min_labels=0, min_outcomes=1)


def history(hand: Hand, n: int, first_px: int = 24_000) -> list[Any]:
    """`n` minutes of history that came in now."""
    flags = provenance_flag(Provenance.HISTORY)
    made = []
    for k in range(n):
        start = T0 - (n - k) * MINUTE
        px = first_px + k % 3
        made.append(record(Kind.BAR, hand.now_ns, event_ns=start, px=px, px2=px + 2, sz=10, sz2=3, flags=flags))
        end = {"event_ns": start + MINUTE, "px": px - 2, "px2": px + 1, "sz": 10 * px, "sz2": 20261119}
        made.append(record(Kind.BAR, hand.now_ns, level=1, flags=flags, **end))
    return made


@pytest.mark.covers("S4-28")
def test_history_warms_features_and_decides_nothing() -> None:
    hand = Hand(setup(Script(LONG), recipes=((RECIPE, (1,)),)))
    assert hand.engine.view(1)["atr_14_1m"] is None
    hand.say(*history(hand, 40))
    assert hand.engine.view(1)["atr_14_1m"] is not None and hand.engine.view(1)["rsi_14_1m"] is not None
    assert hand.engine.view(1)["ret_1_5s"] is None  # minutes say nothing about shorter bars
    assert hand.facts == [] and hand.commands == [] and hand.engine.n_barriers == 0
    assert dict(hand.engine.view(1).forecasts) == {}
    assert hand.engine.market.bars["t_end"][0] == 0 and hand.engine.market.states["bar"]["n"][0] == 0


def test_what_was_warmed_up_is_still_warm_at_the_first_bar() -> None:
    hand = Hand(setup())
    hand.say(*history(hand, 40))
    warmed = hand.engine.view(1)["atr_14_1m"]
    hand.opened()
    assert hand.engine.n_barriers == 1 and hand.engine.view(1)["atr_14_1m"] == warmed


def test_what_was_said_about_a_contract_that_closes_stands_no_more() -> None:
    of = setup(both=True)._replace(recipes=((RECIPE, (1, 2)),))
    hand = Hand(of)
    for contract in (1, 2):
        hand.phase(contract=contract)
    for bid in range(23_990, 23_998):
        hand.quote(bid, bid + 1)
        hand.quote(bid * 100, bid * 100 + 100, contract=2)
        hand.say(record(Kind.PRINT, hand.now_ns, 1, px=bid, sz=1), record(Kind.PRINT, hand.now_ns, 2, px=bid * 100, sz=1))
        hand.bar()
    assert {fact.contract for fact in hand.made(ForecastMade)} == {1, 2}
    assert set(hand.engine.view(2).forecasts) == {"r"}
    hand.phase(Phase.CLOSED, contract=2)
    hand.quote(23_998, 23_999)
    hand.bar()
    assert dict(hand.engine.view(2).forecasts) == {} and set(hand.engine.view(1).forecasts) == {"r"}
    assert [(fact.contract, fact.n) for fact in hand.made(LabelsVoided)][-1] == (2, 1)
    with pytest.raises(TypeError):
        hand.engine.view(1).forecasts["r"] = None


def spoken() -> Hand:
    """One contract about which something is said."""
    hand = Hand(setup(recipes=((RECIPE, (1,)),)))
    hand.phase()
    for bid in range(23_990, 23_994):
        hand.quote(bid, bid + 1)
        hand.say(record(Kind.PRINT, hand.now_ns, px=bid, sz=1))
        hand.bar()
    assert set(hand.engine.view(1).forecasts) == {"r"}
    return hand


def test_a_gap_takes_away_what_was_said() -> None:
    hand = spoken()
    hand.say(record(Kind.GAP, hand.now_ns))
    hand.quote()
    hand.bar()
    assert dict(hand.engine.view(1).forecasts) == {}


# ---------------------------------------------------------------------- snapshots
def test_a_snapshot_of_silence_takes_back_what_was_said_since() -> None:
    hand = spoken()
    silent = Hand(hand.engine.setup).engine.snapshot()
    hand.engine.restore(silent)
    assert dict(hand.engine.view(1).forecasts) == {}


def test_a_snapshot_with_facts_nobody_took_is_refused() -> None:
    hand = Hand(setup(Script(LONG))).opened()
    records = hand.numbered(record(Kind.TIME, T0 + 2 * BAR, 0))
    hand.engine.feed(records.ctypes.data, 0, 1)
    with pytest.raises(InvariantError, match="take the facts first"):
        hand.engine.snapshot()
    hand.engine.take_facts()
    assert hand.engine.snapshot()


def midway() -> Hand:
    """A position with its watch, a halt, a refusal, a forecast: everything a snapshot must hold."""
    hand = Hand(setup(Script(LONG._replace(breakeven_px=24_008), until_ns=T0 + 2 * BAR), recipes=((RECIPE, (1,)),)))
    hand.protected()
    hand.hear(ConnectionChanged(False, "cable"), Answered(0, "positions", Unknown("timeout")))
    for bid in (24_001, 24_002):
        hand.say(record(Kind.PRINT, hand.now_ns, px=bid, sz=2, side=1))
        hand.quote(bid, bid + 1)
        hand.bar()
    return hand


def go_on(engine: Engine, of: Hand) -> tuple[list[Any], list[Any], str]:
    """Play the rest: the watch fires, the target fills, the day ends."""
    hand = Hand.__new__(Hand)
    hand.engine, hand.now_ns, hand.seq, hand.n, hand.facts, hand.commands = engine, of.now_ns, of.seq, of.n, [], []
    hand.quote(24_008, 24_009)
    hand.bar(2)
    hand.fill(1, Leg.TARGET, 2, 24_024)
    hand.hear(ConnectionChanged(True, "back"))
    hand.bar(2)
    return hand.facts, hand.commands, engine.digest()


@pytest.mark.parametrize("is_used", [False, True], ids=["fresh engine", "engine that ran on"])
def test_a_restored_engine_is_the_one_that_was_copied(is_used: bool) -> None:
    hand = midway()
    blob, digest, later = hand.engine.snapshot(), hand.engine.digest(), Hand.__new__(Hand)
    later.now_ns, later.seq, later.n = hand.now_ns, hand.seq, hand.n
    other = Engine(hand.engine.setup)
    if is_used:
        other.restore(blob)
        go_on(other, later)
        assert other.digest() != digest
    other.restore(blob)
    assert other.digest() == digest
    assert go_on(hand.engine, later) == go_on(other, later)


def test_an_engine_put_back_over_an_account_day_counts_the_next_day_again() -> None:
    days = ((T0 - MINUTE, 20261118), (T0 + 4 * BAR, 20261119))
    hand = Hand(setup(Script(LONG, until_ns=T0 + 2 * BAR), account_days=days))
    hand.entered()
    blob = hand.engine.snapshot()
    later = Hand.__new__(Hand)
    later.now_ns, later.seq, later.n = hand.now_ns, hand.seq, hand.n
    hand.bar(3)
    assert hand.engine.desk.ledger.day(ACCOUNT).day == 20261119
    hand.engine.restore(blob)
    assert hand.engine.desk.ledger.day(ACCOUNT).day == 20261118
    hand.now_ns, hand.seq, hand.n = later.now_ns, later.seq, later.n
    hand.bar(3)
    today = hand.engine.desk.ledger.day(ACCOUNT)
    assert (today.day, today.n_entries) == (20261119, 0)


def test_digests_of_different_states_differ() -> None:
    a, b = Hand(setup()), Hand(setup())
    assert a.engine.digest() == b.engine.digest()
    a.hear(AccountValued(ACCOUNT, 1, 1))
    assert a.engine.digest() != b.engine.digest()
