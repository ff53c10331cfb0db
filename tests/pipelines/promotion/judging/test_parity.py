"""What does not do the same twice is refused; where there are few sessions, the evidence is called thin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.teaching import teaching
from workbench.pipelines.promotion.gates import Candidate
from workbench.pipelines.promotion.judging import GATES, playing
from workbench.research.sample import SESSION
from workbench.store.manifest import RunManifest, write_manifest
from workbench.workspace import Things
from workbench.workspace.things import Thing, thing_of

PARITY = next(gate for gate in GATES if gate.name == "replay parity")
ASKED: list[int] = []


class Remembering:
    """A feature that another engine in the same process has already moved."""

    name, uses, needs = "remembering", (), frozenset[str]()

    @property
    def value(self) -> float | None:
        return float(len(ASKED))

    def update(self, bar: object) -> None:
        ASKED.append(1)


@pytest.fixture
def taught(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = teaching(tmp_path_factory)
    monkeypatch.chdir(folder)
    return folder


def candidate(kind: str, data: Path, thing: Thing | None = None, follows: str = "") -> Candidate:
    return Candidate(kind, "x", data, data, data, data, follows=follows, thing=thing, things=Things())


def test_a_page_is_let_through_by_logs_that_replay_and_told_how_thin_that_is(taught: Path, tmp_path: Path) -> None:
    said = PARITY.judge(candidate("page", tmp_path))
    assert said.passed and said.text.endswith("thin evidence: 0 of 5 recorded sessions, and the generated sample")
    assert "replayed as it was traded" in said.more and said.data["is_thin"]


def test_a_feature_that_remembers_across_engines_is_refused(taught: Path, tmp_path: Path) -> None:
    thing = thing_of(Remembering, origin="here", where="here", file=None)
    said = PARITY.judge(candidate("feature", tmp_path, thing))
    assert not said.passed and f"session {SESSION}: played back" in said.text


@pytest.mark.proof
@pytest.mark.parametrize(
    ("kind", "name", "follows"), [("strategy", "vwap_reversion", ""), ("strategy", "learned", "flow_1m"), ("recipe", "flow_1m", "")]
)
def test_what_is_shipped_does_the_same_twice(taught: Path, tmp_path: Path, kind: str, name: str, follows: str) -> None:
    thing = next(thing for thing in Things() if (thing.kind, thing.name) == (kind, name))
    said = PARITY.judge(candidate(kind, tmp_path, thing, follows))
    assert said.passed and "alike" in said.text


def test_a_folder_without_runs_has_no_session(tmp_path: Path) -> None:
    assert playing.last_sessions(tmp_path) == []


def test_only_sessions_that_a_market_gave_count_the_newest(taught: Path, tmp_path: Path) -> None:
    assert playing.last_sessions(taught / "data" / "sample") == []  # traded, and generated
    for session in range(20261101, 20261109):
        write_manifest(tmp_path / "runs" / f"{session}", manifest(f"{session}", session))
    write_manifest(tmp_path / "runs" / "made", manifest("made", 20261110, source="generated data, seed 7"))
    write_manifest(tmp_path / "runs" / "on", manifest("on", 20261111, is_closed=False))
    assert playing.last_sessions(tmp_path) == [(tmp_path, session) for session in range(20261104, 20261109)]


def manifest(run: str, session: int, *, source: str = "", is_closed: bool = True) -> RunManifest:
    return RunManifest(
        run=run, mode="record", sessions=(session,), epoch=1, created_ns=1, first_seq=1, last_seq=2, source=source, is_closed=is_closed
    )
