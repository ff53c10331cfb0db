"""A page that runs by itself as a DAG of Airflow, for whoever has one; and what that DAG asks. Imports no Airflow, and starts nothing.

Airflow knows no trading sessions, and a timetable of ours would have to be installed in its scheduler. So its DAG cuts the clock into
short intervals and asks of each whether a slot fell into it (`due`); most are skipped. Retries, limits, order and catching up are Airflow's
own then, with the numbers of the page's ``pipeline.toml``: a workspace is run by it or by `workbench schedule run`, not by both.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.pipelines.schedule.daemon import OVER_NS, WAITS_NS
from workbench.pipelines.schedule.planned import SESSIONS, Planned
from workbench.pipelines.schedule.slots import Missed
from workbench.pipelines.schedule.trigger import Slot, at

NOT_DUE: Final = 99  # exit code that Airflow's BashOperator takes for "skip me", and its BashSensor for "ask again"
INTERVAL_MIN: Final = (5, 4, 3, 2, 1)  # minutes that an hour is made of
DAG: Final = '''"""{name}, by Airflow 3.

Written by `workbench schedule airflow {name}` from its promotion and its pipeline.toml; write it anew when they change.
It runs {when} ({digest}).
Airflow has no trading sessions: each {minutes} min it asks whether a slot fell into the interval that is over. Holidays, early closes and
summer time stay the workbench's business; an interval without a slot is skipped. Airflow's workers need this workbench, its folder and its
data under these paths. Let no `workbench schedule run` run there as well: the two do not know of each other's runs.
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

WORKBENCH = {workbench!r}
FOLDER = {folder!r}
DUE = WORKBENCH + {due!r}
RETRIES = {retries}  # [schedule] retries
BUDGET = timedelta(seconds={budget_s})  # [budget] seconds; the page ends itself then, and Airflow {over_s} s later
CATCHUP = {catchup}  # [schedule] missed = "{missed}"{missed_told}
AFTER = {after!r}  # [schedule] after: pages that must have run, of the same session

with DAG(
    dag_id={dag_id!r},
    schedule=CronDataIntervalTimetable({cron!r}, timezone="UTC"),
    start_date=datetime({since}, tzinfo=timezone.utc),
    catchup=CATCHUP,
    max_active_runs=1,
    tags=["workbench"],
):
    due = BashOperator(task_id="due", bash_command=DUE, cwd=FOLDER, skip_on_exit_code={not_due})
    run = BashOperator(
        task_id="run",
        bash_command=WORKBENCH + {run!r},
        cwd=FOLDER,
        retries=RETRIES,
        retry_delay=timedelta(minutes=1),
        execution_timeout=BUDGET + timedelta(seconds={over_s}),
    )
    if AFTER:
        waits = BashSensor(
            task_id="after",
            bash_command="cd " + {folder_word!r} + " && " + DUE + " --ready",
            retry_exit_code={not_due},
            mode="reschedule",
            poke_interval=60,
            timeout=timedelta(hours={waits_h}).total_seconds(),
        )
        due >> waits >> run
    else:
        due >> run
'''


def dag(page: Planned, *, workbench: Sequence[str], folder: Path, data: Path) -> str:
    """Write the DAG of a page.

    Parameters
    ----------
    workbench
        Words that call the workbench on Airflow's workers.
    folder, data
        Folder that settings and pages are found from, and data folder, there.

    Raises
    ------
    ConfigError
        It repeats more often than each minute: Airflow is not for that.
    """
    settings, schedule = page.page.settings, page.page.settings.schedule
    minutes = next((n for n in INTERVAL_MIN if not page.trigger.when.every_ns or n * MINUTE <= page.trigger.when.every_ns), 0)
    if not minutes:
        raise ConfigError(f"{page.name} runs {page.trigger}: what repeats more often than each minute is not for Airflow")
    missed = Missed(schedule.missed)
    since = "{{ prev_data_interval_end_success or data_interval_start }}" if missed is Missed.LATEST else "{{ data_interval_start }}"
    asks = f" schedule due {page.name} --data {shlex.quote(str(data))} --since '{since}' --until '{{{{ data_interval_end }}}}'"
    begun = at(page.since_ns)
    return DAG.format(
        name=page.name, when=page.trigger, digest=page.digest, minutes=minutes, workbench=shlex.join(workbench), folder=str(folder),
        folder_word=shlex.quote(str(folder)), due=asks,
        run=f" run {page.name} {{{{ ti.xcom_pull(task_ids='due') }}}}", retries=schedule.retries, budget_s=settings.budget.seconds,
        over_s=OVER_NS // SECOND, catchup=missed is Missed.RUN, missed=missed,
        missed_told=": one run, of the last slot since the last time" if missed is Missed.LATEST else "",
        after=list(schedule.after), dag_id=f"workbench_{page.name}", cron=f"*/{minutes} * * * *", not_due=NOT_DUE,
        since=f"{begun.year}, {begun.month}, {begun.day}, {begun.hour}", waits_h=WAITS_NS // HOUR,
    )  # fmt: skip


def due(page: Planned, since_ns: int, until_ns: int) -> Slot | None:
    """Give the last slot behind an instant, up to another one; `None` if there is none, as in most intervals."""
    return next(reversed(list(page.trigger.between(since_ns, until_ns))), None)


def words_for(page: Planned, slot: Slot, data: Path) -> str:
    """Write the parameters of a slot as `workbench run` takes them."""
    return shlex.join(word for name, value in page.given(slot, data).items() for word in ("-p", f"{name}={value}"))


def waits_for(page: Planned, slot: Slot, others: Sequence[Planned], pages: Path) -> list[str]:
    """Name the pages that this one is after, and that have not run well of its session: by the results that lie there.

    Raises
    ------
    ConfigError
        One of them is not called after its session, so that nobody can look.
    """
    by = {each.name: each.page.settings.by for each in others}
    after = page.page.settings.schedule.after
    if unknown := [name for name in after if by.get(name, SESSIONS[0]) not in SESSIONS]:
        raise ConfigError(f"{page.name} is after {', '.join(unknown)}, whose results are not called after a session")
    return [name for name in after if not _is_done(pages / name / str(slot.session) / "result.json")]


def _is_done(result: Path) -> bool:
    try:
        said: dict[str, Any] = json.loads(result.read_bytes())
    except (OSError, ValueError):
        return False
    return said.get("failure", "") is None
