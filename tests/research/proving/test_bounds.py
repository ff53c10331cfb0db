"""What a tier asks for is passed by what was seen, failed by what was seen, and otherwise not there yet."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.research.proving.made import CLAIMS, CODE, found, outcomes, stint, week
from workbench.research.proving.bounds import Found, asked, expectancy
from workbench.research.proving.thresholds import Tier, thresholds
from workbench.research.proving.verdict import Line, State, state_of
from workbench.store.drills import Drilled

pytestmark = pytest.mark.covers("S3-29")
RULES = thresholds()
DAY, TWO, WEEK = RULES.tiers.values()


def lines(of: Found, tier: Tier = DAY) -> dict[str, Line]:
    return {line.what: line for line in asked(of, tier, RULES.why)}


def test_a_good_week_passes_every_tier_and_each_number_names_its_runs() -> None:
    of = found(*week())
    for tier in RULES.tiers.values():
        there = lines(of, tier)
        assert state_of(list(there.values())) is State.PASSED, there
        assert all(set(line.runs) == set(of.runs) for what, line in there.items() if what != "kill drill")


def test_too_few_is_an_answer_of_its_own() -> None:
    there = lines(found(*week(n=2)[:1]), WEEK)
    trips = there["round trips"]
    assert (trips.state, trips.value, trips.said) == (State.NOT_YET, "2 of 30", "not enough round trips yet (2 of 30)")
    assert there["sessions"].state is State.NOT_YET and state_of(list(there.values())) is State.NOT_YET


def test_without_any_evidence_nothing_is_passed_and_nothing_has_failed() -> None:
    there = lines(Found((), (), None, CODE))
    assert {line.state for line in there.values()} == {State.NOT_YET}


@pytest.mark.covers("S2-48")
def test_one_duplicate_fails_and_no_restart_is_not_yet() -> None:
    twice = lines(found(stint(rs=[1, 1], duplicates=("two entries have the reference 7",))))["duplicates"]
    assert twice.state is State.FAILED and "two entries have the reference 7" in twice.said
    never = found(stint(rs=[1, 1], n_restarts=0))._replace(drill=None)
    assert lines(never)["duplicates"].state is State.NOT_YET
    assert lines(found(stint(rs=[1, 1], n_restarts=0)))["duplicates"].state is State.PASSED, "the drill restarted"


def test_a_difference_of_the_same_code_fails_and_of_other_code_is_no_evidence() -> None:
    of = stint(rs=[1, 1])
    assert lines(found(of, same=False))["parity"].state is State.FAILED
    assert lines(found(of, same=False, changed=("code",)))["parity"].state is State.NOT_YET
    gone = lines(found(of, same=None))["parity"]
    assert gone.state is State.NOT_YET and gone.runs == ("20261119-paper-1",)


@pytest.mark.covers("S2-48")
def test_the_drill_must_have_held_with_this_very_code() -> None:
    good = Drilled(drill="kill", at_ns=1, code=CODE, seconds=1.0, claims=CLAIMS)
    bad = msgspec.structs.replace(good, claims=(("stops in place", False, "none"),))
    states = [
        lines(found(stint(), drill=each))["kill drill"].state
        for each in (good, bad, msgspec.structs.replace(good, code="old"), msgspec.structs.replace(good, claims=()))
    ]
    assert states == [State.PASSED, State.FAILED, State.NOT_YET, State.FAILED]


def test_an_open_break_fails_and_one_that_was_resumed_does_not() -> None:
    first, last = stint(20261118, [1], is_halted=True), stint(20261119, [1])
    assert lines(found(first, last))["open breaks"].state is State.PASSED
    assert lines(found(last, first))["open breaks"].state is State.FAILED
    assert "was quarantined" in lines(found(stint(breaks=("strategy mine was quarantined: x",))))["open breaks"].said


def test_calibration_fails_only_on_enough_outcomes_and_is_not_asked_of_a_plain_rule() -> None:
    off = outcomes(2_000, bias=0.3)
    assert lines(found(stint(outcomes=off, n_apart=2_000)))["calibration error"].state is State.FAILED
    assert lines(found(stint(outcomes=off, n_apart=50)))["calibration error"].state is State.NOT_YET
    plain = stint(outcomes=(), n_apart=0)
    there = lines(found(plain._replace(recipes=frozenset())))
    assert there["calibration"].state is State.NOT_ASKED and "calibration error" not in there
    silent = lines(found(plain))
    assert silent["calibration error"].state is State.NOT_YET, "a recipe that never spoke is not excused"


def test_what_loses_for_sure_fails_and_what_may_be_chance_is_not_sure_yet() -> None:
    assert lines(found(*week(mean=-0.8)))["net expectancy"].state is State.FAILED
    unsure = lines(found(*week(mean=0.05)), WEEK)["net expectancy"]
    assert unsure.state is State.NOT_YET and "the interval spans -0.10 R" in unsure.said


@pytest.mark.proof
@given(rs=st.lists(st.floats(-1.2, 3.0), max_size=20), more=st.floats(0.0, 1.0))
@settings(max_examples=10)
def test_a_better_result_is_never_judged_worse(rs: list[float], more: float) -> None:
    rank = {State.FAILED: 0, State.NOT_YET: 1, State.PASSED: 2}
    for tier in (DAY, WEEK):
        worse, better = (lines(found(stint(rs=[r + plus for r in rs])), tier)["net expectancy"].state for plus in (0.0, more))
        assert rank[worse] <= rank[better]


def test_the_interval_is_of_the_results() -> None:
    assert expectancy([stint(rs=[1.0])]) is None
    sure = expectancy([stint(rs=[0.5] * 10)])
    assert sure is not None and (sure.lo, sure.hi) == (0.5, 0.5)


@pytest.mark.proof
def test_a_perfect_forecaster_is_within_the_bounds_in_nine_of_ten_cases() -> None:
    for tier in RULES.tiers.values():
        seen = [stint(outcomes=outcomes(tier.outcomes, seed), n_apart=tier.outcomes) for seed in range(200)]
        passed = sum(lines(found(each), tier)["calibration error"].state is State.PASSED for each in seen)
        assert passed >= 180, (tier.name, passed)
