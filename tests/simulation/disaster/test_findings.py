"""What disasters have found, once each, by the seed that found it. Open ones are expected to fail until they are mended."""

from __future__ import annotations

import pytest

from tests.simulation.disaster.findings import OPEN
from tests.simulation.disaster.running import run_schedule


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=each.why)) for name, each in OPEN.items()])
def test_what_was_found_is_mended(name: str) -> None:
    verdict = run_schedule(OPEN[name].schedule())
    assert verdict.is_good, verdict.text()
