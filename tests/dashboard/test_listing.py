"""A day is a word, a run a line; what a person picks narrows them."""

from __future__ import annotations

import re

import pytest

from tests.dashboard.ran import words
from workbench.dashboard import listing, opened
from workbench.dashboard.pick import Pick
from workbench.dashboard.ran import Ran

pytestmark = pytest.mark.covers("S1-12", "S1-30")
ZONE = "America/New_York"
NOTHING = Pick()


def test_a_day_says_in_words_what_became_of_it(seen: Ran) -> None:
    html = listing.days(seen, NOTHING, ZONE)
    text = words(html)
    assert "3 ok" in text and " failed " in text and " ok " in text and "Thu 19 Nov" in text and "due 17:30" in text
    assert 'href="/runs#day=20261119&amp;page=data_quality"' in html and "data_quality, 2026-11-19: 1 failed" in html


def test_a_pick_narrows_the_list_and_can_be_taken_back(seen: Ran) -> None:
    every, day, page, cell = (
        listing.runs(seen, pick, ZONE) for pick in (NOTHING, Pick(20261119), Pick(page="truth"), Pick(20261119, "truth"))
    )
    assert [html.count('class="run"') for html in (every, day, page, cell)] == [16, 6, 1, 1]
    assert 'href="/runs#">show all' in day and "show all" not in every and "by hand" in words(page)
    assert opened.used(seen, Pick(page="truth"), ZONE).count("<figure>") == 1 and opened.used(seen, NOTHING, ZONE).count("<figure>") == 4
    assert Pick.read(re.findall(r'href="([^"]+)"', cell)[1].partition("#")[2].replace("&amp;", "&")).run == "hand:truth/20261119"
