"""A day of a page is one word, the worst of it; trouble is what nothing has made up for since."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.dashboard.days import DAYS, WORDS, WORST, calendar, troubles
from workbench.dashboard.ran import BY_HAND, HAND, Due, Row
from workbench.pipelines.schedule.ledger import State

STATES = st.sampled_from(State)


def row(page: str, session: int, state: State, n: int = 0, *, by_hand: bool = False) -> Row:
    return Row(
        f"{HAND if by_hand else ''}{page}/{session}-{n}", page, session, BY_HAND if by_hand else f"open+{n}m", session * 100 + n, state
    )


def newest_first(*rows: Row) -> list[Row]:
    return sorted(rows, key=lambda each: each.due_ns, reverse=True)


@settings(derandomize=True, max_examples=12, deadline=None)
@given(st.lists(STATES, min_size=1, max_size=6))
def test_a_cell_names_the_worst_and_counts_them_all(states: list[State]) -> None:
    made = calendar([row("p", 20261119, state, n) for n, state in enumerate(states)], (), (), 20261119)
    cell = made.cells["p", 20261119]
    worst = next(state for state in WORST if state in states)
    assert (cell.word, cell.n, cell.of) == (WORDS[worst], states.count(worst), len(states))
    assert dict(cell.all) == {WORDS[state]: states.count(state) for state in set(states)}


def test_weekdays_without_a_run_are_days_and_only_the_last_ones_are_shown() -> None:
    made = calendar([row("p", 20261119, State.DONE), row("q", 20261124, State.DONE)], (), (), 20261124)
    assert made.days == (20261119, 20261120, 20261123, 20261124) and made.pages == ("p", "q")
    long = calendar([row("old", 20261005, State.DONE), row("p", 20261119, State.DONE)], (), (), 20261119)
    assert len(long.days) == DAYS and long.pages == ("p",)


def test_what_is_late_or_to_come_stands_where_it_would_have_run() -> None:
    due = [Due("p", 20261119, "close", 5), Due("q", 20261119, "close", 5), Due("q", 20261120, "close", 6), Due("p", 20261124, "close", 9)]
    made = calendar([row("p", 20261119, State.DONE)], due[2:], due[:2], 20261119)
    assert (made.cells["p", 20261119].text, made.cells["q", 20261119].text) == ("1 late", "late")
    assert made.cells["q", 20261120].at_ns == 6 and ("p", 20261124) not in made.cells  # too far ahead
    failed = calendar([row("p", 20261119, State.FAILED)], (), due[:1], 20261119)
    assert failed.cells["p", 20261119].word == "failed"


def test_runs_by_hand_are_no_days() -> None:
    assert calendar([row("p", 20261119, State.DONE, by_hand=True)], (), (), 20261119).days == ()


def test_a_run_that_went_well_makes_up_for_what_did_not_before() -> None:
    bad = row("p", 20261118, State.FAILED)
    assert troubles([bad])[0].last == bad
    assert troubles(newest_first(bad, row("p", 20261119, State.DONE))) == []
    assert troubles(newest_first(bad, row("p", 20261119, State.DONE, by_hand=True))) == []
    assert len(troubles(newest_first(bad, row("p", 20261119, State.RUNNING)))) == 1


def test_what_was_missed_in_a_row_is_one_trouble_and_what_failed_stands_first() -> None:
    missed = [row("a", 20261119, State.MISSED, n) for n in range(5)]
    found = troubles(newest_first(*missed, row("b", 20261118, State.FAILED)))
    assert [(each.last.page, each.n) for each in found] == [("b", 1), ("a", 5)]
    assert (found[1].last.slot, found[1].first.slot) == ("open+4m", "open+0m")
