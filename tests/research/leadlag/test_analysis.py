"""Who leads whom: a planted lead is found with its sign, none is made up, too little data and wrong stamps conclude nothing."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import polars as pl
import pytest

from tests.research.leadlag.made import walks
from tests.research.leadlag.recorded import FIVE_MINUTE_BARS, MINUTE_BARS, five_minute_bars, minute_bars
from workbench.config import load_roots
from workbench.domain.errors import ConfigError
from workbench.research import Session, keep_frames, open_session, what_leads
from workbench.research.leadlag import Costs, Lead, Stage, planted
from workbench.simulation.market import MarketSettings

INDEX = Costs(qty=1, unit="index", multiplier=1.0, commission_usd=0.0, slippage_pts=0.0, spread_pts=0.0)


@pytest.fixture(scope="module")
def late() -> dict[str, pl.DataFrame]:
    return planted(lead_s=1.2, days=10, hours=0.8)


@pytest.fixture(scope="module")
def led(late: dict[str, pl.DataFrame]) -> Lead:
    return what_leads(late, horizons_s=[1.2, 5])


@pytest.mark.covers("S1-16", "S1-17")
def test_a_planted_lead_is_found_and_what_it_is_worth_is_said(led: Lead) -> None:
    assert led.is_shown and (led.leader, led.follower) == ("ES", "SPY") and led.p is not None and led.p < 0.002
    assert led.lead_s == pytest.approx(1.2, rel=0.1) and led.range_s is not None and led.range_s[0] <= 1.2 <= led.range_s[1]
    assert led.verdict.startswith("ES leads SPY by 1.2") and "p below 0.001, corrected for 1" in led.verdict
    assert "after costs" in led.verdict.lower() and "decided from 20 days on, here are 10" in led.verdict
    assert led.stage is Stage.ASSESS and led.is_worth and led.best is not None and led.best["acted_lo_usd"] > 0
    assert "every 5 s" in led.notes[0]
    with pytest.raises(FrozenInstanceError):
        led.p = 0.0


def test_the_other_way_round_the_sign_turns_and_the_follower_stays(late: dict[str, pl.DataFrame], led: Lead) -> None:
    turned = what_leads(late, "SPY", "ES", horizons_s=[1.2, 5])
    assert turned.lead_s == -led.lead_s and (turned.leader, turned.follower) == ("ES", "SPY")
    assert turned.horizons.equals(led.horizons) and turned.verdict.split("(")[0] == led.verdict.split("(")[0]


@pytest.mark.parametrize("seed", range(2))
def test_without_a_lead_none_is_reported(seed: int) -> None:
    found = what_leads(planted(days=8, hours=1.0, seed=seed), horizons_s=[5])
    assert not found.is_shown and not found.is_worth and found.verdict.startswith("Nothing to trade on: neither ES nor SPY leads")
    assert found.range_s is not None and found.range_s[0] <= 0.02 and found.range_s[1] >= -0.02


@pytest.mark.covers("S1-20", "S1-21")
def test_under_seven_days_nothing_is_concluded_however_plain_it_is() -> None:
    made = walks(10, late=2)

    def of(n_days: int) -> Lead:
        return what_leads({name: each.head(120 * n_days) for name, each in made.items()}, horizons_s=[60, 120])

    six, seven = of(6), of(7)
    assert six.stage is Stage.COLLECT and six.verdict == "Nothing is concluded from 6 days of ES and SPY: 7 are needed"
    assert (six.lead_s, six.range_s, six.p, six.best, six.is_shown, six.is_worth) == (None, None, None, None, False, False)
    assert six.horizons["p"].null_count() == six.horizons["p_acted"].null_count() == 2 and len(six.lags) == 21
    assert seven.stage is Stage.CORRELATE and seven.lead_s == 120


@pytest.mark.covers("S1-21")
def test_evidence_grows_by_stage() -> None:
    """Seven tenths of what SPY does is what ES did a bar ago, the rest what ES does: no stamp makes that."""
    made = walks(20, late=1, vol=2e-3)
    mixed = made["SPY"]["close_pts"].to_numpy() ** 0.7 * (made["ES"]["close_pts"].to_numpy() / 10) ** 0.3
    both = made | {"SPY": made["SPY"].with_columns(close_pts=pl.Series(mixed))}

    def of(n_days: int) -> Lead:
        return what_leads({name: each.head(120 * n_days) for name, each in both.items()}, horizons_s=[60])

    found = {n: of(n) for n in (5, 8, 12, 20)}
    assert [each.stage.value for each in found.values()] == ["collect", "correlate", "assess", "decide"]
    assert found[8].verdict.endswith("what it is worth is assessed from 10 days on, here are 8") and not found[8].is_worth
    assert found[12].verdict.endswith("It is decided from 20 days on, here are 12") and found[12].is_worth
    assert found[20].verdict.endswith("Worth a trial on paper") and found[20].is_worth
    assert all(each.is_shown and each.lead_s == 60 for n, each in found.items() if n > 5)


def test_a_lead_that_costs_eat_is_nothing_to_trade_on(late: dict[str, pl.DataFrame]) -> None:
    dear = Costs(qty=100, unit="shares", multiplier=1.0, commission_usd=1_000.0, slippage_pts=0.0)
    found = what_leads(late, horizons_s=[1.2], costs=dear)
    assert found.is_shown and not found.is_worth
    assert "Nothing to trade on all the same: no forecast was above what a round trip costs, about 1,00" in found.verdict
    untried = what_leads(late, horizons_s=[7_200])
    assert untried.is_shown and untried.verdict.endswith("no horizon fitted into what there is, or none was asked for")


@pytest.mark.parametrize("pair", MINUTE_BARS, ids="-".join)
@pytest.mark.covers("S1-15", "S1-16")
def test_recorded_minute_bars_hold_no_lead(pair: tuple[str, str]) -> None:
    found = what_leads(minute_bars(), *pair, costs=INDEX if pair[1] == "SPX" else None)
    assert found.lead_s == 0 and found.range_s == (0.0, 0.0) and not found.is_shown and not found.is_worth
    assert found.verdict.startswith(f"Nothing to trade on: {pair[0]} and {pair[1]} move in the same bar of 1 min (correlation 0.9")
    assert found.horizons["horizon_s"].to_list() == [60, 300, 900, 1800, 3600] and found.n_days == 11


@pytest.mark.parametrize("pair", FIVE_MINUTE_BARS, ids="-".join)
@pytest.mark.covers("S1-15", "S1-16")
def test_recorded_five_minute_bars_hold_no_lead(pair: tuple[str, str]) -> None:
    found = what_leads(five_minute_bars(), *pair)
    assert found.lead_s == 0 and not found.is_shown and not found.is_worth and found.stage is Stage.DECIDE
    assert found.verdict.startswith("Nothing to trade on: ") and "same bar of 5 min" in found.verdict


@pytest.mark.parametrize(("off", "late"), [("1m", "SPY"), ("-1m", "ES"), ("60m", "SPY")])
def test_a_planted_misalignment_is_not_believed(off: str, late: str) -> None:
    """A bar stamped at its end beside one stamped at its start; an hour, of another zone."""
    bars = minute_bars()
    shifted = bars | {"SPY": bars["SPY"].with_columns(pl.col("time").dt.offset_by(off))}
    found = what_leads(shifted, reach_s=3_700 if off == "60m" else None, horizons_s=[60])
    assert not found.is_shown and not found.is_worth and found.verdict.startswith("Not believed: ES and SPY agree (0.99")
    assert f"{late} is stamped late" in found.verdict and ("60 bars" if off == "60m" else "1 bar apart") in found.verdict


def test_a_peak_at_the_edge_asks_for_a_longer_reach() -> None:
    found = what_leads(planted(lead_s=2.0, days=7, hours=0.6), reach_s=1.0, horizons_s=[1])
    assert found.verdict.startswith("Not told: ES and SPY are most alike at the furthest lag looked at, 1 s") and not found.is_shown


def test_strangers_are_called_so() -> None:
    found = what_leads(walks(8, share=0.0), horizons_s=[60])
    assert found.verdict.startswith("Nothing to trade on: ES and SPY") and not found.is_shown and abs(found.corr_peak) < 0.15


def test_a_session_is_taken_as_it_is_opened(day: Session) -> None:
    found = what_leads(day, horizons_s=[1, 5])
    assert found.stage is Stage.COLLECT and found.kind == "quotes" and "a small world, generated" in found.basis
    assert found.corr_peak > 0.5 and found.costs.unit == "shares"
    assert repr(found).splitlines()[0] == found.verdict and "<b>Nothing is concluded" in found._repr_html_()


def test_a_range_of_sessions_tells_what_its_frames_tell(tmp_path: Path) -> None:
    made = planted(lead_s=1.2, days=7, hours=0.6, market=MarketSettings(activity=0.15, rows=0))
    roots, size = load_roots(), pl.lit(100.0)
    contracts = [roots["ES"].contract(1, "2026-12-18"), roots["SPY"].contract(2)]
    sessions = keep_frames(
        [each.with_columns(bid_size=size, ask_size=size) for each in made.values()], contracts, data=tmp_path, source="made"
    )
    days = open_session(sessions[0], to=sessions[-1], data=tmp_path)
    found, wanted = (what_leads(each, horizons_s=[5]) for each in (days, made))
    assert (found.lead_s, found.range_s, found.verdict) == (wanted.lead_s, wanted.range_s, wanted.verdict) and found.is_shown
    assert found.lags["corr"].to_list() == pytest.approx(wanted.lags["corr"].to_list(), abs=1e-9)
    assert found.basis == "stage correlate · 7 days of both · quotes · made"


def test_what_cannot_be_traded_needs_its_costs_told() -> None:
    made = walks(8)
    with pytest.raises(ConfigError, match="do not know what SPX costs"):
        what_leads({"ES": made["ES"], "SPX": made["SPY"]}, "ES", "SPX")


@pytest.mark.proof
@pytest.mark.covers("S1-16")
def test_a_known_lead_is_recovered_within_a_tenth_with_its_sign_for_twenty_of_twenty_seeds() -> None:
    n_covered = 0
    for seed in range(20):
        names = ("ES", "SPY") if seed % 2 else ("SPY", "ES")
        lead_s = 1.2 if seed % 2 else -1.2
        found = what_leads(planted(lead_s=1.2, days=7, hours=1.0, seed=seed), *names, horizons_s=[5])
        assert found.is_shown and found.leader == "ES" and found.lead_s == pytest.approx(lead_s, rel=0.1), seed
        n_covered += found.range_s[0] <= lead_s <= found.range_s[1]
    assert n_covered >= 17


@pytest.mark.proof
@pytest.mark.covers("S1-16")
def test_without_a_lead_at_most_one_seed_in_twenty_reports_one() -> None:
    thin = MarketSettings(activity=0.15, rows=0)
    found = [what_leads(planted(days=7, hours=0.6, seed=seed, market=thin), horizons_s=[5]) for seed in range(200)]
    assert all(each.stage is Stage.CORRELATE for each in found)
    assert sum(each.is_shown or each.is_worth for each in found) <= 10
