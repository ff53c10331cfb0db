"""A generated session as a log holds it: the same every time, framed, and a part of it on request."""

from __future__ import annotations

import numpy as np
import pytest

from tests.replay.world import SESSION, settings
from workbench import calendars
from workbench.domain.errors import ConfigError
from workbench.domain.records import Kind, Phase, Provenance
from workbench.domain.units import MINUTE, SECOND
from workbench.runtime.generated import Generated, generated
from workbench.simulation.market import MarketSettings

pytestmark = pytest.mark.covers("S0-07", "S4-26")
OPENS, CLOSES = calendars.session_bounds(SESSION)
RTH_NS = OPENS + (15 * 60 + 30) * MINUTE  # 09:30 in New York
MARKET = MarketSettings(activity=0.1)


def part(first_ns: int, last_ns: int, seed: int = 7, roots: tuple[str, ...] = ("ES", "SPY")) -> Generated:
    return generated(settings(), roots, SESSION, seed=seed, market=MARKET, first_ns=first_ns, last_ns=last_ns)


@pytest.fixture(scope="module")
def whole() -> Generated:
    return generated(settings(), ("ES", "SPY"), SESSION, seed=7, market=MarketSettings(activity=0.02))


def test_a_seed_is_a_day() -> None:
    first, again, other = (part(RTH_NS, RTH_NS + 5 * MINUTE, seed) for seed in (7, 7, 8))
    assert np.array_equal(first.records, again.records) and first.contracts == again.contracts
    assert len(first.records) != len(other.records) or not np.array_equal(first.records, other.records)


def test_a_whole_session_is_framed_from_its_open_to_its_close(whole: Generated) -> None:
    records = whole.records
    times = records["recv_ns"][records["kind"] == Kind.TIME]
    assert times.tolist() == list(range(OPENS, CLOSES + 1, SECOND))
    assert (records["recv_ns"][1:] >= records["recv_ns"][:-1]).all()
    assert records["recv_ns"][0] == OPENS and records["recv_ns"][-1] == CLOSES
    market = records[np.isin(records["kind"], [Kind.QUOTE, Kind.PRINT, Kind.DEPTH_UPDATE])]
    assert set(market["flags"] >> 4 & 3) == {Provenance.GENERATED}


@pytest.mark.covers("S0-06")
def test_each_contract_trades_in_its_own_hours_alone(whole: Generated) -> None:
    records = whole.records
    for contract in whole.contracts:
        own = records[records["contract"] == contract.id]
        phases = own[own["kind"] == Kind.PHASE]
        market = own[own["kind"] != Kind.PHASE]
        at = np.searchsorted(phases["recv_ns"], market["recv_ns"], side="right") - 1
        assert (at >= 0).all() and (phases["level"][at] >= Phase.PREOPEN).all()
        assert {Kind.QUOTE, Kind.PRINT} <= {Kind(kind) for kind in set(market["kind"].tolist())}
    assert records["seq"].max() == 0  # numbers are the writer's business


def test_a_part_begins_and_ends_where_it_was_told_and_knows_its_phase() -> None:
    first, last = RTH_NS - MINUTE, RTH_NS + MINUTE
    made = part(first, last)
    assert made.records["recv_ns"][0] == first and made.records["recv_ns"][-1] == last
    phases = made.records[made.records["kind"] == Kind.PHASE]
    es, spy = ([Phase(level) for level in phases["level"][phases["contract"] == id_]] for id_ in (1, 2))
    assert es == [Phase.ETH, Phase.RTH] and spy[0] is Phase.ETH and spy[-1] is Phase.RTH
    assert int((made.records["kind"] == Kind.TIME).sum()) == 121


def test_a_root_nobody_has_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="no root 'EZ'"):
        part(RTH_NS, RTH_NS + MINUTE, roots=("EZ",))
