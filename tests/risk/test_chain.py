"""Each limit refuses with its own reason, and nothing gets past a value that is not known."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from workbench.domain.bars import RICH, RichBar
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.decisions import Approved, Proposal, Reason, Refused, TradingState
from workbench.domain.errors import ConfigError
from workbench.domain.orders import Key, OrderType
from workbench.domain.records import ASK, BID, Phase
from workbench.domain.views import View
from workbench.risk.chain import judge
from workbench.risk.constitution import CEILINGS, Constitution, micros, parse
from workbench.risk.limits import LIMITS, Standing, Terms, measure

pytestmark = pytest.mark.covers("S0-16", "S1-28", "S2-41", "S3-10", "S3-12", "S4-03")
FILES = sorted((Path(workbench.__file__).parent / "constitutions").glob("*.toml"))
MES = Contract(
    id=1, root="MES", symbol="MESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
    multiplier="5", price_quantum="0.25", order_increment="0.25",
)  # fmt: skip
TERMS = Terms(MES, fee_micros=620_000, margin_micros=1_500_000_000)
KEY = Key("DUSIM1", 1, "s")
WISH = Proposal(1, OrderType.LIMIT, 24_000, 23_988, 24_036, 60, 0.6)  # 12 ticks of stop, 36 of target
CALM = Standing(TradingState.ACTIVE, False, 0, 0, 0, 0, micros(2_500), 0, 0, 0, 0, None, 0, None)


def law(name: str = "micro") -> Constitution:
    return parse(tomllib.loads(next(f for f in FILES if f.stem == name).read_text()))


def view(**fields: int) -> View:
    bars = np.zeros(1, RICH)
    standard: dict[str, int] = dict(
        bid=23_999, ask=24_000, has=BID | ASK, bsz=5, asz=5, quality=1000, phase=Phase.RTH, n_print=3, close=24_000
    )
    for name, value in (standard | fields).items():
        bars[name] = value
    nothing = memoryview(np.zeros(1))
    return View(MES, RichBar(memoryview(bars.view("<i8")), 0), {}, nothing, memoryview(b"\0"), 0, {}, memoryview(np.zeros(1, "i8")))


def verdict(wish: Proposal = WISH, now: Standing = CALM, seen: View | None = None, by: Constitution | None = None) -> Approved | Refused:
    return judge(KEY, wish, seen or view(), TERMS, now, by or law())


def test_twelve_ticks_of_one_mes_are_just_allowed_by_the_default_law() -> None:
    approved = verdict()
    assert isinstance(approved, Approved) and approved.qty == 1 and approved.risk_micros == micros(15)


def test_a_second_full_loss_of_the_day_still_fits_and_a_third_does_not() -> None:
    once = CALM._replace(day_loss_before_costs_micros=micros(15), n_entries_day=1)
    assert isinstance(verdict(now=once), Approved)
    refused = verdict(now=once._replace(day_loss_before_costs_micros=micros(30)))
    assert isinstance(refused, Refused) and refused.reason is Reason.DAY_LOSS and (refused.value, refused.threshold) == (45, 30)


def changed(part: str, **fields: Any) -> Constitution:
    """The default law with some of its figures changed."""
    return msgspec.structs.replace(law(), **{part: msgspec.structs.replace(getattr(law(), part), **fields)})


BROKEN: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.HALTED, dict(now=CALM._replace(state=TradingState.HALTED))),
    (Reason.REDUCING, dict(now=CALM._replace(state=TradingState.REDUCING))),
    (Reason.UNKNOWN, dict(now=CALM._replace(equity_micros=None))),
    (Reason.MALFORMED, dict(wish=WISH._replace(stop_px=24_012))),
    (Reason.MALFORMED, dict(wish=WISH._replace(target_px=23_000))),
    (Reason.MALFORMED, dict(wish=WISH._replace(side=0))),
    (Reason.MALFORMED, dict(wish=WISH._replace(hold_ns=0))),
    (Reason.CONTRACT_OWNED, dict(now=CALM._replace(is_owned=True))),
    (Reason.DATA_KIND, dict(now=CALM._replace(is_delivered=False))),
    (Reason.PHASE, dict(seen=view(phase=Phase.ETH))),
    (Reason.QUALITY, dict(seen=view(quality=790))),
    (Reason.SPREAD, dict(seen=view(bid=23_997))),
    (Reason.SPREAD, dict(seen=view(has=BID))),
    (Reason.CONFIDENCE, dict(wish=WISH._replace(confidence=0.54))),
    (Reason.CONFIDENCE, dict(wish=WISH._replace(confidence=math.nan))),
    (Reason.STOP_DISTANCE, dict(wish=WISH._replace(stop_px=23_997))),
    (Reason.STOP_DISTANCE, dict(wish=WISH._replace(stop_px=23_987))),
    (Reason.FRICTION, dict(wish=WISH._replace(target_px=24_008))),
    (Reason.N_OPEN, dict(now=CALM._replace(n_open=1))),
    (Reason.POSITION, dict(now=CALM._replace(n_contracts=2))),
    (Reason.RATE, dict(now=CALM._replace(n_orders_minute=4))),
    (Reason.N_DAY, dict(now=CALM._replace(n_entries_day=2))),
    (Reason.N_DAY, dict(now=CALM._replace(n_entries_hour=1))),
    (Reason.WINDOW, dict(now=CALM._replace(ns_since_entry=60 * 10**9))),
    (Reason.WINDOW, dict(now=CALM._replace(ns_to_close=1799 * 10**9))),
    (Reason.LOSSES_IN_ROW, dict(now=CALM._replace(losses_in_row=2))),
    (Reason.HEAT, dict(now=CALM._replace(heat_micros=micros(140)))),
    (Reason.MARGIN, dict(now=CALM._replace(margin_micros=micros(1_001)))),
    (Reason.MARGIN, dict(now=CALM._replace(margins={"+2": 1, "-1": 1}))),
    (Reason.MARGIN, dict(now=CALM._replace(margins={"+1": micros(2_501)}))),
    (Reason.UNKNOWN, dict(now=CALM._replace(is_law_known=False))),
    (Reason.PAUSED, dict(now=CALM._replace(is_paused=True))),
    (Reason.WINDOW, dict(now=CALM._replace(is_in_window=True))),
    (Reason.ROLL_DUE, dict(now=CALM._replace(days_to_expiry=7))),
    (Reason.REGIME, dict(now=CALM._replace(lock_left_s=0.5))),
    (Reason.TIER, dict(now=CALM._replace(is_tier_barred=True))),
    (Reason.TIER, dict(now=CALM._replace(tier_stop_ticks=11))),
    (Reason.FOREIGN, dict(now=CALM._replace(is_foreign=True))),
    (Reason.STANDING, dict(now=CALM._replace(is_barred=True))),
    (Reason.WEEK_LOSS, dict(now=CALM._replace(week_loss_micros=micros(60.01)))),
    (Reason.MONTH_LOSS, dict(now=CALM._replace(month_loss_micros=micros(135.01)))),
    (Reason.LEVERAGE, dict(now=CALM._replace(notional_micros=micros(20_001)))),
    (Reason.DAY_NOTIONAL, dict(now=CALM._replace(day_notional_micros=micros(130_001)))),
    (Reason.CORRELATION, dict(now=CALM._replace(longs=0.71, shorts=-0.71))),
    (Reason.EXECUTION_QUALITY, dict(now=CALM._replace(execution_quality=0.74))),
    (Reason.BAND, dict(seen=view(bid=24_008, ask=24_010))),
    (Reason.LIQUIDITY, dict(by=changed("data", min_open_interest=100))),
    (Reason.LIQUIDITY, dict(by=changed("data", min_open_interest=100), now=CALM._replace(open_interest=99))),
    (Reason.LIQUIDITY, dict(by=changed("data", min_volume=1), now=CALM._replace(open_interest=99))),
    (Reason.LEVERAGE, dict(by=changed("risk", max_group_leverage=20.0), now=CALM._replace(group_micros=micros(20_001)))),
]  # fmt: skip


@pytest.mark.covers("S0-14", "S2-31")  # among them confidence and data quality
@pytest.mark.parametrize(("reason", "case"), BROKEN, ids=[f"{reason.name}-{n}" for n, (reason, _) in enumerate(BROKEN)])
def test_a_case_beyond_one_limit_is_refused_with_its_reason(reason: Reason, case: dict[str, Any]) -> None:
    refused = verdict(**case)
    assert isinstance(refused, Refused) and refused.reason is reason


def test_a_contract_too_big_for_the_law_is_refused_by_size_and_notional() -> None:
    wide = msgspec.structs.replace(law(), risk=msgspec.structs.replace(law().risk, max_loss_per_trade_usd=14.99))
    refused = verdict(by=wide)
    assert isinstance(refused, Refused) and refused.reason is Reason.SIZE
    small = msgspec.structs.replace(law(), risk=msgspec.structs.replace(law().risk, max_notional_usd=100.0))
    refused = verdict(by=small)
    assert isinstance(refused, Refused) and refused.reason is Reason.NOTIONAL


def test_there_are_at_least_twenty_limits_and_every_tested_reason_is_one() -> None:
    assert len(LIMITS) == len(measure(WISH, view(), TERMS, CALM, law(), 1, 1)) >= 20
    assert {reason for _, reason, _ in LIMITS} == {reason for reason, _ in BROKEN} | {Reason.SIZE, Reason.DAY_LOSS, Reason.NOTIONAL}


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.sampled_from([-1, 1]), st.integers(-50, 50), st.integers(-300, 300), st.integers(-300, 300),
    st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), st.integers(0, 1000), st.integers(0, 40),
)  # fmt: skip
def test_what_is_approved_never_risks_more_than_the_law_allows(
    side: int, entry: int, stop: int, target: int, confidence: float | None, quality: int, lost: int
) -> None:
    wish = Proposal(side, OrderType.MARKET, 24_000 + entry, 24_000 + stop, 24_000 + target, 1, confidence)
    now = CALM._replace(day_loss_before_costs_micros=micros(lost))
    found = verdict(wish, now, view(quality=quality))
    if isinstance(found, Approved):
        assert 1 <= found.qty <= 2 and found.risk_micros <= micros(15) and lost + found.risk_micros / 1e6 <= 30
        assert (wish.entry_px - wish.stop_px) * side > 0 and (wish.target_px - wish.entry_px) * side > 0
        assert quality >= 800 and (confidence is None or confidence >= 0.55)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_shipped_constitution_is_valid_and_named_like_its_file(file: Path) -> None:
    found = parse(tomllib.loads(file.read_text()))
    assert found.profile == file.stem and len(found.digest) == 64


@pytest.mark.parametrize(("part", "field"), sorted(CEILINGS), ids=".".join)
def test_no_file_gets_past_a_ceiling(part: str, field: str) -> None:
    table = tomllib.loads(FILES[0].read_text())
    most = CEILINGS[part, field][1]
    for value in (most + 1, math.nan, -1):
        table[part][field] = value
        with pytest.raises(ConfigError, match=f"{part}"):
            parse(table)


def test_an_unknown_key_is_refused_by_name() -> None:
    table = tomllib.loads(FILES[0].read_text())
    table["risk"]["max_los_per_day_usd"] = 1.0
    with pytest.raises(ConfigError, match="max_los_per_day_usd"):
        parse(table)
