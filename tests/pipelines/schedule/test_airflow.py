"""The DAG is Python, says what pipeline.toml says, and asks for exactly the slots that our own scheduler would run."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.pipelines.schedule.planning import planned
from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MINUTE
from workbench.pipelines.schedule.airflow import dag, due, waits_for, words_for
from workbench.pipelines.schedule.planned import Planned, on_schedule
from workbench.pipelines.schedule.trigger import ns_of


def page(places: Path, name: str, schedule: str, toml: str = "") -> Planned:
    planned(places, name, schedule, toml)
    return next(each for each in on_schedule([places])[0] if each.name == name)


class Task:
    """Takes what a DAG gives an operator, and the order of it."""

    made: list[Task]

    def __init__(self, **given: Any) -> None:
        self.given, self.after = given, list[str]()
        type(self).made.append(self)

    def __rshift__(self, other: Task) -> Task:
        other.after.append(self.given["task_id"])
        return other

    def __enter__(self) -> Task:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def tasks_of(text: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Task]:
    """Run the text of a DAG against names of Airflow's that keep what they are given."""
    Task.made = []
    names = {"airflow.providers.standard.operators.bash": "BashOperator", "airflow.providers.standard.sensors.bash": "BashSensor"}
    for module, name in (names | {"airflow.sdk": "DAG", "airflow.timetables.interval": "CronDataIntervalTimetable"}).items():
        made: Any = ModuleType(module)
        setattr(made, name, Task if name != "CronDataIntervalTimetable" else lambda cron, timezone: (cron, timezone))
        monkeypatch.setitem(sys.modules, module, made)
        for above in ("airflow", "airflow.providers", "airflow.providers.standard", "airflow.timetables"):
            monkeypatch.setitem(sys.modules, above, ModuleType(above))
    exec(compile(text, "dag.py", "exec"), {})
    return {each.given.get("task_id", "dag"): each for each in Task.made}


def written(of: Planned, folder: Path) -> str:
    return dag(of, workbench=("/opt/wb/bin/python", "-m", "workbench"), folder=folder, data=folder / "data")


def test_its_numbers_are_those_of_pipeline_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = page(tmp_path, "report", "close+30m", 'retries = 3\nafter = ["proof"]\n[budget]\nseconds = 240')
    tasks = tasks_of(written(of, tmp_path / "a 'b"), monkeypatch)
    whole, run, waits = tasks["dag"].given, tasks["run"].given, tasks["after"].given
    assert whole["schedule"] == ("*/5 * * * *", "UTC") and whole["catchup"] and whole["max_active_runs"] == 1
    assert whole["start_date"] == datetime(2026, 11, 16, tzinfo=UTC) and whole["dag_id"] == "workbench_report"
    assert run["retries"] == 3 and run["execution_timeout"] == timedelta(seconds=240 + 120)
    assert run["bash_command"] == "/opt/wb/bin/python -m workbench run report {{ ti.xcom_pull(task_ids='due') }}"
    assert tasks["due"].given["skip_on_exit_code"] == waits["retry_exit_code"] == 99 and waits["bash_command"].endswith(" --ready")
    assert tasks["run"].after == ["after"] and tasks["after"].after == ["due"]


@pytest.mark.parametrize(
    ("missed", "catchup", "since"), [("skip", False, "data_interval_start"), ("latest", False, "interval_end_success")]
)
def test_catching_up_is_the_pages(missed: str, catchup: bool, since: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = tasks_of(written(page(tmp_path, "scan", "every 3m", f'missed = "{missed}"'), tmp_path), monkeypatch)
    assert tasks["dag"].given["catchup"] is catchup and since in tasks["due"].given["bash_command"]
    assert tasks["dag"].given["schedule"][0] == "*/3 * * * *" and tasks["run"].after == ["due"]


def test_what_repeats_within_a_minute_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more often than each minute is not for Airflow"):
        written(page(tmp_path, "scan", "every 30s"), tmp_path)


@pytest.mark.parametrize(
    ("schedule", "minutes"), [("close+30m", 5), ("every 5m", 5), ("open+2m every 7m until close-1h", 5), ("every 1m", 1)]
)
def test_its_intervals_find_each_slot_once(schedule: str, minutes: int, tmp_path: Path) -> None:
    of = page(tmp_path, "scan", schedule)
    for hour, hours in (
        (datetime(2026, 11, 27, 17, tzinfo=UTC), 2),
        (datetime(2026, 11, 29, 22, 30, tzinfo=UTC), 1),
    ):  # an early close, an open
        begin, end = ns_of(hour), ns_of(hour) + hours * HOUR
        found = [due(of, ns, ns + minutes * MINUTE) for ns in range(begin, end, minutes * MINUTE)]
        assert [slot for slot in found if slot is not None] == list(of.trigger.between(begin, end))


def test_it_waits_for_pages_of_the_same_session_that_ran_well(tmp_path: Path) -> None:
    of = page(tmp_path, "report", "close+30m", 'after = ["proof"]')
    others = [page(tmp_path, "proof", "close+10m"), of]
    slot = of.trigger.latest(ns_of(datetime(2026, 11, 20, tzinfo=UTC)))
    assert slot is not None and words_for(of, slot, tmp_path) == "-p session=20261119"
    result = tmp_path / "data" / "pages" / "proof" / "20261119" / "result.json"
    result.parent.mkdir(parents=True)
    for text, waits in (("{", ["proof"]), (json.dumps({"failure": {"kind": "x"}}), ["proof"]), (json.dumps({"failure": None}), [])):
        result.write_text(text)
        assert waits_for(of, slot, others, tmp_path / "data" / "pages") == waits
