"""A plan made for a strategy is one that risk takes; an answer that is none is known before anything is done with it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.pit import future, share
from tests.strategies.sight import sight
from workbench.domain.decisions import Adjust, ExitWish, Proposal, Reason, Refused, Thesis, decode_facts, encode_facts
from workbench.domain.orders import Key, OrderType, Side
from workbench.domain.records import ASK, BID
from workbench.strategies.base import at_market, nonsense

GOOD = Proposal(1, OrderType.MARKET, 24_000, 23_992, 24_024, 1)


@given(
    st.sampled_from([future(), share()]), st.sampled_from([1, -1]), st.integers(-9_000, 90_000), st.floats(1e-6, 40), st.floats(1e-6, 40)
)
def test_a_plan_at_market_is_on_the_tick_with_stop_and_target_on_their_sides(
    contract: Any, side: int, bid: int, stop_pts: float, target_pts: float
) -> None:
    view = sight(contract, bid=bid, ask=bid + contract.tick)
    plan = at_market(view, side, stop_pts=stop_pts, target_pts=target_pts, hold_ns=7)
    assert plan is not None and nonsense("propose", plan) is None
    assert not any(px % contract.tick for px in (plan.entry_px, plan.stop_px, plan.target_px))
    assert (plan.entry_px - plan.stop_px) * side >= contract.tick <= (plan.target_px - plan.entry_px) * side
    away = (plan.entry_px - plan.stop_px) * side * float(contract.quantum)
    assert stop_pts * 0.999 <= away <= stop_pts + 2 * contract.tick * float(contract.quantum)


def test_it_buys_at_the_ask_sells_at_the_bid_and_takes_the_close_where_there_are_bars_only() -> None:
    entry = {"stop_pts": 2.0, "target_pts": 2.0, "hold_ns": 1}
    bought, sold = at_market(sight(), 1, **entry), at_market(sight(), -1, **entry)
    assert bought is not None and sold is not None and (bought.entry_px, sold.entry_px) == (24_000, 23_999)
    bars = at_market(sight(has=0, close=24_007), 1, **entry)
    assert bars is not None and bars.entry_px == 24_007


@pytest.mark.parametrize("there", [{"has": BID}, {"has": 0, "n_print": 0}], ids=["no ask", "nothing at all"])
def test_without_a_price_there_is_no_plan(there: dict[str, int]) -> None:
    assert at_market(sight(**there), 1, stop_pts=2.0, target_pts=2.0, hold_ns=1) is None
    assert at_market(sight(has=ASK), -1, stop_pts=2.0, target_pts=2.0, hold_ns=1) is None


@pytest.mark.parametrize("pts", [0, -0.0, -3.0, float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["stop_pts", "target_pts"])
def test_a_distance_that_is_none_is_no_tick_but_a_mistake(name: str, pts: float) -> None:
    distances = {"stop_pts": 2.0, "target_pts": 2.0} | {name: pts}
    with pytest.raises(ValueError, match=rf"at_market: {name} is {pts!r}; a distance"):
        at_market(sight(), 1, **distances, hold_ns=1)


# ---------------------------------------------------------------------- nonsense
class Two(IntEnum):
    """A whole number of somebody else's."""

    TWO = 2


class Whole(int):
    """Another one."""


class Unsayable:
    def __repr__(self) -> str:
        raise ValueError("no words")


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just(Two.TWO), st.just(Whole(3)), st.just(np.int64(3)),
    st.just(np.float64(0.5)), st.just(Thesis("f", 0.5)), st.just(Thesis("f", np.float64(0.5))), st.just(Thesis(3, 0.5)),
    st.just(OrderType.LIMIT), st.just(Side.BUY), st.just(Unsayable()), st.just(()), st.just(object()),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(Proposal._fields), JUNK, min_size=1))
def test_whatever_a_proposal_holds_it_is_named_or_a_journal_can_keep_it(junk: dict[str, Any]) -> None:
    wish = GOOD._replace(**junk)
    said = nonsense("propose", wish)
    if said is None:
        fact = Refused(Key("a", 1, "s"), wish, Reason.MALFORMED, 1.0, 0.0)
        assert decode_facts(encode_facts([fact])) == [fact]
    else:
        assert any(said.startswith(f"{name} is ") for name in junk)


@given(JUNK)
def test_whatever_else_is_answered_is_named(junk: Any) -> None:
    for verb in ("propose", "manage"):
        said = nonsense(verb, junk)
        assert (said is None) == (junk is None)
    for wish in (Adjust(junk), ExitWish(junk)):
        if nonsense("manage", wish) is None:
            assert msgspec.msgpack.encode(wish)
        assert nonsense("propose", wish) is not None


def test_a_good_answer_of_one_verb_is_none_of_the_other() -> None:
    assert nonsense("propose", GOOD) is None and nonsense("manage", Adjust(3)) is None and nonsense("manage", ExitWish("why")) is None
    assert nonsense("manage", GOOD) is not None and nonsense("manage", ExitWish("")) == "why is '', not a word"
    full = GOOD._replace(side=Side.SELL, confidence=0.5, thesis=Thesis("f", 0.4), breakeven_px=24_001)
    assert nonsense("propose", full) is None
