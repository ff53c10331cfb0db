"""A thing is promoted as its source is: tied to the notebook that made it, and to nothing that came later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.promotion.gated import OPEN, gate
from workbench import mine
from workbench.domain.errors import ConfigError
from workbench.pipelines.promotion.of_pages import Outcome
from workbench.pipelines.promotion.of_things import (
    Wanted,
    demote_thing,
    files_of,
    promote_thing,
    promoted_thing,
    reasons_to_take_back,
    records,
    roll_back_thing,
)
from workbench.workspace import make_thing, make_workspace, things_of


class Shop:
    """A workspace with a feature, a strategy and the notebook that made both."""

    def __init__(self, home: Path) -> None:
        self.home, self.data = home, home / "data"
        make_workspace(home)
        for kind, name in (("feature", "gap"), ("strategy", "first")):
            make_thing(kind, name, home, things_of(home))
        self.lab = home / "lab.ipynb"
        cell = {"cell_type": "code", "source": ["from workbench.mine.features.gap import Gap\n", "first = 1"]}
        self.lab.write_text(json.dumps({"cells": [cell], "nbformat": 4}))

    def promote(self, kind: str = "feature", name: str = "gap", *, has_notebook: bool = True, refuse: bool = False) -> Outcome:
        wanted = Wanted(kind, name, self.lab if has_notebook else None, self.home, things_of(self.home), "ann")
        return promote_thing(wanted, self.data, [*OPEN, gate("third", passed=not refuse)])

    def edit(self, name: str, text: str = "# edited\n") -> None:
        path = self.home / name
        path.write_text(path.read_text() + text)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    yield Shop(tmp_path / "trading")
    mine.look_in(None)


def state(shop: Shop, kind: str = "feature", name: str = "gap") -> object:
    return promoted_thing(shop.home, kind, name, things_of(shop.home))


def test_the_record_ties_source_and_notebook(shop: Shop) -> None:
    record = shop.promote().record
    assert record is not None and state(shop) == record and records(shop.home) == [record]
    assert list(record.files) == ["features/gap.py"] and record.notebook == "lab.ipynb" and len(record.notebook_digest) == 64
    assert (shop.data / record.evidence / "files" / "notebook.ipynb").read_bytes() == shop.lab.read_bytes()
    assert (shop.data / record.evidence / "files" / "features" / "gap.py").is_file() and record.owner == "ann"


def test_edited_source_is_promoted_no_more_and_the_notebook_may_go_on(shop: Shop) -> None:
    shop.promote()
    shop.lab.write_text("{}")
    assert state(shop) is not None
    shop.edit("features/gap.py")
    with pytest.raises(ConfigError, match=r"feature gap was edited since it was promoted on .*: features/gap\.py"):
        state(shop)
    (shop.home / "features" / "gap.py").unlink()
    with pytest.raises(ConfigError, match="there is no feature 'gap'"):
        state(shop)


def test_a_strategy_hangs_on_the_features_of_ones_own_that_it_reads(shop: Shop) -> None:
    path = shop.home / "strategies" / "first.py"
    path.write_text(path.read_text().replace('("rsi_14_1m", "atr_14_1m")', '("rsi_14_1m", "atr_14_1m", "gap_1m")'))
    assert shop.promote("strategy", "first").record is not None
    assert sorted(files_of("strategy", "first", things_of(shop.home))) == ["features/gap.py", "strategies/first.py"]
    shop.edit("features/gap.py")
    with pytest.raises(ConfigError, match=r"strategy first was edited .* features/gap\.py"):
        state(shop, "strategy", "first")


def test_a_notebook_is_asked_for_once(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="which notebook made feature gap"):
        shop.promote(has_notebook=False)
    shop.promote()
    shop.edit("features/gap.py")
    record = shop.promote(has_notebook=False).record
    assert record is not None and record.notebook == "lab.ipynb"
    shop.lab.unlink()
    with pytest.raises(ConfigError, match=r"there is no notebook .*lab\.ipynb"):
        shop.promote(has_notebook=False)


def test_a_refusal_leaves_what_was_promoted(shop: Shop) -> None:
    first = shop.promote().record
    shop.edit("features/gap.py")
    done = shop.promote(refuse=True)
    assert done.record is None and done.report.parent.name == "tried" and records(shop.home) == [first]


@pytest.mark.covers("S3-26")
def test_it_is_taken_back_to_the_source_before(shop: Shop) -> None:
    path = shop.home / "features" / "gap.py"
    one, text = shop.promote().record, path.read_text()
    shop.edit("features/gap.py")
    two = shop.promote().record
    assert one is not None and two is not None
    back = roll_back_thing(shop.home, "feature", "gap", shop.data, "worse")
    assert back.now.digest == one.digest and path.read_text() == text and "worse" in back.now.note
    assert state(shop) == back.now
    with pytest.raises(ConfigError, match="nothing was promoted before it"):
        roll_back_thing(shop.home, "feature", "gap", shop.data)
    shop.edit("features/gap.py", "# a whim\n")
    assert roll_back_thing(shop.home, "feature", "gap", shop.data).was_edited and path.read_text() == text
    assert (shop.data / "promotion" / "feature-gap" / "edited" / "features" / "gap.py").read_text().endswith("# a whim\n")


def test_what_is_shipped_hangs_on_the_package_and_needs_no_notebook(shop: Shop) -> None:
    record = shop.promote("strategy", "learned:flow_1m", has_notebook=False).record
    assert record is not None and list(record.files) == ["workbench"] and record.notebook == ""
    assert state(shop, "strategy", "learned:flow_1m") == record
    assert record.evidence.startswith("promotion/strategy-learned+flow_1m/")
    with pytest.raises(ConfigError, match="comes with a package"):
        roll_back_thing(shop.home, "strategy", "learned:flow_1m", shop.data)
    with pytest.raises(ConfigError, match="say learned:RECIPE, with one of flow_1m"):
        shop.promote("strategy", "learned")


def test_demoted_it_is_promoted_no_more(shop: Shop) -> None:
    shop.promote()
    demote_thing(shop.home, "feature", "gap", shop.data, "a coin")
    assert state(shop) is None and not records(shop.home) and (shop.home / "features" / "gap.py").is_file()
    with pytest.raises(ConfigError, match="feature gap is not promoted"):
        demote_thing(shop.home, "feature", "gap", shop.data)


def test_what_shows_nothing_new_is_not_to_be_taken_back(shop: Shop) -> None:
    record = shop.promote("strategy", "first").record
    assert record is not None and reasons_to_take_back(record, shop.data) == []
