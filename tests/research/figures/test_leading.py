"""The picture of a lead: small, says who leads, and draws what was left only where something was tried."""

from __future__ import annotations

import io

from PIL import Image

from tests.research.leadlag.made import walks
from workbench.research import figures, what_leads
from workbench.research.leadlag import Costs


def test_it_asks_and_answers_and_grows_with_what_there_is_to_show() -> None:
    made = walks(12, late=1, vol=2e-3)
    spy = made["SPY"].with_columns(close_pts=made["SPY"]["close_pts"] ** 0.7 * (made["ES"]["close_pts"] / 10) ** 0.3)
    both = made | {"SPY": spy}
    dear = Costs(qty=100, unit="shares", multiplier=1.0, commission_usd=1e6, slippage_pts=0.0, spread_pts=0.0)
    worth, eaten = (figures.lead_lag(what_leads(both, horizons_s=[60], costs=costs)) for costs in (None, dear))
    assert worth.says.startswith("Does one lead? ES leads SPY by 1 min: +") and worth.says.endswith("USD a round trip after costs")
    assert eaten.says == "Does one lead? ES leads SPY by 1 min, and nothing to trade on"
    tall, low = (Image.open(io.BytesIO(each.png)).height for each in (worth, eaten))
    assert tall > low + 50 and max(len(worth.png), len(eaten.png)) < 60_000
