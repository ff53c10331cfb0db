"""Bars and features of a frame are those the engine saw when it decided."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.replay.world import World, before, settings, world
from tests.research.conftest import Traded
from tests.runtime.test_recovery import CAUTIOUS, FIRST, trade
from tests.runtime.test_recovery import SECOND as SECOND_SESSION
from tests.runtime.test_recovery import day as one_day
from tests.workspace.texts import FEATURE
from workbench import mine
from workbench.domain.bars import BAR_FIELDS, PRICED, RICH
from workbench.domain.decisions import Proposal
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import MINUTE, SECOND
from workbench.domain.views import PositionView, View
from workbench.engine import Engine
from workbench.features.bank import FeatureBank
from workbench.research import Session, open_session
from workbench.research.frames.bars import fold, length_of, lengthen
from workbench.runtime import play
from workbench.runtime.log import RunLog
from workbench.runtime.logged import open_log
from workbench.runtime.loop import run
from workbench.runtime.machine import simulated
from workbench.runtime.paper import paper
from workbench.runtime.recovery import start_of
from workbench.runtime.replay import replay
from workbench.workspace import things_of

PRICES = {"open_pts": "open", "high_pts": "high", "low_pts": "low", "close_pts": "close"}
SUMS = {"volume": "volume", "signed_volume": "signed", "ofi": "ofi", "n_prints": "n_print", "n_quotes": "n_quote"}


class Witness:
    """A strategy that never trades and writes down what it was shown."""

    name = "witness"
    needs: tuple[str, ...] = ()

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self.seen: list[tuple[int, int, tuple[int, ...], tuple[float | None, ...]]] = []

    def propose(self, view: View) -> Proposal | None:
        bar = tuple(getattr(view.bar, field) for field in BAR_FIELDS)
        self.seen.append((view.now_ns, view.contract.id, bar, tuple(view[column] for column in self.columns)))
        return None

    def manage(self, view: View, position: PositionView) -> None:
        return None


@pytest.fixture(scope="module")
def witnessed() -> tuple[World, Witness]:
    """What the engine showed a strategy at each barrier of the small world."""
    of = world(("ES", "SPY"), minutes=30, activity=0.15)
    columns = tuple(FeatureBank([terms.contract for terms in of.setup.terms]).columns)
    witness = Witness(columns)
    setup = of.setup._replace(strategies=((witness, (1, 2)),))
    asyncio.run(run(simulated(setup, of.records, of.fills), Engine(setup), RunLog(), after_seq=before(of)))
    return of, witness


def test_every_bar_of_the_frame_is_the_one_the_engine_saw(day: Session, witnessed: tuple[World, Witness]) -> None:
    of, witness = witnessed
    bars = day.bars(length="5s")
    contracts = {terms.contract.id: terms.contract for terms in of.setup.terms}
    n_unasked = len(bars) - len(witness.seen)
    bars = bars.filter(pl.Series(asked(bars, witness)))
    assert len(bars) == len(witness.seen) > 500 and n_unasked < 10  # while a feed is silent nobody is asked
    for row, (now_ns, id_, cells, _) in zip(bars.to_dicts(), witness.seen, strict=True):
        bar, contract = dict(zip(BAR_FIELDS, cells, strict=True)), contracts[id_]
        assert row["symbol"] == contract.symbol and bar["t_end"] <= now_ns
        for name, field in PRICES.items():
            assert row[name] == (contract.to_pts(bar[field]) if bar["flags"] & PRICED else None)
        for name, field in SUMS.items():
            assert row[name] == bar[field]
        assert row["bid_pts"] == (contract.to_pts(bar["bid"]) if bar["has"] & 1 else None)
        assert row["quality_frac"] == bar["quality"] / 1000 and row["is_broken"] == bool(bar["flags"] & 1)
    assert bars["time"].dt.epoch("ns").to_list() == [cells[0] for _, _, cells, _ in witness.seen]


def asked(frame: pl.DataFrame, witness: Witness) -> list[bool]:
    """Say of each row of a frame whether the strategy was asked at that barrier."""
    at = {cells[0] for _, _, cells, _ in witness.seen}
    return [ns in at for ns in frame["time"].dt.epoch("ns").to_list()]


@pytest.mark.covers("S3-07", "S4-13", "S4-24")
def test_every_feature_of_the_frame_is_the_one_the_engine_decided_on(day: Session, witnessed: tuple[World, Witness]) -> None:
    _, witness = witnessed
    features = day.features
    assert tuple(features.columns[2:]) == witness.columns
    features = features.filter(pl.Series(asked(features, witness)))
    seen = [values for *_, values in witness.seen]
    for at, column in enumerate(witness.columns):
        assert features[column].to_list() == [values[at] for values in seen], column
    assert features.select(pl.exclude("time", "symbol").is_not_null().any()).row(0).count(True) > 80


def test_a_longer_bar_is_the_one_the_engine_puts_together(traded: Traded) -> None:
    contracts = [terms.contract for terms in traded.of.setup.terms]
    folded = fold(traded.of.records, contracts)
    bank, live = FeatureBank(contracts, lengths_ns=(5 * SECOND, MINUTE)), np.zeros(2, RICH)
    bank.bind(live)
    made = lengthen(folded, contracts, MINUTE)
    n = 0
    for k, row in enumerate(folded.bars):
        live[:] = row
        bank.step()
        for slot in range(2):
            closed = bank.arrays["marks"][slot, 1]["closed_ns"]
            assert bool(made[k, slot]["t_end"]) == bool(closed)
            if closed:
                assert made[k, slot] == bank.arrays["closed"][slot, 1]
                n += 1
    assert n > 50


def test_lengths_are_read_and_others_refused(day: Session) -> None:
    assert [length_of(text) for text in ("5s", "30s", "1m", "1h")] == [5 * SECOND, 30 * SECOND, MINUTE, 60 * MINUTE]
    for text in ("7s", "0m", "m", "1d", "", "-5s"):
        with pytest.raises(ConfigError, match="a bar is 5s long or a multiple of it"):
            day.bars("ES", text)


class LastSign:
    """Direction of the last bar: a feature of a researcher's own."""

    name = "last_sign"
    uses: tuple[Any, ...] = ()
    needs = ("bars",)

    def __init__(self) -> None:
        self.value: float | None = None

    def update(self, bar: Any) -> None:
        self.value = float(np.sign(bar.close - bar.open))


def test_a_feature_of_ones_own_stands_beside_the_shipped_ones(day: Session) -> None:
    with_own = day.features_with(LastSign, symbol="ES")
    assert with_own.columns[-3:] == ["last_sign_5s", "last_sign_1m", "last_sign_5m"]
    bars = day.bars("ES", "5s")
    assert with_own["last_sign_5s"].to_list() == (bars["close_pts"] - bars["open_pts"]).sign().to_list()
    assert with_own["rsi_14_5s"].equals(day.frame("features", "ES")["rsi_14_5s"])


# ------------------------------------------------------------------ a session that goes on from the one before
@pytest.fixture(scope="module")
def in_a_row(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("row")
    for session in (FIRST, SECOND_SESSION):
        trade(data, session)
    return data


def test_a_run_that_began_with_the_session_before_is_shown_as_its_engine_saw_it(in_a_row: Path) -> None:
    logged = open_log(in_a_row, SECOND_SESSION)
    start = start_of(in_a_row, logged.run)
    assert start is not None and logged.run.starts_from
    setup = play.setup_as_traded(settings(), logged)
    witness = Witness(tuple(FeatureBank(logged.contracts).columns))
    seen = setup._replace(strategies=((witness, (1,)),))
    asyncio.run(replay(seen, logged.records, (), begin=lambda engine: engine.restore(start.engine)))
    day = open_session(SECOND_SESSION, data=in_a_row)
    bars, features = day.bars(length="5s"), day.features
    assert bars["time"].dt.epoch("ns").to_list() == [cells[0] for _, _, cells, _ in witness.seen]
    assert bars["seq"].n_unique() < len(bars)  # the gap between the two is many barriers of one record
    contract = logged.contracts[0]
    assert bars["close_pts"].to_list() == [contract.to_pts(cells[BAR_FIELDS.index("close")]) for _, _, cells, _ in witness.seen]
    for at, column in enumerate(witness.columns):
        assert features[column].to_list() == [values[at] for *_, values in witness.seen], column


def test_a_run_with_a_feature_of_ones_own_goes_on_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "gap.py").write_text(FEATURE)
    (tmp_path / "workbench.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    own = tuple(thing.what for thing in things_of(tmp_path).own)
    try:
        for session in (FIRST, SECOND_SESSION):
            made, setup = one_day(session)
            digests, setup = {"settings": settings().digest}, setup._replace(own_features=own)
            done = asyncio.run(paper(tmp_path / "data", session, made.contracts, made.records, setup, CAUTIOUS, digests=digests))
            assert done.run.own_features == ("gap",)
        day = open_session(SECOND_SESSION)
        assert day.run is not None and day.run.starts_from
        gap, bars = day.features["gap_5s"], day.bars("ES", "5s")
        assert len(gap) == len(bars) > 100 and (gap * 0.25 - (bars["close_pts"] - bars["open_pts"])).abs().max() == 0
    finally:
        mine.look_in(None)


def test_outcomes_of_two_sessions_in_a_row_are_joined_by_the_bar_they_are_of(in_a_row: Path) -> None:
    days = open_session(FIRST, SECOND_SESSION, data=in_a_row)
    forecasts = days.forecasts.filter(pl.col("is_up").is_not_null())
    assert forecasts["run"].n_unique() == 2
    closes = days.bars("ES", "5s").filter(pl.col("bid_pts").is_not_null() & pl.col("ask_pts").is_not_null())
    mids = closes.select("time", ((pl.col("bid_pts") + pl.col("ask_pts")) / 2).alias("mid")).unique("time", keep="last").sort("time")
    ahead = forecasts.with_columns((pl.col("time") + pl.duration(seconds=pl.col("horizon_s"), time_unit="ns")).alias("end"))
    both = ahead.join(mids, on="time").join(mids, left_on="end", right_on="time", suffix="_end")
    assert len(both) > 100 and (both["is_up"] == (both["mid_end"] > both["mid"])).all()


def test_bars_that_cannot_be_made_again_say_why(in_a_row: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(in_a_row, data)
    for path in data.glob("runs/*/checkpoints/*"):
        if str(FIRST) in str(path):
            path.unlink()
    with pytest.raises(DataError, match="the checkpoint of 20261118-paper-1, which is gone or damaged: no bar can be made again"):
        open_session(SECOND_SESSION, data=data).bars("ES")
