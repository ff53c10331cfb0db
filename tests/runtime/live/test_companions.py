"""Processes beside a run: started with it, ended with one that ends cleanly, left by one that does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from workbench.runtime.live.companions import Companions, guardian_arguments, notifier_arguments
from workbench.store.status import heard


def test_what_a_companion_prints_lies_in_a_log_of_its_own(tmp_path: Path) -> None:
    companions = Companions(tmp_path)
    log = companions.start("guardian", ["--help"])
    came = asyncio.run(companions.until(lambda: "Usage" in log.read_text(), "guardian", 60))
    assert came and log == tmp_path / "logs" / "guardian.log"
    companions.end()


def test_nobody_waits_for_a_companion_that_ended(tmp_path: Path) -> None:
    companions = Companions(tmp_path)
    log = companions.start("guardian", ["--data", str(tmp_path)])  # whose account?
    assert not asyncio.run(companions.until(lambda: False, "guardian", 100))
    assert not companions.is_running("guardian") and "which account?" in log.read_text()


def test_a_companion_is_ended_with_the_run(tmp_path: Path) -> None:
    companions = Companions(tmp_path)
    log = companions.start("guardian", guardian_arguments(tmp_path, "U1", "127.0.0.1", 1))
    assert asyncio.run(companions.until(lambda: "guarding U1" in log.read_text(), "guardian", 60))
    companions.end()
    assert not companions.is_running("guardian")


def test_a_notifier_watches_the_folder_and_ends_with_the_run(tmp_path: Path) -> None:
    companions = Companions(tmp_path)
    log = companions.start("notify", notifier_arguments(tmp_path))
    assert asyncio.run(companions.until(lambda: bool(heard(tmp_path)), "notify", 60)), log.read_text()
    companions.end()
    (word,) = heard(tmp_path)
    assert word.process == "notifier" and word.note == "ended"


@pytest.mark.proof
def test_one_that_must_run_is_started_again_when_it_has_ended(tmp_path: Path) -> None:
    companions = Companions(tmp_path)

    async def main() -> str:
        keeping = asyncio.ensure_future(companions.keep_running("keeper", ["--help"], again_s=0.2))
        log = tmp_path / "logs" / "keeper.log"
        async with asyncio.timeout(60):
            while not log.exists() or log.read_text().count("Usage") < 2:
                await asyncio.sleep(0.1)
        keeping.cancel()
        return log.read_text()

    assert "Seal, make snapshots" in asyncio.run(main())
    companions.end()


def test_one_that_is_not_needed_is_not_started(tmp_path: Path) -> None:
    companions = Companions(tmp_path)
    companions.see_to("notify", notifier_arguments(tmp_path), is_needed=lambda: False)
    assert not companions.is_running("notify") and not (tmp_path / "logs").exists()
