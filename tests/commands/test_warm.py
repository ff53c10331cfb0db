"""Compiled code is never older than what it was compiled from; tables of calendars lie beside it."""

import os
import subprocess
import sys
import textwrap

import pytest

from workbench.commands import warm

KERNEL = """
from numba import njit, types

from {package}.units import SCALE


@njit(types.int64(types.int64), cache=True)
def scaled(x):
    return x * SCALE
"""


@pytest.fixture
def package(tmp_path, monkeypatch, request):
    """A small package with one kernel that has a constant of another module built in."""
    name = "toy_" + request.node.name.removeprefix("test_")
    files = {"__init__.py": "", "units.py": "SCALE = 3\n", "aside.py": "OTHER = 1\n", "market/__init__.py": ""}
    for path, text in {**files, "market/kernels.py": KERNEL.format(package=name)}.items():
        (tmp_path / name / path).parent.mkdir(exist_ok=True)
        (tmp_path / name / path).write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    return tmp_path / name


def test_what_was_compiled_is_warm(package):
    kernel = f"{package.name}.market.kernels"
    assert warm.cold_modules(package) == [kernel]
    assert warm.warm(package) == [kernel]
    assert warm.cold_modules(package) == []
    assert warm.warm(package) == []


def test_a_change_in_an_imported_module_makes_compiled_code_stale(package):
    warm.warm(package)
    (package / "units.py").write_text("SCALE = 4\n")
    assert warm.cold_modules(package) == [f"{package.name}.market.kernels"]
    assert warm.drop_stale(package) == [f"{package.name}.market.kernels"]
    assert not list(package.rglob("*.nb[ci]"))
    assert warm.drop_stale(package) == []


def test_a_change_elsewhere_leaves_compiled_code_alone(package):
    warm.warm(package)
    (package / "aside.py").write_text("OTHER = 2\n")
    assert warm.cold_modules(package) == []


def test_a_cache_that_was_removed_is_cold(package):
    warm.warm(package)
    for file in package.rglob("*.nb[ci]"):
        file.unlink()
    assert warm.cold_modules(package) == [f"{package.name}.market.kernels"]


def test_a_kernel_that_is_only_built_into_others_is_no_reason_to_compile_again(package):
    (package / "aside").mkdir()
    (package / "aside" / "__init__.py").touch()
    (package / "aside" / "kernels.py").write_text("from numba import njit\n\n\n@njit(inline='always')\ndef twice(x):\n    return 2 * x\n")
    assert len(warm.warm(package)) == 2
    assert warm.cold_modules(package) == []


def test_the_cache_is_found_where_numba_was_told_to_keep_it(package, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere" / "market_0a1b").mkdir(parents=True)
    kept = tmp_path / "elsewhere" / "market_0a1b" / "kernels.scaled-7.py311.nbi"
    kept.touch()
    assert warm.drop_stale(package)
    assert not kept.exists()


def test_a_change_drops_only_the_kernels_that_it_is_built_into(package):
    (package / "aside").mkdir()
    (package / "aside" / "__init__.py").touch()
    (package / "aside" / "kernels.py").write_text(KERNEL.format(package=package.name).replace("units import SCALE", "other import SCALE"))
    (package / "other.py").write_text("SCALE = 5\n")
    warm.warm(package)
    (package / "other.py").write_text("SCALE = 6\n")
    assert warm.drop_stale(package) == [f"{package.name}.aside.kernels"]
    assert [path.parent.parent.name for path in package.rglob("*.nbi")] == ["market"]


def test_a_stamp_that_was_left_half_written_is_no_stamp(package):
    warm.warm(package)
    (package / "__pycache__" / "kernels.json").write_text('{"toy')
    assert warm.cold_modules(package) == [f"{package.name}.market.kernels"]


def test_the_product_key_covers_what_the_fold_has_built_in():
    names = {path.relative_to(warm.PACKAGE).as_posix() for path in warm.sources(warm.PACKAGE / "market" / "kernels.py")}
    assert {"market/kernels.py", "domain/records.py", "domain/bars.py"} <= names


def test_it_tables_the_calendars_of_every_shipped_root_once(tmp_path):
    folder = tmp_path / "cache"
    code = "from workbench.commands import warm; warm.cold_modules = list; warm.main()"
    said = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "NUMBA_CACHE_DIR": str(folder)}, check=True, capture_output=True, text=True
        )
        for _ in range(2)
    ]
    assert "CME Globex Equity, CMEGlobex_CL, CMEGlobex_GC, NYSE, business days" in said[0].stdout
    assert len(list(folder.glob("*.table"))) == 5
    assert [each.stderr for each in said] == ["", ""]
    assert said[1].stdout == ""
