from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

import workbench
from workbench.store.digests import code_digest, deciding, deciding_digest, environment, environment_digest, files_digest

PACKAGE = Path(workbench.__file__).parent


def test_a_changed_a_renamed_and_a_new_file_change_the_digest(tmp_path):
    (tmp_path / "a.py").write_text("a = 1")
    (tmp_path / "b.py").write_text("b = 1")
    seen = {files_digest(tmp_path.glob("*.py"), tmp_path)}
    (tmp_path / "b.py").write_text("b = 2")
    seen.add(files_digest(tmp_path.glob("*.py"), tmp_path))
    (tmp_path / "b.py").rename(tmp_path / "c.py")
    seen.add(files_digest(tmp_path.glob("*.py"), tmp_path))
    (tmp_path / "d.py").write_text("")
    seen.add(files_digest(tmp_path.glob("*.py"), tmp_path))
    assert len(seen) == 4
    assert files_digest(sorted(tmp_path.glob("*.py"), reverse=True), tmp_path) in seen


def test_the_environment_names_what_computes():
    found = environment()
    assert {"python", "numpy", "numba", "river", "machine", "platform"} <= set(found)
    assert all(found.values())


def test_every_process_describes_its_machine_the_same():
    ask = "from workbench.store.digests import environment_digest; print(environment_digest())"
    answers = {
        subprocess.run(
            [sys.executable, "-c", ask], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert answers == {f"{environment_digest()}\n"}


def test_the_code_has_one_digest_as_long_as_a_process_lives():
    assert code_digest() == code_digest()
    assert len(code_digest()) == 64


def test_what_decides_is_all_that_an_engine_imports():
    graph = grimp.build_graph("workbench")
    names = graph.find_upstream_modules("workbench.engine", as_package=True) | graph.find_descendants("workbench.engine")
    sources = {
        path.relative_to(PACKAGE.parent).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for path in deciding(PACKAGE)
    }
    assert all(path.is_file() for path in deciding(PACKAGE)) and names <= sources


@pytest.mark.parametrize(
    ("edited", "decides"),
    [
        ("gateway/behaviour.py", False),
        ("dashboard/why.py", False),
        ("importers/databento.py", False),
        ("venues/ib/translate.py", False),
        ("risk/chain.py", True),
        ("engine/desk.py", True),
        ("calendars/table.py", True),
        ("simulation/matching/__init__.py", True),
        ("runtime/live/grid.py", True),
    ],
)
def test_only_an_edit_of_what_decides_changes_its_digest(tmp_path, edited, decides):
    copy = tmp_path / "workbench"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.nb*"))
    before = files_digest(deciding(copy), copy)
    assert before == deciding_digest() != code_digest()
    with (copy / edited).open("a", encoding="utf-8") as file:
        file.write("# later\n")
    assert (files_digest(deciding(copy), copy) != before) is decides
