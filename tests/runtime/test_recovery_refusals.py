"""What a new run may not forget: a position, an order or a halt of the session before; what a killed run may not become: another."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.replay.world import SESSION, World, closed_loop, world
from tests.runtime.folders import cut_off, trade
from workbench.domain.errors import ConfigError
from workbench.domain.events import OrderFilled
from workbench.domain.orders import Leg
from workbench.engine import Engine
from workbench.runtime import recovery
from workbench.runtime.recovery import Began, begin
from workbench.store.digests import code_digest, deciding_digest
from workbench.store.manifest import run_folders

pytestmark = pytest.mark.covers("S2-04", "S3-37", "S3-34")
NEXT = SESSION + 1


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES",), minutes=25, activity=0.1)


@pytest.fixture(scope="module")
def held(of: World) -> World:
    """The same market, cut where a position has just been opened."""
    arrivals = closed_loop(of).arrivals
    seq = next(a.after_seq for a in arrivals if isinstance(a.event, OrderFilled) and a.event.leg is Leg.ENTRY)
    return of._replace(records=of.records[: int(of.records["seq"].searchsorted(seq)) + 2])


def begun(data: Path, of: World, **changes: object) -> Began:
    setup = of.setup._replace(**changes)
    return begin(data, NEXT, [terms.contract for terms in setup.terms], setup, {}, "")


def test_a_session_that_ended_flat_is_gone_on_from_or_begun_cold_with_the_reason(of: World, tmp_path: Path) -> None:
    first = trade(tmp_path, of._replace(records=of.records[:200]))
    assert first.run.ended_flat
    on = begun(tmp_path, of)
    assert on.run.starts_from == first.run.run and on.start is not None and on.run.notes == ""
    engine = Engine(of.setup)
    engine.restore(on.start.engine)
    assert engine.digest() == first.state_digest


def test_another_trader_begins_cold_where_nothing_was_left_open(of: World, tmp_path: Path) -> None:
    trade(tmp_path, of._replace(records=of.records[:200]))
    cold = begun(tmp_path, of, account="DUSIM2")
    assert cold.run.starts_from == "" and cold.start is None and "account" in cold.run.notes


def test_a_position_of_the_session_before_is_not_forgotten(held: World, tmp_path: Path) -> None:
    first = trade(tmp_path, held)
    assert not first.run.ended_flat and len(first.engine.desk.memory.book.open) == 1
    with pytest.raises(ConfigError, match="ended with a position, an order or a halt"):
        begun(tmp_path, held, account="DUSIM2")
    assert len(run_folders(tmp_path)) == 1  # nothing was begun
    on = begun(tmp_path, held)
    assert on.start is not None
    engine = Engine(held.setup)
    engine.restore(on.start.engine)
    assert len(engine.desk.memory.book.open) == 1


def test_a_killed_run_goes_on_as_what_it_began_as(of: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(tmp_path, of, 20)
    [folder] = run_folders(tmp_path)
    body = msgspec.json.decode((folder / "manifest.json").read_bytes())
    for name, value in (("digests", body["digests"] | {"code": "another"}), ("profile", "micro"), ("traders", [["learned", "other"]])):
        (folder / "manifest.json").write_bytes(msgspec.json.encode(body | {name: value}))
        with pytest.raises(ConfigError, match="was killed and cannot be taken up"):
            trade(tmp_path, of)
    assert (body["digests"]["code"], body["digests"]["package"]) == (deciding_digest(), code_digest())
    (folder / "manifest.json").write_bytes(msgspec.json.encode(body))
    monkeypatch.setattr(recovery, "code_digest", lambda: "of a newer gateway")  # code that decides nothing may be newer
    assert trade(tmp_path, of).run.is_closed
