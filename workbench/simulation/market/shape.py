"""What the generated market is like: the shape of each root, the planted effects, the shipped roots. Settings only; draws nothing.

A researcher plants a known effect by a setting and then asks whether an analysis finds it:

>>> from msgspec.structs import replace
>>> far = MarketSettings(lead_ns=600_000_000)                 # ETFs follow their futures 0.6 s late
>>> none = MarketSettings(flow_strength=0.0, flow_tilt=0.0)   # order flow says nothing about the next minute
>>> wild = MarketSettings(day_vol_frac=0.02, jumps_per_day=30.0)
>>> calm_es = far.with_root("ES", spread_ticks=2, start_pts=6400.0)
>>> calm_es.roots["ES"].spread_ticks, far.roots["ES"].spread_ticks
(2, 1)
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from workbench.domain.bars import ROWS
from workbench.domain.errors import ConfigError
from workbench.domain.units import MS, SECOND


class RootShape(msgspec.Struct, frozen=True, kw_only=True):
    """How the contracts of one root are quoted and traded.

    Parameters
    ----------
    leader
        Root whose efficient price this one follows, `MarketSettings.lead_ns` later; `None`: it has a price of its own.
    lead_ns
        Of a follower: how much later, if not as `MarketSettings` says.
    ratio
        Of a follower: its points for one point of its leader (SPY 0.1 of ES).
    start_pts
        Of a leader: efficient price at the start of the session, in points.
    beta
        Of a leader: its move for a move of 1 of the common factor.
    own_vol_frac
        Of a leader: standard deviation, over regular hours, of the part of its return that no other root shares.
    basis_frac
        Of a follower: standard deviation of its distance from the leader's price, a mean-reverting noise.
    events_hz
        Book events a second (prints, size changes, re-quotes) on average over regular hours, at activity 1.
    eth_frac
        Trading outside regular hours, as a part of what `day.py` draws for futures: 1 for futures, less for ETFs.
    spread_ticks, wide_frac, wide_eth_frac
        Usual spread in order increments, and the share of re-quotes that are wider, in regular hours and outside.
    slack_ticks
        How far the efficient price may leave the quotes before they follow, in order increments.
    lot, top_size, print_size
        Sizes are whole lots (prints of ETFs may be odd); mean size at the touch and of a print in regular hours, in size quanta.
    """

    leader: str | None = None
    lead_ns: int | None = None
    ratio: float = 1.0
    start_pts: float = 0.0
    beta: float = 1.0
    own_vol_frac: float = 0.0
    basis_frac: float = 0.0
    events_hz: float
    eth_frac: float = 1.0
    spread_ticks: int = 1
    wide_frac: float
    wide_eth_frac: float
    slack_ticks: float = 0.35
    lot: int = 1
    top_size: float
    print_size: float


ROOTS: Final = {
    # betas are those of QQQ and IWM to ES (2026); own volatility is set for their correlations of 0.94 (1 m) and 0.85 (5 m)
    "ES": RootShape(start_pts=6000.0, events_hz=4.0, wide_frac=0.01, wide_eth_frac=0.05, top_size=22.0, print_size=3.0),
    "NQ": RootShape(
        start_pts=21000.0, beta=1.33, own_vol_frac=0.0029, events_hz=1.2, spread_ticks=2, wide_frac=0.35, wide_eth_frac=0.6,
        slack_ticks=2.0, top_size=4.0, print_size=1.6,
    ),
    "RTY": RootShape(
        start_pts=2300.0, beta=1.30, own_vol_frac=0.0055, events_hz=1.0, wide_frac=0.12, wide_eth_frac=0.35, top_size=8.0, print_size=1.7,
    ),
    "SPY": RootShape(
        leader="ES", ratio=0.1, basis_frac=1e-5, events_hz=2.7, eth_frac=0.6, wide_frac=0.01, wide_eth_frac=0.8, slack_ticks=1.0,
        lot=100, top_size=1200.0, print_size=160.0,
    ),
    "QQQ": RootShape(
        leader="NQ", ratio=0.0243, basis_frac=1e-5, events_hz=1.3, eth_frac=0.6, wide_frac=0.08, wide_eth_frac=0.85, slack_ticks=1.0,
        lot=100, top_size=600.0, print_size=130.0,
    ),
    "IWM": RootShape(
        leader="RTY", ratio=0.099, basis_frac=1.5e-5, events_hz=1.0, eth_frac=0.5, wide_frac=0.02, wide_eth_frac=0.8, slack_ticks=0.6,
        lot=100, top_size=1500.0, print_size=190.0,
    ),
    # micros: the same market in smaller pieces; these three are not held against recordings
    "MES": RootShape(leader="ES", lead_ns=5 * MS, events_hz=2.0, wide_frac=0.02, wide_eth_frac=0.08, top_size=35.0, print_size=2.5),
    "MNQ": RootShape(
        leader="NQ", lead_ns=5 * MS, events_hz=1.2, spread_ticks=2, wide_frac=0.35, wide_eth_frac=0.6, slack_ticks=2.0,
        top_size=6.0, print_size=2.0,
    ),
    "M2K": RootShape(leader="RTY", lead_ns=5 * MS, events_hz=0.7, wide_frac=0.15, wide_eth_frac=0.4, top_size=9.0, print_size=1.8),
}  # fmt: skip


class MarketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The market as a whole: how much happens, how it moves, and the effects that are planted in it.

    Parameters
    ----------
    roots
        Shape of each root; a contract of any other root is refused.
    activity
        Scales every rate of book events, not the path of the efficient price: 1 gives about 1.5 M
        records for a session of ES, NQ, RTY, SPY, QQQ and IWM, 1.0 to 2.1 M by how volatile it is. Below 0.2 quotes are too rare to show
        the planted lead within a day.
    rows
        Depth rows a side, 0 to 10; 0: quotes and prints only.
    lead_ns
        Planted: how much later a follower sees its leader's efficient price.
    flow_strength
        Planted: share of the variance of one-minute returns that comes from a drift along the latent order flow, 0 to 0.5.
        At 0.04 the sign of signed volume of one minute tells the sign of the next 53 times in 100.
    flow_half_life_s
        Planted: half-life of that flow.
    flow_tilt
        Planted: how much the flow shows in who is aggressive; 0 hides it, at 0.35 a flow of one standard deviation makes 67 in 100
        prints buys.
    pull
        How much the efficient price, within the quotes, decides who is aggressive: 0 is a coin (all bounce), 1 mostly the nearer side.
    take_frac
        Share of re-quotes that begin with a print taking what is left at the old price.
    day_vol_frac
        Standard deviation of the common factor over regular hours.
    jumps_per_day, jump_minutes
        Jumps of the common factor in regular hours (fewer outside), and their standard deviation in units of that minute's.
    session_vol_sd, slow_vol_sd, slow_vol_half_life_s, fast_vol_sd, fast_vol_half_life_s
        Volatility of log volatility: constant over a session, and two mean-reverting parts.
    excitement, excitement_s
        Share of book events that earlier ones caused (below 1), and how long that lasts (Hawkes, 1971, Biometrika 58).
    step_ns
        Grid of the efficient price.
    latency_ns
        Mean time from `event_ns` to `recv_ns`; half of it fixed, half exponential.
    """

    roots: dict[str, RootShape] = msgspec.field(default_factory=lambda: dict(ROOTS))
    activity: float = 1.0
    rows: int = 5
    lead_ns: int = 250 * MS
    flow_strength: float = 0.04
    flow_half_life_s: float = 60.0
    flow_tilt: float = 0.35
    pull: float = 0.4
    take_frac: float = 0.6
    day_vol_frac: float = 0.0075
    jumps_per_day: float = 2.0
    jump_minutes: float = 2.0
    session_vol_sd: float = 0.15
    slow_vol_sd: float = 0.25
    slow_vol_half_life_s: float = 2400.0
    fast_vol_sd: float = 0.30
    fast_vol_half_life_s: float = 120.0
    excitement: float = 0.35
    excitement_s: float = 1.5
    step_ns: int = 50 * MS
    latency_ns: int = 300_000

    def __post_init__(self) -> None:
        for is_so, rule in (
            (0 < self.activity <= 20, f"activity must be above 0 and at most 20, not {self.activity}"),
            (0 <= self.rows <= ROWS, f"rows must be 0 to {ROWS}, not {self.rows}"),
            (self.lead_ns >= 0, f"lead_ns must not be negative: futures lead, not {self.lead_ns}"),
            (0 <= self.flow_strength <= 0.5, f"flow_strength must be 0 to 0.5, not {self.flow_strength}"),
            (0 <= self.excitement < 0.9, f"excitement must be 0 to below 0.9, not {self.excitement}"),
            (self.step_ns >= MS and SECOND % self.step_ns == 0, f"step_ns must be 1 ms or more and divide a second, not {self.step_ns}"),
            (0 < self.latency_ns < SECOND, f"latency_ns must be above 0 and below a second, not {self.latency_ns}"),
        ):
            if not is_so:
                raise ConfigError(f"generated market: {rule}")
        for root, shape in self.roots.items():
            if shape.leader is not None and (shape.leader not in self.roots or self.roots[shape.leader].leader is not None):
                raise ConfigError(f"generated market: {root} follows {shape.leader}, which has no price of its own")
            if shape.lead_ns is not None and shape.lead_ns < 0:
                raise ConfigError(f"generated market: {root} must not lead its leader: lead_ns {shape.lead_ns}")
            if shape.leader is None and shape.start_pts <= 0:
                raise ConfigError(f"generated market: {root} follows nobody, so its start_pts must be positive, not {shape.start_pts}")

    def with_root(self, root: str, **changes: Any) -> MarketSettings:
        """Change fields of one root's shape; every other setting stays."""
        return replace(self, roots=self.roots | {root: replace(self.roots[root], **changes)})
