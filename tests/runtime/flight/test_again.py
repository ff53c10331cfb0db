"""A process played again over its recorded socket: the same records, events, commands and frames, through losses and reconnects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.runtime.flight.world import Flown
from tests.simulation.drills.drill import scenario_of
from workbench.domain.decisions import Issued
from workbench.domain.events import OrderFilled
from workbench.gateway.faults import Scenario
from workbench.runtime.flight.again import Played
from workbench.runtime.flight.differences import judge
from workbench.store.flight import Way
from workbench.wire import ErrorMessage

WEATHER = ("rough_weather", "burst", "drip", "1100_1102_reports_lost", "execution_corrected", "order_lost", "acknowledgements_lost")


def both() -> Scenario:
    """Half a minute without IB, its data lost; then TWS restarts."""
    rules = (*scenario_of("1100_1101_data_lost", later_s=0).rules, *scenario_of("daily_restart").rules)
    return Scenario(about="both", rules=rules, seed=1)


def must_be_the_same(flown: Flown) -> Played:
    """Play it, and hold all of it against the log, times and numbers included where they are not a timer's."""
    played = flown.again()
    (then,), (ours,) = played.then, played.ours
    for name in then.records.dtype.names or ():
        differ = np.flatnonzero(then.records[name] != ours.records[name])
        assert not len(differ) or name == "recv_ns", f"{name} of records {differ[:5]}"
    assert [fact for fact in then.facts if isinstance(fact, Issued)] == [fact for fact in ours.facts if isinstance(fact, Issued)]
    assert judge(flown.tape(), played).divergence is None
    return played


def test_a_life_with_its_brackets_gives_the_same_records_commands_and_frames(life: Flown) -> None:
    played = must_be_the_same(life)
    assert played.then[0].of(OrderFilled) and not played.n_dropped and not played.stuck


@pytest.mark.proof
def test_so_does_one_in_which_data_and_connection_were_lost(tmp_path: Path) -> None:
    flown = Flown(tmp_path, both(), trades_s=50, waits_s=70)
    flown.run()
    ways = [chunk.way for chunk in flown.tape()]
    assert ways.count(Way.MADE) >= 2 and {Way.REFUSED, Way.LOST, Way.ENDED} & set(ways)
    assert 1101 in {message.code for _, message in flown.tape().came() if isinstance(message, ErrorMessage)}
    assert must_be_the_same(flown).then[0].of(OrderFilled)


def test_nothing_is_written_into_the_data_folder_and_what_was_put_into_the_library_is_kept(life: Flown) -> None:
    def files() -> dict[Path, int]:  # who reads a journal touches its `-shm`
        return {path: path.stat().st_mtime_ns for path in life.folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")}

    before, played = files(), life.again()
    assert files() == before
    assert played.orders and all(order["account"] == "DUSIM1" for order in played.orders.values())


@pytest.mark.proof
@pytest.mark.parametrize("name", WEATHER)
def test_so_do_days_of_all_weathers(tmp_path: Path, name: str) -> None:
    flown = Flown(tmp_path, scenario_of(name), seed=3, trades_s=150, waits_s=60)
    flown.run()
    must_be_the_same(flown)
