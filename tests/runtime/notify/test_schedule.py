"""Once, not too many, again when it failed, and a halt when nobody answers; whatever the order of things."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.runtime.notify.schedule import CRITICAL_PER_MINUTE, KEPT, QUIET_NS, TRIES, Policy, Schedule

BOTH = Policy({"log": Severity.INFO, "telegram": Severity.WARNING}, per_hour=5)


def notice(key: str = "k", severity: Severity = Severity.CRITICAL, **more: object) -> Notice:
    return Notice(about=About.HALT, severity=severity, key=key, text=f"HALTED: {key}", **more)


def sent(schedule: Schedule, now_ns: int, policy: Policy = BOTH) -> list[tuple[str, int]]:
    """Deliver all that is due, and say what."""
    found = []
    while batch := list(schedule.due(now_ns, policy)):
        for each in batch:
            schedule.delivered(each, now_ns)
            found.append((each.channel, each.kept.id))
    return found


@pytest.mark.covers("S3-17")
def test_a_notice_goes_once_to_every_channel_that_wants_one_so_loud() -> None:
    schedule = Schedule()
    schedule.take(notice("a"), 0, BOTH)
    schedule.take(notice("b", Severity.INFO), 0, BOTH)
    assert sent(schedule, 0) == [("log", 1), ("telegram", 1), ("log", 2)]
    assert sent(schedule, HOUR) == []


def test_one_that_repeats_is_counted_and_told_again_only_after_it_was_quiet() -> None:
    schedule = Schedule()
    for second in range(0, 1_800, 60):
        schedule.take(notice(severity=Severity.WARNING), second * SECOND, BOTH)
    assert len(schedule.kept) == 1 and schedule.kept[0].n_times == 30
    assert schedule.take(notice(severity=Severity.WARNING), 1_740 * SECOND + QUIET_NS, BOTH) is not None


def test_a_halt_that_was_settled_and_comes_again_is_told_at_once() -> None:
    schedule = Schedule()
    schedule.take(notice(subject="state"), 0, BOTH)
    schedule.take(notice("resumed", Severity.INFO, settles="state"), SECOND, BOTH)
    assert schedule.kept[0].settled_ns == SECOND and schedule.take(notice(subject="state"), 2 * SECOND, BOTH) is not None


def test_no_flood_of_others_takes_away_a_critical_one_that_nobody_has_answered() -> None:
    """Pages that fail all night, while no channel reaches anybody."""
    schedule = Schedule()
    schedule.take(notice("halted"), 0, BOTH)
    for each in range(2 * KEPT):
        schedule.take(notice(f"page {each}", Severity.WARNING), each, BOTH)
    assert len(schedule.kept) == KEPT and ("telegram", 1) in sent(schedule, SECOND)
    unanswered = schedule.must_halt(BOTH.escalate_ns, BOTH)
    assert unanswered is not None and schedule.acknowledge(unanswered.id, BOTH.escalate_ns)
    schedule.take(notice("one more", Severity.WARNING), HOUR, BOTH)
    assert schedule.find(unanswered.id) is None


def test_a_quiet_end_is_told_only_of_what_was_told() -> None:
    schedule, end = Schedule(), notice("up", Severity.INFO, settles="link", is_quiet=True)
    assert schedule.take(end, 0, BOTH) is None
    schedule.take(notice("down", Severity.WARNING, subject="link"), SECOND, BOTH)
    assert schedule.take(end, 2 * SECOND, BOTH) is not None


def test_more_than_a_channel_bears_an_hour_is_counted_and_the_next_one_says_how_many() -> None:
    schedule = Schedule()
    for each in range(12):
        schedule.take(notice(f"w{each}", Severity.WARNING), each, BOTH)
    assert len([each for each in sent(schedule, SECOND) if each[0] == "telegram"]) == 5
    schedule.take(notice("later", Severity.WARNING), HOUR + 2 * SECOND, BOTH)
    (delivery,) = [each for each in schedule.due(HOUR + 2 * SECOND, BOTH) if each.channel == "telegram"]
    assert delivery.n_held == 7


def test_critical_ones_are_never_dropped_they_wait_and_go_first() -> None:
    schedule = Schedule()
    schedule.take(notice("w", Severity.WARNING), 0, BOTH)
    for each in range(25):
        schedule.take(notice(f"c{each}"), 0, BOTH)
    first = [id_ for channel, id_ in sent(schedule, 0) if channel == "telegram"]
    assert first[:CRITICAL_PER_MINUTE] == list(range(2, 2 + CRITICAL_PER_MINUTE))
    rest = [id_ for minute in (1, 2) for channel, id_ in sent(schedule, minute * MINUTE + SECOND) if channel == "telegram"]
    assert set(first) | set(rest) == set(range(1, 27))


def test_a_failed_one_is_tried_again_ever_more_slowly_and_given_up_unless_it_is_critical() -> None:
    schedule, only = Schedule(), Policy({"telegram": Severity.INFO})
    schedule.take(notice("c"), 0, only)
    schedule.take(notice("w", Severity.WARNING), 0, only)
    tries: dict[int, list[int]] = {1: [], 2: []}
    for second in range(4 * 3_600):
        for each in schedule.due(second * SECOND, only):
            tries[each.kept.id].append(second)
            schedule.failed(each, "no", second * SECOND)
    assert len(tries[2]) == TRIES and tries[1][:4] == [0, 5, 15, 35] and tries[1][-1] > 3.9 * 3_600


def test_a_critical_one_that_nobody_acknowledges_is_told_again_and_halts_after_ten_minutes() -> None:
    schedule = Schedule()
    schedule.take(notice(), 0, BOTH)
    sent(schedule, 0)
    schedule.remind(5 * MINUTE - 1, BOTH)
    assert sent(schedule, 5 * MINUTE - 1) == []
    schedule.remind(5 * MINUTE, BOTH)
    assert sent(schedule, 5 * MINUTE) == [("log", 1), ("telegram", 1)]
    assert schedule.must_halt(10 * MINUTE - 1, BOTH) is None
    assert schedule.must_halt(10 * MINUTE, BOTH) is not None and schedule.must_halt(20 * MINUTE, BOTH) is None


@pytest.mark.parametrize("answer", ["acknowledged", "settled", "not at stake", "no more than a warning"])
def test_what_was_answered_or_has_nothing_at_stake_never_halts(answer: str) -> None:
    schedule, severity = Schedule(), Severity.WARNING if answer.startswith("no more") else Severity.CRITICAL
    schedule.take(notice(severity=severity, subject="s", halts=answer != "not at stake"), 0, BOTH)
    if answer == "acknowledged":
        assert schedule.acknowledge(1, MINUTE) and not schedule.acknowledge(99, MINUTE)
    if answer == "settled":
        schedule.take(notice("end", Severity.INFO, settles="s"), MINUTE, BOTH)
    assert schedule.must_halt(HOUR, BOTH) is None


@given(
    st.lists(st.tuples(st.sampled_from(["take", "send", "fail", "ack", "restart"]), st.integers(0, 5), st.integers(1, 300)), max_size=60)
)
def test_nothing_is_delivered_twice_and_no_critical_one_is_lost_over_any_restarts(steps: list[tuple[str, int, int]]) -> None:
    schedule, now_ns, arrived = Schedule(), 0, list[tuple[str, int]]()
    for what, which, seconds in steps:
        now_ns += seconds * SECOND
        if what == "take":
            schedule.take(notice(f"k{which}", Severity.CRITICAL if which % 2 else Severity.WARNING), now_ns, BOTH)
        elif what == "ack":
            schedule.acknowledge(which, now_ns)
        elif what == "restart":
            schedule = msgspec.json.decode(msgspec.json.encode(schedule), type=Schedule)
        for each in list(schedule.due(now_ns, BOTH)) if what in ("send", "fail") else []:
            if what == "fail":
                schedule.failed(each, "no", now_ns)
            else:
                schedule.delivered(each, now_ns)
                arrived.append((each.channel, each.kept.id))
    assert len(arrived) == len(set(arrived))
    for hour in range(1, 4):
        arrived += sent(schedule, now_ns + hour * HOUR)
    critical = [each for each in schedule.kept if each.notice.severity is Severity.CRITICAL and each.acknowledged_ns is None]
    assert all((channel, each.id) in arrived for each in critical for channel in BOTH.channels)
