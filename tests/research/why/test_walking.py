"""The story of an order says what the frames say, names where everything is written, and hides no gap."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import msgspec
import polars as pl
import pytest

from tests.replay.world import SESSION
from tests.research.conftest import Traded
from workbench.research.sample import sample
from workbench.research.why import Story, why_order
from workbench.research.why.order import find_order
from workbench.store.folders import Folders
from workbench.store.manifest import read_manifest, write_manifest

GOLDEN = Path(__file__).with_name("golden.txt")
STEPS = [
    "order", "what came", "approved", "limits", "proposal", "strategy", "forecast", "recipe", "features", "bar", "records", "made with",
    "notebook",
]  # fmt: skip


@pytest.fixture(scope="module")
def learned(traded: Traded) -> Story:
    """The story of the first order that a recipe is behind."""
    first = traded.open().decisions.filter(pl.col("verdict") == "approved", pl.col("strategy") == "learned").row(0, named=True)
    ref = traded.open().orders.filter(pl.col("time") == first["time"], pl.col("strategy") == "learned")["ref"][0]
    return why_order(str(ref), traded.data, SESSION)


def test_every_step_is_there_and_it_reads_in_ten_to_twenty_lines(learned: Story) -> None:
    assert [step.what for step in learned.steps] == STEPS
    lines = str(learned).splitlines()
    assert 10 <= len(lines) <= 24 and max(map(len, lines[1:])) <= 140
    assert str(SESSION) in lines[0] and "journal.db" in lines[0]
    json.dumps(learned.as_dict(), default=str)


def test_it_says_what_the_frames_say(learned: Story, traded: Traded) -> None:
    day, order = traded.open(), learned.step("order").values
    decided = day.decisions.filter(pl.col("verdict") == "approved", pl.col("symbol") == order["symbol"], pl.col("qty") == order["qty"])
    assert (order["entry_pts"], order["stop_pts"], order["target_pts"]) in decided.select("entry_pts", "stop_pts", "target_pts").rows()
    bar = learned.step("bar").values
    row = day.bars(order["symbol"], "5s").filter(pl.col("seq") == order["cause"][0]).row(0, named=True)
    assert {name: bar[name] for name in ("open_pts", "close_pts", "volume", "seq")} == {
        name: row[name] for name in ("open_pts", "close_pts", "volume", "seq")
    }
    values = day.features.filter(pl.col("time") == row["time"], pl.col("symbol") == order["symbol"]).row(0, named=True)
    seen = learned.step("features").values
    assert seen == {name: values[name] for name in seen} and "ofi_5s" in seen and "atr_14_1m" in seen
    said = learned.step("forecast").values
    told = day.forecasts.filter(pl.col("symbol") == order["symbol"], pl.col("p_up") == said["p_up"])
    assert said["confidence"] in told["confidence"] and said["is_up"] in [*told["is_up"], None]


def test_the_records_are_those_of_the_bar_also_of_one_in_which_none_lies(traded: Traded) -> None:
    bars, n_empty = traded.open().bars(None, "5s"), 0
    for ref in ("1", "2", "3", "4"):
        story = why_order(ref, traded.data, SESSION)
        order, records = story.step("order").values, story.step("records").values
        row = bars.filter(pl.col("seq") == order["cause"][0], pl.col("symbol") == order["symbol"]).row(0, named=True)
        assert (records["quote"], records["print"]) == (row["n_quotes"], row["n_prints"]) and records["closed_by"] == row["seq"]
        n_empty += records["n"] == 0
        assert records["n"] or records["quoted_by"] < records["closed_by"]
    assert n_empty == 1


def test_it_names_file_and_line(learned: Story) -> None:
    root = Path(__file__).parents[3]
    for step, word in (("strategy", "def propose"), ("recipe", "Recipe(")):
        file, _, line = learned.step(step).values["where"].partition(":")
        assert word in (root / file).read_text().splitlines()[int(line) - 1]


def test_every_order_of_a_session_has_its_story_by_each_of_its_names(traded: Traded) -> None:
    refs = traded.open().orders.filter(pl.col("leg") == "entry", pl.col("command") == "submit")["ref"].to_list()
    assert len(refs) > 3
    for place, ref in enumerate(refs[:6], 1):
        story = find_order(str(ref), traded.data, SESSION)
        assert story.ref == ref == find_order(f"#{place}", traded.data).ref
        assert story.approved is not None and story.submit is not None and story.approved.key == story.submit.key
    filled = traded.open().fills.row(0, named=True)
    assert find_order(filled["exec_id"], traded.data).ref == filled["ref"]


def test_a_plain_rule_has_no_forecast_and_one_that_is_gone_is_said_to_be(traded: Traded, tmp_path: Path) -> None:
    ref = traded.open().orders.filter(pl.col("strategy") == "vwap_reversion")["ref"][0]
    told = why_order(str(ref), traded.data, SESSION)
    assert told.step("forecast").said == "none: a plain rule asks for none" and "recipe" not in [step.what for step in told.steps]
    data = Path(shutil.copytree(traded.data, tmp_path / "data"))
    folder = Folders(data).run(traded.done.run.run)
    card = read_manifest(folder)
    assert card is not None
    changed = {"code": "00", "settings": "11"}
    write_manifest(folder, msgspec.structs.replace(card, traders=(("learned", "gone"),), profile="gone", digests=changed))
    gone = why_order("1", data, SESSION)
    assert not gone.step("recipe").is_known and "there is no recipe 'gone'" in gone.step("recipe").said
    assert "ANOTHER ONE HERE" in gone.step("made with").said and "is not here" in gone.step("limits").said


def test_without_its_records_the_journal_still_speaks(traded: Traded, tmp_path: Path) -> None:
    data = Path(shutil.copytree(traded.data, tmp_path / "data"))
    for folder in (Folders(data).tail, Folders(data).recordings, Folders(data).cache):
        shutil.rmtree(folder, ignore_errors=True)
    story = why_order("1", data, SESSION)
    assert not story.step("bar").is_known and story.step("forecast").is_known and "made with" in str(story)


@pytest.mark.proof
def test_the_story_of_the_samples_seventh_order_is_the_one_that_is_kept() -> None:
    """To renew: write what is printed here into ``golden.txt``, once you have read it."""
    story = str(why_order("7", sample(), 20261119))
    seen = re.sub(r"· [^·]*/journal\.db", "· JOURNAL", story)
    seen = re.sub(r"(constitution|settings|code) [0-9a-f]{12}", r"\1 DIGEST", seen)
    assert seen == GOLDEN.read_text(encoding="utf-8").rstrip("\n"), seen
