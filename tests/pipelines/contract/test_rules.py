"""The tables of what has no place in a page: River's own list of what takes a seed, and every rule says what to do instead."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

from workbench.pipelines.contract import rules


def test_every_rule_has_a_remedy_and_every_thing_a_rule() -> None:
    assert all(rule.does and rule.remedy for rule in rules.RULES.values())
    named = {*rules.MODULES.values(), *rules.THINGS.values(), *(rule for _, rule in rules.PATTERNS)}
    assert named <= rules.RULES.keys()


@pytest.mark.proof
def test_what_takes_a_seed_in_river_is_listed() -> None:
    """And what predicts or learns many at once is known by its name: a release of River that adds some fails here."""
    river = importlib.import_module("river")
    seeded: dict[str, set[str]] = {}
    many: set[str] = set()
    for module in pkgutil.iter_modules(river.__path__):
        there = importlib.import_module(f"river.{module.name}")
        for name in getattr(there, "__all__", ()):
            thing = getattr(there, name, None)
            if inspect.isclass(thing) and not inspect.isabstract(thing):
                many |= {each for each in dir(thing) if each.endswith("_many") and not each.startswith("_")}
                seed = inspect.signature(thing).parameters.get("seed")
                if seed is not None and seed.default is None:
                    seeded.setdefault(module.name, set()).add(name)
    assert seeded == {module: set(names.split()) for module, names in rules.RIVER.items()}
    assert {each for each in many if not rules.MANY.fullmatch(each)} <= {"joint_log_likelihood_many", "p_class_many"}
