"""A run with money begins on a green look of this session alone, of this code, settings and law."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.preflight.world import looked
from workbench.clock import SystemClock
from workbench.config import Mode, Settings, load_settings
from workbench.domain.errors import ConfigError
from workbench.domain.units import DAY
from workbench.runtime.preflight.allowed import must_be_seen, unseen
from workbench.runtime.preflight.report import Colour, Line

ACCOUNT = "U1234567"


def settings(folder: Path, **flags: object) -> Settings:
    return load_settings(folder=folder, environment={}, flags={name.replace("__", "."): value for name, value in flags.items()})


def why(data: Path, of: Settings, account: str = ACCOUNT, mode: Mode = Mode.LIVE, after_ns: int = 0) -> str:
    return unseen(mode, of, data, account, SystemClock().now_ns() + after_ns) or ""


@pytest.mark.covers("S2-46")
def test_nobody_looked_and_live_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nobody looked before session .*workbench preflight --mode live"):
        must_be_seen(Mode.LIVE, settings(tmp_path), tmp_path, ACCOUNT, SystemClock().now_ns())


def test_a_green_look_of_this_session_lets_it_begin_also_with_yellow_lines(tmp_path: Path) -> None:
    looked(tmp_path, settings(tmp_path), ACCOUNT, Line("limits", Colour.GREEN, "valid"), Line("parity", Colour.YELLOW, "first day"))
    must_be_seen(Mode.LIVE, settings(tmp_path), tmp_path, ACCOUNT, SystemClock().now_ns())


def test_a_red_line_is_named(tmp_path: Path) -> None:
    looked(tmp_path, settings(tmp_path), ACCOUNT, Line("disk", Colour.RED, "0.3 GB free"))
    assert "disk: 0.3 GB free" in why(tmp_path, settings(tmp_path))


@pytest.mark.covers("S2-46")
def test_a_look_counts_for_its_session_account_mode_settings_and_law_and_for_no_other(tmp_path: Path) -> None:
    of = settings(tmp_path)
    looked(tmp_path, of, ACCOUNT)
    assert why(tmp_path, of) == ""
    assert "nobody looked" in why(tmp_path, of, after_ns=4 * DAY)
    assert "nobody looked" in why(tmp_path, of, account="U7654321")
    assert "nobody looked" in why(tmp_path, of, mode=Mode.PAPER)
    assert "settings changed" in why(tmp_path, settings(tmp_path, simulation__stop_slippage_ticks=3))
    assert "constitution changed" in why(tmp_path, settings(tmp_path, profile="micro"))
    assert "roots changed" in why(tmp_path, settings(tmp_path, active=["ES"])), "whose streams nobody looked at"
    assert why(tmp_path, settings(tmp_path, notify__per_hour=7)) == "", "whom notices go to decides nothing"


def test_a_strategy_of_ones_own_that_was_changed_since_counts_as_well(tmp_path: Path) -> None:
    (tmp_path / "workbench.toml").write_text("")
    looked(tmp_path, settings(tmp_path), ACCOUNT)
    mine = tmp_path / "strategies" / "mine.py"
    mine.parent.mkdir()
    mine.write_text("from workbench.strategies.vwap_reversion import VwapReversion\n\n\nclass Mine(VwapReversion):\n    name = 'mine'\n")
    assert "own files changed" in why(tmp_path, settings(tmp_path))


def test_a_report_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    of = settings(tmp_path)
    report = looked(tmp_path, of, ACCOUNT)
    (tmp_path / "preflight" / f"{report.session}-{ACCOUNT}.json").write_text("{")
    assert "nobody looked" in why(tmp_path, of)


def test_paper_is_not_refused(tmp_path: Path) -> None:
    must_be_seen(Mode.PAPER, settings(tmp_path), tmp_path, "DU1234567", SystemClock().now_ns())
