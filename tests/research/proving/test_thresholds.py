"""Every number that is asked for has a reason, and a later tier asks for no less than an earlier one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.research.proving.made import found, stint
from workbench.research.proving.bounds import asked
from workbench.research.proving.thresholds import FILE, Tier, thresholds, thresholds_digest

pytestmark = pytest.mark.covers("S3-29")


def test_there_are_three_tiers_and_each_asks_for_more() -> None:
    tiers = list(thresholds().tiers.values())
    assert [tier.name for tier in tiers] == ["1 day", "2 days", "1 week"] and [tier.sessions for tier in tiers] == [1, 2, 5]
    for first, then in pairwise(tiers):
        for name in ("sessions", "decisions", "round_trips", "outcomes"):
            assert getattr(then, name) > getattr(first, name)
        assert then.ece < first.ece and then.must_be_sure >= first.must_be_sure


def test_every_number_has_a_reason() -> None:
    rules = thresholds()
    named = set(Tier.__struct_fields__) - {"name", "must_be_sure"} | {"process_score", "drawdown_frac"}
    assert named <= rules.why.keys() and all(rules.why.values())
    assert all(line.why for line in asked(found(stint()), rules.tiers["day"], rules.why))
    numbers = [line for line in FILE.read_text().splitlines() if line[:1].isalpha() and line.split(" = ")[-1][:1] in "0123456789-"]
    bare = [line for line in numbers if "#" not in line and not line.startswith(("expectancy_r", "ece"))]
    assert not bare, "a number without a word beside it"


def test_a_verdict_names_what_it_was_held_against() -> None:
    assert len(thresholds_digest()) == 64
