"""What stands in ``pipeline.toml`` is typed; a refusal names the key, what is there and what may be. Old files stay valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import TABLES, Budget, PipelineSettings, Reads, Schedule, Writes, read_settings

SHIPPED = Path(__file__).parents[3] / "pipelines"
LEAST = 'owner = "tests"\nby = "name"\n'
WHOLE = """owner = "research"
by = "session"
cell_s = 120
effects = "artefact"
[reads]
tables = ["recordings", "journal"]
as_of = "close"
files = ["data/x.csv"]
[writes]
files = ["table.csv"]
[budget]
seconds = 60
memory_mb = 1024
disk_mb = 64
[schedule]
at = "close+30m"
every = ""
retries = 1
missed = "latest"
after = ["data_quality"]
tell = ["log", "desktop"]
"""


def settings(folder: Path, text: str) -> PipelineSettings:
    (folder / "pipeline.toml").write_text(text, encoding="utf-8")
    return read_settings(folder / "pipeline.toml")


def test_two_keys_are_enough_and_the_rest_is_narrow(tmp_path: Path) -> None:
    of = settings(tmp_path, LEAST)
    assert (of.owner, of.by, of.cell_s, of.effects) == ("tests", "name", 300, "none")
    assert of.reads == Reads(tables=(), as_of="close", files=()) and of.writes == Writes() and of.budget == Budget(seconds=900)
    assert of.schedule == Schedule(at="", every="", retries=2, missed="run", after=(), tell=())


def test_everything_can_be_said(tmp_path: Path) -> None:
    of = settings(tmp_path, WHOLE)
    assert of.reads.tables == ("recordings", "journal") and of.reads.files == ("data/x.csv",) and of.writes.files == ("table.csv",)
    assert of.budget == Budget(seconds=60, memory_mb=1024, disk_mb=64) and of.effects == "artefact"
    assert of.schedule == Schedule(at="close+30m", retries=1, missed="latest", after=("data_quality",), tell=("log", "desktop"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('owner = "a"', "by is missing; it must be text: the parameter after whose value the folder of results is called"),
        (LEAST + "cell_s = 1.5", "cell_s = 1.5 must be whole seconds that a cell may take, 1 to 86400"),
        (LEAST + "cell_s = true", "cell_s = True must be whole seconds"),
        (LEAST + "cell_s = 0", "cell_s = 0 must be whole seconds"),
        (LEAST + "cells = 1", "there is no key cells; did you mean cell_s?"),
        (LEAST + 'effects = "trade"', "effects = 'trade' must be none (the page alone), artefact"),
        (LEAST + "reads = 3", "reads = 3 must be a section: [reads]"),
        (LEAST + '[reads]\ntables = "bars"', "reads.tables = 'bars' must be a list out of recordings, journal, bars"),
        (LEAST + '[reads]\ntables = ["bar"]', "reads.tables = ['bar'] must be a list out of"),
        (LEAST + '[reads]\nas_of = "tomorrow"', "reads.as_of = 'tomorrow' must be close"),
        (LEAST + '[reads]\nfiles = ["/etc/passwd"]', "reads.files = ['/etc/passwd'] must be a list of paths below the workspace"),
        (LEAST + '[reads]\nfiles = ["a/../../b"]', "without .. in them"),
        (LEAST + '[writes]\nfiles = ["../b.csv"]', "writes.files = ['../b.csv'] must be a list of paths below data/pages/<name>/"),
        (LEAST + "[budget]\nsecond = 4", "there is no key budget.second; did you mean seconds?"),
        (LEAST + '[budget]\nmemory_mb = "4 GB"', "budget.memory_mb = '4 GB' must be whole megabytes of memory, 64 to 1048576"),
        (LEAST + '[schedule]\nmissed = "never"', "schedule.missed = 'never' must be run, skip or latest"),
        (LEAST + "[schedule]\nretries = 99", "schedule.retries = 99 must be how often a failed run is tried again, 0 to 10"),
        (LEAST + '[schedule]\nafter = ["a b"]', "schedule.after = ['a b'] must be a list of names of pages"),
        ("owner = ", "cannot be read"),
        ("owner = 3", "owner = 3 must be text: who answers for the page"),
    ],
)
def test_a_refusal_names_the_key_what_is_there_and_what_may_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, text)
    assert said in str(error.value) and "pipeline.toml" in str(error.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, "by = 3\nbuget = 1\n[schedule]\nretries = -1")
    assert str(error.value).count("\n") == 3


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "pipeline.toml", tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_settings(path)


def test_every_shipped_page_says_what_it_reads_and_what_it_writes() -> None:
    for path in SHIPPED.glob("*/pipeline.toml"):
        of = read_settings(path)
        assert of.reads.tables and set(of.reads.tables) <= TABLES.keys(), path
        assert of.effects == ("artefact" if of.writes.files else "none"), path


def test_what_the_guide_shows_can_be_said(tmp_path: Path) -> None:
    text = (SHIPPED.parent / "docs" / "your-page.md").read_text(encoding="utf-8")
    of = settings(tmp_path, text.split("```toml")[1].split("```")[0])
    assert of.reads.connections and of.reads.programs and of.schedule.after == ("data_quality",)
