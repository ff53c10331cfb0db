"""A page is promoted, demoted and taken back; what is replaced is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines.promotion.gated import Place, gate
from workbench.domain.errors import ConfigError, DataError
from workbench.pipelines.contract import read
from workbench.pipelines.promotion import promoted
from workbench.pipelines.promotion.evidence import notes
from workbench.pipelines.promotion.gates import Gate, Verdict
from workbench.pipelines.promotion.of_pages import demote_page, roll_back_page


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_lab_notebook_becomes_a_page_with_settings_and_a_record(place: Place) -> None:
    done = place.promote()
    assert done.record is not None and done.refusal is None
    page = read(place.folder)
    assert (page.name, page.owner, page.by, page.settings.schedule.at) == ("how_far", "tests", "length_pts", "close+30m")
    assert page.settings.reads.tables == ("recordings", "journal", "bars") and page.settings.effects == "none"
    assert (place.folder / "notebook.ipynb").read_bytes() == (place.home / "lab" / "03_how_far.ipynb").read_bytes()
    assert done.report == place.data / "promotion" / "how_far" / done.record.short / "report.md"
    assert [each["what"] for each in notes(place.data, "page", "how_far")] == ["promoted"]


def test_the_first_refusal_ends_it_and_nothing_is_changed(place: Place) -> None:
    asked: list[str] = []
    never = Gate("never", "?", {"page": lambda _: asked.append("never") or Verdict(True, "")})
    done = place.promote(gate("first"), gate("second", passed=False, text="too far"), never)
    assert done.record is None and done.refusal is not None and done.refusal.verdict.text == "too far"
    assert not asked and not (place.home / "pipelines").exists()
    report = done.report.read_text()
    assert "Refused at *second*: too far" in report and "1 further gates were not asked" in report
    assert done.report.parent.name == "tried" and json.loads((done.report.parent / "report.json").read_text())["is_refused"]


def test_a_refusal_leaves_what_was_promoted(place: Place) -> None:
    first = place.promote().record
    assert place.promote(gate("first", passed=False), work="far = 1").record is None
    assert promoted(place.folder) == first


def test_a_mistake_that_a_gate_meets_is_its_refusal_and_a_fault_of_ours_is_none(place: Place) -> None:
    def mistaken(_: object) -> Verdict:
        raise DataError("there is no such session")

    done = place.promote(Gate("data", "Is there any?", {"page": mistaken}))
    assert done.refusal is not None and done.refusal.verdict.text == "there is no such session"

    def broken(_: object) -> Verdict:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        place.promote(Gate("broken", "?", {"page": broken}))
    assert not (place.home / "pipelines").exists()
    assert not [path for path in (place.data / "promotion" / "how_far").iterdir() if path.name.startswith(".part")]


def test_a_trial_changes_nothing(place: Place) -> None:
    done = place.promote(is_trial=True)
    assert done.record is None and done.refusal is None and done.report.parent.name == "tried"
    assert not (place.home / "pipelines").exists()


def test_it_is_taken_back_version_by_version_with_the_evidence_each_had(place: Place) -> None:
    one, two, three = (place.promote(work=f"far = {n}").record for n in (1, 2, 3))
    assert one is not None and two is not None and three is not None
    back = roll_back_page(place.folder, place.data, "wrong")
    now = promoted(place.folder)
    assert back.now == now and now is not None and now.digest == two.digest and now.gates == two.gates
    assert now.note.endswith(f"instead of {three.short} of {three.at[:10]} {three.at[11:16]} UTC: wrong")
    assert roll_back_page(place.folder, place.data).now.digest == one.digest
    with pytest.raises(ConfigError, match=r"was promoted once, on .*: nothing was promoted before it"):
        roll_back_page(place.folder, place.data)
    four = place.promote(work="far = 4").record
    assert four is not None and roll_back_page(place.folder, place.data).now.digest == one.digest  # not the ones it was taken back from
    assert [each["what"] for each in notes(place.data, "page", "how_far")].count("taken back") == 3


def test_an_edited_page_is_taken_back_to_what_was_promoted_and_the_edit_is_kept(place: Place) -> None:
    place.promote(work="far = 1")
    record = place.promote(work="far = 2").record
    path = place.folder / "pipeline.toml"
    path.write_text(path.read_text() + "# mine\n")
    back = roll_back_page(place.folder, place.data)
    assert back.was_edited and back.now == record == promoted(place.folder)
    assert (place.data / "promotion" / "how_far" / "edited" / "pipeline.toml").read_text().endswith("# mine\n")


def test_a_page_that_was_edited_where_it_lies_is_promoted_there_again_and_taken_back(place: Place) -> None:
    one = place.promote().record
    path = place.folder / "pipeline.toml"
    path.write_text(path.read_text() + "# mine\n")
    two = place.promote(word="how_far", schedule="").record
    assert two is not None and two.schedule == "close+30m" and promoted(place.folder) == two
    assert one is not None and roll_back_page(place.folder, place.data).now.digest == one.digest


def test_what_does_not_lie_here_any_more_cannot_be_taken_back(place: Place) -> None:
    one = place.promote(work="far = 1").record
    two = place.promote(work="far = 2").record
    assert one is not None
    (place.data / "promotion" / "how_far" / one.short / "files" / "notebook.ipynb").unlink()
    with pytest.raises(ConfigError, match="does not lie in"):
        roll_back_page(place.folder, place.data)
    assert promoted(place.folder) == two


def test_demoted_it_stays_and_nothing_is_promoted(place: Place) -> None:
    place.promote()
    demote_page(place.folder, place.data, "nobody reads it")
    assert promoted(place.folder) is None and read(place.folder).name == "how_far"
    assert notes(place.data, "page", "how_far")[-1]["why"] == "nobody reads it"
    for act in (demote_page, roll_back_page):
        with pytest.raises(ConfigError, match="how_far is not promoted"):
            act(place.folder, place.data)
    with pytest.raises(ConfigError, match="there is no page nowhere"):
        demote_page(place.home / "nowhere", place.data)
