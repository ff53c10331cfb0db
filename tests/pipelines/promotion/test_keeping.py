"""A promotion is a digest, and it changes whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pipelines.promotion.gated import Place, killed_at
from workbench.domain.errors import ConfigError
from workbench.pipelines.promotion import pages_of, promoted, recorded
from workbench.pipelines.promotion.of_pages import demote_page, roll_back_page

MOST_CHANGES = 200


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    assert made.promote().record is not None
    return made


def test_what_was_promoted_is_promoted_as_long_as_nobody_edits_it(place: Place) -> None:
    record = promoted(place.folder)
    assert record is not None and (record.kind, record.name, record.schedule) == ("page", "how_far", "close+30m")
    assert record.owner == "tests" and len(record.digest) == 64 and [gate.name for gate in record.gates] == ["first", "second"]
    assert pages_of(place.pages) == [place.folder]


@pytest.mark.parametrize("name", ["notebook.ipynb", "pipeline.toml"])
def test_an_edited_page_is_not_promoted_and_the_file_is_named(place: Place, name: str) -> None:
    path = place.folder / name
    path.write_text(path.read_text() + "\n")
    with pytest.raises(ConfigError, match=rf"{name} was edited since it was promoted on 2\d\d\d-.* UTC: it does not run on schedule"):
        promoted(place.folder)
    assert recorded(place.folder) is not None and pages_of(place.pages) == [place.folder]


def test_a_page_that_nobody_promoted_or_that_is_not_there_is_not_promoted(place: Place) -> None:
    place.promote(is_trial=True)
    shutil.copytree(place.folder, other := place.folder.parent / "other")
    assert promoted(other) is None  # a copied record is another page's
    assert promoted(place.home / "nowhere") is None and pages_of([place.home / "nowhere"]) == []


def test_a_record_that_cannot_be_read_says_so(place: Place) -> None:
    for content, said in ((b"{", "is no record of a promotion"), (b'{"kind": "page"}', "is no record")):
        (place.folder / "promoted.json").write_bytes(content)
        with pytest.raises(ConfigError, match=f"{said}.*promote it again"):
            promoted(place.folder)


def test_whatever_else_lies_in_the_folder_stays(place: Place) -> None:
    (place.folder / "README.md").write_text("mine")
    record = place.promote(work="far = 3").record
    assert record is not None and promoted(place.folder) == record and (place.folder / "README.md").read_text() == "mine"


def test_whoever_dies_between_the_two_renames_left_the_page_aside_and_the_next_puts_it_back(place: Place) -> None:
    aside = place.folder.parent / ".promotion" / "before" / "how_far"
    aside.parent.mkdir(parents=True, exist_ok=True)
    place.folder.rename(aside)
    assert promoted(place.folder) is not None and not aside.exists()
    place.folder.rename(aside)
    assert pages_of(place.pages) == [place.folder]


def changes(place: Place) -> dict[str, object]:
    return {
        "promote": lambda: place.promote(work="far = 3"),
        "promote it first": lambda: place.promote(work="far = 3"),
        "demote": lambda: demote_page(place.folder, place.data),
        "take back": lambda: roll_back_page(place.folder, place.data),
    }


def killed(before: Path, tmp_path: Path, what: str, n: int) -> bool:
    """Kill a change before its n-th step; what is there afterwards must be the state before or the state after, and it must go on."""
    home = Path(shutil.copytree(before, tmp_path / f"{what}-{n}"))
    place = Place(home)
    old = promoted(place.folder)
    was_killed = killed_at(n, changes(place)[what])
    now = promoted(place.folder)  # never edited, never half
    assert now is None or set(now.files) == {"notebook.ipynb", "pipeline.toml"}
    assert now == old or now is None or what != "demote"
    assert now is not None or what in ("demote", "promote it first"), f"{what} lost the page at step {n}"
    again = place.promote(word="how_far") if what == "demote" else place.promote(work="far = 4")
    assert again.record is not None and promoted(place.folder) == again.record
    shutil.rmtree(home)
    return was_killed


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A workspace without a page, one with a page, and one with a page that took the place of another."""
    made = {}
    for what, n in (("promote it first", 0), ("promote", 1), ("demote", 1), ("take back", 2)):
        home = tmp_path_factory.mktemp(what.replace(" ", "_"))
        for each in range(n):
            Place(home).promote(work=f"far = {each}")
        Place(home).write()
        made[what] = home
    return made


@pytest.mark.parametrize("what", ["promote it first", "promote", "demote", "take back"])
def test_a_kill_at_some_steps_leaves_the_state_before_or_after(states: dict[str, Path], tmp_path: Path, what: str) -> None:
    for n in range(1, 80, 13):
        killed(states[what], tmp_path, what, n)


@pytest.mark.proof
@pytest.mark.parametrize("what", ["promote it first", "promote", "demote", "take back"])
def test_a_kill_at_any_step_leaves_the_state_before_or_after(states: dict[str, Path], tmp_path: Path, what: str) -> None:
    n = 1
    while killed(states[what], tmp_path, what, n):
        n += 1
        assert n < MOST_CHANGES
    assert n > {"demote": 3}.get(what, 10)
