"""A slot runs at most once, whoever looks how often; what fails is tried again and told; what is edited does not run."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.pipelines.schedule.planning import Said, dies_midway, effects, fails, here, planned, scheduler
from workbench.clock import ManualClock
from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.pipelines.schedule.attempt import ORDER, forestall
from workbench.pipelines.schedule.daemon import Scheduler
from workbench.pipelines.schedule.ending import marked
from workbench.pipelines.schedule.ledger import Ledger, Run, State
from workbench.pipelines.schedule.planned import on_schedule
from workbench.pipelines.schedule.slots import run_key
from workbench.pipelines.schedule.trigger import ns_of
from workbench.runtime.notify.given import give, given
from workbench.runtime.notify.notice import Notice

pytestmark = pytest.mark.covers("S1-12", "S3-20", "S3-44")


def clock_at(text: str) -> ManualClock:
    return ManualClock(ns_of(datetime.fromisoformat(text).replace(tzinfo=UTC)))


def test_what_is_due_runs_once_with_its_session_however_often_somebody_looks(tmp_path: Path) -> None:
    planned(tmp_path / "pages", "report", "close+30m")
    clock, said = clock_at("2026-11-16T22:29:59"), Said()  # the session of Monday closes at 17:00 New York, 22:00 UTC
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, said)
    of.look()
    assert effects(tmp_path / "data") == []
    for _ in range(3):
        clock.advance_to(clock.now_ns() + SECOND)
        of.look()
        scheduler(tmp_path / "data", tmp_path / "pages", clock, said).look()
    assert [line.split()[:2] for line in effects(tmp_path / "data")] == [["report", "20261116"]]
    run = of.ledger.of("report")
    assert run is not None and (run.state, run.slot, run.attempts) == (State.DONE, "close+30m", 1) and not said.titles


def test_holidays_early_closes_and_days_off_need_no_edit(tmp_path: Path) -> None:
    planned(tmp_path / "pages", "report", "close+30m", at="2026-11-24T00:00:00.000000Z")
    clock = clock_at("2026-11-24T00:00:00")
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, Said())
    for _ in range(7 * 8):
        clock.advance_to(clock.now_ns() + 3 * HOUR)
        of.look()
    sessions = [line.split()[1] for line in effects(tmp_path / "data")]
    assert sessions == ["20261124", "20261125", "20261126", "20261127", "20261130"], "Thanksgiving trades until noon"


def test_a_slot_that_has_been_is_made_up_for_once_and_nothing_between_is(tmp_path: Path) -> None:
    planned(tmp_path / "pages", "report", "close+30m", at="2026-11-20T12:00:00.000000Z")
    clock = clock_at("2026-11-20T13:00:00")
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, Said())
    assert of.make_up("report").session == 20261119, "the last that has been, before it was promoted"
    assert of.make_up("report", 20261116).slot == "close+30m"
    for name, session, why in (("report", 20261116, "ran already"), ("report", 20261120, "nothing of report"), ("other", 0, "not on the")):
        with pytest.raises(ConfigError, match=why):
            of.make_up(name, session)
    of.look()
    assert [line.split()[1] for line in effects(tmp_path / "data")] == ["20261119", "20261116"]
    clock.advance_to(ns_of(datetime(2026, 11, 20, 23, tzinfo=UTC)))
    of.look()
    assert [line.split()[1] for line in effects(tmp_path / "data")] == ["20261119", "20261116", "20261120"]


@pytest.mark.parametrize(("missed", "ran", "told"), [("run", 4, 0), ("latest", 1, 3), ("skip", 0, 4)])
def test_what_was_missed_goes_by_the_pages_word(tmp_path: Path, missed: str, ran: int, told: int) -> None:
    planned(tmp_path / "pages", "report", "close+30m", f'missed = "{missed}"')
    clock, said = clock_at("2026-11-20T12:00:00"), Said()  # Monday to Thursday have passed
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, said)
    for _ in range(6):
        of.look()
    assert len(effects(tmp_path / "data")) == ran and said.titles == ["report was missed"] * bool(told)
    runs = of.ledger.runs("report")
    assert len(runs) == 4 and [run.state for run in runs].count(State.MISSED) == told
    assert all(run.why for run in runs if run.state is State.MISSED)


def test_what_fails_is_tried_as_often_as_the_page_says_and_then_told(tmp_path: Path) -> None:
    planned(tmp_path / "pages", "report", "close+30m", "retries = 2")
    clock, said = clock_at("2026-11-16T22:30:01"), Said()
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, said, fails)
    for _ in range(6):
        of.look()
    run = of.ledger.of("report")
    assert run is not None and (run.state, run.attempts) == (State.FAILED, 3) and len(effects(tmp_path / "data")) == 3
    assert said.titles == ["report failed"] and "no data (3 attempts)" in said.texts[0] and str(tmp_path) in said.texts[0]


def test_a_page_waits_for_those_it_is_after_and_not_for_ever(tmp_path: Path) -> None:
    planned(tmp_path / "pages", "models", "close+10m", 'after = ["proof"]')
    planned(tmp_path / "pages", "proof", "close+30m", "retries = 0")
    clock, said = clock_at("2026-11-16T22:11:00"), Said()
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, said)
    of.look()
    assert effects(tmp_path / "data") == []
    clock.advance_to(clock.now_ns() + 20 * MINUTE)
    for _ in range(3):
        of.look()
    assert [line.split()[0] for line in effects(tmp_path / "data")] == ["proof", "models"]
    broken = scheduler(tmp_path / "data", tmp_path / "pages", clock, said, fails)
    clock.advance_to(clock.now_ns() + 24 * HOUR)
    for _ in range(3):
        broken.look()
    last = of.ledger.of("models")
    assert last is not None and last.state is State.MISSED and last.why == "after proof, which failed"


def test_one_that_was_edited_does_not_run_and_that_is_told_once(tmp_path: Path) -> None:
    folder = planned(tmp_path / "pages", "report", "close+30m")
    (folder / "notebook.ipynb").write_text((folder / "notebook.ipynb").read_text().replace("How far", "How near"))
    clock, said = clock_at("2026-11-16T23:00:00"), Said()
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, said)
    of.look()
    of.look()
    assert effects(tmp_path / "data") == [] and said.titles == ["report does not run"] and "was edited since" in said.texts[0]


def test_what_repeats_runs_at_once_and_then_at_each_slot(tmp_path: Path) -> None:
    planned(tmp_path / "pages", "scan", "open every 5m until close", 'missed = "skip"')
    clock = clock_at("2026-11-18T15:02:30")
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, Said())
    for _ in range(16 * 6):
        of.look()
        clock.advance_to(clock.now_ns() + 10 * SECOND)
    slots = [run.slot for run in of.ledger.runs("scan")]
    assert len(slots) == len(set(slots)) == len(effects(tmp_path / "data")) == 4 and slots[0].startswith("open+")


def test_a_run_whose_scheduler_died_before_it_began_is_begun_by_the_next_one(tmp_path: Path) -> None:
    pages, data = tmp_path / "pages", tmp_path / "data"
    planned(pages, "report", "close+30m", "retries = 0")
    clock = clock_at("2026-11-16T22:31:00")
    page = on_schedule([pages])[0][0]
    slot = next(page.trigger.between(page.since_ns, clock.now_ns()))
    dead = Run(key=run_key("report", page.digest, slot), page="report", digest=page.digest, session=slot.session, slot=slot.name,
               due_ns=slot.due_ns, begun_ns=clock.now_ns())  # fmt: skip
    assert Ledger(data, is_written=True).claim(dead)
    of = scheduler(data, pages, clock, Said())
    (of.ledger.folder_of(dead.key)).mkdir(parents=True)
    order = f'{{"page":"{pages / "report"}","given":{{"session":{slot.session}}},"data":"{data}","digest":"{page.digest}"}}'
    (of.ledger.folder_of(dead.key) / ORDER).write_text(order)
    for _ in range(3):
        of.look()
    run = of.ledger.get(dead.key)
    assert run is not None and (run.state, run.attempts) == (State.DONE, 2) and len(effects(data)) == 1
    assert not forestall(of.ledger.folder_of(dead.key), 1), "the first attempt can begin nowhere any more"


def test_a_span_begins_with_its_week_where_a_page_asks_for_one(tmp_path: Path) -> None:
    folder = planned(tmp_path / "pages", "weekly", "friday close+1h")
    page = on_schedule([folder.parent])[0][0]
    slot = page.trigger.latest(ns_of(datetime(2026, 11, 21, tzinfo=UTC)))
    assert slot is not None and slot.session == 20261120
    assert page.given(slot, tmp_path) == {"session": 20261120}
    assert page._days(20261120) == timedelta(days=4).days, "from Monday on"
    planned(tmp_path / "pages", "month", "friday close+1h", "days = 28")
    month = next(each for each in on_schedule([folder.parent])[0] if each.name == "month")
    assert month._days(20261120) == 28, "or as far back as it says"


class Killed(BaseException):
    """Ends a scheduler on the spot."""


@pytest.mark.parametrize("had_given", [False, True])
def test_a_scheduler_killed_between_the_end_of_a_run_and_the_telling_leaves_it_to_the_next_one(tmp_path: Path, had_given: bool) -> None:
    pages, data = tmp_path / "pages", tmp_path / "data"
    planned(pages, "report", "close+30m", 'retries = 0\ntell = ["phone"]')
    clock = clock_at("2026-11-16T22:30:01")

    def dies(notice: Notice) -> None:
        if had_given:
            give(data, notice)
        raise Killed

    of = Scheduler(data, [pages], clock, start=here(fails), hand=dies)
    of.look()
    with pytest.raises(Killed):
        of.look()
    for _ in range(3):
        Scheduler(data, [pages], clock, start=here(fails)).look()
    ((notice, _),) = given(data)
    run = of.ledger.of("report")
    assert run is not None and run.state is State.FAILED and notice.key == f"run:{run.key}" and notice.channels == ("phone",)
    assert of.ledger.untold() == []


@pytest.mark.parametrize(("effect", "n_runs", "word"), [("artefact", 3, "(3 attempts)"), ("propose", 1, "it proposes, and may have")])
def test_what_proposes_is_not_tried_again_once_it_began(tmp_path: Path, effect: str, n_runs: int, word: str) -> None:
    planned(tmp_path / "pages", "report", "close+30m", "retries = 2", effects=effect)
    clock, said = clock_at("2026-11-16T22:30:01"), Said()
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, said, dies_midway)
    for _ in range(8):
        of.look()
    run = of.ledger.of("report")
    assert run is not None and run.state is State.FAILED and len(effects(tmp_path / "data")) == n_runs
    assert word in run.why and word in said.texts[0] and len(said.texts) == 1 and "its process died" in run.why


def test_what_is_far_over_its_budget_is_ended_by_whoever_looks_and_said_so(tmp_path: Path) -> None:
    pages, data = tmp_path / "pages", tmp_path / "data"
    planned(pages, "report", "close+30m", "retries = 0\n[budget]\nseconds = 60")
    clock, said, hung = clock_at("2026-11-16T22:30:01"), Said(), list[subprocess.Popen[bytes]]()

    def hangs(folder: Path, number: int) -> subprocess.Popen[bytes]:
        assert forestall(folder, number)
        hung.append(subprocess.Popen(["/bin/sleep", "60"], env=marked(folder, {}), start_new_session=True))
        return hung[-1]

    of = Scheduler(data, [pages], clock, start=hangs, hand=said)
    of.look()
    clock.advance_to(clock.now_ns() + 2 * MINUTE)
    of.look()
    assert hung[0].poll() is None and of.n_running == 1, "its own budget is its kernel's business; ours ends two minutes behind that"
    clock.advance_to(clock.now_ns() + 2 * MINUTE)
    for _ in range(3):
        of.look()
    run = of.ledger.of("report")
    assert run is not None and run.state is State.FAILED and run.why == "it was ended 240 s after it began, of 60 s that it has"
    assert hung[0].wait(5) < 0 and said.titles == ["report failed"]


def test_in_the_maintenance_hour_runs_what_is_of_it_and_nothing_that_repeats(tmp_path: Path) -> None:
    pages, data = tmp_path / "pages", tmp_path / "data"
    planned(pages, "tidy", "maintenance+10m", at="2026-11-18T12:00:00.000000Z")
    planned(pages, "scan", "every 30m", 'missed = "skip"', at="2026-11-18T12:00:00.000000Z")
    clock = clock_at("2026-11-18T22:00:30")  # Wednesday, half a minute into it
    of = scheduler(data, pages, clock, Said())
    for _ in range(11):
        of.look()
        clock.advance_to(clock.now_ns() + 5 * MINUTE)
    assert [line.split()[:2] for line in effects(data)] == [["scan", "20261118"], ["tidy", "20261118"]], "the close itself, then the break"


@pytest.mark.parametrize(("at", "ran"), [("2026-11-21T15:00:00", 0), ("2026-11-18T15:02:00", 1)])
def test_what_repeats_begins_at_once_in_a_session_and_waits_for_one_on_a_weekend(tmp_path: Path, at: str, ran: int) -> None:
    planned(tmp_path / "pages", "scan", "every 5m", at=f"{at[:-2]}00.000000Z")
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock_at(at), Said())
    of.look()
    assert len(effects(tmp_path / "data")) == ran


def test_a_notebook_that_is_none_any_more_does_not_run_and_is_told_once_over_restarts(tmp_path: Path) -> None:
    folder = planned(tmp_path / "pages", "report", "close+30m")
    whole = (folder / "notebook.ipynb").read_bytes()
    (folder / "notebook.ipynb").write_text("no notebook")
    clock, said = clock_at("2026-11-16T23:00:00"), Said()
    for _ in range(3):
        scheduler(tmp_path / "data", tmp_path / "pages", clock, said).look()
    assert effects(tmp_path / "data") == [] and said.titles == ["report does not run"]
    (folder / "notebook.ipynb").write_bytes(whole)
    of = scheduler(tmp_path / "data", tmp_path / "pages", clock, said)
    of.look()
    of.look()
    assert len(effects(tmp_path / "data")) == 1 and len(said.titles) == 1
