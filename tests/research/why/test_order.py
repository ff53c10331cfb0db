"""An order is found by each of its names; whatever is none is refused in a sentence that says what there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.world import SESSION
from tests.research.conftest import Traded
from tests.runtime.folders import BARS_SESSION
from workbench.domain.errors import ConfigError, DataError, WorkbenchError
from workbench.domain.orders import Leg
from workbench.research.why.order import find_order
from workbench.venues.ib.book import write_ref


def test_the_reference_at_the_broker_leads_to_its_own_run_alone(traded: Traded) -> None:
    run = traded.done.run.run
    assert find_order(write_ref(run, 2, Leg.STOP), traded.data).ref == 2
    with pytest.raises(DataError, match="has no order"):
        find_order(write_ref("another", 2, Leg.STOP), traded.data)


@pytest.mark.parametrize("word", ["", " ", "#", "#x", "WB:", "WB:a:b:c", "a\nb", "x" * 200, "\x00"])
def test_a_word_that_names_nothing_is_refused(traded: Traded, word: str) -> None:
    with pytest.raises(ConfigError, match="names no order: an order is named by its number"):
        find_order(word, traded.data)


@pytest.mark.parametrize("word", ["0", "999999", "#0", "#999", "00012fe.6a", "-1", "7.5"])
def test_one_that_is_not_there_is_told_with_those_that_are(traded: Traded, word: str) -> None:
    with pytest.raises(DataError, match=f"session {SESSION} has 1, 2, 3"):
        find_order(word, traded.data, SESSION)


def test_where_nobody_traded_that_is_said(barred: Path, tmp_path: Path) -> None:
    for data, session in ((barred, BARS_SESSION), (barred, None), (tmp_path, None)):
        with pytest.raises(DataError, match="has no order: nobody traded"):
            find_order("1", data, session)


@given(st.text(max_size=30))
@settings(max_examples=8)
def test_no_word_ends_in_anything_but_an_order_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, word: str) -> None:
    with pytest.raises(WorkbenchError):
        find_order(word, tmp_path_factory.getbasetemp() / "nothing")
