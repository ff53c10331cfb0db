"""The generated pair is what it says: quotes of so many sessions, the same from the same seed, the lead where it was put."""

from __future__ import annotations

import pytest

from workbench.domain.errors import ConfigError
from workbench.research.leadlag import planted
from workbench.research.leadlag.curve import curve_of
from workbench.research.leadlag.pair import pair_of


def test_sessions_hours_and_seed_are_as_asked() -> None:
    made = planted("RTY", "IWM", days=2, hours=0.1, seed=3)
    assert list(made) == ["RTY", "IWM"] and made["RTY"]["symbol"].unique().to_list() == ["RTYZ6"]
    for frame in made.values():
        assert sorted({str(each) for each in frame["time"].dt.date()}) == ["2026-11-18", "2026-11-19"] and frame["time"].is_sorted()
        assert (frame["ask_pts"] > frame["bid_pts"]).all()
    assert made["IWM"].equals(planted("RTY", "IWM", days=2, hours=0.1, seed=3)["IWM"])
    assert not made["IWM"].equals(planted("RTY", "IWM", days=2, hours=0.1, seed=4)["IWM"])


def test_a_future_leads_its_own_etf_only() -> None:
    with pytest.raises(ConfigError, match="SPY follows ES, not NQ"):
        planted("NQ", "SPY")


def test_the_lead_is_where_it_was_put() -> None:
    for lead_s in (0.6, 2.0):
        curve = curve_of(pair_of(planted(lead_s=lead_s, days=2, hours=2.0), "ES", "SPY"))
        assert curve.peak_ns / 1e9 == pytest.approx(lead_s, abs=0.15)
