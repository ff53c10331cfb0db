"""A thing is refused for not being one, for the wrong notebook, for breaking a rule, and for failing while it runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.teaching import teaching
from workbench.domain.bars import RichBar
from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.pipelines.promotion.judging import GATES
from workbench.workspace import Things
from workbench.workspace.things import thing_of

GATE = {gate.name: gate for gate in GATES}


class Steady:
    name, uses, needs = "steady", (RichBar,), frozenset[str]()
    value: float | None = None

    def update(self, bar: object) -> None:
        self.value = 1.0


class Breaking(Steady):
    name = "breaking"

    def update(self, bar: object) -> None:
        raise ZeroDivisionError("divided by nothing")


def notebook(tmp_path: Path, code: str) -> Path:
    path = tmp_path / "lab.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": [code]}]}))
    return path


def candidate(tmp_path: Path, what: object, maker: Path) -> Candidate:
    thing = thing_of(what, origin="here", where="here", file=None)
    return Candidate("feature", thing.name, tmp_path, maker, tmp_path, tmp_path, thing=thing, things=Things([thing]))


def ask(name: str, of: Candidate) -> Verdict:
    return GATE[name].judge(of)


def test_the_notebook_that_made_it_speaks_of_it(tmp_path: Path) -> None:
    assert ask("contract", candidate(tmp_path, Steady, notebook(tmp_path, "show(steady)"))).passed
    said = ask("contract", candidate(tmp_path, Steady, notebook(tmp_path, "show(other)")))
    assert not said.passed and "made no steady: none of its 1 code cells names it" in said.text
    (tmp_path / "lab.ipynb").write_text("{}")
    assert "is no notebook" in ask("contract", candidate(tmp_path, Steady, tmp_path / "lab.ipynb")).text


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    of = candidate(tmp_path, Steady, notebook(tmp_path, "steady"))
    assert of.thing is not None
    said = ask("contract", of._replace(things=Things([of.thing, of.thing._replace(where="there")])))
    assert not said.passed and "two feature things are called 'steady'" in said.text


def test_what_breaks_a_rule_is_refused_with_its_place(tmp_path: Path) -> None:
    said = ask("conformance", candidate(tmp_path, Breaking, notebook(tmp_path, "breaking")))
    assert not said.passed and "ZeroDivisionError: divided by nothing" in said.text and "**wrong**" in said.more


def test_what_fails_while_it_runs_is_refused(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(teaching(tmp_path_factory))
    said = ask("clean run", candidate(tmp_path, Breaking, notebook(tmp_path, "breaking")))
    assert not said.passed and "feature breaking" in said.text and "divided by nothing" in said.text
    said = ask("clean run", candidate(tmp_path, Steady, notebook(tmp_path, "steady")))
    assert said.passed and "it was valued with every bar" in said.text
