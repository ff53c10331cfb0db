"""Every line about this machine, and what turns it red."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.runtime.preflight.world import looked
from workbench.clock import SystemClock
from workbench.config import Mode, Settings, load_settings
from workbench.runtime.live.doors import ARMED_FILE, Armed
from workbench.runtime.notify.memory import Trial, settings_digest, write_tests
from workbench.runtime.preflight import ours
from workbench.runtime.preflight.looking import look_before
from workbench.runtime.preflight.report import Colour, read
from workbench.store.requests import Request, lift_halt, put, raise_halt
from workbench.workspace import things_of

GREEN, YELLOW, RED = Colour.GREEN, Colour.YELLOW, Colour.RED
DAY_NS = 86_400 * 10**9


def settings(folder: Path, **flags: object) -> Settings:
    (folder / "workbench.toml").touch()
    return load_settings(folder=folder, environment={}, flags={name.replace("__", "."): value for name, value in flags.items()})


pytestmark = pytest.mark.covers("S2-46")


def test_a_constitution_above_a_ceiling_is_red_and_a_valid_one_shows_its_hash(tmp_path: Path) -> None:
    line, law = ours.law(settings(tmp_path))
    assert line.colour is GREEN and law is not None and law.digest[:12] in line.found
    (tmp_path / "constitutions").mkdir()
    text = (Path(ours.build.__file__).parents[1] / "constitutions" / "micro.toml").read_text()
    mine = "\n".join("max_open_brackets = 9999" if each.startswith("max_open_brackets") else each for each in text.splitlines())
    (tmp_path / "constitutions" / "mine.toml").write_text(mine.replace('profile = "micro"', 'profile = "mine"'))
    line, law = ours.law(settings(tmp_path, profile="mine"))
    assert line.colour is RED and law is None and "max_open_brackets" in line.found


def test_a_strategy_of_ones_own_that_breaks_a_rule_is_red(tmp_path: Path) -> None:
    assert ours.catalogue(things_of(settings(tmp_path).workspace)).colour is GREEN
    mine = tmp_path / "strategies" / "mine.py"
    mine.parent.mkdir()
    mine.write_text("def nonsense(:\n")
    line = ours.catalogue(things_of(settings(tmp_path).workspace))
    assert line.colour is RED and "mine.py" in line.found and "workbench check" in line.remedy


def test_a_folder_that_cannot_be_written_is_red(tmp_path: Path) -> None:
    assert {line.colour for line in ours.stores(tmp_path / "data")} <= {GREEN, YELLOW}
    (tmp_path / "file").touch()
    (line,) = ours.stores(tmp_path / "file" / "data")
    assert line.colour is RED and line.remedy


@pytest.mark.parametrize(("gb", "colour"), [(100, GREEN), (10, YELLOW), (1, RED)])
def test_a_full_disk_is_red(gb: int, colour: Colour) -> None:
    assert ours.free(gb * 10**9).colour is colour


def test_a_slow_disk_is_red() -> None:
    assert [ours.syncs(each).colour for each in (0.3, 60.0, 5_000.0)] == [GREEN, YELLOW, RED]


def test_the_halt_file_is_red_with_its_reason(tmp_path: Path) -> None:
    raise_halt(tmp_path, "smoke in the room", "operator")
    assert ours.halt_file(tmp_path).colour is RED and "smoke" in ours.halt_file(tmp_path).found
    lift_halt(tmp_path)
    assert ours.halt_file(tmp_path).colour is GREEN


def test_a_request_that_waits_is_red(tmp_path: Path) -> None:
    assert ours.requests(tmp_path).colour is GREEN
    put(tmp_path, Request(action="flatten", why="test", by="operator", asked_ns=1))
    assert ours.requests(tmp_path).colour is RED and "flatten" in ours.requests(tmp_path).found


def test_nobody_would_hear_is_red_before_live_and_yellow_before_paper(tmp_path: Path) -> None:
    def at(of: Settings, mode: Mode = Mode.LIVE) -> Colour:
        return ours.notifier(of, tmp_path, 10 * DAY_NS, mode).colour

    def tested(of: Settings, why: str, at_ns: int) -> None:
        write_tests(tmp_path, [Trial("telegram", at_ns, why, settings_digest(of.notify))])

    assert at(settings(tmp_path)) is RED and at(settings(tmp_path), Mode.PAPER) is YELLOW
    assert at(settings(tmp_path, notify__channels=["desktop"])) is RED, "a desktop is where nobody sits at night"
    of = settings(tmp_path, notify__channels=["telegram"])
    assert at(of) is RED
    tested(of, "", 9 * DAY_NS)
    assert at(of) is GREEN
    tested(of, "it answered 401", 9 * DAY_NS)
    assert at(of) is RED
    tested(of, "", 2 * DAY_NS)
    assert at(of) is RED, "a test of last week"
    tested(of, "", 9 * DAY_NS)
    assert at(settings(tmp_path, notify__channels=["telegram"], notify__telegram__chat="7")) is RED, "a test of other settings"


def test_a_guardian_that_is_not_there_is_red(tmp_path: Path) -> None:
    assert ours.guardian(settings(tmp_path)).colour is GREEN
    assert ours.guardian(settings(tmp_path), module="workbench.runtime.nobody").colour is RED


def test_a_yes_that_is_missing_is_red_and_named(tmp_path: Path) -> None:
    now_ns = SystemClock().now_ns()
    of = settings(tmp_path, mode="live", ib__account="U1234567")
    line = ours.yeses(of, tmp_path, Mode.LIVE, "U1234567", {}, now_ns)
    assert line.colour is RED and "arming token" in line.found
    (tmp_path / ARMED_FILE).write_text(Armed("U1234567", now_ns + 3_600 * 10**9).text())
    assert ours.yeses(of, tmp_path, Mode.LIVE, "U1234567", {}, now_ns).colour is GREEN
    assert ours.yeses(of, tmp_path, Mode.LIVE, "DU1", {}, now_ns).colour is RED
    assert "not known" in ours.yeses(of, tmp_path, Mode.PAPER, "", {}, now_ns).found
    assert ours.yeses(of, tmp_path, Mode.PAPER, "U1234567", {}, now_ns).colour is RED


def test_where_nobody_answers_the_look_is_red_whole_and_kept(tmp_path: Path) -> None:
    of = settings(tmp_path, ib__port=1, ib__account="U1234567")
    report, path = asyncio.run(look_before(Mode.LIVE, of, tmp_path / "data", environment={}))
    lines = {line.about: line for line in report.lines}
    assert not report.is_green and lines["TWS"].colour is RED and "no TWS" in lines["TWS"].found
    assert {"limits", "catalogue", "disk", "parity", "notices", "guardian", "HALT file", "requests", "yeses"} <= set(lines)
    assert read(tmp_path / "data", report.session, "U1234567") == report and path.is_file()
    assert looked(tmp_path / "data", of, "U1234567").digests == report.digests
