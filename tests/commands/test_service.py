"""Units are written whole and only over our own; secrets that others may read are refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.calling import workbench

pytestmark = pytest.mark.covers("S1-31")


def test_units_are_written_and_the_next_step_is_said(tmp_path: Path) -> None:
    done = workbench("service", "write", "--to", tmp_path / "user", "--data", tmp_path / "data")
    assert done.code == 0 and "systemctl --user enable --now workbench-scheduler" in done.out
    names = sorted(path.name for path in (tmp_path / "user").iterdir())
    assert names == [f"workbench-{kind}.service" for kind in ("dashboard", "guardian", "recorder", "runner", "scheduler")]
    again = workbench("service", "write", "runner", "--to", tmp_path / "user", "--data", tmp_path / "other")
    assert again.code == 0 and str(tmp_path / "other") in (tmp_path / "user" / "workbench-runner.service").read_text()


def test_what_somebody_else_wrote_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "workbench-runner.service").write_text("[Unit]\nDescription=mine\n")
    done = workbench("service", "write", "--to", tmp_path, "--data", tmp_path)
    assert done.code == 2 and "was not written by this command" in done.err and len(list(tmp_path.iterdir())) == 1
    assert "there is no service fishing" in workbench("service", "write", "fishing", "--to", tmp_path).err


@pytest.mark.parametrize(("mode", "code"), [(0o600, 0), (0o400, 0), (0o640, 2), (0o604, 2), (0o620, 2)])
def test_secrets_that_others_may_read_or_change_stop_a_start(tmp_path: Path, mode: int, code: int) -> None:
    path = tmp_path / "environment"
    path.write_text("TELEGRAM=hunter22\n")
    path.chmod(mode)
    done = workbench("service", "check", path)
    assert done.code == code and ("chmod 600" in done.err) == (code == 2) and "hunter22" not in done.out + done.err
    assert workbench("service", "check", tmp_path / "none").code == 0 and workbench("service", "check", tmp_path).code == 2
