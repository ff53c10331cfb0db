"""A page runs in a kernel of its own and is kept whole, above all when it fails; it never shows a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.pipelines.paging import page
from workbench.domain.errors import ConfigError
from workbench.pipelines import runner
from workbench.pipelines.contract import read
from workbench.pipelines.runner import Page, run

SECRET = "open-sesame-7"


def kept(done: Page) -> str:
    return "".join((done.folder / name).read_text() for name in ("page.ipynb", "page.html", "result.json"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a folder with {braces}")


@pytest.fixture(scope="module")
def done(folder: Path) -> Page:
    """A page that was given two of its parameters and looks for a secret."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKER_PASSWORD", SECRET)
        look = 'os.path.expandvars("$BROKER_PASSWORD")'  # through a library: a page itself may not look at the environment
        work = f'far = math.ceil(length_pts * n)\nprint({look}, "open-" + "sesame-7")'
        return run(read(page(folder / "how_far", work=work)), {"n": "4", "name": "ES/SPY"}, folder / "pages")


def test_its_result_is_read_back(done: Page, folder: Path) -> None:
    assert done.failure is None and done.folder == folder / "pages" / "how_far" / "ES-SPY"
    assert done.result == {"far": 10, "name": "ES/SPY", "is_up": True, "none": None}
    told = json.loads((done.folder / "result.json").read_text())
    assert told["result"] == done.result and told["failure"] is None
    assert told["parameters"] == {"length_pts": 2.5, "name": "ES/SPY", "n": 4, "is_up": True}


def test_it_is_one_file_to_be_read_with_its_code_folded_and_no_address_in_it(done: Page) -> None:
    text = done.html.read_text()
    assert "<title>How far is it?</title>" in text and "ES/SPY: 10" in text and "parameter length_pts" in text
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\(""", text)
    assert ".code { display: none;" in text and "<script" not in text


def test_no_secret_and_no_path_of_this_machine_is_in_it(done: Page, folder: Path) -> None:
    assert SECRET not in kept(done) and str(folder) not in kept(done)
    assert f"$BROKER_PASSWORD {runner.STRUCK}" in done.html.read_text()  # the kernel had none; what the page knew by itself was struck out


def test_nothing_is_left_half_written(done: Page) -> None:
    assert sorted(path.name for path in done.folder.iterdir()) == ["page.html", "page.ipynb", "result.json"]


def test_a_page_that_fails_says_where_and_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    failed = run(read(page(tmp_path / "how_far", work="far = 400")), {}, tmp_path / "pages")
    assert failed.failure == ("checks", "AssertionError", "400 is too far") and failed.result is None
    text = failed.html.read_text()
    assert "This page failed" in text and "400 is too far" in text and 'class="failed"' in text and "papermill" not in text
    assert json.loads((failed.folder / "result.json").read_text())["failure"]["where"] == "checks"


@pytest.mark.parametrize(
    ("sources", "where", "kind"),
    [
        ({"work": "import time\ntime.sleep(30)", "cell_s": 1}, "work", "too slow"),
        ({"inputs": "os._exit(3)"}, "inputs", "kernel died"),
        ({"outputs": "result = {'far': math.nan}\nresult"}, "outputs", "no result"),
    ],
)
def test_whatever_ends_a_page_is_told(tmp_path: Path, sources: dict[str, object], where: str, kind: str) -> None:
    failed = run(read(page(tmp_path / "how_far", **sources)), {}, tmp_path / "pages")
    assert failed.failure is not None and failed.failure[:2] == (where, kind)
    assert "This page failed" in failed.html.read_text()


def test_a_parameter_that_cannot_be_meant_is_refused_before_a_kernel_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel was started"))
    of = read(page(tmp_path / "how_far"))
    for given in ({"nn": 1}, {"n": "many"}):
        with pytest.raises(ConfigError):
            run(of, given, tmp_path / "pages")
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    with pytest.raises(ConfigError, match="parameter name looks like a secret"):
        run(of, {"name": SECRET}, tmp_path / "pages")
    assert not (tmp_path / "pages").exists()


def test_a_page_of_another_run_is_replaced_whole(done: Page) -> None:
    before = done.html.stat().st_ino
    again = run(read(done.folder.parents[2] / "how_far"), {"name": "ES/SPY"}, done.folder.parents[1])
    assert again.folder == done.folder and again.html.stat().st_ino != before
    assert json.loads((again.folder / "result.json").read_text())["parameters"]["n"] == 3
