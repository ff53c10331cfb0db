"""What every strategy of the catalogue owes: pure answers, and plans that a venue can take. Over any market it may be shown."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.hand import T0
from tests.simulation.pit import future, share
from tests.strategies.sight import sight
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.decisions import Adjust, ExitWish, Forecast, Proposal
from workbench.domain.orders import Key
from workbench.domain.records import ASK, BID
from workbench.domain.units import MINUTE
from workbench.domain.views import PositionView
from workbench.features.bank import FeatureBank
from workbench.learning.models import DEFAULT, RECIPES
from workbench.strategies import CATALOGUE, conformance

pytestmark = pytest.mark.covers("S2-33", "S2-34", "S2-35", "S3-25")
OIL = Contract(
    id=3, root="CL", symbol="CLF7", type=ContractType.FUTURE, exchange="NYMEX", currency="USD", calendar="CME Globex Crude And Products",
    multiplier="1000", price_quantum="0.01", order_increment="0.01",
)  # fmt: skip
CONTRACTS = (future(), share(), OIL)  # share: a hundred quanta a tick; oil has been below zero
EVERY = pytest.mark.parametrize("name", CATALOGUE)
COLUMNS = FeatureBank([future()]).columns


def made(name: str) -> Any:
    return CATALOGUE[name](DEFAULT)


@st.composite
def sights(draw: st.DrawFn, needs: tuple[str, ...], *, on_tick: bool = True) -> dict[str, Any]:
    """Everything a view is made of: any price, any spread, sides missing, features cold, forecasts of any kind."""
    contract = draw(st.sampled_from(CONTRACTS)) if on_tick else share()  # whose tick is a hundred quanta
    step = contract.tick if on_tick else 1
    bid = draw(st.integers(-5_000, 50_000)) * step
    fields = {"bid": bid, "ask": bid + draw(st.integers(1, 9)) * step, "has": draw(st.sampled_from([0, BID, ASK, BID | ASK, BID | ASK]))}
    fields |= {"n_print": draw(st.integers(0, 3)), "close": bid + draw(st.integers(-5, 5)) * step}
    reach = st.floats(1e-6, 30.0) | st.floats(0.0, 1.0)
    number = st.one_of(st.none(), st.floats(-300.0, 300.0), reach)
    features = {column: draw(reach if column.startswith("atr") else number) for column in needs}
    p_up = st.sampled_from([0.0, 0.1, 0.46, 0.5, 0.54, 0.9, 1.0]) | st.floats(0.0, 1.0)
    forecast = st.builds(Forecast, p_up, st.none() | st.floats(0, 1), st.sampled_from([MINUTE, 15 * MINUTE]))
    forecasts = draw(st.dictionaries(st.sampled_from([DEFAULT, "other"]), forecast))
    return {"contract": contract, "features": features, "forecasts": forecasts, "now_ns": T0, **fields}


@EVERY
def test_every_strategy_is_called_by_its_name_in_the_catalogue(name: str) -> None:
    assert made(name).name == name


@EVERY
def test_it_keeps_to_the_rules_that_a_users_own_is_held_to(name: str) -> None:
    assert conformance.check(lambda: made(name)) == []


@EVERY
@pytest.mark.parametrize("recipe", RECIPES)
def test_what_a_strategy_needs_exists(name: str, recipe: str) -> None:
    assert set(CATALOGUE[name](recipe).needs) <= COLUMNS.keys()


@EVERY
@given(st.data())
@settings(max_examples=80)
def test_the_same_view_gets_the_same_answer_whatever_came_between(name: str, data: st.DataObject) -> None:
    strategy = made(name)
    shown, other = data.draw(sights(strategy.needs)), data.draw(sights(strategy.needs))
    view = sight(**shown)
    bar, forecasts = bytes(view.bar.cells), dict(view.forecasts)
    first = strategy.propose(view)
    strategy.propose(sight(**other))
    again = pickle.loads(pickle.dumps(strategy))
    assert first == strategy.propose(view) == strategy.propose(sight(**shown)) == again.propose(view) == made(name).propose(view)
    assert bytes(view.bar.cells) == bar and dict(view.forecasts) == forecasts


def check(strategy: Any, shown: dict[str, Any]) -> Proposal | None:
    """Hold a wish against what it must be."""
    wish: Proposal | None = strategy.propose(sight(**shown))
    if wish is None:
        return None
    tick, levels = shown["contract"].tick, (wish.entry_px, wish.stop_px, wish.target_px)
    assert wish.side in (1, -1) and wish.hold_ns > 0
    assert all(type(px) is int for px in levels)
    assert all(px % tick == 0 for px in levels), levels
    assert (wish.entry_px - wish.stop_px) * wish.side > 0, "the stop stands on the losing side"
    assert (wish.target_px - wish.entry_px) * wish.side > 0, "the target stands on the winning side"
    assert wish.confidence is None or 0 <= wish.confidence <= 1
    if wish.breakeven_px is not None:
        assert wish.breakeven_px % tick == 0 and (wish.breakeven_px - wish.entry_px) * wish.side > 0
    if wish.thesis is not None:
        assert wish.thesis.forecast in shown["forecasts"] and 0 <= wish.thesis.floor <= 1
    return wish


@EVERY
@pytest.mark.covers("S2-13")
@given(st.data())
@settings(max_examples=200)
def test_a_plan_has_its_stop_on_the_losing_side_its_target_on_the_winning_one_and_prices_on_the_tick(
    name: str, data: st.DataObject
) -> None:
    check(made(name), data.draw(sights(made(name).needs)))


@EVERY
@given(st.data())
@settings(max_examples=60)
def test_a_quote_finer_than_the_tick_still_makes_prices_on_it(name: str, data: st.DataObject) -> None:
    check(made(name), data.draw(sights(made(name).needs, on_tick=False)))


@EVERY
@pytest.mark.proof
def test_the_markets_of_these_tests_make_every_strategy_wish_on_both_sides(name: str) -> None:
    strategy, seen = made(name), set[int]()

    @given(sights(strategy.needs))
    @settings(max_examples=2_000)
    def look(shown: dict[str, Any]) -> None:
        wish = check(strategy, shown)
        if wish is not None:
            seen.add(wish.side)

    look()
    assert seen == {1, -1}


@EVERY
@given(st.data())
@settings(max_examples=60)
def test_what_is_not_warm_is_not_traded(name: str, data: st.DataObject) -> None:
    strategy = made(name)
    shown = data.draw(sights(strategy.needs))
    for column in strategy.needs:
        cold = shown | {"features": shown["features"] | {column: None}}
        assert strategy.propose(sight(**cold)) is None


@EVERY
@given(st.data(), st.sampled_from([1, -1]), st.booleans())
@settings(max_examples=60)
def test_an_open_position_is_managed_by_the_view_alone(name: str, data: st.DataObject, side: int, is_protected: bool) -> None:
    strategy = made(name)
    view = sight(**data.draw(sights(strategy.needs)))
    held = PositionView(Key("a", 1, name), 1, side, 1, 100, 100 - side, 100 + side, 1, 1, None, is_protected)
    first = strategy.manage(view, held)
    assert first == strategy.manage(view, held) and isinstance(first, Adjust | ExitWish | None)


def test_nobody_who_is_shown_a_view_can_change_it() -> None:
    view = sight(features={"atr_14_1m": 1.0}, forecasts={"f": Forecast(0.6, None, 1)})
    for change in (
        lambda: view.bar.cells.__setitem__(0, 1),
        lambda: view.forecasts.__setitem__("f", None),
        lambda: view.__setitem__("atr_14_1m", 2.0),
        lambda: setattr(view.bar, "close", 1),
        lambda: setattr(view.contract, "multiplier", "1"),
    ):
        with pytest.raises((TypeError, AttributeError)):
            change()


@pytest.mark.parametrize("field", ["bar", "contract", "forecasts", "now_ns"])
def test_nobody_who_is_shown_a_view_can_exchange_its_parts(field: str) -> None:
    with pytest.raises(AttributeError):
        setattr(sight(), field, None)


def test_a_bar_keeps_its_memory() -> None:
    with pytest.raises(AttributeError):
        sight().bar.cells = memoryview(b"")
