"""``workbench replay --wire``: the same, another, none; for a person and for a script."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.replay.world import SESSION, settings
from tests.runtime.live.whole import Whole
from workbench import calendars
from workbench.config import Mode
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.runtime.generated import generated
from workbench.simulation.market import MarketSettings
from workbench.store.flight import Flight, Reel, reels


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds of one contract, wired as the command line would, warmed up from the gateway's past."""
    last_ns = calendars.session_bounds(SESSION)[0] + 16 * HOUR
    day = generated(settings(), ["ES"], SESSION, seed=5, market=MarketSettings(activity=0.3), first_ns=last_ns - HOUR, last_ns=last_ns)
    data = tmp_path_factory.mktemp("flown")
    whole = Whole(data, day, start_ns=last_ns - 20 * MINUTE + 17 * SECOND)
    whole.run(25.0, mode=Mode.PAPER, strategies=[("tour", "")])
    return data


@pytest.fixture
def data(flown: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(flown, tmp_path / "flown"))


def test_a_day_that_was_recorded_is_played_over_its_wire_and_is_the_same(data: Path, here: Path) -> None:
    said = workbench("replay", "--wire", SESSION, "--data", data)
    assert said.code == 0, said.text
    assert "the same records, events, commands and frames" in said.text and "server version 178" in said.text
    told = json.loads(workbench("replay", "--wire", SESSION, "--data", data, "--json").out)
    assert told["same"] and told["divergence"] is None and not told["endings"] and not told["changed"]
    assert told["records"] > 500 and told["frames"] > 10 and told["session"] == SESSION


def test_what_differs_is_said_with_message_field_and_whose_work_it_is(data: Path, here: Path) -> None:
    (path,) = reels(data / "flight", SESSION)
    reel = Reel(path)
    chunks, is_done = list(reel), False
    made = Flight(data / "again", lambda _, call: None)
    other = made.begin(reel.card)
    assert other is not None
    for chunk in chunks:
        n = chunk.data.find(b"\0ESZ6\0")
        bytes_ = chunk.data
        if not is_done and chunk.data[4:].startswith(b"1\0") and n > 0:  # the request for quotes
            bytes_, is_done = chunk.data.replace(b"\0ESZ6\0", b"\0ESH7\0", 1), True
        made.note(chunk.ns, chunk.connection, chunk.way, bytes_)
    made.close()
    path.write_bytes(other.read_bytes())
    said = workbench("replay", "--wire", SESSION, "--data", data)
    assert is_done and said.code == 1
    assert "DIVERGED" in said.text and "ReqMktData.contract.local_symbol, by the connection" in said.text
    assert "ours ESZ6" in said.text and "then ESH7" in said.text
    told = json.loads(workbench("replay", "--wire", SESSION, "--data", data, "--json").out)
    assert told["divergence"]["component"] == "connection" and told["divergence"]["ours"] == "ESZ6"


def test_what_there_is_not_is_said_and_so_is_what_does_not_go_together(data: Path, here: Path) -> None:
    missing = workbench("replay", "--wire", 20261120, "--data", data)
    assert missing.code == 1 and "no flight recording of session 20261120; sessions there: 20261119" in missing.text
    for words, why in (
        (("--wire", SESSION, "--session", SESSION), "takes --run, --data and --json"),
        (("--session", SESSION, "--run", "x"), "--run names a run of --wire"),
        ((), "--session 2026-11-19 plays its log, --wire 2026-11-19 its flight recording"),
    ):
        said = workbench("replay", *words, "--data", data)
        assert said.code == 2 and why in said.text, said.text


def test_the_help_teaches_it() -> None:
    said = workbench("replay", "--help")
    for word in ("workbench replay --wire 2026-11-20", "raw decoder", "account numbers are in them", "Exit code 1"):
        assert word in said.text
