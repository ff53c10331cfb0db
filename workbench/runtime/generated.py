"""A generated session as the log would hold it: contracts, market records, phases and seconds. Nothing is written, nothing decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from workbench import calendars
from workbench.calendars import Span
from workbench.config import Settings
from workbench.domain.contracts import Contract
from workbench.domain.records import Phase, Records
from workbench.market.sessions import weave
from workbench.runtime.build import fronts
from workbench.simulation.market import MarketSettings, generate


class Generated(NamedTuple):
    """Contracts and framed records, not numbered yet."""

    contracts: tuple[Contract, ...]
    records: Records


def generated(
    settings: Settings,
    roots: Sequence[str],
    session: int,
    *,
    seed: int,
    market: MarketSettings | None = None,
    first_ns: int | None = None,
    last_ns: int | None = None,
) -> Generated:
    """Generate a log session, or the part of it from `first_ns` to `last_ns`, for the front contracts of `roots`.

    Examples
    --------
    >>> from workbench.config import load_settings
    >>> from workbench.domain.units import MINUTE
    >>> opens, _ = calendars.session_bounds(20261120)
    >>> made = generated(load_settings(environment={}), ["ES"], 20261120, seed=1, last_ns=opens + MINUTE)
    >>> [contract.symbol for contract in made.contracts], int((made.records["kind"] == 7).sum())      # TIME: 61 whole seconds
    (['ESZ6'], 61)
    """
    opens, closes = calendars.session_bounds(session)
    first, last = first_ns or opens, last_ns or closes
    contracts = fronts(settings, roots, session)
    shown = {contract.id: _within(calendars.around(contract.calendar, [first, last]).spans, first, last) for contract in contracts}
    records = generate(session, contracts, shown, seed=seed, settings=market)
    phases = np.concatenate([calendars.phase_records(contract, first, last) for contract in contracts])
    return Generated(contracts, weave(records, phases, first_ns=first, last_ns=last))


def _within(spans: Sequence[Span], first: int, last: int) -> list[tuple[int, int, Phase]]:
    return [
        (max(span.start_ns, first), min(span.end_ns, last), span.phase) for span in spans if span.end_ns > first and span.start_ns < last
    ]
