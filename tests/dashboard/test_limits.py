"""What is used of each limit is what risk measures when the next proposal comes."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.dashboard.running import count
from tests.replay.world import World, before
from tests.research.test_board import Told
from workbench.config import Settings
from workbench.dashboard.limits import limits
from workbench.dashboard.picture import Limit
from workbench.dashboard.stores import Stores, picture
from workbench.dashboard.words import usd
from workbench.domain.orders import Key
from workbench.domain.units import MICROS
from workbench.engine import Engine
from workbench.engine.gating import standing
from workbench.research.board import Board
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated

pytestmark = pytest.mark.covers("S0-19", "S1-30")


def named(rows: tuple[Limit, ...]) -> dict[str, Limit]:
    return {row.name: row for row in rows}


def test_they_are_what_risk_measures_at_every_turn(of: World) -> None:
    board, engine, seen = Board(of.setup.account_days), Engine(of.setup), [0]
    change = msgspec.structs.replace
    levered = change(of.setup.law, risk=change(of.setup.law.risk, max_leverage=10.0))

    def at_turn(_: int) -> None:
        if not board.account or board.equity_micros is None or engine.market.now[3] != board.now_ns:
            return  # windows of time are of the last entry: compare where that is now
        now = standing(engine.desk, Key(board.account, 1, "learned"), board.now_ns)
        rows = named(limits(board, of.setup.law, 0))
        assert rows["Entries today"].used == f"{now.n_entries_day:,}" and rows["Open brackets"].used == f"{now.n_open:,}"
        assert rows["Contracts held, working"].used == f"{now.n_contracts:,}" and rows["Losses in a row"].used == f"{now.losses_in_row:,}"
        assert rows["Entries in the last hour"].used == f"{now.n_entries_hour:,}"
        assert rows["Orders in the last minute"].used == f"{now.n_orders_minute:,}"
        at_stops = max(0, now.day_loss_before_costs_micros) / MICROS
        assert rows["Loss today, if all stops hit"].used == usd(at_stops)
        assert rows["Heat, of equity"].frac == pytest.approx(now.heat_micros / board.equity_micros / of.setup.law.risk.max_heat_frac)
        assert now.notional_micros / board.equity_micros / 10 == pytest.approx(named(limits(board, levered, 0))["Notional, of equity"].frac)
        seen[0] += bool(now.n_open)

    log = RunLog(None, Told(board))
    asyncio.run(run(simulated(of.setup, of.records, of.fills), engine, log, after_seq=before(of), at_turn=at_turn))
    assert seen[0] > 20


def test_used_and_left_make_the_limit(open_, settings: Settings) -> None:
    stores = Stores((open_,), settings)
    shown, told = picture(stores.look(), stores, "UTC"), count(open_)
    rows, law = named(shown.limits), shown.limits
    assert len(law) >= 9 and int(rows["Open brackets"].used) >= len(told.held) > 0
    entries = rows["Entries today"]
    assert int(entries.used) + int(entries.left) == int(entries.most) == 240
    assert 0 < entries.frac < 1 and not entries.is_risk and rows["Loss today, if left now"].is_risk


def test_a_run_whose_law_is_not_at_hand_shows_none(open_, tmp_path) -> None:
    from workbench.config import load_settings

    stores = Stores((open_,), load_settings(folder=tmp_path, environment={}))
    shown = picture(stores.look(), stores, "UTC")
    assert shown.limits == () and shown.card is not None and not shown.trouble
