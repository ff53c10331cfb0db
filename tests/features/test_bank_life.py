"""A bank over time: history before the first record, a researcher's own features, snapshots at any bar."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.market import columns, contract, longer, nasty_bars, nasty_stretches, quiet_market, rich
from tests.features.stepping import BarsSeen, state, step_all, with_holes
from workbench.domain.bars import BROKEN
from workbench.domain.errors import DataError, InvariantError
from workbench.domain.units import BAR_NS, HOUR, MINUTE
from workbench.features import SHIPPED
from workbench.features.bank import FeatureBank
from workbench.features.conformance import sample_bars
from workbench.features.trend.averages import Macd, RelativeStrength

# ---------------------------------------------------------------- history


@pytest.mark.covers("S4-28")
def test_history_of_minutes_warms_minutes_as_the_minutes_themselves_would_have():
    bars = sample_bars(1_200)
    live = step_all(FeatureBank([contract()]), bars)[0][-1]
    bank = FeatureBank([contract()])
    minutes = longer(bars, MINUTE)
    for i in range(len(minutes)):
        bank.warm_up(0, minutes[i : i + 1], MINUTE)
    row = bank.row(0)
    assert row["rsi_14_1m"] is not None
    assert {n: v for n, v in row.items() if n.endswith(("_1m", "_5m"))} == {n: v for n, v in live.items() if n.endswith(("_1m", "_5m"))}
    assert all(value is None for name, value in row.items() if name.endswith("_5s"))


def test_history_moves_its_own_contract_only():
    bank = FeatureBank([contract(1), contract(2)])
    bank.warm_up(0, sample_bars(1), BAR_NS)
    assert any(value is not None for value in bank.row(0).values())
    assert all(value is None for value in bank.row(1).values())


def test_a_market_without_a_price_yet_leaves_what_history_said():
    bars = sample_bars(1_440)
    silent = bars[1_266:1_290].copy()  # the minute that history ends in goes on without a price, and so does the one after it
    for name in ("flags", "open", "high", "low", "close", "volume", "signed", "pv", "n_print", "max_sz", "has"):
        silent[name] = 0
    bank = FeatureBank([contract()])
    for i in range(1_266):
        bank.warm_up(0, bars[i : i + 1], BAR_NS)
    before = bank.row(0)["atr_14_1m"]
    [rows] = step_all(bank, np.concatenate([silent, bars[1_290:]]))
    seen = [row["atr_14_1m"] for row in rows if row["atr_14_1m"] is not None]
    assert before is not None and len(seen) > 10
    assert max(seen) < 2 * before


def test_history_that_overlaps_is_counted_once():
    bars = sample_bars(240)
    minutes, fives = longer(bars, MINUTE), longer(bars, 5 * MINUTE)
    bank = FeatureBank([contract()], own=[BarsSeen])
    for pieces, length_ns in ((fives, 5 * MINUTE), (minutes, MINUTE), (bars, BAR_NS), (minutes, MINUTE)):
        for i in range(len(pieces)):
            bank.warm_up(0, pieces[i : i + 1], length_ns)
    row = bank.row(0)
    assert [row[f"bars_seen_{name}"] for name in ("5s", "1m", "5m")] == [240, 20, 4]


def test_history_that_ends_within_a_window_is_continued_by_what_follows():
    bars = sample_bars(120)
    minutes = longer(bars[:48], MINUTE)  # four of five minutes
    bank = FeatureBank([contract()])
    for i in range(len(minutes)):
        bank.warm_up(0, minutes[i : i + 1], MINUTE)
    step_all(bank, bars[48:60])
    assert bank.arrays["closed"][0, 2].tolist() == longer(bars, 5 * MINUTE)[0].tolist()


def test_history_of_a_length_the_bank_has_not_counts_for_its_multiples():
    bank = FeatureBank([contract()], lengths_ns=(BAR_NS, HOUR))
    quarters = longer(sample_bars(720), 15 * MINUTE)
    for i in range(len(quarters)):
        bank.warm_up(0, quarters[i : i + 1], 15 * MINUTE)
    assert bank.arrays["closed"][0, 1].tolist() == longer(quarters, HOUR, 15 * MINUTE)[0].tolist()
    assert not bank.arrays["closed"][0, 1]["flags"] & BROKEN


def test_warm_up_is_declared_for_every_column():
    bank = FeatureBank([contract()])
    assert bank.warm_up_bars.keys() == bank.columns.keys()
    assert (bank.warm_up_bars["ret_1h_1m"], bank.warm_up_bars["ret_1h_5m"], bank.warm_up_bars["rsi_14_5s"]) == (61, 13, 15)


# ---------------------------------------------------------------- own features


def test_an_own_feature_is_fed_each_closed_bar_of_each_length_once():
    bank = FeatureBank([contract(1), contract(2)], own=[BarsSeen])
    one, two = step_all(bank, sample_bars(120), with_holes(sample_bars(120), {0, 1, 2}))
    assert [one[-1][f"bars_seen_{name}"] for name in ("5s", "1m", "5m")] == [120, 10, 2]
    assert [two[-1][f"bars_seen_{name}"] for name in ("5s", "1m", "5m")] == [117, 10, 2]
    assert bank.columns["bars_seen_5s"] == bank.n - 3


def test_an_own_feature_that_is_not_finite_stops_the_engine_with_its_name():
    class Broken(BarsSeen):
        @property
        def value(self) -> float | None:
            return float("nan") if self.ends else None

    bank = FeatureBank([contract()], own=[partial(Broken, "odd")])
    with pytest.raises(InvariantError, match="feature odd of ES1 is nan"):
        step_all(bank, sample_bars(2))


def test_a_face_with_other_parameters_joins_the_compiled_step():
    bank = FeatureBank([contract()], own=[partial(RelativeStrength, 5), partial(Macd, 3, 6, 2)])
    rows = step_all(bank, sample_bars(100))[0]
    face = RelativeStrength(5, contract=contract())
    for bar in sample_bars(100):
        face.update(rich(bar))
    assert rows[-1]["rsi_5_5s"] == face.value
    assert rows[-1]["macd_3_6_2_1m"] is not None
    assert bank.warm_up_bars["macd_3_6_2_1m"] == 7


# ---------------------------------------------------------------- snapshots


@settings(max_examples=12)
@given(nasty_stretches, st.floats(0, 1))
def test_a_bank_restored_at_any_bar_goes_on_as_if_nothing_had_happened(stretches, share):
    bars, lead = nasty_bars(stretches), nasty_bars([(kind, n, seed + 1) for kind, n, seed in stretches])
    cut = int(share * len(bars))

    def make() -> FeatureBank:
        return FeatureBank([contract(1), contract(2)], leaders={1: 2}, own=[BarsSeen])

    whole, first, second = make(), make(), make()
    rows = step_all(whole, bars, lead)
    step_all(first, bars[:cut], lead[:cut])
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    later = step_all(second, bars[cut:], lead[cut:])
    assert later == [rows[0][cut:], rows[1][cut:]]
    assert state(second) == state(whole)
    assert second.snapshot() == whole.snapshot()


def test_the_arrays_are_all_there_is_to_copy():
    bars = quiet_market(200, 3)
    one, two = FeatureBank([contract()]), FeatureBank([contract()])
    step_all(one, bars[:100])
    for name, array in two.arrays.items():
        array.reshape(-1).view("u1")[:] = one.arrays[name].reshape(-1).view("u1")
    assert step_all(two, bars[100:]) == step_all(one, bars[100:])


def test_a_snapshot_of_another_bank_is_refused():
    blob = FeatureBank([contract(1)]).snapshot()
    for other in (FeatureBank([contract(2)]), FeatureBank([contract(1)], lengths_ns=(BAR_NS,)), FeatureBank([contract(1)], own=[BarsSeen])):
        with pytest.raises(DataError, match="other contracts, lengths or features"):
            other.restore(blob)


def test_every_face_pickles_in_the_middle_of_its_life():
    bars = sample_bars(300)
    for shipped in SHIPPED:
        face = shipped.at(contract=contract())
        for bar in bars[:200]:
            face.update(rich(bar))
        copy = pickle.loads(pickle.dumps(face))
        for bar in bars[200:]:
            face.update(rich(bar))
            copy.update(rich(bar))
        assert copy.value == face.value


def test_columns_of_one_length_are_those_of_history():
    bars = quiet_market(300, 9)
    (rsi,) = columns(bars, "rsi_14_5s", length_ns=BAR_NS)
    rows = step_all(FeatureBank([contract()]), bars)[0]
    assert [None if np.isnan(value) else value for value in rsi] == [row["rsi_14_5s"] for row in rows]
