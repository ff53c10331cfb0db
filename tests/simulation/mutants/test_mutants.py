"""Every planted bug is caught: by the test or the disaster that it names. One that survives fails."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.disaster.restless import PATIENT
from tests.simulation.mutants.bugs import ALL, BUGS, CLASSES, SURVIVE
from tests.simulation.mutants.catching import CannotError, fails, strikes, sweep
from tests.simulation.mutants.planting import Bug, Edit, planted
from tests.simulation.mutants.telling import README, table
from workbench.store import chain

MOST_SEEDS: Final = 500  # of disasters that a bug may live through
FRESH: Final = 20_000  # seeds from here on are swept by nothing else
NEARBY: Final = 150  # seeds tried when the pinned one has lost its bug: what the program sends has changed, and all draws with it
BY_TEST: Final = [bug for bug in ALL if isinstance(bug.caught, str)]
BY_SEED: Final = [bug for bug in ALL if isinstance(bug.caught, int)]


def bugs(among: list[Bug]) -> list[object]:
    """Give the bugs as cases; one that is known to survive is expected to."""
    return [
        pytest.param(bug, id=bug.name, marks=[pytest.mark.xfail(reason=SURVIVE[bug.name], strict=True)] if bug.name in SURVIVE else [])
        for bug in among
    ]


@pytest.fixture(autouse=True)
def _in_silence() -> object:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


@pytest.mark.parametrize("bug", bugs(BY_TEST))
def test_a_planted_bug_fails_the_test_it_names(bug: Bug, tmp_path: Path) -> None:
    assert isinstance(bug.caught, str)
    assert fails(bug.caught, bug, tmp_path) is not None, f"{bug.name}: {bug.breaks} {bug.caught} holds all the same"


@pytest.mark.parametrize("bug", bugs(BY_SEED))
def test_a_planted_bug_breaks_a_law_under_the_seed_it_names(bug: Bug) -> None:
    assert isinstance(bug.caught, int)
    found = strikes(bug.caught, bug) or sweep(bug, bug.caught + 1, NEARBY).verdict
    assert found is not None, f"{bug.name}: {bug.breaks} Seed {bug.caught} shows nothing, nor do {NEARBY} others"


@pytest.mark.proof
@pytest.mark.parametrize("bug", bugs([bug for bug in ALL if bug.name in CLASSES or bug in BY_SEED]))
def test_a_planted_bug_breaks_a_law_within_five_hundred_fresh_seeds(bug: Bug) -> None:
    is_patient = isinstance(bug.caught, int) and bug.caught >= PATIENT
    found = sweep(bug, FRESH + (PATIENT if is_patient else 0), MOST_SEEDS)
    assert found.verdict is not None, f"{bug.name}: {bug.breaks} {found.n_seeds} disasters show nothing"


@pytest.mark.proof
@pytest.mark.parametrize("test", sorted({str(bug.caught) for bug in BY_TEST}))
def test_a_test_that_catches_a_bug_holds_without_one(test: str, tmp_path: Path) -> None:
    assert fails(test, None, tmp_path) is None


def test_there_are_enough_of_them_and_each_says_what_it_breaks() -> None:
    assert len(BUGS) == len(ALL) >= 25 and len(SURVIVE) <= 2
    assert all(bug.breaks.endswith(".") and bug.law[0] == "I" and 1 <= int(bug.law[1:]) <= 28 for bug in ALL)
    places = " ".join(edit.where for bug in ALL for edit in bug.edits)
    for part in ("execution.", "engine.", "risk.", "store.journal", "store.chain", "reconcile", "runtime.guardian", "store.fence"):
        assert part in places


# ---------------------------------------------------------------------- the planting itself
def test_a_bug_is_gone_when_its_test_is_over() -> None:
    before = chain.follow.__code__
    with planted(BUGS["the chain is not looked at"]):
        assert chain.follow.__code__ is not before
    assert chain.follow.__code__ is before


def test_words_that_are_not_there_plant_nothing() -> None:
    nothing = Bug("", "", "", (Edit("store.chain:follow", "words of long ago", ""),), 0)
    with pytest.raises(AssertionError, match="holds 0 times"), planted(nothing):
        pass


@pytest.mark.parametrize("name", ["unknown field", "profile = "])  # an id, a value
def test_a_test_is_called_by_the_name_of_its_case(name: str, tmp_path: Path) -> None:
    case = f"runtime/test_build.py::test_a_law_that_cannot_be_meant_is_a_sentence[{name}]"
    assert fails(case, None, tmp_path) is None


def test_a_test_that_cannot_be_called_catches_nothing(tmp_path: Path) -> None:
    with pytest.raises(CannotError, match="there is no"):
        fails("store/test_chain.py::test_of_nothing", None, tmp_path)
    with pytest.raises(CannotError, match="has no case profile"):
        fails("runtime/test_build.py::test_a_law_that_cannot_be_meant_is_a_sentence[profile]", None, tmp_path)
    with pytest.raises(CannotError, match="no fixture"):
        fails("runtime/test_logged.py::test_a_session_is_what_was_traded", None, tmp_path)


def test_the_readme_lists_every_bug_with_what_catches_it() -> None:
    assert table() in README.read_text(encoding="utf-8"), "write it anew: python -m tests.simulation.mutants --write"
