"""`make` brings its own environment, once, in any folder, and takes nothing away that it has not made. uv is played by a script here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKE = shutil.which("make") or "make"
TOOLS = ("cat", "cmp", "cp", "env", "find", "grep", "mkdir", "rm", "sed", "sh", "chmod", "dirname")
UV = """#!/bin/sh
echo "$@" >> uv.log
[ "$2" != sync ] || [ ! -e broken ] || exit 1
if [ "$1" = venv ]; then
  mkdir -p .venv/bin
  printf '#!/bin/sh\\ncase "$*" in *warm*) echo warm >> uv.log;; *) exec "%s" "$@";; esac\\n' "$REAL" > .venv/bin/python
  chmod +x .venv/bin/python
fi
"""


class Checkout:
    """A folder with the Makefile, and a machine that has a few tools, a Python and a uv that writes down what it was asked."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder, self.tools = folder, tools
        folder.mkdir()
        tools.mkdir()
        for name in ("Makefile", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)
        for name in TOOLS:
            (tools / name).symlink_to(shutil.which(name) or name)
        (tools / "python3.11").symlink_to(sys.executable)
        (tools / "uv").write_text(UV)
        (tools / "uv").chmod(0o755)

    def make(self, *targets: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.tools), "REAL": sys.executable, "HOME": str(self.tools)}
        return subprocess.run([MAKE, *targets], cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def asked(self) -> list[str]:
        """What uv was asked since the last time, one verb each."""
        log = self.folder / "uv.log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return [" ".join(line.split()[:2]) if line.startswith("pip") else line.split()[0] for line in lines]


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path / "a folder with spaces", tmp_path / "bin")


ALL = ["venv", "pip sync", "pip install", "warm"]


@pytest.mark.covers("S0-31")
def test_the_first_make_brings_an_environment_and_the_second_finds_it(checkout):
    assert checkout.make("environment").returncode == 0
    assert checkout.asked() == ALL
    assert checkout.make("environment").stdout == ""
    assert checkout.asked() == ["warm"]


def test_another_lock_is_installed_into_the_same_environment(checkout):
    checkout.make("environment")
    checkout.asked()
    with (checkout.folder / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    checkout.make("environment")
    assert checkout.asked() == ALL[1:]


def test_a_lock_that_is_only_younger_changes_nothing(checkout):
    checkout.make("environment")
    checkout.asked()
    os.utime(checkout.folder / "requirements.lock")
    checkout.make("environment")
    assert checkout.asked() == ["warm"]


def test_an_installation_that_broke_off_is_made_again(checkout):
    (checkout.folder / "broken").touch()
    assert checkout.make("environment").returncode != 0
    (checkout.folder / "broken").unlink()
    checkout.asked()
    assert checkout.make("environment").returncode == 0
    assert checkout.asked() == ALL[1:]


def test_hashes_are_required(checkout):
    checkout.make("environment")
    assert "pip sync -q --python .venv/bin/python --require-hashes requirements.lock\n" in (checkout.folder / "uv.log").read_text()


def test_a_missing_python_is_told_in_a_sentence(checkout):
    (checkout.tools / "python3.11").unlink()
    run = checkout.make("demo")
    assert run.returncode != 0
    assert "3.11, 3.12 or 3.13 is needed and none was found" in run.stderr
    assert checkout.asked() == []


def test_clean_takes_what_make_has_made_and_never_data(checkout):
    checkout.make("environment")
    kept = [checkout.folder / path for path in ("data/tail/1.seg", "data/__pycache__/kept", "workbench/engine.py")]
    gone = [checkout.folder / path for path in (".venv/bin/python", "workbench/__pycache__/engine.pyc", ".mypy_cache/x", ".tools/x")]
    for path in kept + gone:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert checkout.make("clean").returncode == 0
    assert [path.exists() for path in kept + gone] == [True] * len(kept) + [False] * len(gone)


def test_the_list_that_make_prints_names_every_target_for_people(checkout):
    printed = checkout.make("help").stdout
    for target in ("demo", "dashboard", "lab", "test", "proof", "nightly", "check", "bench", "bench-quick", "coverage", "lock", "clean"):
        assert f"make {target}" in printed


def test_the_lab_of_make_is_the_lab_of_the_command_line():
    """One way to start it, so that what holds for one (a token, this machine, containers whose only user is root) holds for both."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGS"))}  # not of this make
    words = [MAKE, "--no-print-directory", "-n", "lab", "ARGS=--port 8890"]
    made = subprocess.run(words, cwd=ROOT, env=alone, capture_output=True, text=True, check=True).stdout
    assert made.rstrip().endswith("-m workbench lab --port 8890") and "jupyterlab" not in made


@pytest.mark.nightly
@pytest.mark.covers("S0-31")
def test_a_fresh_clone_without_uv_becomes_a_working_environment(tmp_path):
    folder = tmp_path / "a fresh clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    path = os.pathsep.join(each for each in os.environ["PATH"].split(os.pathsep) if not (Path(each) / "uv").exists())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3.11").symlink_to(Path(sys.executable).resolve())
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{path}"}
    subprocess.run([MAKE, "environment"], cwd=folder, env=environment, check=True)
    doctor = [".venv/bin/python", "-c", "from workbench.commands.doctor import *; raise SystemExit(exit_code(report()))"]
    assert subprocess.run(doctor, cwd=folder, check=False).returncode == 0
