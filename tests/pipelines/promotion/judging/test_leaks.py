"""What looks ahead is refused, by its source or by what it says."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.paging import page
from workbench.domain.bars import RichBar
from workbench.pipelines.promotion.gates import Candidate
from workbench.pipelines.promotion.judging import GATES
from workbench.workspace import Things
from workbench.workspace.things import thing_of

LEAKAGE = next(gate for gate in GATES if gate.name == "leakage")
SEEN: list[float] = []


class Later:
    """A feature that says what another one has been told already."""

    name, uses, needs = "later", (RichBar,), frozenset[str]()
    value: float | None = None

    def update(self, bar: RichBar) -> None:
        SEEN.append(float(bar.close))
        self.value = SEEN[len(SEEN) // 2]


def test_a_page_with_a_centred_window_is_refused(tmp_path: Path) -> None:
    folder = page(tmp_path / "files", work='far = 3\nsmooth = day["close_pts"].rolling_mean(9, center=True)')
    of = Candidate("page", "x", folder, folder / "notebook.ipynb", tmp_path, tmp_path)
    said = LEAKAGE.judge(of)
    assert not said.passed and "window" in said.text and "line 2" in said.text
    page(folder)
    assert LEAKAGE.judge(of).passed


def test_a_feature_that_knows_more_than_it_was_told_is_refused(tmp_path: Path) -> None:
    thing = thing_of(Later, origin="here", where="here", file=None)
    said = LEAKAGE.judge(Candidate("feature", "later", tmp_path, tmp_path, tmp_path, tmp_path, thing=thing, things=Things([thing])))
    assert not said.passed and said.data["leaks"]
