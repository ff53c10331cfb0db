"""What disasters have found, once each, by the seed that found it. Mended ones hold; open ones are expected to fail until they are."""

from __future__ import annotations

import pytest

from tests.simulation.disaster.findings import MENDED, OPEN
from tests.simulation.disaster.running import run_schedule

FOUND = [*MENDED, *(pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=each.why)) for name, each in OPEN.items())]


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_holds_or_is_open_and_fails(name: str) -> None:
    verdict = run_schedule((MENDED | OPEN)[name].schedule())
    assert verdict.is_good, verdict.text()
