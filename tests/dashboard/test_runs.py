"""Sections of the page of runs say what a look holds, in words; what a person picked narrows them; words from outside stay words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dashboard.ran import words
from tests.dashboard.test_trading import EVIL, Tags
from workbench.dashboard import listing, runs
from workbench.dashboard.app import RUN_SECTIONS
from workbench.dashboard.pick import Pick
from workbench.dashboard.ran import Due, Ran, Row
from workbench.pipelines.schedule.ledger import State
from workbench.pipelines.schedule.planned import Left

pytestmark = pytest.mark.covers("S1-12", "S1-30")
ZONE = "America/New_York"
NOTHING = Pick()


def test_every_section_is_whole_whatever_there_is(seen: Ran, tmp_path: Path) -> None:
    picks = [NOTHING, Pick(20261119), Pick(page="data_quality"), *(Pick(run=row.key) for row in seen.rows[:4]), Pick(99999999, "x", "y")]
    looks = [seen, Ran(1, 0.0, "data"), Ran(1, 0.0, "data", trouble="no database"), seen._replace(rows=()), seen._replace(budgets={})]
    for each in looks:
        for pick in picks:
            for name, section in RUN_SECTIONS.items():
                html = section(each, pick, ZONE)
                assert Tags(html).open == [], (name, pick)
                assert not re.search(r"\b(nan|None|inf)\b", words(html).replace(" None. ", "")), (name, pick, words(html))


def test_the_state_names_what_failed_and_why_what_is_next_and_that_nobody_is_at_work(seen: Ran) -> None:
    text = words(runs.state(seen, NOTHING, ZONE))
    assert "1 page failed" in text and "data_quality of 2026-11-19, close+30m failed: checks: AssertionError: 14 %" in text
    assert "scheduler not at work here" in text and "next daily_report" in text and "workbench schedule run" in text
    assert "more" not in text.split("heard")[1][:6]  # of a reason the first line
    calm = seen._replace(rows=tuple(row for row in seen.rows if row.state is State.DONE), is_scheduled=True, owed=())
    assert "All ran" in runs.state(calm, NOTHING, ZONE) and "notes" not in runs.state(calm, NOTHING, ZONE)
    assert runs.title(calm) == "all ran · workbench" and runs.title(seen) == "! 1 page failed · workbench"


def test_what_was_missed_in_a_row_is_told_once_with_its_reason(seen: Ran) -> None:
    rows = tuple(
        Row(f"p/{n}", "p", 20261119, f"open+{n}m", 100 - n, State.MISSED, 0, why="63 min late, and missed = skip") for n in range(5)
    )
    text = words(runs.state(seen._replace(rows=rows), NOTHING, ZONE))
    assert "p of 2026-11-19, open+0m was missed: 63 min late, and missed = skip (and 4 slots before it" in text and "1 page missed" in text
    assert "63 min late" in listing.runs(seen._replace(rows=rows), NOTHING, ZONE)


def test_what_is_late_and_what_does_not_run_is_told(seen: Ran) -> None:
    late = seen._replace(rows=(), owed=(Due("p", 20261119, "close", seen.read_ns - 7_200 * 10**9),), left=(Left("q", "q was edited"),))
    text = words(runs.state(late, NOTHING, ZONE))
    assert (
        "Late" in text
        and "p of 2026-11-19, close is 2 h late and not begun; is a scheduler at work?" in text
        and "q does not run: q was" in text
    )
    assert "is a scheduler" not in runs.state(late._replace(is_scheduled=True), NOTHING, ZONE)
    busy = late._replace(rows=(Row("q/1", "q", 20261119, "close", 5, State.RUNNING, seconds=1.0),), is_scheduled=True)
    assert "is a scheduler at work?" in runs.state(busy._replace(is_scheduled=False), NOTHING, ZONE)
    assert "not begun: it waits for its turn" in words(runs.state(busy, NOTHING, ZONE)) and runs.title(busy) == "running · workbench"


def test_an_empty_folder_says_what_to_do() -> None:
    text = runs.state(Ran(1, 0.0, "here"), NOTHING, ZONE)
    assert all(word in text for word in ("No page has run here yet", "here", "workbench run", "--schedule", "workbench schedule run"))
    assert runs.is_empty(Ran(1, 0.0, "here")) and runs.title(Ran(1, 0.0, "here")) == "no runs · workbench"


def test_what_cannot_be_read_is_said_in_the_tab_as_well() -> None:
    dark = Ran(1, 0.0, "here", trouble="file is not a database")
    assert runs.title(dark) == "! cannot be read · workbench" and "not a database" in runs.state(dark, NOTHING, ZONE)


def test_words_from_outside_stay_words(seen: Ran) -> None:
    evil = tuple(row._replace(page=EVIL, slot=EVIL, why=EVIL, key=f"{EVIL}/{n}") for n, row in enumerate(seen.rows))
    attacked = seen._replace(rows=evil, data=EVIL, coming=(Due(EVIL, 20261120, EVIL, seen.read_ns + 5),), left=(Left(EVIL, EVIL),),
                             owed=(Due(EVIL, 20261118, EVIL, 5),), trouble=EVIL)  # fmt: skip
    for pick in (NOTHING, Pick(20261119, EVIL, f"{EVIL}/0"), Pick(page=EVIL), Pick(run=EVIL)):
        html = "".join(section(attacked, pick, ZONE) for section in RUN_SECTIONS.values())
        tags = Tags(html)
        assert not tags.names & {"script", "img"} and not any(name.startswith("on") for name in tags.attributes) and EVIL not in html
    assert EVIL not in runs.title(attacked)
