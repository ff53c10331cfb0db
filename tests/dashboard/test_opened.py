"""The page that a run left is shown where it can do nothing; where there is none, it is said why."""

from __future__ import annotations

import re

import pytest

from tests.dashboard.ran import words
from workbench.dashboard import opened
from workbench.dashboard.pick import Pick
from workbench.dashboard.ran import Ran, Row
from workbench.pipelines.schedule.ledger import State

pytestmark = pytest.mark.covers("S1-12", "S1-30")
ZONE = "America/New_York"
NOTHING = Pick()


def test_a_report_opens_in_a_frame_that_can_do_nothing(seen: Ran) -> None:
    html = opened.report(seen, Pick(run=next(row.key for row in seen.rows if row.state is State.FAILED)), ZONE)
    [frame] = re.findall("<iframe[^>]*>", html)
    assert 'sandbox=""' in frame and 'src="/report?run=data_quality%2F20261119' in frame and "were not heard\nmore" in html
    assert "iframe" not in opened.report(seen, NOTHING, ZONE) and "Choose a run" in opened.report(seen, NOTHING, ZONE)


def test_without_a_page_it_says_why_there_is_none(seen: Ran) -> None:
    missed = Row("p/1", "p", 20261119, "close", 5, State.MISSED, 0, why="after q, which failed")
    died = missed._replace(key="p/2", state=State.FAILED, why="its process died", ended_ns=9)
    runs_on = missed._replace(key="p/3", state=State.RUNNING, why="", seconds=5.0)
    texts = [words(opened.report(seen._replace(rows=(row,)), Pick(run=row.key), ZONE)) for row in (missed, died, runs_on)]
    assert "after q, which failed" in texts[0] and "did not run" in texts[0]
    assert "its process died" in texts[1] and "left no page" in texts[1] and "its page comes with its end" in texts[2]
