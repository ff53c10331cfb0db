"""Warm-up: bars of the past come before the first live record, warm features, and decide nothing; what knows the future is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.replay.world import SESSION, World, world
from tests.runtime.live.scripted import Broker, Played
from workbench.domain.contracts import Contract
from workbench.domain.errors import DataError
from workbench.domain.records import EVENT_TIME, Kind, Provenance, Records, empty, provenance_flag
from workbench.domain.units import MINUTE, SECOND
from workbench.engine import Engine
from workbench.runtime import play
from workbench.runtime.live.history import Needs, WarmUp, needs_of, warmed
from workbench.runtime.logged import open_log

NEEDS = Needs(long_ns=MINUTE)


def minutes(contract: int, n: int, until_ns: int) -> Records:
    """One-minute bars that end at `until_ns`, two records each."""
    made = empty(2 * n)
    made["kind"], made["contract"] = Kind.BAR, contract
    made["flags"] = EVENT_TIME | provenance_flag(Provenance.HISTORY)
    made["level"] = np.tile((0, 1), n)
    ends = until_ns // MINUTE * MINUTE - np.arange(n - 1, -1, -1) * MINUTE
    made["event_ns"][0::2], made["event_ns"][1::2] = ends - MINUTE, ends
    wave = np.arange(n) % 7
    made["px"][0::2], made["px2"][0::2], made["sz"][0::2], made["sz2"][0::2] = 24_000 + wave, 24_010 + wave, 50, 9
    made["px"][1::2], made["px2"][1::2], made["sz"][1::2], made["sz2"][1::2] = 23_990 + wave, 24_003 + wave, 50 * 24_000, SESSION
    return made


class Past:
    """A source that was asked once."""

    def __init__(self, n: int = 90) -> None:
        self.n, self.asked = n, 0

    async def warm_up(self, contracts: Sequence[Contract], before_ns: int, needs: Needs) -> WarmUp:
        self.asked += 1
        return WarmUp(np.concatenate([minutes(contract.id, self.n, before_ns) for contract in contracts]))


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=12, activity=0.2)


def test_features_of_longer_bars_are_warm_at_the_first_live_bar_and_the_replay_knows_them(tmp_path: Path, of: World) -> None:
    cold = Played(tmp_path / "cold", of, Broker(1), cuts=0.0).run()
    past = Past()
    warm = Played(tmp_path / "warm", of, Broker(1), cuts=0.0, history=past).run()
    assert past.asked == 1 and cold.engine.view(1)["atr_14_1m"] is None and warm.engine.view(1)["atr_14_1m"] is not None
    logged = open_log(tmp_path / "warm", SESSION)
    n = 2 * past.n
    assert set(logged.records["kind"][:n].tolist()) == {Kind.BAR} and logged.records["kind"][n] in (Kind.TIME, Kind.PHASE)
    played = asyncio.run(play.play_back(logged, of.setup))
    assert played.difference is None and played.outcome.state_digest == warm.state_digest


def test_a_run_that_begins_with_a_checkpoint_is_warm_already(tmp_path: Path, of: World) -> None:
    first = Played(tmp_path, of, Broker(1), cuts=0.0)
    first.runner._at_turn = lambda _: first.line.stop() if first.venue.at > 300 else None
    first.run()
    past = Past()
    Played(tmp_path, of, Broker(1), at=first.venue.at, from_ns=first.clock.now_ns(), history=past).run()
    assert past.asked == 0


def test_history_that_is_none_is_refused(of: World) -> None:
    contracts = [terms.contract for terms in of.setup.terms]
    now_ns = int(of.records["recv_ns"][0])

    class Wrong(Past):
        def __init__(self, change: str) -> None:
            super().__init__(3)
            self.change = change

        async def warm_up(self, contracts: Sequence[Contract], before_ns: int, needs: Needs) -> WarmUp:
            [made, _] = await super().warm_up(contracts, before_ns, needs)
            match self.change:
                case "live":
                    made["flags"] = EVENT_TIME
                case "half":
                    made = made[:-1]
                case "future":
                    made["event_ns"][-1] = before_ns + 1
                case "stranger":
                    made["contract"][-2:] = 9
            return WarmUp(made)

    for change, said in (("live", "provenance HISTORY"), ("half", "two a bar"), ("future", "future"), ("stranger", r"contracts \[9\]")):
        with pytest.raises(DataError, match=said):
            asyncio.run(warmed(Wrong(change), contracts, now_ns, NEEDS))
    for source, needs in ((Past(0), NEEDS), (None, NEEDS), (Past(3), Needs())):
        assert not len(asyncio.run(warmed(source, contracts, now_ns, needs)).records)


def test_what_is_asked_for_is_what_the_slowest_traded_features_need(of: World) -> None:
    columns = Engine(of.setup).bank.warm_up_bars
    needs = needs_of(of.setup, columns)
    assert needs == Needs(61 * 5 * SECOND, 15 * MINUTE, 0)  # ret_60_5s of the recipe, atr_14_1m of the strategies
    assert needs_of(of.setup._replace(strategies=(), recipes=()), columns).is_none
