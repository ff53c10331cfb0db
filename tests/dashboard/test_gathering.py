"""One look at a recording: what it holds, how whole it is, what pages said; nothing of it raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from workbench.config import load_roots
from workbench.dashboard import recording
from workbench.dashboard.gathering import Gathered, Gathering
from workbench.research import keep_frames
from workbench.store.folders import Folders

ES = load_roots()["ES"].contract(1, "2026-12-18")
BEGAN = datetime(2026, 11, 19, 15, tzinfo=UTC)
ZONE = "America/New_York"
SECTIONS = (recording.head, recording.whole, recording.streams, recording.charts, recording.holes, recording.leads, recording.foot)


def gathered(data: Path) -> Gathered:
    return Gathering((data,), wall_ns=lambda: 1_795_200_000_000_000_000).look()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of prints, ten minutes of it missing, and a page on leads."""
    folder = tmp_path_factory.mktemp("gathered")
    minutes = [n for n in range(60) if not 20 <= n < 30]
    times = [BEGAN + timedelta(minutes=n, seconds=s) for n in minutes for s in range(0, 60, 4)]
    prints = pl.DataFrame({"time": times, "price_pts": [6000.0 + n % 9 * 0.25 for n in range(len(times))], "size": [1] * len(times)})
    keep_frames(prints, ES, data=folder, source="prints with a <hole>")
    page = folder / "pages" / "lead_lag" / "20261119"
    page.mkdir(parents=True)
    told = {"ES-SPY": {"verdict": "Nothing is concluded from 1 day", "stage": "collect"}}
    (page / "result.json").write_text(json.dumps({"result": told}))
    return folder


@pytest.mark.covers("S1-18")
def test_a_recording_is_told_contract_by_contract(data: Path) -> None:
    made = gathered(data)
    (of,) = made.streams
    assert (made.session, made.trouble, of.symbol, of.kind) == (20261119, "", "ESZ6", "ticks")
    assert (of.minutes_expected, of.minutes_seen) == (1_380, 50) and of.complete_frac == pytest.approx(50 / 1_380)
    assert len(of.line) >= 50 and of.heard_s is None  # it is over
    assert made.n_holes == 3 and [hole.symbol for hole in made.holes] == ["ESZ6"] * 3
    assert [(each.pair, each.stage, each.session) for each in made.verdicts] == [("ES-SPY", "collect", "20261119")]


def test_every_section_shows_it_and_nothing_of_it_is_markup(data: Path) -> None:
    made = gathered(data)
    text = "".join(section(made, ZONE) for section in SECTIONS)
    for said in (
        "Not whole",
        "50 of 1,380",
        "3.6%",
        "nothing came",
        "Nothing is concluded from 1 day",
        "<svg",
        "prints with a &lt;hole&gt;",
    ):
        assert said in text
    assert "<hole>" not in text and recording.title(made) == "3.6% heard · workbench"


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    made = gathered(tmp_path)
    assert made.session == 0 and "workbench record --dry-run" in recording.whole(made, ZONE) and recording.title(made).startswith("nothing")


def test_what_cannot_be_read_is_said_and_does_not_raise(data: Path, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(data, tmp_path / "broken"))
    for manifest in Folders(folder).runs.glob("*/manifest.json"):
        manifest.write_text("{}")
    made = gathered(folder)
    assert made.trouble and "A store cannot be read" in recording.whole(made, ZONE)
