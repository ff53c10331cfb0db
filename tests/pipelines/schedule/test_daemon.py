"""A slot runs at most once, whoever looks how often; what fails is tried again and told; what is edited does not run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.pipelines.schedule.planning import Said, effects, fails, planned, scheduler
from workbench.clock import ManualClock
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.pipelines.schedule.attempt import ORDER, forestall
from workbench.pipelines.schedule.ledger import Ledger, Run, State
from workbench.pipelines.schedule.planned import on_schedule
from workbench.pipelines.schedule.slots import run_key
from workbench.pipelines.schedule.trigger import ns_of

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
