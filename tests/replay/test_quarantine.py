"""What fails while running is put out, told with file and line, and nothing else stops; and every replay decides the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.test_parity import stopped_and_taken_up
from tests.replay.world import World, closed_loop, played_back, random_chunks, same, world
from workbench.domain.bars import RichBar
from workbench.domain.decisions import Adjust, Approved, ExitWish, ForecastMade, Proposal, Quarantined, Refused, RoundTripClosed
from workbench.domain.errors import InvariantError
from workbench.domain.orders import Cancel, OrderType, Submit
from workbench.domain.units import MINUTE
from workbench.domain.views import PositionView, View
from workbench.engine import Engine
from workbench.learning.models import MODELS
from workbench.learning.models.base import Estimator, Model, Row
from workbench.runtime.replay import Outcome
from workbench.strategies.base import at_market

HERE = "replay/test_quarantine.py"


class Eager(NamedTuple):
    """Buys whenever it may, small and short; from `fails_ns` on it breaks in the way its heirs say."""

    fails_ns: int
    name: str = "eager"
    needs: tuple[str, ...] = ("atr_14_5s",)

    def propose(self, view: View) -> Proposal | None:
        reach = view["atr_14_5s"]
        if view.now_ns >= self.fails_ns:
            return self.fail(view)
        return at_market(view, 1, stop_pts=3 * reach, target_pts=4 * reach, hold_ns=2 * MINUTE) if reach else None

    def fail(self, view: View) -> Any:
        return 1 // (view.now_ns - view.now_ns)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


class Nonsense(Eager):
    def fail(self, view: View) -> Any:
        return "buy!"


class HalfAPlan(Eager):
    def fail(self, view: View) -> Any:
        return Proposal(1, OrderType.MARKET, 24_000, 23_990.5, 24_020, MINUTE)


class Deep(Eager):
    def fail(self, view: View) -> Any:
        return self.fail(view)


class FailsWhileHolding(Eager):
    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        if view.now_ns >= self.fails_ns:
            raise LookupError(f"nothing at {object()!r}")
        return None


class ForgetsTheTick(Eager):
    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return Adjust(position.stop_px + 0.5) if view.now_ns >= self.fails_ns else None


KINDS = (Eager, Nonsense, HalfAPlan, Deep, FailsWhileHolding, ForgetsTheTick)
SHOULD_SAY = {
    "Eager": "ZeroDivisionError: ",
    "Nonsense": "propose answers nonsense: 'buy!' is no Proposal or None",
    "HalfAPlan": "stop_px is 23990.5, not a whole number",
    "Deep": "RecursionError",
    "FailsWhileHolding": "LookupError: nothing at <object object at 0x...>",
    "ForgetsTheTick": "manage answers nonsense: stop_px is ",
}


def halfway(of: World) -> int:
    return int(of.records["recv_ns"][0] + of.records["recv_ns"][-1]) // 2


def among(of: World, *strategies: Any) -> World:
    """The world with these strategies before its own, on every contract."""
    ids = tuple(terms.contract.id for terms in of.setup.terms)
    law = of.setup.law
    law = msgspec.structs.replace(law, risk=msgspec.structs.replace(law.risk, max_losses_in_row=1_000, max_loss_per_day_usd=1e6))
    return of._replace(setup=of.setup._replace(law=law, strategies=tuple((each, ids) for each in strategies) + of.setup.strategies))


def put_out(outcome: Outcome) -> list[Quarantined]:
    return [fact for fact in outcome.facts if isinstance(fact, Quarantined)]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def case(request: pytest.FixtureRequest) -> tuple[World, Outcome, type]:
    of = world(("ES", "SPY"), minutes=30)
    made = among(of, request.param(halfway(of)))
    return made, closed_loop(made), request.param


def test_it_is_told_once_with_file_line_and_the_calls_that_led_there(case: tuple[World, Outcome, type]) -> None:
    _, whole, kind = case
    [fact] = put_out(whole)
    assert (fact.kind, fact.name) == ("strategy", "eager") and fact.contract in (1, 2)
    assert SHOULD_SAY[kind.__name__] in fact.error
    assert re.fullmatch(rf"{HERE}:\d+", fact.where) and fact.trace[0].startswith(HERE) and len(fact.trace) <= 21
    assert str(Path.home()) not in repr(fact) and str(Path(__file__).parent) not in repr(fact)
    line = Path(__file__).read_text().splitlines()[int(fact.where.rpartition(":")[2]) - 1]
    assert any(word in line for word in ("1 //", "def propose", "self.fail(view)", "raise LookupError", "def manage"))


def test_it_is_asked_nothing_more_and_its_positions_are_led_out(case: tuple[World, Outcome, type]) -> None:
    _, whole, _ = case
    at = next(n for n, fact in enumerate(whole.facts) if isinstance(fact, Quarantined))
    before, after = whole.facts[:at], whole.facts[at:]
    assert any(isinstance(fact, Approved) and fact.key.strategy == "eager" for fact in before)
    assert not any(isinstance(fact, Approved | Refused) and fact.key.strategy == "eager" for fact in after)
    assert all(bracket.key.strategy != "eager" for bracket in whole.engine.desk.supervisor.brackets())  # stop, target and time went on


def test_nothing_else_stops(case: tuple[World, Outcome, type]) -> None:
    _, whole, _ = case
    at = next(n for n, fact in enumerate(whole.facts) if isinstance(fact, Quarantined))
    after = whole.facts[at:]
    assert {fact.key.strategy for fact in after if isinstance(fact, RoundTripClosed)} & {"learned", "vwap_reversion"}
    assert any(isinstance(fact, ForecastMade) for fact in after)


def test_the_replay_decides_the_same_however_it_is_cut(case: tuple[World, Outcome, type]) -> None:
    made, whole, _ = case
    assert same(whole, played_back(made, whole))
    for seed in range(2):
        assert same(whole, closed_loop(made, random_chunks(seed))) and same(whole, played_back(made, whole, random_chunks(seed)))


def test_a_snapshot_carries_it() -> None:
    of = world(("ES",), minutes=20)
    made = among(of, FailsWhileHolding(halfway(of)))
    whole = closed_loop(made)
    assert len(put_out(whole)) == 1
    assert stopped_and_taken_up(made, whole, every=15) == 0


@given(st.sampled_from(KINDS), st.integers(3, 18), st.integers(0, 59), st.integers(0, 1_000))
@hypothesis.settings(max_examples=12)
def test_whenever_and_however_it_fails_the_replay_decides_the_same(kind: type[Eager], minute: int, second: int, seed: int) -> None:
    of = world(("ES",), minutes=20, activity=0.1)
    made = among(of, kind(int(of.records["recv_ns"][0]) + minute * MINUTE + second * MINUTE // 60))
    whole = closed_loop(made)
    assert len(put_out(whole)) <= 1
    assert same(whole, closed_loop(made, random_chunks(seed))) and same(whole, played_back(made, whole, random_chunks(seed + 1)))


class RestsFarAway(Eager):
    """Its entries are limits that do not fill."""

    def propose(self, view: View) -> Proposal | None:
        plan, tick = super().propose(view), 40 * view.contract.tick
        if plan is None or plan.side != 1:
            return plan
        entry = plan.entry_px - tick
        return plan._replace(entry_type=OrderType.LIMIT, entry_px=entry, stop_px=entry - tick, target_px=entry + 2 * tick)


def test_its_entries_are_withdrawn_at_once() -> None:
    of = world(("ES", "SPY"), minutes=30)
    for fails_ns in range(halfway(of), halfway(of) + 2 * MINUTE, MINUTE // 6):
        made = of._replace(setup=among(of, RestsFarAway(fails_ns)).setup._replace(recipes=()))
        made = made._replace(setup=made.setup._replace(strategies=made.setup.strategies[:1]))
        whole = closed_loop(made)
        if not put_out(whole):
            continue  # a contract was free at no bar: both entries were at work until the end
        [told] = put_out(whole)
        at = whole.facts.index(told)
        sent = {fact.command.ref for fact in whole.facts[:at] if isinstance(getattr(fact, "command", None), Submit)}
        cancelled = [fact.command for fact in whole.facts[at:] if isinstance(getattr(fact, "command", None), Cancel)]
        if cancelled:
            assert {command.ref for command in cancelled} <= sent
            assert cancelled[0].decided_ns - fails_ns < MINUTE and not whole.engine.desk.memory.book.open
            return
    raise AssertionError("no entry was at work when the strategy failed: the test shows nothing")


# ---------------------------------------------------------------------- features
class Fragile:
    """A researcher's feature that breaks on its `n`-th bar."""

    name = "fragile"
    uses = (RichBar,)
    needs = ("bars",)
    n_left = 100

    def __init__(self) -> None:
        self.n = 0

    def update(self, bar: RichBar, /) -> None:
        self.n += 1
        if self.n > self.n_left:
            self.breaks()

    def breaks(self) -> None:
        raise KeyError("what was never there")

    @property
    def value(self) -> float | None:
        return float(self.n)


class Infinite(Fragile):
    def breaks(self) -> None:
        self.n = int(1e9)

    @property
    def value(self) -> float | None:
        return float(self.n) if self.n < 1e8 else float("inf")


class Steady(Fragile):
    name = "steady"
    n_left = 1 << 60


class Reads(NamedTuple):
    """Never wishes; reads the features and says so by failing if one that stands is silent."""

    name: str = "reads"
    needs: tuple[str, ...] = ("fragile_5s", "steady_5s")

    def propose(self, view: View) -> Proposal | None:
        assert view["steady_5s"] is not None
        return None

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        return None


@pytest.mark.parametrize("kind", [Fragile, Infinite])
def test_a_feature_that_fails_says_nothing_more_and_is_the_only_one(kind: type[Fragile]) -> None:
    made = among(world(("ES", "SPY"), minutes=20), Reads())
    made = made._replace(setup=made.setup._replace(own_features=(kind, Steady)))
    whole = closed_loop(made)
    [fact] = put_out(whole)
    assert (fact.kind, fact.name) == ("feature", "fragile") and ("never there" in fact.error or "is inf" in fact.error)
    for contract in (1, 2):
        view = whole.engine.view(contract)
        assert [view[f"fragile_{length}"] for length in ("5s", "1m", "5m")] == [None, None, None] and view["steady_5s"] is not None
    assert same(whole, played_back(made, whole)) and same(whole, closed_loop(made, random_chunks(1)))
    assert stopped_and_taken_up(made, whole, every=40) == 0


# ---------------------------------------------------------------------- models
class Breaking:
    """A shipped model that breaks at its 60th label."""

    def __init__(self, inner: Estimator) -> None:
        self.inner, self.n = inner, 0

    def learn_one(self, x: Row, y: bool) -> None:
        self.n += 1
        if self.n == 60:
            raise FloatingPointError("no gradient")
        self.inner.learn_one(x, y)

    def predict_proba_one(self, x: Row) -> dict[bool, float]:
        return self.inner.predict_proba_one(x)


def _breaking(**params: Any) -> Estimator:
    return Breaking(MODELS["scaled_logistic"].build(**params))


def test_a_model_that_raises_ends_its_recipe_alone() -> None:
    of = world(("ES",), minutes=30, strategies=(("learned", "flow_1m"), ("vwap_reversion", "")))
    [(recipe, ids)] = of.setup.recipes
    broken = msgspec.structs.replace(recipe, name="broken", model="breaking")
    model = Model(_breaking, MODELS["scaled_logistic"].classes | {f"{__name__}.Breaking"})
    made = of._replace(setup=of.setup._replace(recipes=((broken, ids), (recipe, ids)), models={"breaking": model}))
    whole = closed_loop(made)
    [fact] = put_out(whole)
    assert (fact.kind, fact.name, fact.error) == ("recipe", "broken", "FloatingPointError: no gradient")
    assert fact.where.startswith(f"{HERE}:") and "broken" not in whole.engine.view(1).forecasts
    at = whole.facts.index(fact)
    spoke = [[each.name for each in part if isinstance(each, ForecastMade)] for part in (whole.facts[:at], whole.facts[at:])]
    assert "broken" in spoke[0] and set(spoke[1]) == {"flow_1m"}
    assert same(whole, played_back(made, whole))
    assert stopped_and_taken_up(made, whole, every=60) == 0


def test_a_broken_invariant_of_the_house_is_no_strategys_fault_and_still_stops_everything() -> None:
    made = world(("ES",), minutes=20)
    engine = Engine(made.setup)
    engine._hired_learners[0][0]._last_ns = 1 << 62
    with pytest.raises(InvariantError, match="after one at"):
        engine.feed(made.records.ctypes.data, 0, len(made.records))
