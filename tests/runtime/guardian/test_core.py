"""The guardian's step, look by look: what it does, and above all what it does not."""

from __future__ import annotations

import pytest

from workbench.domain.orders import Leg
from workbench.domain.units import SECOND
from workbench.runtime.guardian.core import begun, closable, step, unsafe
from workbench.runtime.guardian.values import (
    Action,
    Alarm,
    Cancel,
    CancelEverything,
    Close,
    Closing,
    Goal,
    Halt,
    Held,
    LetGo,
    Limits,
    Live,
    Observation,
    Reach,
    Runner,
    State,
    TakeOver,
    Truth,
)

pytestmark = [pytest.mark.covers("S2-32")]
LIMITS = Limits(10 * SECOND, 15 * SECOND, 120 * SECOND)
DEDICATED = LIMITS._replace(is_dedicated=True)
ES = 1
ENTRY = Live(11, 1, Leg.ENTRY, ES, 2)
STOP = Live(12, 1, Leg.STOP, ES, 2)
TARGET = Live(13, 1, Leg.TARGET, ES, 2)
LONG = Held(1, ES, 2)


def shown(*live: Live, held: tuple[Held, ...] = (), **positions: int) -> Truth:
    there: dict[int, int] = {ES: sum(each.qty for each in held)}
    there.update({int(name[1:]): qty for name, qty in positions.items()})
    return Truth(0, live, held, there)


PROTECTED = shown(STOP, TARGET, held=(LONG,))
NAKED = shown(held=(LONG,))


class Watching:
    """A guardian, second by second."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits, self.state, self.at_s = limits, begun(0), 0.0
        self.done: list[Action] = []

    def see(
        self,
        at_s: float,
        truth: Truth | None = None,
        *,
        said_s: float | None = None,
        trouble: str = "",
        reach: Reach = Reach.FREE,
        closing: tuple[Closing, ...] = (),
        is_ready: bool = True,
        has_ended: bool = False,
    ) -> tuple[Action, ...]:
        now_ns = round(at_s * SECOND)
        said_ns = 0 if said_s is None else round(said_s * SECOND)
        told = None if truth is None else truth._replace(asked_ns=now_ns)
        seen = Observation(now_ns, Runner(said_ns, is_ready, has_ended), told, trouble, reach, closing)
        self.state, actions = step(self.state, seen, self.limits)
        self.done += actions
        return actions


def silent(truth: Truth, *, until_s: float = 10.0, limits: Limits = LIMITS) -> Watching:
    """A guardian whose runner has just become silent, and which has seen this twice."""
    watching = Watching(limits)
    for at_s in (0.0, until_s - 3, until_s, until_s + 3):
        watching.see(at_s, truth)
    return watching


# ---------------------------------------------------------------------- when it acts, and when not
def test_a_runner_that_speaks_is_left_alone_whatever_the_broker_shows() -> None:
    watching = Watching()
    for at_s in range(300):
        assert watching.see(at_s, NAKED if at_s % 2 else shown(ENTRY, held=(LONG,)), said_s=at_s) == ()


def test_a_runner_is_silent_after_its_patience_and_not_before() -> None:
    watching = Watching()
    watching.see(0, shown(ENTRY))
    watching.see(5, shown(ENTRY), said_s=5)
    assert watching.see(14.9, shown(ENTRY), said_s=5) == ()
    assert watching.see(15, shown(ENTRY), said_s=5) == (Halt("the runner is silent for 10 s and entries are live"), TakeOver())


def test_a_word_of_yesterday_is_no_sign_of_life_and_no_silence_either() -> None:
    watching = Watching()
    assert watching.see(0, NAKED, said_s=-90_000) == watching.see(9, NAKED, said_s=-90_000) == ()
    watching.see(11, NAKED, said_s=-90_000)
    assert isinstance(watching.see(14, NAKED, said_s=-90_000)[0], Halt)


def test_a_clock_that_was_set_back_is_a_sign_of_life_all_the_same() -> None:
    watching = Watching()
    watching.see(0, NAKED, said_s=5_000)
    assert watching.see(9, NAKED, said_s=1_400) == watching.see(18, NAKED, said_s=1_400) == ()


def test_what_is_protected_keeps_its_stop_until_no_runner_was_ready_for_long() -> None:
    watching = Watching()
    for at_s in range(120):
        assert watching.see(at_s, PROTECTED) == ()
    assert watching.see(120, PROTECTED) == (Halt("no runner is ready for 120 s"), TakeOver())


def test_a_runner_that_comes_back_and_is_ready_in_time_keeps_its_position() -> None:
    watching = Watching()
    for at_s in range(400):
        said_s = None if at_s < 90 else at_s
        assert watching.see(at_s, PROTECTED, said_s=said_s) == ()


def test_a_runner_that_speaks_and_is_never_ready_does_not_keep_it() -> None:
    watching = Watching()
    for at_s in range(120):
        assert watching.see(at_s, PROTECTED, said_s=at_s, is_ready=False) == ()
    assert watching.see(120, PROTECTED, said_s=120, is_ready=False)[0] == Halt("no runner is ready for 120 s")


def test_the_time_in_which_the_broker_did_not_answer_does_not_count() -> None:
    """TWS restarts each night: neither of the two can be ready then, and the runner gets its time behind it."""
    watching = Watching()
    for at_s in range(200):
        watching.see(at_s, trouble="nothing answers", said_s=at_s, is_ready=False)
    for at_s in range(200, 319):
        assert watching.see(at_s, PROTECTED, said_s=at_s, is_ready=False) == ()
    assert watching.see(320, PROTECTED, said_s=320, is_ready=False)


def test_a_run_that_ended_by_itself_left_its_stops_on_purpose() -> None:
    watching = Watching()
    for at_s in range(0, 500, 5):
        assert watching.see(at_s, shown(ENTRY, STOP, held=(LONG,)), has_ended=True) == ()


def test_nothing_of_ours_is_nothing_to_do_however_long_it_is_silent() -> None:
    watching = Watching()
    for at_s in range(0, 500, 5):
        assert watching.see(at_s, shown(p2=7)) == ()


def test_one_answer_without_a_stop_is_not_believed() -> None:
    watching = Watching()
    watching.see(0, PROTECTED)
    assert watching.see(10, NAKED) == watching.see(11.9, NAKED) == ()
    assert watching.see(12, NAKED)[1:] == (TakeOver(),)


def test_an_answer_with_the_stop_in_between_begins_the_doubt_anew() -> None:
    watching = Watching()
    watching.see(0, PROTECTED)
    for at_s, truth in ((10, NAKED), (11, PROTECTED), (12, NAKED), (13, PROTECTED), (14, NAKED)):
        assert watching.see(at_s, truth) == ()


def test_what_was_without_a_stop_while_the_runner_worked_counts_from_its_silence_on() -> None:
    watching = Watching()
    watching.see(0, NAKED, said_s=0)
    assert watching.see(8, NAKED) == watching.see(10, NAKED) == watching.see(11, NAKED) == ()
    assert watching.see(12, NAKED)


# ---------------------------------------------------------------------- what is safe
@pytest.mark.parametrize(
    ("live", "held", "is_safe"),
    [
        ((), 0, True),
        ((), 2, False),
        ((STOP,), 2, True),
        ((STOP, TARGET), 2, True),
        ((TARGET,), 2, False),
        ((STOP._replace(rest=1), TARGET), 2, False),
        ((STOP, TARGET), 1, False),  # the stop would turn the position round
        ((STOP, TARGET), 0, False),  # and this one would make one
        ((ENTRY, STOP, TARGET), 0, True),  # children wait for their entry
        ((ENTRY, STOP, TARGET), 1, True),
        ((ENTRY._replace(rest=1), TARGET), 1, False),
        ((Live(14, 1, Leg.EXIT, ES, 2),), 2, True),  # it is on its way out
        ((Live(14, 1, Leg.EXIT, ES, 1),), 2, False),
        ((STOP._replace(works=False), TARGET), 2, False),  # inactive, or on its way to be cancelled
    ],
)
def test_a_bracket_is_safe_with_a_stop_of_its_size(live: tuple[Live, ...], held: int, is_safe: bool) -> None:
    assert unsafe(shown(*live, held=(LONG._replace(qty=held),) if held else ())) == (() if is_safe else (1,))


@pytest.mark.parametrize(("own", "broker", "closed"), [(2, 2, 2), (2, 5, 2), (2, 1, 1), (2, 0, 0), (2, -3, 0), (-2, -2, -2), (-2, 4, 0)])
def test_no_more_is_closed_than_the_broker_holds_on_that_side(own: int, broker: int, closed: int) -> None:
    found = closable(Truth(0, held=(Held(1, ES, own),), positions={ES: broker}))
    assert sum(each.qty for each in found) == closed


def test_a_position_that_somebody_closed_by_hand_is_closed_by_nobody_and_its_exits_are_cancelled() -> None:
    gone = Truth(0, (STOP, TARGET), (LONG,), {})
    watching = silent(gone)
    assert watching.see(15, gone, reach=Reach.TAKEN) == (Cancel(12), Cancel(13))
    bare = gone._replace(live=())
    assert watching.see(16, bare, reach=Reach.TAKEN) == ()
    left, let_go = watching.see(21, bare, reach=Reach.TAKEN)
    assert isinstance(left, Alarm) and left.cause == "differs" and let_go == LetGo()


# ---------------------------------------------------------------------- in which order it acts
def test_entries_alone_are_cancelled_and_stops_stay() -> None:
    both = shown(ENTRY, STOP, Live(21, 2, Leg.STOP, 2, 1), held=(Held(2, 2, 1),), p2=1)
    watching = silent(both)
    assert watching.state.goal is Goal.ENTRIES
    assert watching.see(14, both, reach=Reach.TAKEN) == (Cancel(11),)
    after = shown(Live(21, 2, Leg.STOP, 2, 1), held=(Held(2, 2, 1),), p2=1)
    assert watching.see(15, after, reach=Reach.TAKEN) == (LetGo(),) and watching.state.goal is Goal.WATCH


def test_an_entry_that_filled_before_its_cancel_and_is_naked_is_closed() -> None:
    watching = silent(shown(ENTRY))
    assert watching.see(14, shown(ENTRY), reach=Reach.TAKEN) == (Cancel(11),)
    assert watching.see(15, NAKED, reach=Reach.TAKEN) == ()
    assert watching.see(17, NAKED, reach=Reach.TAKEN) == (Close(1, ES, 2),) and watching.state.goal is Goal.FLAT


def test_nothing_is_touched_before_the_runner_can_send_no_more() -> None:
    watching = silent(NAKED)
    for at_s in (14, 15, 16):
        assert watching.see(at_s, NAKED, reach=Reach.WAITING) == (TakeOver(),)


def test_nothing_is_closed_while_an_order_of_ours_is_live() -> None:
    target_only = shown(TARGET, held=(LONG,))
    watching = silent(target_only)
    assert watching.see(14, target_only, reach=Reach.TAKEN) == (Cancel(13),)
    assert watching.see(15, target_only, reach=Reach.TAKEN) == (Cancel(13),)  # it is still there, and may be said twice
    assert watching.see(16, NAKED, reach=Reach.TAKEN) == (Close(1, ES, 2),)


def test_an_answer_to_what_was_asked_before_the_cancel_is_no_answer_to_it() -> None:
    watching = silent(shown(TARGET, held=(LONG,)))
    watching.see(14, shown(TARGET, held=(LONG,)), reach=Reach.TAKEN)
    late = Observation(15 * SECOND, Runner(0), NAKED._replace(asked_ns=14 * SECOND), reach=Reach.TAKEN)
    assert step(watching.state, late, LIMITS)[1] == ()


def test_what_is_being_closed_is_not_closed_twice() -> None:
    watching = silent(NAKED)
    assert watching.see(14, NAKED, reach=Reach.TAKEN) == (Close(1, ES, 2),)
    unseen = (Closing(1, 14 * SECOND, is_seen=False, is_over=False),)
    seen = (Closing(1, 14 * SECOND, is_seen=True, is_over=False),)
    for at_s, closing in ((15, unseen), (20, unseen), (25, seen), (27, seen)):
        assert watching.see(at_s, NAKED, reach=Reach.TAKEN, closing=closing) == ()
    (late,) = watching.see(60, NAKED, reach=Reach.TAKEN, closing=seen)
    assert isinstance(late, Alarm) and late.cause == "late"


def test_a_closing_order_that_the_broker_never_showed_is_told_and_sent_anew() -> None:
    watching = silent(NAKED)
    watching.see(14, NAKED, reach=Reach.TAKEN)
    told, again = watching.see(24, NAKED, reach=Reach.TAKEN, closing=(Closing(1, 14 * SECOND, is_seen=False, is_over=False),))
    assert isinstance(told, Alarm) and told.cause == "lost" and again == Close(1, ES, 2)


def test_a_closing_order_is_not_missed_in_the_time_in_which_the_broker_did_not_answer() -> None:
    watching = silent(NAKED)
    watching.see(14, NAKED, reach=Reach.TAKEN)
    closing = (Closing(1, 14 * SECOND, is_seen=False, is_over=False),)
    watching.see(15, None, reach=Reach.TAKEN, closing=closing, trouble="TWS has no link to IB")
    meanwhile = [action for at_s in (40, 45, 49) for action in watching.see(at_s, NAKED, reach=Reach.TAKEN, closing=closing)]
    assert [action.cause for action in meanwhile if isinstance(action, Alarm)] == ["late"] and len(meanwhile) == 1
    assert watching.see(50, NAKED, reach=Reach.TAKEN, closing=closing)[-1] == Close(1, ES, 2)


def test_a_closing_order_that_was_refused_is_sent_anew_after_a_breath() -> None:
    watching = silent(NAKED)
    watching.see(14, NAKED, reach=Reach.TAKEN)
    refused = (Closing(1, 14 * SECOND, is_seen=False, is_over=True),)
    assert watching.see(15, NAKED, reach=Reach.TAKEN, closing=refused) == ()
    assert watching.see(17, NAKED, reach=Reach.TAKEN, closing=refused) == (Close(1, ES, 2),)


def test_it_lets_go_when_nothing_is_left_in_two_answers_some_seconds_apart() -> None:
    watching = silent(NAKED)
    watching.see(14, NAKED, reach=Reach.TAKEN)
    assert watching.see(18, shown(), reach=Reach.TAKEN) == watching.see(22, shown(), reach=Reach.TAKEN) == ()
    assert watching.see(23, shown(), reach=Reach.TAKEN) == (LetGo(),)
    assert watching.state.goal is Goal.WATCH


def test_an_order_that_shows_late_begins_that_anew() -> None:
    watching = silent(NAKED)
    watching.see(14, NAKED, reach=Reach.TAKEN)
    watching.see(18, shown(), reach=Reach.TAKEN)
    assert watching.see(21, shown(ENTRY), reach=Reach.TAKEN) == (Cancel(11),)
    assert watching.see(23, shown(), reach=Reach.TAKEN) == watching.see(27, shown(), reach=Reach.TAKEN) == ()
    assert watching.see(28, shown(), reach=Reach.TAKEN) == (LetGo(),)


def test_a_runner_that_speaks_again_while_it_acts_changes_nothing() -> None:
    watching = silent(NAKED)
    assert watching.see(14, NAKED, said_s=14, reach=Reach.TAKEN) == (Close(1, ES, 2),)


# ---------------------------------------------------------------------- what it cannot know, and cannot do
def test_no_answer_is_an_alarm_and_no_reason_to_trade() -> None:
    watching = Watching()
    watching.see(0, PROTECTED)
    for at_s in range(10, 200):
        watching.see(at_s, trouble="no answer in 4 s")
    assert [type(each) for each in watching.done] == [Alarm]


def test_no_answer_while_it_acts_is_told_once_and_nothing_leaves_until_there_is_one() -> None:
    watching = silent(NAKED)
    (blind,) = watching.see(14, trouble="no answer in 4 s", reach=Reach.TAKEN)
    assert isinstance(blind, Alarm) and watching.see(15, trouble="no answer in 4 s", reach=Reach.TAKEN) == ()
    assert watching.see(16, NAKED, reach=Reach.TAKEN) == (Close(1, ES, 2),)


def test_orders_that_cannot_be_taken_over_are_an_alarm_and_nothing_is_touched() -> None:
    watching = silent(shown(TARGET, held=(LONG,)))
    kinds = {type(each) for at_s in range(14, 60) for each in watching.see(at_s, shown(TARGET, held=(LONG,)), reach=Reach.CANNOT)}
    assert kinds == {Alarm, TakeOver}


def test_a_client_id_that_is_never_let_go_of_is_the_same() -> None:
    watching = silent(NAKED)
    kinds = {type(each) for at_s in range(14, 60) for each in watching.see(at_s, NAKED, reach=Reach.WAITING)}
    assert kinds == {Alarm, TakeOver}


def test_a_runner_out_of_reach_that_comes_back_is_watched_again() -> None:
    watching = silent(NAKED)
    watching.see(14, NAKED, reach=Reach.CANNOT)
    watching.see(15, NAKED, said_s=15, reach=Reach.CANNOT)
    assert watching.state.goal is Goal.WATCH


def test_an_account_of_the_workbench_alone_is_emptied_by_cancelling_everything() -> None:
    both = shown(TARGET, held=(LONG,))
    watching = silent(both, limits=DEDICATED)
    assert watching.see(14, both, reach=Reach.CANNOT) == (TakeOver(), CancelEverything())
    assert watching.see(15, NAKED, reach=Reach.CANNOT) == (TakeOver(), Close(1, ES, 2))


def test_everything_is_never_cancelled_for_the_sake_of_entries() -> None:
    watching = silent(shown(ENTRY), limits=DEDICATED)
    kinds = {type(each) for at_s in range(14, 60) for each in watching.see(at_s, shown(ENTRY), reach=Reach.CANNOT)}
    assert CancelEverything not in kinds and Alarm in kinds


def test_an_order_of_ours_under_another_client_id_is_told() -> None:
    other = shown(TARGET._replace(is_reachable=False), held=(LONG,))
    watching = silent(other)
    (told,) = watching.see(14, other, reach=Reach.TAKEN)
    assert isinstance(told, Alarm) and "[13]" in told.text


def test_what_is_not_done_in_time_is_told_and_it_goes_on() -> None:
    watching = silent(NAKED)
    late = [each for at_s in range(14, 40) for each in watching.see(at_s, shown(TARGET, held=(LONG,)), reach=Reach.TAKEN)]
    assert [each.cause for each in late if isinstance(each, Alarm)] == ["late"]
    assert watching.see(40, NAKED, reach=Reach.TAKEN) == (Close(1, ES, 2),)


def test_a_state_is_a_value() -> None:
    assert begun(5) == State(5, 5)
