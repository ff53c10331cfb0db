"""What is told of real runs: the live edge in virtual time over the project's gateway, its journal read while it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.drills.drill import Drill
from workbench.clock import SystemClock
from workbench.runtime.notify.channels.made import Made
from workbench.runtime.notify.notice import Severity
from workbench.runtime.notify.notifier import Notifier
from workbench.runtime.notify.schedule import Kept, Policy
from workbench.runtime.notify.secrets import Redactor, Secret


def told(data: Path, faults: str) -> list[Kept]:
    """Run a drill, and let a notifier read what it left."""
    Drill(data, faults).run()
    made = Made({}, Policy({}), Redactor([]), Secret(""), {})
    notifier = Notifier(data, made, SystemClock())
    notifier.look()
    return notifier._memory.schedule.kept


@pytest.mark.covers("S3-17")
@pytest.mark.parametrize(
    ("faults", "about", "word"),
    [
        ("1100_1101_data_lost", "connection", "1100"),
        ("201_rejected_margin", "reducing", "margin"),
        ("326_id_held", "connection", "not connected"),
    ],
)
def test_what_happened_to_a_run_over_a_gateway_is_told(tmp_path: Path, faults: str, about: str, word: str) -> None:
    kept = told(tmp_path, faults)
    assert any(each.notice.about.value == about and word in each.notice.text for each in kept), [each.notice.text for each in kept]
    assert [each.notice.about.value for each in kept].count("summary") == 1
    assert all(each.notice.severity is not Severity.CRITICAL for each in kept), "nothing was at stake: nobody is waked"
    assert len(kept) <= 6, "a few minutes with one fault are a few notices"


def test_a_quiet_run_is_its_summary_alone(tmp_path: Path) -> None:
    kept = told(tmp_path, "2104_farms_are_fine")
    assert [each.notice.about.value for each in kept if each.notice.severity is not Severity.INFO] == []
    assert kept[-1].notice.about.value == "summary" and "round trip" in kept[-1].notice.text
