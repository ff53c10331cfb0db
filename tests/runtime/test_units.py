"""Units that systemd understands, which leave alone who must go on, and start nothing again that is meant wrong."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.__main__ import app
from workbench.runtime.units import KINDS, Place, name_of, unit

pytestmark = pytest.mark.covers("S1-31")


def written(kind: str, place: Place | None = None) -> dict[str, str]:
    text = unit(kind, place or Place(Path(sys.executable), Path("/tmp"), Path("/tmp/data")))
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] not in "#[")


@pytest.mark.parametrize("kind", KINDS)
def test_systemd_finds_nothing_wrong_whatever_paths_are_called(kind: str, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed here")
    odd = tmp_path / "a folder of 100% $HOME"
    odd.mkdir()
    path = odd / f"{name_of(kind)}.service"
    path.write_text(unit(kind, Place(Path(sys.executable), odd, odd / 'my "data"')))
    words = [program, "--user", "--man=no", "--recursive-errors=no", "verify", str(path)]
    done = subprocess.run(words, env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}, capture_output=True, text=True, check=False)
    if "Failed to initialize manager" in done.stderr:
        pytest.skip(f"systemd-analyze cannot look at units of a user here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("kind", KINDS)
def test_each_starts_a_command_that_there_is(kind: str) -> None:
    words = shlex.split(written(kind)["ExecStart"])
    assert words[:3] == [sys.executable, "-m", "workbench"] and words[-2:] == ["--data", "/tmp/data"]
    names = {group.name for group in app.registered_groups} | {command.name for command in app.registered_commands}
    assert words[3] in names and written(kind)["ExecStartPre"].split()[3:5] == ["service", "check"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_held_and_tried_again_only_where_that_may_help(kind: str) -> None:
    of = written(kind)
    assert of["NoNewPrivileges"] == "yes" and of["UMask"] == "0077" and of["StandardOutput"] == "journal"
    assert (of["Restart"], of["RestartPreventExitStatus"]) == ("on-failure", "2") and int(of["StartLimitBurst"]) <= 5
    assert "WatchdogSec" not in of and of["EnvironmentFile"].startswith("-")


@pytest.mark.parametrize("kind", ["runner", "scheduler", "guardian"])
def test_who_shares_files_in_tmp_or_ends_others_sees_them(kind: str) -> None:
    of = written(kind)
    assert of["KillMode"] == "process", "a guardian outlives its runner, a page its scheduler"
    assert "PrivateTmp" not in of and "PrivateUsers" not in of, "an account's lock lies in /tmp"
