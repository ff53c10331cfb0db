"""What disasters have found, once each, by the seed that found it. Mended ones hold; open ones are expected to fail until they are."""

from __future__ import annotations

import pytest

from tests.simulation.disaster.findings import MENDED, OPEN
from tests.simulation.disaster.running import run_schedule


@pytest.mark.parametrize("name", MENDED)
def test_what_was_mended_holds(name: str) -> None:
    verdict = run_schedule(MENDED[name].schedule())
    assert verdict.is_good, verdict.text()


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=each.why)) for name, each in OPEN.items()])
def test_what_is_open_still_fails(name: str) -> None:
    verdict = run_schedule(OPEN[name].schedule())
    assert verdict.is_good, verdict.text()
