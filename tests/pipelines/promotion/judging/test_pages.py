"""A page is refused for what it is, for how it runs, and for saying two things."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.pipelines.paging import page
from workbench.pipelines.promotion.gates import Candidate, Verdict
from workbench.pipelines.promotion.judging import GATES

GATE = {gate.name: gate for gate in GATES}


def candidate(tmp_path: Path, settings: str = "", **sources: str) -> Candidate:
    folder = page(tmp_path / "files", **sources)
    (folder / "pipeline.toml").write_text('owner = "tests"\nby = "name"\n' + settings)
    return Candidate("page", "how_far", folder, folder / "notebook.ipynb", tmp_path / "data", tmp_path / "evidence", schedule="close+30m")


def ask(name: str, of: Candidate) -> Verdict:
    return GATE[name].judge(of)


def test_the_contract_tells_what_a_page_reads_and_writes(tmp_path: Path) -> None:
    said = ask("contract", candidate(tmp_path, '[reads]\ntables = ["bars"]\nas_of = "now"\n'))
    assert said.passed and "7 code cells" in said.text and "it reads bars, and writes the page alone" in said.text
    assert "`length_pts: float = 2.5`  how long" in said.more


@pytest.mark.parametrize(
    ("settings", "sources", "said"),
    [
        ('effects = "propose"\n', {}, "may write artefacts and propose nothing; a strategy proposes"),
        ("cell_s = 0\n", {}, "cell_s = 0 must be whole seconds"),
        ("", {"work": "class A: ..."}, "class A belongs into a module"),
        ("", {"outputs": "result = {}"}, "its last line must be `result`"),
        ("", {"parameters": "n = 3"}, "write NAME: KIND = LITERAL"),
    ],
)
def test_the_contract_refuses_what_is_no_page_or_may_do_too_much(tmp_path: Path, settings: str, sources: dict[str, str], said: str) -> None:
    found = ask("contract", candidate(tmp_path, settings, **sources))
    assert not found.passed and said in found.text


def test_what_was_executed_in_another_order_is_refused(tmp_path: Path) -> None:
    of = candidate(tmp_path)
    body = json.loads(of.notebook.read_text())
    for count, each in enumerate(reversed([each for each in body["cells"] if each["cell_type"] == "code"]), 1):
        each["execution_count"] = count
    of.notebook.write_text(json.dumps(body))
    said = ask("contract", of)
    assert not said.passed and "cell 3: its execution count is 6, and that of cell 2 above it 7: the order was another" in said.text


def showing(path: Path, number: str, tolerance: dict[str, float] | None = None) -> None:
    """Let the last cell of a notebook have shown a number."""
    body = json.loads(path.read_text())
    shown = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": number}}
    body["cells"][-1]["outputs"] = [shown]
    body["metadata"] = {"workbench": {"tolerance": tolerance}} if tolerance else {}
    path.write_text(json.dumps(body))


def test_a_page_shows_what_it_showed_within_the_tolerance_it_declares(tmp_path: Path) -> None:
    of = candidate(tmp_path)
    ran = tmp_path / "evidence" / "clean-run" / "how_far" / "es" / "page.ipynb"
    ran.parent.mkdir(parents=True)
    shutil.copy2(of.notebook, ran)
    showing(ran, "{'far': 8.001}")
    showing(of.notebook, "{'far': 8.001}")
    assert ask("nbval", of) == Verdict(True, "it shows what it showed when it was stored")
    showing(of.notebook, "{'far': 8.0}")
    said = ask("nbval", of)
    assert not said.passed and "8.001 where 8 was; run it from top to bottom on its defaults and save it" in said.text
    showing(of.notebook, "{'far': 8.0}", {"atol": 0.01})
    assert ask("nbval", of) == Verdict(True, "it shows what it showed when it was stored, but for what it lets differ: numbers by 0.01")


@pytest.mark.proof
def test_a_page_that_fails_is_refused_in_its_own_words_and_kept(tmp_path: Path) -> None:
    said = ask("clean run", candidate(tmp_path, work="far = 400"))
    assert not said.passed and said.text == "the page failed in checks: AssertionError: 400 is too far"
    assert (
        "clean-run/how_far/es/page.html" in said.more and (tmp_path / "evidence" / "clean-run" / "how_far" / "es" / "page.html").is_file()
    )


@pytest.mark.proof
def test_a_page_that_says_two_things_is_refused(tmp_path: Path) -> None:
    unsteady = candidate(tmp_path, work="far = os.getpid()", checks="assert far")
    assert ask("clean run", unsteady).passed
    said = ask("nbval", unsteady)
    assert not said.passed and "must not hang on the moment" in said.text
