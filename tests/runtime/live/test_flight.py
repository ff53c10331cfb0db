"""The flight recorder of a run: begun with it, off with a word when the disk is full, and never in the way of trading."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.runtime.flight.world import Flown
from tests.simulation.drills.drill import Drill
from workbench.domain.events import BrokerSaid
from workbench.store import flight
from workbench.store.flight import Reel


def flown(folder: Path) -> Flown:
    made = Flown(folder, trades_s=20, waits_s=10)
    made.run()
    return made


def test_a_full_disk_ends_the_recording_with_a_word_and_changes_no_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, left = os.write, [4_000]

    def full(fd: int, data: bytes) -> int:
        left[0] -= len(data)
        return write(fd, data if left[0] > 0 else data[:3])

    plain = Drill(tmp_path / "plain", None, trades_s=20, waits_s=10)
    plain.run()
    monkeypatch.setattr(flight.os, "write", full)
    made = flown(tmp_path / "full")
    told = [event.text for event in made.of(BrokerSaid) if event.kind == "flight"]
    assert len(told) == 1 and "nothing is recorded any more" in told[0] and "no space left" in told[0]
    assert made.ended is not None and plain.ended is not None and made.ended.n_commands
    assert (made.ended.commands_digest, made.ended.n_records) == (plain.ended.commands_digest, plain.ended.n_records)
    verdict = made.verdict()
    assert verdict.divergence is None and "not ended" in verdict.endings[0]


def test_its_card_says_what_is_needed_to_play_it(tmp_path: Path) -> None:
    made = flown(tmp_path)
    (reel,) = made.tape().reels
    assert isinstance(reel, Reel) and reel.is_closed
    card = reel.card
    assert (card.run, card.account, card.client_id, card.order_id, card.follows, card.n_entries) == (
        made.logged().run.run, "DUSIM1", made.settings.ib.client_id, 1, "", 0,
    )  # fmt: skip
    assert "notify" not in card.settings and card.versions["ib_async"]


def test_switched_off_there_is_none(tmp_path: Path) -> None:
    made = Flown(tmp_path, trades_s=5, waits_s=5)
    off = made.settings.flight.model_copy(update={"on": False})
    made.edge._flight._settings = made.settings.model_copy(update={"flight": off})
    made.run()
    assert not made.flight.exists()
