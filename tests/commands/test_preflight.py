"""``workbench preflight``: a table for a person, JSON for a script, and a file for the run that begins on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.commands.served import served
from workbench.venues.ib.checkup import session

pytestmark = pytest.mark.covers("S2-46")


def test_against_a_gateway_everything_is_looked_at_and_kept(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LISTEN_S", 1.5)
    with served() as port:
        said = workbench("preflight", "--port", port, "--roots", "ES", "--data", here / "data", "--json")
    assert said.code == 0, said.text
    report = json.loads(said.out)
    abouts = [line["about"] for line in report["lines"]]
    for about in (
        "limits",
        "TWS",
        "account",
        "clock",
        "ESZ6 L1",
        "catalogue",
        "disk",
        "fdatasync",
        "parity",
        "notices",
        "guardian",
        "HALT file",
    ):
        assert about in abouts
    (kept,) = (here / "data" / "preflight").iterdir()
    assert kept.name == f"{report['session']}-DUSIM1.json" and json.loads(kept.read_text()) == report


def test_without_a_tws_it_ends_with_1_and_says_what_to_do(here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "HALT").write_text("smoke\n")
    said = workbench("preflight", "--port", 1, "--data", here / "data")
    assert said.code == 1 and "to mend" in said.text
    for word in ("no TWS at 127.0.0.1:1", "workbench connect", "smoke", "wanted: absent"):
        assert word in said.text


def test_only_modes_that_send_orders_are_looked_before(here: Path) -> None:
    assert workbench("preflight", "--mode", "observe").code == 2
