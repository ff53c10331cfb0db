"""A feed that stalls is found by its own pace or by its siblings', once, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market.silence.feeds import T0, feed, log, quotes, verdicts, without
from workbench.domain.bars import GAPPED
from workbench.domain.records import Kind, Phase, Provenance, empty, provenance_flag
from workbench.domain.units import SECOND
from workbench.market.fold import Market
from workbench.market.quality import PENALTIES

STALE = 1 << list(PENALTIES).index("stale")


def after(told: list[tuple[int, int, bool]]) -> list[tuple[int, float, bool]]:
    return [(id_, (ns - T0) / SECOND, is_silent) for id_, ns, is_silent in told]


@pytest.mark.covers("S4-21")
def test_a_stall_in_regular_hours_is_found_after_eight_seconds_and_its_end_at_once() -> None:
    records = log([without(feed(3, 600, 20), 3, 300.0, 340.0)], 600)
    assert after(verdicts(Market([3]), records)) == [(3, 308.0, True), (3, 341.0, False)]


def test_a_stall_outside_regular_hours_is_found_after_a_minute() -> None:
    records = log([without(feed(3, 900, 5), 3, 600.0, 800.0)], 900, ((0, Phase.ETH),))
    assert after(verdicts(Market([3]), records)) == [(3, 660.0, True), (3, 801.0, False)]


def test_a_feed_that_pauses_often_is_given_longer() -> None:
    times = T0 + np.concatenate([np.arange(at, at + 2 * SECOND, SECOND // 20) for at in range(0, 600 * SECOND, 6 * SECOND)])
    usual = log([quotes(times, 3)], 600)
    assert verdicts(Market([3]), usual) == []
    ((_, found_s, _), _) = after(verdicts(Market([3]), log([without(quotes(times, 3), 3, 300.0, 360.0)], 600)))
    assert 310 < found_s < 345


def test_siblings_that_go_on_make_a_stall_certain_sooner_and_those_that_pause_as_well_do_not() -> None:
    def found(stalled: tuple[int, ...], groups: list[str | None]) -> list[tuple[int, float, bool]]:
        parts = [feed(id_, 600, 20) for id_ in (3, 7, 9)]
        cut = [without(part, int(part["contract"][0]), 300.0, 340.0) if part["contract"][0] in stalled else part for part in parts]
        market = Market([3, 7, 9])
        market.relate(groups)
        return [each for each in after(verdicts(market, log(cut, 600))) if each[2]]

    assert found((3,), ["equity"] * 3) == [(3, 306.0, True)]
    assert found((3,), ["equity", "energy", None]) == [(3, 308.0, True)]
    assert found((3, 7, 9), ["equity"] * 3) == [(3, 308.0, True), (7, 308.0, True), (9, 308.0, True)]


def test_what_is_too_thin_to_tell_silence_from_quiet_is_not_judged() -> None:
    assert verdicts(Market([3]), log([without(feed(3, 900, 0.5), 3, 600.0, 900.0)], 900)) == []


def test_nobody_is_judged_in_the_first_two_minutes_or_while_closed() -> None:
    early = log([without(feed(3, 300, 20), 3, 60.0, 100.0)], 300)
    assert verdicts(Market([3]), early) == []
    shut = log([without(feed(3, 900, 20), 3, 300.0, 900.0)], 900, ((0, Phase.RTH), (299, Phase.CLOSED)))
    assert verdicts(Market([3]), shut) == []


def test_the_pace_of_regular_hours_is_not_expected_behind_them() -> None:
    fast, slow = feed(3, 1200, 50), feed(3, 2400, 1.5)
    both = np.concatenate([fast, slow[slow["recv_ns"] >= T0 + 1200 * SECOND]])
    assert verdicts(Market([3]), log([both], 2400, ((0, Phase.RTH), (1200, Phase.ETH)))) == []


def test_a_polled_bar_is_no_sign_of_life() -> None:
    bars = empty(2)
    bars["kind"], bars["contract"], bars["level"], bars["flags"] = Kind.BAR, 3, (0, 1), provenance_flag(Provenance.BACKFILL)
    bars["recv_ns"], bars["px"], bars["px2"], bars["sz"] = T0 + 320 * SECOND, 100, 100, 5
    records = log([without(feed(3, 600, 20), 3, 300.0, 340.0), bars], 600)
    assert after(verdicts(Market([3]), records)) == [(3, 308.0, True), (3, 341.0, False)]


@settings(max_examples=15, derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 9_000), max_size=8))
def test_verdicts_and_doubts_are_the_same_for_any_chunking(cuts: list[int]) -> None:
    records = log([without(feed(3, 300, 15), 3, 200.0, 220.0), feed(7, 300, 10)], 300)
    whole, pieces = Market([3, 7]), Market([3, 7])
    for market in (whole, pieces):
        market.relate(["equity", "equity"])
    told = verdicts(whole, records)
    assert verdicts(pieces, records, sorted(cut for cut in cuts if cut <= len(records))) == told and len(told) == 2
    assert whole.snapshot() == pieces.snapshot()


def test_bars_of_a_silent_feed_are_doubted_for_it() -> None:
    market = Market([3])
    records = log([without(feed(3, 400, 20), 3, 301.0, 320.0)], 400)
    doubts, missing = [], []
    at, stop = 0, -1
    while at < len(records):
        at, stop = market.fold(records.ctypes.data, at, len(records))
        if stop == 1:
            end = int(market.bars["t_end"][0] - T0) // SECOND
            doubts.append((end, int(market.bars["doubts"][0]), int(market.bars["quality"][0])))
            missing += [end] if market.bars["flags"][0] & GAPPED else []
    assert [each for each in doubts if each[1] & STALE] == [(end, STALE, 600) for end in (310, 315, 320, 325)]
    assert missing == []  # it costs quality; a gap is what the venue says is one
