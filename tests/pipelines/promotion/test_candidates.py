"""From what a person names to a page that can be judged; what cannot be meant is told, and nothing is lost."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.pipelines.paging import TITLE, page
from tests.pipelines.promotion.gated import Place
from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import read_settings
from workbench.pipelines.promotion.candidates import scheduled, source_of


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_it_is_called_after_the_file_or_as_one_says(place: Place) -> None:
    lab = place.write()
    assert source_of(str(lab), place.pages).name == "how_far"
    assert source_of(str(lab), place.pages, name="far").folder == place.home / "pipelines" / "far"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("nowhere.ipynb", "there is no notebook nowhere.ipynb"),
        ("nowhere", "there is no pipeline 'nowhere'"),
        ("made/pipeline.toml", "is no notebook: name a file that ends in .ipynb"),
    ],
)
def test_what_is_not_there_is_told(place: Place, monkeypatch: pytest.MonkeyPatch, word: str, said: str) -> None:
    place.write()
    monkeypatch.chdir(place.home)
    with pytest.raises(ConfigError, match=said):
        source_of(word, place.pages)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"cells": 3}', b'{"cells": [3]}', b"\xff\xfe", b'{"cells": [{"cell_type": "code"}]}']
)
def test_a_notebook_that_is_none_is_told(place: Place, content: bytes) -> None:
    lab = place.write()
    lab.write_bytes(content)
    with pytest.raises(ConfigError, match="is no notebook"):
        source_of(str(lab), place.pages)


def test_a_name_must_be_one(place: Place) -> None:
    lab = place.write()
    for name in ("How far", "../far", "a" * 41, "9", ".promotion"):
        with pytest.raises(ConfigError, match="is no name for a page"):
            source_of(str(lab), place.pages, name=name)


def test_a_shipped_page_keeps_its_name(place: Place) -> None:
    page(place.home / "shipped" / "how_far")
    with pytest.raises(ConfigError, match="how_far is the name of a shipped page: give yours another with --name"):
        source_of(str(place.write()), place.pages)
    shipped = source_of("how_far", place.pages, schedule="close")  # itself may be promoted: into the workspace
    assert shipped.folder == place.folder and tomllib.loads(shipped.files["pipeline.toml"].decode())["owner"] == "tests"


def test_a_page_that_nobody_promoted_or_that_was_edited_is_not_written_over(place: Place) -> None:
    page(place.folder)
    with pytest.raises(ConfigError, match="is a page that is not promoted, and would be lost"):
        source_of(str(place.write()), place.pages)
    assert place.promote(word="how_far").record is not None
    assert source_of(str(place.write()), place.pages).name == "how_far"  # a new version of what was promoted may come
    (place.folder / "notebook.ipynb").write_text("{}")
    with pytest.raises(ConfigError, match="what was edited would be lost"):
        source_of(str(place.write()), place.pages)


def test_a_schedule_that_cannot_be_meant_is_told(place: Place) -> None:
    for when in ("clsoe+30m", "18:00", "* * * * *", "tomorrow"):
        with pytest.raises(ConfigError, match="write it like close"):
            source_of(str(place.write()), place.pages, schedule=when)
    for when in ("close+30m", "Friday close+1h", "quarterly: last session close+2h", "every 5m"):
        assert source_of(str(place.write()), place.pages, schedule=when).schedule == when


def test_an_owner_is_asked_for(place: Place) -> None:
    lab = place.write(title="# How far?\n\nIn: a length.")
    with pytest.raises(ConfigError, match=r"who owns .*\? Write `Owner: name\.` into its title cell, or say --owner"):
        source_of(str(lab), place.pages)
    said = source_of(str(lab), place.pages, owner='an "odd" one', tables=["bars"]).files["pipeline.toml"].decode()
    assert tomllib.loads(said)["owner"] == 'an "odd" one' and tomllib.loads(said)["reads"]["tables"] == ["bars"]


def test_settings_that_are_made_can_be_read(place: Place) -> None:
    path = place.home / "pipeline.toml"
    title = TITLE.replace("How far", 'How "far"\\')
    path.write_bytes(source_of(str(place.write(title=title)), place.pages, schedule="open+5m every 5m until close").files["pipeline.toml"])
    assert read_settings(path).owner == "tests" and read_settings(path).schedule.at == "open+5m every 5m until close"


def test_of_the_parameters_the_session_names_the_results(place: Place) -> None:
    lab = place.write(parameters="n: int = 3\nsession: int = 20261119")
    assert tomllib.loads(source_of(str(lab), place.pages).files["pipeline.toml"].decode())["by"] == "session"
    lab = place.write(parameters="n = broken")
    assert "by" in source_of(str(lab), place.pages).files["pipeline.toml"].decode()  # the gate says what is wrong about them


@pytest.mark.parametrize(
    "text",
    [
        'by = "x"\n',
        'by = "x"\n[schedule]\nevery = "5m"\nretries = 1\n[budget]\nseconds = 3\n',
        '[schedule]\nat = "open"\n',
        "",
        "broken = ",
    ],
)
def test_only_the_schedule_is_written_anew(text: str) -> None:
    made = scheduled(text, "close+30m")
    if text != "broken = ":
        before, after = tomllib.loads(text), tomllib.loads(made)
        kept = {key: value for key, value in before.get("schedule", {}).items() if key not in ("at", "every")}
        assert after.pop("schedule") == {"at": "close+30m", **kept}
        assert after == {key: value for key, value in before.items() if key != "schedule"}
        assert scheduled(made, "close+30m") == made


def test_a_page_says_itself_when_it_runs(place: Place) -> None:
    page(place.folder)
    (place.folder / "pipeline.toml").write_text('owner = "a"\nby = "n"\n[schedule]\nat = "open"\nevery = "5m"\n')
    assert source_of("how_far", place.pages).schedule == "open every 5m"
    assert json.loads(source_of("how_far", place.pages).files["notebook.ipynb"])["nbformat"] == 4
