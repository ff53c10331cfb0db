"""What is run on markets that agree up to a moment must say the same until then, to the last bit."""

from __future__ import annotations

import polars as pl
import pytest

from tests.replay.test_real_parity import CASES, take_in
from workbench.domain.units import HOUR
from workbench.features import SHIPPED
from workbench.learning.models import RECIPES
from workbench.research.leakage import look_for_leaks, world
from workbench.research.leakage.dynamic import examine, of_features, of_frames
from workbench.research.leakage.worlds import World, delayed
from workbench.strategies import CATALOGUE
from workbench.workspace import loading
from workbench.workspace.things import Kind, Things

COLUMNS = [f"{face.name}_{length}" for face in SHIPPED for length in ("5s", "1m") if length == "1m" or face.shortest_ns == 5_000_000_000]


def test_a_cut_market_is_the_market_until_then():
    whole = world()
    (at_ns,) = whole.cuts(1)
    ended, other = whole.ended(at_ns), whole.scrambled(at_ns, 3)
    n = len(ended.records)
    assert 0 < n < len(other.records) < len(whole.records)
    assert (other.records[:n] == whole.records[:n]).all() and (ended.records == whole.records[:n]).all()
    assert (other.records["recv_ns"][n:] > at_ns).all() and (other.records["px"][n:].max() != whole.records["px"][n:].max())


def test_some_arrivals_are_late():
    quotes = world().frames["leader_quotes"]
    late = quotes.filter(pl.col("time") - pl.col("event_time") > pl.duration(seconds=5))
    assert len(late) > 20 and quotes["time"].is_sorted() and not quotes["event_time"].is_sorted()


def test_no_shipped_feature_knows_the_future():
    assert examine(of_features((), COLUMNS), "all") == []


def test_a_function_that_raises_is_a_finding():
    def broken(bars: pl.DataFrame) -> pl.Series:
        return bars["no_such_column"]

    (found,) = examine(of_frames(broken), "broken")
    assert found.kind == "unknown" and "no_such_column" in found.text


def test_what_does_not_come_back_is_a_finding(monkeypatch):
    def endless(bars: pl.DataFrame) -> pl.Series:
        while True:
            pass

    monkeypatch.setattr(loading, "PATIENCE_S", 0.2)
    (found,) = examine(of_frames(endless), "endless")
    assert found.kind == "unknown" and "did not come back" in found.text


def test_what_says_nothing_is_not_called_clean():
    def silent(bars: pl.DataFrame) -> pl.Series:
        return bars["close_pts"] * float("nan")

    (found,) = examine(of_frames(silent), "silent")
    assert found.kind == "unknown" and "says nothing" in found.text


@pytest.mark.proof
def test_nothing_shipped_knows_the_future_on_generated_sessions():
    worlds = [world(seed) for seed in (2, 3)]
    assert examine(of_features((), COLUMNS), "all", worlds=worlds, n_cuts=6) == []
    things = Things()
    for name in CATALOGUE:
        assert look_for_leaks(things.find(Kind.STRATEGY, name), things=things, worlds=worlds[:1]) == []
    for name in RECIPES:
        assert look_for_leaks(things.find(Kind.RECIPE, name), things=things, worlds=worlds[:1], n_cuts=1) == []


@pytest.mark.proof
@pytest.mark.parametrize("name", CASES)
def test_nothing_shipped_knows_the_future_on_a_recording(name, tmp_path):
    tape = take_in(tmp_path, name)
    taped = World(tape.contracts, delayed(tape.records, 1))
    if name == "bars of a day":
        taped = taped.ended(int(taped.records["recv_ns"][0]) + 3 * HOUR)
    assert examine(of_features((), COLUMNS), name, worlds=[taped], n_cuts=3) == []
