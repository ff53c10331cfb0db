"""A page that was told a secret by reference has it, and neither the page nor its result shows it."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from tests.pipelines.paging import CELLS, page
from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import admit
from workbench.pipelines.runner import run

VALUE = "k-5521-abcdef"
PARAMETERS = 'name: str = "es"\nnews: str = "env:NEWS_KEY"  # what the news service asks for [secret]'
INPUTS = """from workbench.pipelines.contract import secret
key = secret(news)
assert name, "no name was given"
print(key, repr(key), len(key.reveal()), key.reveal())"""


def folder(place: Path) -> Path:
    cells = tuple(each for each in CELLS if each[0] not in ("work", "checks", "outputs"))
    cells = (*cells[:4], ("work", "far = 3"), ("checks", "assert far"), cells[4], ("outputs", "result = {'far': far}\nresult"))
    return page(place / "how_far", cells=cells, parameters=PARAMETERS, inputs=INPUTS)


@pytest.mark.proof
def test_a_secret_is_there_by_its_reference_and_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_KEY", VALUE)
    done = run(admit(folder(tmp_path)), {}, tmp_path / "pages")
    assert done.failure is None, done.failure
    kept = "".join(path.read_text(encoding="utf-8") for path in done.folder.iterdir())
    assert "env:NEWS_KEY Secret('env:NEWS_KEY') 13 [struck out]" in html.unescape(kept) and VALUE not in kept


def test_a_reference_to_nothing_starts_no_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWS_KEY", raising=False)
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel was started"))
    with pytest.raises(ConfigError, match="parameter news refers to NEWS_KEY, and the environment has no variable of that name"):
        run(admit(folder(tmp_path)), {}, tmp_path / "pages")
    with pytest.raises(ConfigError, match="a secret is told by reference") as error:
        run(admit(folder(tmp_path)), {"news": VALUE}, tmp_path / "pages")
    assert VALUE not in str(error.value) and not (tmp_path / "pages").exists()
