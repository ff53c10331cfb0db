from __future__ import annotations

import os
import subprocess
import sys

from workbench.store.digests import code_digest, environment, environment_digest, files_digest


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
