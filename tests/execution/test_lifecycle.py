"""The bracket's table: what it allows, what it never allows, and that nothing leads out of an end."""

from __future__ import annotations

import ast
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench
from workbench.domain.errors import InvariantError
from workbench.execution.lifecycle import TRANSITIONS, On, Phase, after

pytestmark = pytest.mark.covers("S2-01")
ENDS = {Phase.CLOSED, Phase.VOID}
LIVING = set(Phase) - ENDS


@pytest.mark.parametrize(("phase", "on"), list(product(Phase, On)), ids=lambda each: each.name)
def test_every_pair_is_a_row_of_the_table_or_breaks_an_invariant(phase: Phase, on: On) -> None:
    if on in TRANSITIONS[phase]:
        assert after(phase, on) is TRANSITIONS[phase][on]
    else:
        with pytest.raises(InvariantError, match=f"{phase} cannot be {on}"):
            after(phase, on)


def test_a_fill_is_booked_in_every_living_phase_and_never_leaves_a_position_called_safe() -> None:
    for phase in LIVING:
        assert after(phase, On.FILLED) in {Phase.EXPOSED, Phase.CLOSING}


def test_only_a_confirmed_stop_makes_a_position_protected() -> None:
    into = {(phase, on) for phase, row in TRANSITIONS.items() for on, new in row.items() if new is Phase.PROTECTED and phase is not new}
    assert into == {(Phase.EXPOSED, On.COVERED)}


def test_an_entry_that_never_filled_is_void_and_a_position_that_was_is_closed() -> None:
    for phase in LIVING:
        for on, end in ((On.DEAD, Phase.VOID), (On.FLAT, Phase.CLOSED)):
            assert TRANSITIONS[phase].get(on, end) is end
    assert {phase for phase in LIVING if On.FLAT in TRANSITIONS[phase]} == {Phase.EXPOSED, Phase.PROTECTED, Phase.CLOSING}
    assert {phase for phase in LIVING if On.DEAD in TRANSITIONS[phase]} == {Phase.PENDING, Phase.WORKING, Phase.CLOSING}


def test_every_living_phase_can_be_left_at_will_and_reaches_an_end() -> None:
    for phase in LIVING:
        assert after(phase, On.EXIT_SENT) is Phase.CLOSING
    reached, new = set[Phase](), {Phase.PENDING}
    while new:
        reached |= new
        new = {to for phase in new for to in TRANSITIONS[phase].values()} - reached
    assert reached == set(Phase)


@given(st.lists(st.sampled_from(On), max_size=12))
def test_no_story_leads_back_from_a_position_to_a_bracket_without_one(story: list[On]) -> None:
    phase, was_filled = Phase.PENDING, False
    for on in story:
        if on not in TRANSITIONS[phase]:
            return
        phase = after(phase, on)
        was_filled |= phase in {Phase.EXPOSED, Phase.PROTECTED}
        assert not (was_filled and phase in {Phase.PENDING, Phase.WORKING})


def test_a_phase_is_set_through_the_table_alone() -> None:
    writes = []
    for path in sorted(Path(workbench.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
            flat = [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
            if path.parent.name in {"execution", "engine"} and any(isinstance(t, ast.Attribute) and t.attr == "phase" for t in flat):
                writes.append((path.name, ast.unparse(node)))
    assert ("bracket.py", "old, self.phase = (self.phase, after(self.phase, on))") in writes
    told_again = "retelling.py"  # makes a book again from the moves that a journal has
    assert [each for each in writes if "after(" not in each[1] and each[0] != told_again] == []
