"""A review says what the log says, adds up, and has little to say of a session that nobody traded."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from msgspec.structs import replace

from tests.replay.world import SESSION
from tests.runtime.folders import BARS_SESSION
from workbench.domain.errors import DataError
from workbench.domain.units import MICROS
from workbench.research import Session, open_session
from workbench.research.evaluate import summarise
from workbench.research.proof import Proof
from workbench.research.review import Review, journal, review, state_before
from workbench.runtime.logged import open_log
from workbench.store.folders import Folders
from workbench.store.manifest import runs, write_manifest

PROOF = Proof(True, 7, "ab" * 32, "", ())


@pytest.fixture(scope="module")
def seen(day: Session) -> Review:
    return review(day, PROOF)


@pytest.fixture(scope="module")
def untraded(barred: Path) -> Review:
    return review(open_session(BARS_SESSION, data=barred))


def test_its_sums_are_those_of_the_facts(seen: Review, traded: object) -> None:
    summary = summarise(open_log(traded.data, SESSION).facts())
    total = seen.trips.row(-1, named=True)
    assert total["n"] == summary.n_trips == sum(seen.trips["n"][:-1]) and total["n"] > 3
    assert total["pnl_usd"] == pytest.approx(summary.pnl_micros / MICROS)
    assert total["fees_usd"] == pytest.approx(summary.fees_micros / MICROS)
    assert dict(seen.refusals.select("reason", "wishes").iter_rows()) == dict(summary.refusals)
    (said,) = summary.forecasts
    (row,) = seen.forecasts.iter_rows(named=True)
    assert (row["n"], row["known"], row["hit_frac"], row["ece"]) == (said.n_made, said.n_known, said.hit_frac, said.ece)
    assert row["lo_frac"] < row["hit_frac"] < row["hi_frac"]


def test_it_adds_up_and_sees_when_it_does_not(seen: Review) -> None:
    closed, run = seen.day.round_trips, seen.day.run
    assert seen.adds_up and run is not None
    for off_usd, is_right in ((0.0, True), (0.5, False)):
        earned = seen.day.equity.tail(1).with_columns(realised_usd=closed["pnl_usd"].sum() + off_usd)
        frames = {"equity": earned, "round_trips": closed, "fills": seen.day.fills.filter(pl.col("ref").is_in(closed["ref"].implode()))}
        flat = SimpleNamespace(run=replace(run, ended_flat=True), is_unfinished=False, frame=frames.__getitem__)
        assert seen._replace(day=flat).adds_up is is_right


def test_what_was_left_open_is_told_and_makes_the_sums_agree(seen: Review) -> None:
    n, earned = seen.left_open
    day, result = seen.day, seen.result
    assert (n, round(earned, 2)) == (result["left_open"], result["open_pnl_usd"])
    assert n == len(set(day.fills["ref"]) - set(day.round_trips["ref"]))
    last = day.equity.row(-1, named=True)
    assert result["pnl_usd"] + earned == pytest.approx(last["realised_usd"] + last["open_pnl_usd"], abs=0.01)
    assert ("left open" in repr(seen.cards)) is (n > 0)


def test_cards_and_result_say_the_same(seen: Review) -> None:
    told, result = repr(seen.cards), seen.result
    assert f"{result['round_trips']:,}" in told and "7 commands alike" in told and "Generated data" in told
    assert result["parity"] is True and result["commands_digest"] == PROOF.digest and result["session"] == "2026-11-19"
    assert result["refused"] == len(seen.day.refusals)


@pytest.mark.parametrize(
    ("parity", "said"),
    [
        (None, "not asked for"),
        (Proof(False, 7, "00", "recorded a, made b", ("code",)), "changed since: code"),
        (Proof(False, 7, "00", "recorded a, made b", ()), "with the same code"),
    ],
)
def test_parity_is_told_as_it_is(seen: Review, parity: Proof | None, said: str) -> None:
    assert said in repr(seen._replace(parity=parity).cards)


def test_quality_counts_every_bar_of_every_contract(seen: Review) -> None:
    bars = seen.day.bars(None, "5s")
    assert seen.quality["bars"].sum() == len(bars) and set(seen.quality["symbol"]) == {"ESZ6", "SPY"}
    assert seen.unfit.keys() <= {"ESZ6", "SPY"} and seen.most_traded in {"ESZ6", "SPY"}


def test_a_session_that_nobody_traded_has_only_its_data(untraded: Review) -> None:
    assert untraded.trips.is_empty() and untraded.forecasts.is_empty() and untraded.refusals.is_empty() and untraded.states.is_empty()
    assert len(untraded.quality) == 2 and untraded.adds_up and untraded.result["run"] is None
    assert "Nobody traded this session" in repr(untraded.cards) and untraded.result["pnl_usd"] == 0.0
    assert journal(untraded.day, "fills").is_empty()


def test_of_rules_that_forecast_nothing_in_a_simulation_it_says_so_in_words(two_days: Path) -> None:
    seen = review(open_session("2026-01-27", data=two_days))
    assert seen.why_no_forecast == "no forecast was made: the strategies are plain rules"
    assert seen.why_no_parity == "a simulation: there are no recorded commands to compare"
    assert seen.result["hit_frac_note"] == seen.why_no_forecast and seen.result["parity_note"] == seen.why_no_parity
    said = repr(seen.cards)
    assert "forecasts right       no forecast was made  (the strategies are plain rules)" in said
    assert "parity                a simulation  (there are no recorded commands to compare)" in said


def test_where_there_are_forecasts_and_a_replay_there_is_no_excuse(seen: Review) -> None:
    assert (seen.why_no_forecast, seen.why_no_parity) == ("", "") and not [name for name in seen.result if name.endswith("_note")]


def test_of_runs_before_that_ended_flat_nothing_is_read_and_of_one_that_did_not_the_state_is_told(traded: object, tmp_path: Path) -> None:
    data = Path(shutil.copytree(traded.data, tmp_path / "data"))
    (run,) = runs(data)
    before = replace(run, run="earlier", sessions=(20200102,), epoch=0, starts_from="", is_closed=True)
    write_manifest(Folders(data).run(run.run), replace(run, starts_from="earlier"))
    for is_flat in (True, False):
        write_manifest(Folders(data).run("earlier"), replace(before, ended_flat=is_flat))
        seen = open_session(SESSION, data=data)
        if is_flat:
            assert state_before(seen).is_empty()
        else:
            with pytest.raises(DataError, match="2020"):
                state_before(seen)
