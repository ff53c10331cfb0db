"""The bank: every contract, every length, one compiled call; held against one-feature faces and against sums in Python integers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.market import contract, longer, nasty_bars, nasty_stretches, quiet_market, rich
from tests.features.stepping import BarsSeen, step_all, with_holes
from workbench.domain.bars import BROKEN, RICH, Bars
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import BAR_NS, MINUTE
from workbench.features import SHIPPED, catalogue, stays_none
from workbench.features.bank import LENGTHS_NS, FeatureBank
from workbench.features.base import CrossMarket
from workbench.features.conformance import sample_bars
from workbench.features.layout import lay_out, length_name
from workbench.features.steps import Steps
from workbench.features.trend.averages import RelativeStrength

# ---------------------------------------------------------------- shape


def test_a_column_has_the_same_number_for_every_contract_and_none_is_left_over():
    bank = FeatureBank([contract(7), contract(3)])
    assert sorted(bank.columns.values()) == list(range(bank.n))
    assert len(bank.values) == len(bank.warm) == 2 * bank.n
    assert [c.id for c in bank.contracts] == [3, 7]
    assert {"rsi_14_1m", "ofi_5s", "ret_1h_5m"} <= bank.columns.keys()
    assert "ret_1h_5s" not in bank.columns


def test_values_and_marks_are_read_only():
    bank = FeatureBank([contract()])
    assert (bank.values.format, bank.warm.format) == ("d", "B")
    for memory in (bank.values, bank.warm):
        with pytest.raises(TypeError, match="read-only"):
            memory[0] = 1


def test_the_catalogue_has_at_least_24_features_in_five_families_under_names_of_their_own():
    entries = catalogue()
    assert len({entry.name for entry in entries}) == len(entries) >= 24
    assert [*dict.fromkeys(entry.family for entry in entries)] == ["trend", "volatility", "volume", "microstructure", "cross_market"]
    assert all(entry.doc and entry.unit and entry.needs for entry in entries)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"lengths_ns": (MINUTE, BAR_NS)}, "rise"),
        ({"lengths_ns": (7,)}, "multiples of 5s"),
        ({"lengths_ns": ()}, "rise"),
        ({"leaders": {1: 9}}, "must be in the bank"),
        ({"leaders": {1: 1}}, "be two"),
        ({"own": [RelativeStrength]}, "two features are called rsi_14_5s"),
        ({"own": [BarsSeen, BarsSeen]}, "called alike"),
        ({"own": [partial(BarsSeen, "ofi")]}, "called alike"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(wrong, says):
    with pytest.raises(ConfigError, match=says):
        FeatureBank([contract()], **wrong)


def test_bars_in_another_form_are_refused():
    bank = FeatureBank([contract(1), contract(2)])
    for wrong in (np.zeros(1, RICH), np.zeros((2, 1), RICH), np.zeros(4, RICH)[::2], np.zeros(2)):
        with pytest.raises(DataError, match="in one piece"):
            bank.bind(wrong)
    with pytest.raises(DataError, match="history is one rich bar"):
        bank.warm_up(0, np.zeros(2, RICH), BAR_NS)
    with pytest.raises(DataError, match="multiple"):
        bank.warm_up(0, np.zeros(1, RICH), BAR_NS + 1)


# ---------------------------------------------------------------- longer bars, and the faces


@pytest.mark.covers("S4-14")
@settings(max_examples=25)
@given(nasty_stretches, st.sets(st.integers(0, 200), max_size=30), st.sampled_from([1, 7, 12]))
def test_longer_bars_are_the_sums_of_python_integers(stretches, holes, offset):
    bars = nasty_bars(stretches)
    bars["t_end"] += offset * BAR_NS
    bars = with_holes(bars, holes)
    minute: list[np.void] = []
    bank = FeatureBank([contract()], lengths_ns=(BAR_NS, MINUTE))
    live = np.zeros(1, RICH)
    bank.bind(live)
    for bar in bars:
        live[0] = bar
        bank.step()
        if bar["t_end"] and bar["t_end"] % MINUTE == 0:
            minute.append(bank.arrays["closed"][0, 1].copy())
    got = np.array(minute, RICH) if minute else np.zeros(0, RICH)
    want = longer(bars[bars["t_end"] > 0], MINUTE)
    assert got.tolist() == want.tolist()


def test_a_longer_bar_that_lacks_a_piece_or_follows_one_that_was_never_finished_is_broken():
    def minutes(bars: Bars) -> list[int]:
        bank = FeatureBank([contract()], lengths_ns=(BAR_NS, MINUTE))
        flags = []
        live = np.zeros(1, RICH)
        bank.bind(live)
        for bar in bars:
            live[0] = bar
            bank.step()
            if bar["t_end"] and bar["t_end"] % MINUTE == 0:
                flags.append(int(bank.arrays["closed"][0, 1]["flags"]) & BROKEN)
        return flags

    assert minutes(sample_bars(36)) == [0, 0, 0]
    assert minutes(with_holes(sample_bars(36), {14})) == [0, BROKEN, 0]  # a piece is missing
    assert minutes(with_holes(sample_bars(36), {23})) == [0, BROKEN]  # the second minute never ends, the third one follows it
    assert minutes(sample_bars(36)[5:]) == [BROKEN, 0, 0]  # begun in the middle


@pytest.mark.covers("S4-14")
@settings(max_examples=8)
@given(nasty_stretches, st.sampled_from(["0.25", "1", "0.0001", "3"]))
def test_the_bank_says_what_each_face_says_alone_to_the_last_bit(stretches, quantum):
    bars, lead = nasty_bars(stretches), nasty_bars([(kind, n, seed + 1) for kind, n, seed in stretches])
    one, other = contract(1, quantum, "0.1"), contract(2)
    rows, _ = step_all(FeatureBank([one, other], leaders={1: 2}), bars, lead)
    for length_ns in LENGTHS_NS:
        own, leads = longer(bars, length_ns), longer(lead, length_ns)
        for shipped in SHIPPED:
            if not shipped.runs_at(length_ns):
                continue
            face = shipped.at(contract=one, leader=other, length_ns=length_ns)
            name = f"{face.name}_{length_name(length_ns)}"
            for bar, of_lead in zip(own, leads, strict=True):
                if isinstance(face, CrossMarket):
                    face.update(rich(bar), rich(of_lead))
                else:
                    face.update(rich(bar))
                barrier = int(bar["t_end"]) // BAR_NS - 1
                assert rows[barrier][name] == face.value, (name, barrier)


def test_features_of_longer_bars_stay_readable_until_the_next_one_closes():
    (rows,) = step_all(FeatureBank([contract()]), sample_bars(60))
    range_1m = [row["range_1m"] for row in rows]
    assert range_1m[:11] == [None] * 11
    for start in range(11, 59, 12):
        assert len(set(range_1m[start : start + 12])) == 1
    assert len(set(range_1m[11::12])) > 1


def test_a_closed_contract_loses_its_marks_and_keeps_its_state():
    bars = sample_bars(80)
    rows = step_all(FeatureBank([contract()]), with_holes(bars, {30, 31, 32}))[0]
    without = bars[[i for i in range(80) if i not in (30, 31, 32)]]
    stitched = step_all(FeatureBank([contract()]), without)[0]
    assert all(value is None for i in (30, 31, 32) for value in rows[i].values())
    names = [name for name in rows[0] if name.endswith("_5s")]
    assert [[row[name] for name in names] for row in rows[33:]] == [[row[name] for name in names] for row in stitched[30:]]
    assert rows[33]["range_1m"] is None, "no minute has closed since"
    assert rows[35]["range_1m"] is not None


def test_a_contract_is_not_moved_by_others_nor_a_length_by_other_lengths():
    streams = [quiet_market(150, seed) for seed in (1, 2, 3)]
    all_of_them = step_all(FeatureBank([contract(i) for i in (1, 2, 3)]), *streams)
    alone = step_all(FeatureBank([contract(2)], lengths_ns=(MINUTE,)), streams[1])[0]
    for together, row in zip(all_of_them[1], alone, strict=True):
        assert {name: together[name] for name in row} == row


def test_no_step_writes_outside_its_own_numbers():
    bars, lead = quiet_market(150, 1), quiet_market(150, 2)
    for face in SHIPPED:
        program = lay_out([MINUTE], [[face.at(length_ns=MINUTE).spec()]])
        wider = replace(program, n_floats=program.n_floats + 3, n_ints=program.n_ints + 3)
        steps = Steps(wider, [contract(1), contract(2)], (1, -1), (None, None), n_more=2)
        for array in (steps.floats, steps.ints, steps.values, steps.warm):
            array[:, -2:] = 77
        for i in range(150):
            steps.history(1, lead[i : i + 1], BAR_NS)
            steps.history(0, bars[i : i + 1], BAR_NS)
        for array in (steps.floats, steps.ints, steps.values, steps.warm):
            assert (array[:, -2:] == 77).all(), face


# ---------------------------------------------------------------- who leads whom


def test_cross_market_features_see_the_leader_of_the_same_barrier_whatever_its_slot():
    slow, fast = quiet_market(90, 1), quiet_market(90, 2)
    behind = step_all(FeatureBank([contract(1), contract(2)], leaders={1: 2}), slow, fast)[0]
    ahead = step_all(FeatureBank([contract(1), contract(2)], leaders={2: 1}), fast, slow)[1]
    assert behind == ahead
    want = fast["close"][1:] / fast["close"][:-1] - 1
    np.testing.assert_allclose([row["leader_ret_5s"] for row in behind[1:]], want, atol=1e-15)


def test_without_a_leader_or_its_bar_there_is_no_comparison():
    bars, lead = sample_bars(40), with_holes(sample_bars(40, seed=2), {20})
    rows, leads = step_all(FeatureBank([contract(1), contract(2)], leaders={1: 2}), bars, lead)
    present = [row["relative_ret_5s"] is not None for row in rows]
    assert [i for i, there in enumerate(present) if not there] == [0, 20, 21]
    assert all(row["leader_ret_5s"] is None for row in leads)


def test_correlation_and_beta_find_a_known_relation():
    rng = np.random.default_rng(5)
    move = rng.integers(-20, 21, 2_000)
    lead, bars = sample_bars(2_000), sample_bars(2_000)
    lead["close"] = 2_000_000 + np.cumsum(move)
    bars["close"] = 2_000_000 + np.cumsum(2 * move)
    last = step_all(FeatureBank([contract(1), contract(2)], lengths_ns=(BAR_NS,), leaders={1: 2}), bars, lead)[0][-1]
    assert last["leader_corr_60_5s"] == pytest.approx(1, abs=1e-3)
    assert last["leader_beta_60_5s"] == pytest.approx(2, rel=0.05)


# ---------------------------------------------------------------- what the data has


def test_data_of_bars_only_leaves_the_rest_none_and_the_catalogue_knows_which():
    bank = FeatureBank([contract(1), contract(2)], kinds={1: {"bars"}}, leaders={1: 2, 2: 1}, own=[NeedsQuotes])
    of_bars, of_all = step_all(bank, sample_bars(), sample_bars(seed=2))
    silent = {f"{name}_5s" for name in stays_none({"bars"})}
    assert {"ofi_5s", "signed_volume_ratio_5s", "depth_imb_5s"} <= silent
    assert all(of_bars[-1][name] is None and of_all[-1][name] is not None for name in silent)
    assert all(value is not None for name, value in of_bars[-1].items() if name.endswith("_5s") and name not in silent | {"quoted_5s"})
    assert (of_bars[-1]["quoted_5s"], of_all[-1]["quoted_5s"]) == (None, 1.0)


def test_prints_are_as_good_as_bars():
    assert not {"rsi_14", "signed_volume_ratio"} & set(stays_none({"prints"}))


class NeedsQuotes(BarsSeen):
    needs = ("quotes",)

    def __init__(self) -> None:
        super().__init__("quoted")

    @property
    def value(self) -> float | None:
        return 1.0 if self.ends else None
