"""Evidence can be read by a person and by a program, and lies there whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines.promotion.gated import Place, gate
from workbench.domain.errors import StoreError
from workbench.pipelines.promotion import evidence
from workbench.pipelines.promotion.gates import Gate, Verdict


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_each_gate_writes_a_page_and_its_data(place: Place) -> None:
    aside = Gate("replay parity", "Alike?", {}, {"page": "no | page does"})
    record = place.promote(gate("first", text="as it | should"), aside).record
    assert record is not None
    folder = place.data / record.evidence
    text = (folder / "1-first.md").read_text()
    assert text.startswith("# 1. first: passed\n") and "Is it first?" in text and "in detail" in text
    assert json.loads((folder / "1-first.json").read_text())["data"] == {"n": 1}
    report = (folder / "report.md").read_text()
    assert "| 1 | [first](1-first.md) | passed | as it \\| should |" in report and "Every gate was passed." in report
    assert "| 2 | [replay parity](2-replay-parity.md) | does not apply |" in report
    assert [each.evidence for each in record.gates] == [f"{record.evidence}/1-first.md", f"{record.evidence}/2-replay-parity.md"]
    assert all((place.data / each.evidence).is_file() for each in record.gates)


def test_words_of_thin_evidence_are_kept(place: Place) -> None:
    assert place.promote(gate("first", text="thin evidence: 0 of 5")).record.is_thin
    assert not place.promote(work="far = 3").record.is_thin


def test_two_do_not_promote_the_same_at_once(place: Place) -> None:
    def meanwhile(_: object) -> Verdict:
        with pytest.raises(StoreError, match="page how_far is being promoted by another process"):
            place.promote()
        return Verdict(True, "")

    assert place.promote(Gate("first", "?", {"page": meanwhile})).record is not None


def test_what_somebody_who_died_left_is_taken_away_or_put_back(place: Place) -> None:
    record = place.promote().record
    assert record is not None
    home = place.data / "promotion" / "how_far"
    (home / ".part-x").mkdir()
    (home / record.short).rename(home / f".gone-{record.short}")
    (home / ".gone-tried").mkdir()
    place.promote(is_trial=True)
    there = sorted(path.name for path in home.iterdir())
    assert there == sorted([".lock", "log.jsonl", record.short, "tried"])


def test_what_happened_is_read_back_and_a_line_cut_off_is_passed_over(place: Place) -> None:
    assert evidence.notes(place.data, "page", "x") == []
    evidence.note(place.data, "page", "x", {"what": "promoted"})
    path = place.data / "promotion" / "x" / "log.jsonl"
    path.write_text(path.read_text() + '{"what": "dem')
    assert evidence.notes(place.data, "page", "x") == [{"what": "promoted"}]
