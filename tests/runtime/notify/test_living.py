"""Who is missed: who was heard and did not say that it ended."""

from __future__ import annotations

from workbench.domain.units import SECOND
from workbench.runtime.notify.living import Living
from workbench.runtime.notify.notice import Notice
from workbench.store.status import Status


def word(process: str, said_s: int, **more: object) -> Status:
    return Status(process=process, pid=7, said_ns=said_s * SECOND, **more)


def told(living: Living, now_s: int, *words: Status) -> list[Notice]:
    return list(living.look(words, now_s * SECOND))


def test_who_was_never_heard_is_not_missed() -> None:
    assert told(Living(), 5_000, word("runner", 100), word("guardian", 100)) == []


def test_a_silent_runner_and_a_silent_guardian_are_missed_and_settled_when_they_speak() -> None:
    living = Living()
    for name in ("runner", "guardian"):
        assert told(living, 100, word(name, 100)) == []
        (silent,) = told(living, 111, word(name, 100))
        (again,) = told(living, 130, word(name, 129))
        assert silent.severity.value == "critical" and silent.subject == again.settles == name


def test_who_ended_is_not_missed_nor_is_the_guardian_of_a_run_that_ended() -> None:
    living = Living()
    told(living, 100, word("guardian", 100), word("runner", 100))
    assert told(living, 200, word("guardian", 101), word("runner", 102, note="ended")) == []


def test_what_the_guardian_does_is_told_each_time_it_says_another_thing() -> None:
    living = Living()
    assert told(living, 100, word("guardian", 100, state="watching")) == []
    (acting,) = told(living, 102, word("guardian", 102, state="acting", note="the runner is silent"))
    assert acting.severity.value == "critical" and "the runner is silent" in acting.text
    assert told(living, 103, word("guardian", 103, state="acting", note="the runner is silent")) == []
    assert len(told(living, 104, word("guardian", 104, state="alarm", note="blind"))) == 1


def test_a_process_that_nobody_relies_on_is_not_missed() -> None:
    living = Living()
    told(living, 100, word("sealer", 100))
    assert told(living, 500, word("sealer", 100)) == []


def test_a_scheduler_is_missed_after_its_minute_and_waited_for_until_then() -> None:
    living = Living()
    assert told(living, 100, word("scheduler", 100)) == [] and living.is_waited_for("scheduler")
    assert told(living, 159, word("scheduler", 100)) == [] and living.is_waited_for("scheduler")
    (silent,) = told(living, 160, word("scheduler", 100))
    assert (silent.severity.value, silent.about.value) == ("warning", "page") and "workbench schedule run" in silent.text
    assert not living.is_waited_for("scheduler")
    (again,) = told(living, 200, word("scheduler", 199))
    assert again.settles == silent.subject
    assert told(living, 300, word("scheduler", 210, note="ended")) == [] and not living.is_waited_for("scheduler")
