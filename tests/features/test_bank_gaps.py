"""No feature reaches over a gap: behind it all that warms up warms up again, and what is of a session waits for the next one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.features.market import contract
from tests.features.stepping import BarsSeen, Rows, state, step_all
from workbench.domain.bars import BROKEN, GAPPED, OPENED, Bars
from workbench.domain.units import BAR_NS, MINUTE
from workbench.features import SHIPPED
from workbench.features.bank import FeatureBank
from workbench.features.conformance import N_SESSION, sample_bars
from workbench.features.layout import length_name

OF_SESSION = {face.name for face in SHIPPED if face.resets == "session"}
LENGTHS = (BAR_NS, MINUTE)
GAP_AT, N = 36, 600  # the bars of a gap; it ends with a minute


def gapped(bars: Bars, first: int, n: int = 1) -> Bars:
    """Say that data of these bars is missing; nothing is in them but the first."""
    bars = bars.copy()
    bars["flags"][first : first + n] |= BROKEN | GAPPED
    return bars


def bank(**more) -> FeatureBank:
    return FeatureBank([contract(1), contract(2)], lengths_ns=LENGTHS, leaders={1: 2}, **more)


def without_session(row: dict[str, float | None]) -> dict[str, float | None]:
    return {name: value for name, value in row.items() if name.rpartition("_")[0] not in OF_SESSION}


def rows_of(one: Bars, other: Bars, **more) -> Rows:
    return step_all(bank(**more), one, other)[0]


@pytest.mark.covers("S4-12", "S4-21")
def test_behind_a_gap_every_feature_is_what_it_would_be_had_the_data_begun_there():
    bars, lead = sample_bars(N), sample_bars(N, 2)
    over = rows_of(gapped(bars, GAP_AT, 24), lead)
    end = GAP_AT + 24
    for row in over[GAP_AT:end]:
        assert not [name for name, value in row.items() if name.endswith("_5s") and value is not None]
    assert not [name for name, value in over[end - 1].items() if value is not None]
    fresh = rows_of(bars[end:], lead[end:])
    assert [without_session(row) for row in over[end:]] == [without_session(row) for row in fresh]
    assert any(value is not None for value in fresh[-1].values())


@pytest.mark.parametrize("face", [each for each in SHIPPED if each.resets == "never" and "leader" not in each.needs], ids=lambda f: f.name)
def test_a_window_that_reaches_over_a_gap_is_none_until_it_has_refilled(face):
    length_ns = face.shortest_ns
    of = FeatureBank([contract()], lengths_ns=[length_ns])
    name = f"{face.name}_{length_name(length_ns)}"
    n = 2 * face.warm_up_bars + 5
    bars = gapped(sample_bars(n), face.warm_up_bars + 2)
    bars["t_end"] = (np.arange(n) + 1) * length_ns
    told = []
    for i in range(n):
        of.warm_up(0, bars[i : i + 1], length_ns)
        told.append(of.row(0)[name] is not None)
    at = face.warm_up_bars + 2
    assert told[at - 1] and not any(told[at : at + face.warm_up_bars]) and told[at + face.warm_up_bars]


def test_what_is_of_a_session_is_none_until_the_next_one_and_then_looks_at_what_came_behind_the_gap():
    bars, lead = sample_bars(3 * N_SESSION), sample_bars(3 * N_SESSION, 2)
    whole, over = rows_of(bars, lead), rows_of(gapped(bars, N_SESSION + GAP_AT), lead)
    mine = [f"{name}_5s" for name in sorted(OF_SESSION)]
    assert len(mine) == 5
    assert all(whole[i][name] is not None for name in mine for i in range(N_SESSION, 3 * N_SESSION))
    assert all(over[i][name] == whole[i][name] for name in mine for i in range(N_SESSION + GAP_AT))
    assert all(over[i][name] is None for name in mine for i in range(N_SESSION + GAP_AT, 2 * N_SESSION))
    assert all(over[i][name] == whole[i][name] for name in mine for i in range(2 * N_SESSION, 3 * N_SESSION))


def test_behind_a_gap_no_price_is_known_before_the_first_trade():
    bars = gapped(sample_bars(60), 30)
    still = slice(31, 40)  # quotes came back, trades did not: the close is the one from before the gap
    for name in ("open", "high", "low", "close"):
        bars[name][still] = bars["close"][30]
    for name in ("volume", "signed", "pv", "n_print", "max_sz"):
        bars[name][still] = 0
    rows = rows_of(bars, sample_bars(60, 2), own=[BarsSeen])
    priced = {f"{face.name}_5s" for face in SHIPPED if "bars" in face.needs} & rows[0].keys()
    assert not [name for row in rows[30:40] for name in priced if row[name] is not None]
    assert rows[31]["spread_5s"] is not None and rows[41]["ret_1_5s"] == (bars["close"][41] - bars["close"][40]) / bars["close"][40]
    assert rows[29]["bars_seen_5s"] == 30 and rows[39]["bars_seen_5s"] is None and rows[40]["bars_seen_5s"] == 1


def test_a_gap_of_the_leader_is_one_of_what_is_compared_with_it_and_of_nothing_else():
    bars, lead = sample_bars(N), sample_bars(N, 2)
    whole, over = rows_of(bars, lead), rows_of(bars, gapped(lead, GAP_AT, 24))
    compared = {name for name in whole[0] if name.startswith(("leader", "rel"))}
    fresh = rows_of(bars[GAP_AT + 24 :], lead[GAP_AT + 24 :])
    for name in whole[0]:
        same = [row[name] for row in (fresh if name in compared else whole[GAP_AT + 24 :])]
        assert [row[name] for row in over[GAP_AT + 24 :]] == same, name
    assert all(over[GAP_AT][name] is None for name in compared if name.endswith("_5s"))


def test_a_gap_in_a_window_that_was_left_unfinished_counts_in_the_one_after_it():
    bars = gapped(sample_bars(N), 248)
    hole = np.isin(np.arange(N), range(249, 253))  # the contract is closed at the end of that minute
    bars[hole] = np.zeros((), bars.dtype)
    [rows, _] = step_all(bank(), bars, sample_bars(N, 2))
    assert rows[247]["rsi_14_1m"] is not None
    assert all(row["rsi_14_1m"] is None for row in rows[263 : 263 + 14 * 12]) and rows[263 + 15 * 12]["rsi_14_1m"] is not None


def test_an_opening_is_no_gap():
    bars, lead = sample_bars(N), sample_bars(N, 2)
    opened = bars.copy()
    opened["flags"][GAP_AT] |= BROKEN | OPENED
    assert rows_of(opened, lead) == rows_of(bars, lead)


def test_a_bank_restored_in_a_gap_goes_on_as_if_nothing_had_happened():
    bars, lead = gapped(sample_bars(200), 90, 20), sample_bars(200, 2)
    for at in (91, 110, 115):
        one, other = bank(own=[BarsSeen]), bank(own=[BarsSeen])
        step_all(one, bars[:at], lead[:at])
        other.restore(one.snapshot())
        assert step_all(one, bars[at:], lead[at:]) == step_all(other, bars[at:], lead[at:])
        assert state(one) == state(other)
