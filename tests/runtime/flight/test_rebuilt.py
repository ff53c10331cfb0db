"""From a data folder to a verdict: a recorder's socket played again, with the bars it asked for beside the log."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.simulation.fortnight.tape import tape
from tests.simulation.fortnight.world import Life, Recorder, at
from workbench.config import Settings
from workbench.domain.units import SECOND
from workbench.gateway.faults import actions as act
from workbench.runtime.flight.rebuilt import open_recording, replay_wire
from workbench.store.told_bars import ToldBarTable

SESSION, BEGIN = 20261125, at("2026-11-25 09:00")


def test_a_recorder_that_was_told_bars_is_played_again_to_the_last_byte(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, tape(("ESZ6",), (SESSION,), seed=1), ("ES",))
    flight = recorder.settings.flight.model_copy(update={"on": True})
    recorder.settings = recorder.settings.model_copy(update={"flight": flight})
    lost = (BEGIN + 50 * SECOND, act.Outage(for_s=20, data="lost"))
    recorder.live(Life(BEGIN, BEGIN + 120 * SECOND, (lost,)))
    assert len(ToldBarTable(recorder.data).read(SESSION)) >= 15
    found = open_recording(recorder.settings, recorder.data, SESSION)
    assert not found.changed and found.settings.recorder.bars
    verdict = replay_wire(recorder.data, found)
    assert verdict.divergence is None and verdict.n_records > 100 and verdict.n_frames > 20


def test_one_of_before_there_were_such_bars_asks_for_none() -> None:
    recorder = Recorder(Path(), tape(("ESZ6",), (SESSION,), seed=1), ("ES",))
    then = msgspec.json.decode(recorder.settings.model_dump_json())
    del then["recorder"]["bars"]
    assert recorder.settings.recorder.bars and not Settings.model_validate(then).recorder.bars
