"""One suite for every strategy, shipped or your own: what it must keep to. It judges, it repairs nothing, and reads no clock.

Each check gives sentences about what is wrong; none: it holds. Views are made here, of markets as ugly as they come: prices below
zero, sides missing, features cold, ticks of a hundred quanta. `rows` of values that features really had make plans likelier.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np

from workbench.domain.bars import PRICED, RICH, Bars, RichBar
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.decisions import Forecast, Proposal
from workbench.domain.orders import Key, OrderType
from workbench.domain.records import ASK, BID, Phase
from workbench.domain.units import BAR_NS, MINUTE
from workbench.domain.views import PositionView, View
from workbench.strategies.base import Strategy, nonsense

Make = Callable[[], Strategy]
Row = Mapping[str, float | None]
N_SIGHTS: Final = 600
N_SURE: Final = 50  # rows after which a feature that was never below zero is taken to be a width
START_NS: Final = 1_795_100_400_000_000_000  # 2026-11-19 15:00 UTC
NAMES: Final = ("name", "needs", "propose", "manage")
NO_STRATEGY: Final = f"has not the four names of a strategy: {', '.join(NAMES)}"


def _contract(id_: int, root: str, quantum: str, tick: str, type_: ContractType) -> Contract:
    return Contract(
        id=id_, root=root, symbol=root, type=type_, exchange="X", currency="USD", calendar="X", multiplier="50", price_quantum=quantum,
        order_increment=tick,
    )  # fmt: skip


CONTRACTS: Final = (
    _contract(1, "ES", "0.25", "0.25", ContractType.FUTURE),
    _contract(2, "SPY", "0.0001", "0.01", ContractType.STOCK),  # a hundred quanta a tick
    _contract(3, "CL", "0.01", "0.01", ContractType.FUTURE),  # has been below zero
)


class Sight(NamedTuple):
    """Everything a view is made of."""

    contract: Contract
    bar: Bars
    features: dict[str, float | None]
    forecasts: dict[str, Forecast]
    now_ns: int

    def view(self, onto: _Screen | None = None) -> View:
        """Show it in memory of its own, or on a screen that is written over, as the engine does."""
        return (onto or _Screen(self.features)).show(self)


class _Screen:
    """Memory that one view after another is shown in."""

    def __init__(self, columns: Mapping[str, object]) -> None:
        self._bars, n = np.zeros(1, RICH), max(len(columns), 1)
        self._values, self._warm, self._clock = np.zeros(n), np.zeros(n, np.uint8), np.zeros(1, np.int64)
        self._forecasts: dict[str, Forecast] = {}
        self._columns = {name: at for at, name in enumerate(columns)}

    def show(self, sight: Sight) -> View:
        self._bars[:] = sight.bar
        self._clock[0] = sight.now_ns
        for at, value in enumerate(sight.features.values()):
            self._values[at], self._warm[at] = value or 0.0, value is not None
        self._forecasts.clear()
        self._forecasts.update(sight.forecasts)
        return View(
            sight.contract,
            RichBar(self._bars.view("<i8").data, 0),
            self._columns,
            self._values.data.toreadonly(),
            self._warm.data.toreadonly(),
            0,
            MappingProxyType(self._forecasts),
            self._clock.data.toreadonly(),
        )


def sights(needs: Sequence[str], rows: Sequence[Row] = (), forecast: str = "", n: int = N_SIGHTS, seed: int = 1) -> list[Sight]:
    """Make `n` sights: of every third the features are one of `rows`, where there are any; the others may be anything."""
    rng = np.random.default_rng(seed)
    widths = frozenset(name for name in needs if _is_a_width(name, rows))
    made = []
    for i in range(n):
        contract = CONTRACTS[int(rng.integers(len(CONTRACTS)))]
        row = rows[int(rng.integers(len(rows)))] if rows and i % 3 == 0 else {}
        features = {name: row[name] if name in row else _number(rng, name in widths) for name in needs}
        forecasts = {forecast: _forecast(rng)} if forecast and rng.random() < 0.9 else {}
        made.append(Sight(contract, _bar(rng, contract, i), features, forecasts, START_NS + i * BAR_NS))
    return made


def _bar(rng: np.random.Generator, contract: Contract, i: int) -> Bars:
    tick, bar = contract.tick, np.zeros(1, RICH)
    bid = int(rng.integers(-500 if rng.random() < 0.1 else 5_000, 50_000)) * tick
    whole = {"bid": bid, "ask": bid + int(rng.integers(1, 9)) * tick, "close": bid + int(rng.integers(-5, 6)) * (tick if i % 2 else 1)}
    counts = {"n_print": int(rng.integers(0, 4)), "n_quote": int(rng.integers(0, 9)), "volume": int(rng.integers(0, 500))}
    flat = {"open": bid, "high": bid + 9 * tick, "low": bid - 9 * tick, "bsz": 5, "asz": 7, "quality": 1000, "flags": PRICED}
    where = {"contract": contract.id, "phase": int(Phase.RTH), "session": 20261119, "t_end": START_NS + i * BAR_NS}
    has = int(rng.choice([BID | ASK, BID | ASK, BID | ASK, BID, ASK, 0]))
    for name, value in (flat | whole | counts | where | {"has": has}).items():
        bar[name] = value
    return bar


def _is_a_width(name: str, rows: Sequence[Row]) -> bool:
    """Tell whether a feature was never below zero, on many rows: a range, a size, a share. What cannot come is not shown."""
    seen = [value for row in rows if (value := row.get(name)) is not None]
    return len(seen) >= N_SURE and min(seen) >= 0


def _number(rng: np.random.Generator, is_width: bool = False) -> float | None:
    kind = rng.random()
    if kind < 0.1:
        return None
    if kind < 0.4:
        return float(rng.uniform(0, 100))
    value = float(rng.choice([-1, 1]) * 10.0 ** rng.uniform(-5, 3)) if kind < 0.95 else 0.0
    return abs(value) if is_width else value


def _forecast(rng: np.random.Generator) -> Forecast:
    p_up = float(rng.choice([0.0, 0.5, 1.0])) if rng.random() < 0.1 else float(rng.uniform(0.2, 0.8))
    return Forecast(p_up, None if rng.random() < 0.3 else float(rng.uniform(0, 1)), int(rng.choice([1, 15])) * MINUTE)


class Case(NamedTuple):
    """A strategy under test and what it is shown."""

    make: Make
    seen: list[Sight]


def case(make: Make, rows: Sequence[Row] = (), n: int = N_SIGHTS) -> Case:
    """Prepare the suite for what `make` makes."""
    strategy = make()
    return Case(make, sights(tuple(strategy.needs), rows, getattr(strategy, "forecast", ""), n))


def form(of: Case) -> Iterator[str]:
    """It has a name like a column's, says what it reads, and says the same when made again."""
    strategy: Any = of.make()
    name, needs = strategy.name, strategy.needs
    if type(name) is not str or not name.isidentifier():
        yield f"is called {name!r}; a name is letters, digits and _"
    if type(needs) is not tuple or any(type(each) is not str for each in needs):
        yield f"needs {needs!r}; say a tuple of feature columns, ('rsi_14_1m',)"
    if (name, needs) != (of.make().name, of.make().needs):
        yield "is another one each time it is made"


def answers(of: Case) -> Iterator[str]:
    """It gives a Proposal or None, in Python's own numbers, whatever it is shown."""
    strategy = of.make()
    for sight in of.seen:
        wrong = nonsense("propose", strategy.propose(sight.view()))
        if wrong:
            yield f"propose answers nonsense: {wrong}"
            return


def plans(of: Case) -> Iterator[str]:
    """Its stop lies on the losing side, its target on the winning side, its prices on the tick, its time ahead."""
    strategy = of.make()
    for sight in of.seen:
        wish = strategy.propose(sight.view())
        if wish is not None and (wrong := _wrong_plan(wish, sight)):
            yield wrong
            return


def _wrong_plan(wish: Proposal, sight: Sight) -> str | None:
    entry, stop, target, breakeven = wish.entry_px, wish.stop_px, wish.target_px, wish.breakeven_px
    pts = ", ".join(f"{sight.contract.to_pts(px):.10g}" for px in (entry, stop, target))
    plan = (
        f"{'buy' if wish.side > 0 else 'sell'} at {entry}, stop {stop}, target {target} "
        f"(quanta of {sight.contract.symbol}, tick {sight.contract.tick}; in points {pts})"
    )
    if (entry - stop) * wish.side <= 0:
        return f"its stop is not on the losing side: {plan}"
    if (target - entry) * wish.side <= 0:
        return f"its target is not on the winning side: {plan}"
    trail, trail_from = wish.trail_px, wish.trail_from_px
    chased = (0, 0) if wish.chase is None else (wish.chase.worst_px, wish.chase.step_px)
    if off := [px for px in (entry, stop, target, breakeven or 0, trail or 0, trail_from or 0, *chased) if px % sight.contract.tick]:
        return f"{off[0]} is not on the tick: {plan}; workbench.strategies.base.on_tick puts it there"
    if breakeven is not None and (breakeven - entry) * wish.side <= 0:
        return f"its breakeven price {breakeven} is not on the winning side: {plan}"
    if trail_from is not None and (trail_from - entry) * wish.side < 0:
        return f"its stop follows from {trail_from}, on the losing side: {plan}"
    if wish.chase is not None and (wrong := _wrong_chase(wish)):
        return f"{wrong}: {plan}"
    return None if wish.hold_ns > 0 else f"hold_ns is {wish.hold_ns}: a position needs time"


def _wrong_chase(wish: Proposal) -> str | None:
    worst = wish.worst_px
    if wish.entry_type is not OrderType.LIMIT:
        return f"its entry chases to {worst}, and has no limit that could be moved"
    if (worst - wish.entry_px) * wish.side <= 0:
        return f"its entry chases to {worst}, towards its stop: the worst price lies beyond the first"
    if (wish.target_px - worst) * wish.side <= 0:
        return f"its entry chases to {worst}, at or beyond its target: nothing would be left to gain"
    return None


def purity(of: Case) -> Iterator[str]:
    """The same view gets the same answer, whatever came between, from another one made alike, and after pickling."""
    first, fresh = of.make(), of.make()
    want = [first.propose(sight.view()) for sight in of.seen]
    if [fresh.propose(sight.view()) for sight in reversed(of.seen)][::-1] != want:
        yield "answers the same view differently after other views: whatever must be remembered is a feature"
        return
    try:
        restored = pickle.loads(pickle.dumps(first))  # noqa: S301 - made in the line itself
    except Exception as trouble:  # noqa: BLE001 - whatever its class raises is the finding
        yield f"does not pickle: {trouble}"
        return
    if [restored.propose(sight.view()) for sight in of.seen] != want:
        yield "answers differently once pickled and restored"


def care(of: Case) -> Iterator[str]:
    """It keeps no view, whose memory is used again, and changes none."""
    if not of.seen:
        return
    strategy, other, screen = of.make(), of.make(), _Screen(of.seen[0].features)
    for sight in of.seen:
        view, own = sight.view(screen), sight.view()
        before = _content(view)
        if strategy.propose(view) != other.propose(own):
            yield "keeps a view and reads it later: take what is needed of it, its memory is used again"
            return
        if _content(view) != before:
            yield "changes the view it was shown"
            return


def _content(view: View) -> tuple[Any, ...]:
    return bytes(view.bar.cells), dict(view.forecasts), bytes(view._values), bytes(view._warm), view.contract  # type: ignore[arg-type]


def management(of: Case) -> Iterator[str]:
    """About a position of its own it says Adjust, ExitWish or None, and the same again."""
    strategy, again = of.make(), of.make()
    for i, sight in enumerate(of.seen):
        held = _position(sight, strategy.name, 1 if i % 2 else -1)
        said = strategy.manage(sight.view(), held)
        wrong = nonsense("manage", said)
        if wrong:
            yield f"manage answers nonsense: {wrong}"
            return
        if again.manage(sight.view(), held) != said:
            yield "manage says two things about the same view and position"
            return


def _position(sight: Sight, strategy: str, side: int) -> PositionView:
    tick, px = sight.contract.tick, int(sight.bar["bid"][0])
    opened_ns = sight.now_ns - 7 * MINUTE
    key = Key("DUSIM1", sight.contract.id, strategy)
    return PositionView(key, 1, side, 2, px, px - side * 12 * tick, px + side * 20 * tick, opened_ns, 30 * MINUTE, None, True)


RULES: Final[dict[str, Callable[[Case], Iterator[str]]]] = {
    "form": form,
    "answers": answers,
    "plans": plans,
    "pure": purity,
    "views": care,
    "manages": management,
}  # what `workbench check` calls each of them


def check(make: Make, rows: Sequence[Row] = ()) -> list[str]:
    """Run the whole suite on what `make` makes; sentences about what is wrong, none if all holds.

    >>> from workbench.strategies.vwap_reversion import VwapReversion
    >>> check(VwapReversion)
    []
    """
    if not all(hasattr(make(), name) for name in NAMES):
        return [NO_STRATEGY]
    of = case(make, rows)
    return [wrong for rule in RULES.values() for wrong in rule(of)]


def n_wishes(of: Case) -> tuple[int, int]:
    """Count what it wished to buy and to sell: plans that were never made were never checked."""
    strategy = of.make()
    wishes = [wish for sight in of.seen if (wish := strategy.propose(sight.view())) is not None]
    return sum(wish.side > 0 for wish in wishes), sum(wish.side < 0 for wish in wishes)


def cost_us(of: Case, clock_ns: Callable[[], int]) -> float:
    """Microseconds a question, the best of three runs over all sights."""
    strategy, views = of.make(), [sight.view() for sight in of.seen]
    best = float("inf")
    for _ in range(3):
        start = clock_ns()
        for view in views:
            strategy.propose(view)
        best = min(best, (clock_ns() - start) / max(len(views), 1) / 1000)
    return best
