"""What single bars are worth, worked out by hand, in points and contracts of a contract with odd quanta."""

from __future__ import annotations

import pytest

from tests.features.market import contract
from workbench.domain.records import ASK, BID
from workbench.features import SHIPPED, bar_of

PER_BAR = {
    "range": ({"high": 110, "low": 102}, 2.0),
    "clv": ({"high": 110, "low": 100, "close": 109}, 0.8),
    "bar_vwap_offset": ({"close": 110, "volume": 4, "pv": 420}, 1.25),
    "vwap_offset": ({"close": 110, "volume": 4, "pv": 420}, 1.25),
    "obv": ({"close": 5, "volume": 30}, 3.0),
    "n_print": ({"n_print": 0}, 0.0),
    "max_print": ({"n_print": 2, "max_sz": 50}, 5.0),
    "signed_volume_ratio": ({"volume": 8, "signed": -2}, -0.25),
    "rv": ({"quoted_us": 1, "rv": 64}, 1.0),  # the mid moved by 4 quanta
    "ofi": ({"quoted_us": 1, "ofi": -70}, -7.0),
    "spread": ({"quoted_us": 4_000_000, "spread_us": 6_000_000}, 0.375),
    "queue_imb": ({"quoted_us": 4_000_000, "imb_us": -80_000_000}, -2.0),
    "queue_imb_close": ({"has": BID | ASK, "bsz": 3, "asz": 1}, 0.5),
    "depth_imb": ({"ddep_us": 10_000_000, "dimb_us": -2_500_000}, -0.25),
    "n_quote": ({"n_quote": 12}, 12.0),
    "n_depth": ({"n_depth": 7}, 7.0),
    "crossed": ({"n_quote": 8, "n_crossed": 2}, 0.25),
}
NOT_DEFINED = {
    "clv": {"high": 7, "low": 7, "close": 7},
    "bar_vwap_offset": {"close": 7},
    "vwap_offset": {"close": 7},
    "max_print": {"max_sz": 0},
    "signed_volume_ratio": {"volume": 0},
    "rv": {"rv": 0},
    "ofi": {"ofi": 3},
    "spread": {"has": BID},
    "queue_imb": {"has": ASK},
    "queue_imb_close": {"has": BID, "bsz": 3, "asz": 1},
    "depth_imb": {"dimb_us": 3},
    "crossed": {"n_crossed": 0},
    "range": {"flags": 0, "high": 3},
    "ret_session": {"close": 7},
}
SHIPPED_BY_NAME = {face.name: face for face in SHIPPED}


@pytest.mark.covers("S4-15")
@pytest.mark.parametrize("name", PER_BAR)
def test_a_bar_is_worth(name):
    fields, want = PER_BAR[name]
    face = SHIPPED_BY_NAME[name].at(contract=contract(quantum="0.25", size_quantum="0.1"))
    face.update(bar_of(**fields))
    assert face.value == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("name", NOT_DEFINED)
def test_a_bar_that_has_not_what_it_takes_is_worth_nothing(name):
    face = SHIPPED_BY_NAME[name].at()
    face.update(bar_of(**NOT_DEFINED[name]))
    assert face.value is None


def test_returns_are_not_defined_from_a_price_at_or_below_zero_but_momentum_is():
    ret, mom = SHIPPED_BY_NAME["ret_1"].at(), SHIPPED_BY_NAME["mom_10"].at()
    for close in (-40, 5, 10, *[10] * 8):
        ret.update(bar_of(close=close))
        mom.update(bar_of(close=close))
        assert close != 5 or ret.value is None
        assert ret.value is None or ret.value in (1.0, 0.0)
    assert mom.value == 50.0


def test_a_market_that_stands_still_has_no_strength_no_distance_and_no_place_between_its_bands():
    faces = [SHIPPED_BY_NAME[name].at(contract=contract(quantum="0.1")) for name in ("rsi_14", "z_60", "bb_place_20_2", "bb_width_20_2")]
    for _ in range(80):
        for face in faces:
            face.update(bar_of(close=3))
    assert [face.value for face in faces[:3]] == [None] * 3
    assert faces[3].value == pytest.approx(0, abs=1e-12)


def test_averages_of_quotes_pass_over_bars_without_a_quote():
    face = SHIPPED_BY_NAME["ofi_ew"].at()
    for n in range(19):
        face.update(bar_of(ofi=n, quoted_us=1))
        face.update(bar_of(ofi=99))
        assert face.value is None
    face.update(bar_of(ofi=19, quoted_us=1))
    assert face.value == 9.5
    face.update(bar_of())
    assert face.value is None
