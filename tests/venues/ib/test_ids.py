"""Ids: never twice, whatever the gateway offers and whoever died."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.errors import StoreError
from workbench.venues.ib.ids import BLOCK, FIRST_REQUEST, LAST, NAME, Ids


def test_a_gateway_that_was_rolled_back_gets_no_id_twice(tmp_path: Path) -> None:
    ids = Ids(tmp_path / NAME)
    assert ids.hear(500)
    used = [ids.order() for _ in range(3)]
    assert not ids.hear(7)
    assert ids.order() not in used


def test_ids_go_on_behind_those_of_a_process_that_was_killed(tmp_path: Path) -> None:
    used = {Ids(tmp_path / NAME).order() for _ in range(5)}
    assert len(used) == 5


def test_an_id_that_the_broker_shows_is_never_given_again(tmp_path: Path) -> None:
    ids = Ids(tmp_path / NAME)
    ids.seen(90)
    assert ids.order() == 91


def test_a_damaged_file_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("12x")
    with pytest.raises(StoreError, match="by hand"):
        Ids(tmp_path / NAME)


def test_requests_and_orders_never_share_a_number(tmp_path: Path) -> None:
    ids = Ids(tmp_path / NAME)
    requests = {ids.request() for _ in range(3 * BLOCK)}
    assert len(requests) == 3 * BLOCK and min(requests) > FIRST_REQUEST > ids.order()
    ids._request = LAST - 1
    assert FIRST_REQUEST <= ids.request() <= LAST and FIRST_REQUEST <= ids.request() <= LAST


STEP = st.one_of(st.tuples(st.just("hear"), st.integers(1, 400)), st.sampled_from([("order", 0), ("restart", 0), ("seen", 300)]))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(STEP, max_size=60))
def test_no_history_of_restarts_and_offers_gives_an_id_twice(steps: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        _never_twice(Path(folder, NAME), steps)


def _never_twice(path: Path, steps: list[tuple[str, int]]) -> None:
    ids, given_out = Ids(path), set[int]()
    for what, n in steps:
        match what:
            case "hear":
                ids.hear(n)
            case "seen":
                ids.seen(n)
                given_out.add(n)
            case "restart":
                ids = Ids(path)
            case _:
                made = ids.order()
                assert made not in given_out
                given_out.add(made)
