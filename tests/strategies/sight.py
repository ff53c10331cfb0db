"""Views made by hand: one contract, a bar of stated fields, stated features and forecasts. What an engine would show a decider."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from tests.simulation.pit import future
from workbench.domain.bars import RICH, RichBar
from workbench.domain.contracts import Contract
from workbench.domain.decisions import Forecast
from workbench.domain.records import ASK, BID, Phase
from workbench.domain.views import View

STANDARD = dict(
    bid=23_999, ask=24_000, has=BID | ASK, bsz=5, asz=5, quality=1000, phase=int(Phase.RTH), n_print=3, n_quote=9, close=24_000, flags=2
)


def sight(
    contract: Contract | None = None,
    *,
    now_ns: int = 1,
    features: Mapping[str, float | None] | None = None,
    forecasts: Mapping[str, Forecast] | None = None,
    **fields: int,
) -> View:
    """Make a view. A feature that is `None` is not warm."""
    bars = np.zeros(1, RICH)
    for name, value in (STANDARD | fields).items():
        bars[name] = value
    given = dict(features or {})
    values = np.array([value or 0.0 for value in given.values()] or [0.0])
    warm = np.array([value is not None for value in given.values()] or [False], np.uint8)
    return View(
        contract or future(),
        RichBar(memoryview(bars.view("<i8")), 0),
        {name: at for at, name in enumerate(given)},
        values.data.toreadonly(),
        warm.data.toreadonly(),
        0,
        MappingProxyType(dict(forecasts or {})),
        np.array([now_ns], np.int64).data.toreadonly(),
    )
