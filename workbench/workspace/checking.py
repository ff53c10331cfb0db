"""The conformance suites over a user's things, each finding with the file and line it is about. It judges; it repairs nothing.

One suite a kind stands beside the kind (`features.conformance`, `strategies.conformance`, `learning.conformance`); this module runs them
and turns whatever a thing does (raise, talk nonsense, never come back) into a line a person can act on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from workbench.domain.bars import RICH
from workbench.domain.contracts import Contract, ContractType
from workbench.features import conformance as of_features
from workbench.features.bank import FeatureBank
from workbench.features.base import Feature
from workbench.learning import conformance as of_recipes
from workbench.learning.models import DEFAULT
from workbench.strategies import conformance as of_strategies
from workbench.workspace import loading
from workbench.workspace.loading import limited, said_of, things_around
from workbench.workspace.source import assignments, classes, intrusions
from workbench.workspace.things import FORECAST, Kind, Thing, Things, made_of, thing_of

SLOW_US: Final = 1_000.0  # a bar or a question; a day of one contract has 17,280 barriers, and all of them wait for each of its things
N_QUICK: Final = 20  # bars or views of the first look at the cost
FIRST: Final = frozenset({"form", "finite", "answers"})  # rules that others rest on
HERE: Final = "here"  # origin of what is handed over as it is: from a notebook, a test, a module
N_LIVELY: Final = 1_500  # bars of 5 s that features are made of for a strategy to look at: two hours
ES: Final = Contract(
    id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
    multiplier="50", price_quantum="0.25", order_increment="0.25",
)  # fmt: skip


# what is said of a rule that holds
FEATURES_SAY: Final = {
    "finite": "every value is finite, or None",
    "deterministic": "the same bars give the same values",
    "pickles": "restored anywhere it goes on as before; it keeps no bar",
    "no future": "no later bar changes an earlier value",
}
STRATEGIES_SAY: Final = {
    "plans": ("stop on the losing side, target on the winning side, prices on the tick", "propose"),
    "pure": ("the same view gets the same answer, whatever came between", "propose"),
    "views": ("keeps no view and changes none", "propose"),
    "manages": ("Adjust, ExitWish or None, and the same again", "manage"),
}
RECIPES_SAY: Final = {
    "speaks": "learns, and says chances",
    "repeats": "the same bars make the same model",
    "restores": "restored from its snapshot it goes on bit for bit",
    "missing feature": "bears any one feature missing",
    "large numbers": "no number, however large, silences it",
}


class Finding(NamedTuple):
    """What one rule came to: ``said`` is what was seen or what is wrong, ``where`` file and line of what is wrong."""

    rule: str
    is_ok: bool
    said: str
    where: str = ""


class Report(NamedTuple):
    """All findings about one thing."""

    thing: Thing
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is wrong, as ``file:line: rule: what``; empty when every rule holds."""
        return tuple(f"{each.where}: {each.rule}: {each.said}" for each in self.findings if not each.is_ok)


def check(what: object, things: Things | None = None) -> Report:
    """Run the suite of its kind on a thing: a class or factory of a feature or strategy, a recipe, or an entry of the catalogue.

    Parameters
    ----------
    things
        What it may refer to (features of its columns, the model of a recipe); `None`: what is shipped, and what the workspace around
        has, in which Python was started.

    Examples
    --------
    >>> from workbench.strategies.vwap_reversion import VwapReversion
    >>> check(VwapReversion).wrong
    ()
    """
    thing = what if isinstance(what, Thing) else thing_of(what, origin=HERE, where=_home_of(what), file=_file_of(what))
    things = things if things is not None else _around(thing)
    rules = {
        Kind.FEATURE: _feature_rules, Kind.STRATEGY: _strategy_rules, Kind.RECIPE: _recipe_rules, Kind.MODEL: _model_rules
    }[thing.kind]  # fmt: skip
    return Report(thing, tuple(_run(thing, rules(thing, things))))


def check_all(things: Things, own: Iterable[Thing] | None = None) -> list[Report]:
    """Check a user's things one by one: all of them, or those named."""
    return [check(thing, things) for thing in (things.own if own is None else own)]


def _around(thing: Thing) -> Things:
    """Give what a thing may refer to where nobody says: of features and models nothing, for they stand alone."""
    if thing.kind in (Kind.FEATURE, Kind.MODEL):
        return Things([thing])
    there = things_around()
    return Things([thing, *(each for each in there.own if (each.kind, each.name) != (thing.kind, thing.name))], there.problems)


Rule = tuple[str, Callable[[], Iterable[Finding]]]


def _run(thing: Thing, rules: Iterator[Rule]) -> Iterator[Finding]:
    """Run rule by rule; after one that raised, or that others rest on, those would only say the same again, and are left out."""
    rule = "comes back"
    try:
        with limited():
            for rule, findings in rules:
                found = list(findings())
                yield from found
                if rule in FIRST and not all(each.is_ok for each in found):
                    return
    except loading.WHATEVER as error:  # whatever a user's code raises is the finding
        at = _display(loading.place_of(error, thing.file), thing)
        is_theirs = thing.file is None or at.startswith(thing.where.rpartition(":")[0])
        yield Finding(rule, False, said_of(error), at if is_theirs else line_of(thing))


def _holds(thing: Thing, rule: str, complaints: Iterable[str], said: str, verb: str = "") -> Iterator[Finding]:
    wrong = list(complaints)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        yield Finding(rule, False, wrong[0] + more, line_of(thing, verb))
    else:
        yield Finding(rule, True, said)


def _feature_rules(thing: Thing, _: Things) -> Iterator[Rule]:
    make, rules = thing.what, of_features.RULES
    if (took_us := _quickly(lambda: of_features.cost_us(make, time.perf_counter_ns, N_QUICK))) > SLOW_US:
        yield "cost", lambda: _cost(thing, took_us, "a bar", "update")
        return
    yield "form", partial(_feature_form, thing)
    yield "no clock, no I/O", partial(_source, thing)
    for rule, said in FEATURES_SAY.items():
        yield rule, lambda rule=rule, said=said: _holds(thing, rule, rules[rule](make), said, "update")  # type: ignore[misc]
    yield "warm-up", lambda: _holds(thing, "warm-up", rules["warm-up"](make), _warm_up(make()), "update")
    yield "cost", lambda: _cost(thing, of_features.cost_us(make, time.perf_counter_ns), "a bar", "update")


def _feature_form(thing: Thing) -> Iterator[Finding]:
    wrong = [of_features.NO_FEATURE] if not isinstance(thing.what(), Feature) else list(of_features.RULES["form"](thing.what))
    yield from _holds(thing, "form", wrong, f"columns {thing.name}_5s, {thing.name}_1m, {thing.name}_5m")


def _warm_up(feature: Any) -> str:
    n = getattr(feature, "warm_up_bars", None)
    return "not declared (warm_up_bars): not checked" if n is None else f"speaks from bar {n} on, as declared"


def _strategy_rules(thing: Thing, things: Things) -> Iterator[Rule]:
    make = partial(thing.make, _recipe_of(thing))
    rules = of_strategies.RULES

    @cache
    def of() -> of_strategies.Case:
        return of_strategies.case(make, _lively_rows(make().needs, things))

    if (took_us := _quickly(lambda: of_strategies.cost_us(of_strategies.case(make, n=N_QUICK), time.perf_counter_ns))) > SLOW_US:
        yield "cost", lambda: _cost(thing, took_us, "a question", "propose")
        return
    yield "form", partial(_strategy_form, thing, make, things)
    yield "no clock, no I/O", partial(_source, thing)
    yield "answers", lambda: _answers(thing, of())
    for rule, (said, verb) in STRATEGIES_SAY.items():
        yield rule, lambda rule=rule, said=said, verb=verb: _holds(thing, rule, rules[rule](of()), said, verb)  # type: ignore[misc]
    yield "cost", lambda: _cost(thing, of_strategies.cost_us(of(), time.perf_counter_ns), "a question", "propose")


def _recipe_of(thing: Thing) -> str:
    """Name the recipe to check a strategy with: its own choice where it has one."""
    own = getattr(made_of(thing.what), FORECAST, "") if thing.is_own else ""
    return str(own) or (DEFAULT if thing.follows else "")


def _strategy_form(thing: Thing, make: Callable[[], Any], things: Things) -> Iterator[Finding]:
    strategy = make()
    missing = [name for name in of_strategies.NAMES if not hasattr(strategy, name)]
    wrong = [f"has no {', '.join(missing)}: {of_strategies.NO_STRATEGY}"] if missing else []
    if not missing:
        wrong = list(of_strategies.form(of_strategies.Case(make, [])))
        columns = _columns(strategy.needs, things) if not wrong else {}
        wrong += [f"needs {name}, which no feature gives" for name in strategy.needs if not wrong and name not in columns]
    yield from _holds(thing, "form", wrong, f"reads {', '.join(getattr(strategy, 'needs', ())) or 'no feature'}")


def _answers(thing: Thing, of: of_strategies.Case) -> Iterator[Finding]:
    wrong, said = list(of_strategies.answers(of)), ""
    if not wrong:
        n_buy, n_sell = of_strategies.n_wishes(of)
        said = f"wishes to buy on {n_buy} and to sell on {n_sell} of {len(of.seen)} views, each a Proposal"
        if not n_buy + n_sell:
            said = f"wished for nothing on {len(of.seen)} views: what its plans are worth was not seen"
    yield from _holds(thing, "answers", wrong, said, "propose")


def _recipe_rules(thing: Thing, things: Things) -> Iterator[Rule]:
    recipe, models = thing.what, things.models

    def form() -> Iterator[Finding]:
        recipe.bind(_columns(recipe.features, things))
        of_recipes.case(recipe, models).learner()
        yield Finding("form", True, f"{recipe.model} on {len(recipe.features)} features, {recipe.horizon_ns / 60e9:g} min ahead")

    yield "form", form
    of = of_recipes.case(recipe, models)
    for rule, said in RECIPES_SAY.items():
        yield rule, lambda rule=rule, said=said: _holds(thing, rule, of_recipes.RULES[rule](of), said)  # type: ignore[misc]
    yield "cost", lambda: _cost(thing, of_recipes.cost_us(of, time.perf_counter_ns), "a bar", "")


def _model_rules(thing: Thing, things: Things) -> Iterator[Rule]:
    def built() -> Iterator[Finding]:
        thing.what.build()
        users = [each.name for each in things if each.kind is Kind.RECIPE and each.what.model == thing.name]
        yield Finding("form", True, f"builds; used by {', '.join(users) or 'no recipe yet: it is checked with one'}")

    yield "form", built


def _columns(needs: Iterable[str], things: Things) -> dict[str, int]:
    own = [each.what for each in things.features_of(needs)]
    return FeatureBank([ES], own=own).columns


def _lively_rows(needs: Iterable[str], things: Things) -> list[dict[str, float | None]]:
    """Give what features really say on a made market; nothing where one of the user's own fails, which its own check tells."""
    bank, bars = FeatureBank([ES], own=[each.what for each in things.features_of(needs)]), np.zeros(1, RICH)
    bank.bind(bars)
    rows = []
    try:
        for bar in of_features.sample_bars(N_LIVELY):
            bars[0] = bar
            bank.step()
            rows.append(bank.row(0))
    except Exception:  # noqa: BLE001  whatever a feature of the user's raises
        return []
    return rows[::5]


def _source(thing: Thing) -> Iterator[Finding]:
    if thing.file is None or not thing.is_own:
        return
    alone = None if thing.origin != HERE else getattr(_subject(thing.what), "__name__", "")  # elsewhere a file holds other things as well
    found = list(intrusions(thing.file, alone))
    name = _display(str(thing.file), thing)
    yield from (Finding("no clock, no I/O", False, said, f"{name}:{line}") for line, said in found)
    if not found:
        yield Finding("no clock, no I/O", True, "reads no clock, opens nothing, draws nothing")


def _quickly(measure: Callable[[], float]) -> float:
    """Measure before anything else: what is too slow would keep every rule waiting. What raises is told by the rules."""
    try:
        return measure()
    except Exception:  # noqa: BLE001  whatever a thing of the user's raises
        return 0.0


def _cost(thing: Thing, took_us: float, what: str, verb: str) -> Iterator[Finding]:
    if took_us <= SLOW_US:
        yield Finding("cost", True, f"{took_us:.1f} us {what}")
    else:
        yield Finding("cost", False, f"takes {took_us:,.0f} us {what}; {SLOW_US:,.0f} are the most", line_of(thing, verb))


def line_of(thing: Thing, verb: str = "") -> str:
    """Give file and line of a verb of a thing (``propose``), or of the thing itself."""
    subject = thing.what if isinstance(thing.what, type) else type(made_of(thing.what)) if callable(thing.what) else None
    code = getattr(getattr(subject, verb, None), "__code__", None) if verb else None
    if code is None:
        return thing.where
    return f"{_display(code.co_filename, thing)}:{code.co_firstlineno}"


def _display(at: str, thing: Thing) -> str:
    """Say a file as the thing's own place says it."""
    name, colon, line = at.partition(":")
    if thing.file is not None and Path(name).name == thing.file.name:
        return f"{thing.where.rpartition(':')[0] or thing.where}{colon}{line}"
    return at


def _home_of(what: object) -> str:
    file, subject = _file_of(what), _subject(what)
    name = getattr(subject, "__qualname__", type(what).__qualname__)
    if file is None or not file.is_file():
        return str(name)
    line = classes(file).get(name) or assignments(file).get(name)
    return f"{'/'.join(file.parts[-2:])}:{line}" if line else "/".join(file.parts[-2:])


def _file_of(what: object) -> Path | None:
    module = sys.modules.get(getattr(_subject(what), "__module__", ""))
    file = getattr(module, "__file__", None)
    return Path(file) if file else None


def _subject(what: object) -> object:
    """Give the class that a factory makes instances of."""
    return what if isinstance(what, type) or not callable(what) else type(made_of(what))
