"""A recorder over real dates: restarts, a roll, an early close, clocks that go back, faults; what it kept is whole, right, and of use.

By night ten sessions in three spans; in the proof hours of three. `spans` says what happens in them.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from tests.commands.calling import workbench
from tests.runtime.live.story import Once, law
from tests.simulation.fortnight import spans
from tests.simulation.fortnight.spans import Recorded
from tests.simulation.fortnight.truth import gaps_of, opened, taken
from tests.simulation.fortnight.world import at
from workbench import calendars
from workbench.domain.contracts import Contract
from workbench.domain.records import Kind, Phase
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.gateway.faults import actions as act
from workbench.pipelines.contract import read
from workbench.pipelines.runner import run
from workbench.runtime import build, play
from workbench.runtime.logged import open_log
from workbench.runtime.replay import Outcome, simulate
from workbench.store.log import read_log
from workbench.store.manifest import runs
from workbench.store.recordings import Recordings

PAGES = Path(__file__).parents[3] / "pipelines"
NIGHTLY = pytest.mark.nightly
SPANS = [
    pytest.param(spans.SHORT, id="short", marks=pytest.mark.proof),
    pytest.param(spans.CLOCKS_BACK, id="clocks back", marks=NIGHTLY),
    pytest.param(spans.THANKSGIVING, id="thanksgiving", marks=NIGHTLY),
    pytest.param(spans.ROLL, id="roll", marks=NIGHTLY),
]


@pytest.fixture(scope="module", params=SPANS)
def of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, unhurried: None) -> Recorded:
    """A span, recorded."""
    return request.param.recorded(tmp_path_factory.mktemp("span"))


def months(of: Recorded, session: int) -> set[str]:
    """Say which months a session's log names."""
    return {each.symbol for each in open_log(of.data, session).contracts if each.root == "ES"}


def shown(of: Recorded) -> list[Contract]:
    """List the contracts that were recorded at all: the next month only where the lead is near its end."""
    there = {each.symbol for log in opened(of).logs for each in log.contracts}
    return [each for each in of.of.contracts if each.symbol in there]


@pytest.mark.covers("S4-22", "S1-32")
def test_everything_is_as_it_was_written(of: Recorded) -> None:
    said = workbench("data", "verify", "--data", of.data, "--json")
    body = json.loads(said.out)
    assert said.code == 0 and body["right"] and not [each for each in body["findings"] if each["is_wrong"]], body
    sessions = [span.session for span in Recordings.of(of.data).sessions()]
    assert sessions[: len(of.span.sessions)] == list(of.span.sessions)  # behind an early close the next one begins
    assert body["n_records"] == sum(len(read_log(of.data, session)) for session in sessions)


@pytest.mark.covers("S1-02", "S4-12", "S4-22")
def test_what_was_shown_is_read_back_and_what_was_not_recorded_is_a_gap(of: Recorded) -> None:
    day = opened(of)
    for contract in shown(of):
        found = taken(of, day, contract)
        print(found)
        assert found.n_right == found.n_quotes > 1_000
        assert found.n_prints_right == found.n_prints > 500
        assert found.n_minutes_seen > 0.999 * found.n_minutes
        assert found.n_prints_twice == 0


@pytest.mark.covers("S4-12", "S1-13")
def test_each_fault_that_took_something_is_in_the_table_of_gaps(of: Recorded) -> None:
    table = calendars.around("CME Globex Equity", [of.span.lives[0].from_ns, of.span.lives[-1].until_ns])
    gaps = np.concatenate([gaps_of(of, each.symbol) for each in shown(of) if each.root == "ES"])
    for ns, what in (each for life in of.span.lives for each in life.faults):
        is_open = min(table.phase_at(np.array([ns, ns + MINUTE]))) >= Phase.ETH
        if is_open and isinstance(what, act.Outage | act.Farm | act.Restart):
            lost = gaps[(gaps[:, 0] < ns + 2 * MINUTE) & (gaps[:, 1] > ns)]
            assert len(lost), f"{what} at {ns} left no gap"
    for before, after in zip(of.span.lives, of.span.lives[1:], strict=False):  # and where nobody ran
        apart = [each for each in table.spans if each.start_ns < after.from_ns and each.end_ns > before.until_ns]
        stretches = [each for each in apart if each.phase >= Phase.ETH]
        for each in stretches:
            first, last = max(each.start_ns, before.until_ns), min(each.end_ns, after.from_ns)
            assert bool(np.any((gaps[:, 0] <= first + MINUTE) & (gaps[:, 1] >= last - SECOND))), (first, last)
    assert not [gap for gap in gaps.tolist() if not is_explained(of, gap)]


def is_explained(of: Recorded, gap: list[int]) -> bool:
    """Whether something went wrong in a gap's time, or nobody ran."""
    first, last = gap
    struck = [(ns - MINUTE, ns + 5 * MINUTE) for life in of.span.lives for ns, _ in life.faults]
    away = [(0, of.span.lives[0].from_ns)]
    away += [(a.until_ns - MINUTE, b.from_ns + MINUTE) for a, b in zip(of.span.lives, of.span.lives[1:], strict=False)]
    return any(a < last and first < b for a, b in struck + away)


@pytest.mark.covers("S1-05", "S1-22", "S2-29")
def test_sessions_are_the_calendars_and_around_a_roll_both_months_are_there(of: Recorded) -> None:
    for session in of.span.sessions:  # by date ESH7 leads from the eleventh; it does on the tenth, for it traded more on the ninth
        near = {"ESZ6"} if session < 20261204 else {"ESZ6", "ESH7"} if session < 20261210 else {"ESH7"}
        near = {"ESH7", "ESM7"} if session == 20261210 else near
        assert months(of, session) == near, session
        first_ns, last_ns = calendars.session_bounds(session)
        records = read_log(of.data, session)
        assert records["recv_ns"][-1] <= last_ns  # and it begins behind the close before
        assert bool(np.all(np.diff(records["recv_ns"]) >= 0)) and bool(np.all(np.diff(records["seq"]) > 0))
        if session == 20261127:  # 12:15 of Chicago, not 16:00
            quotes = records[(records["kind"] == Kind.QUOTE) & (records["px"] < 30_000)]
            assert 0 < at("2026-11-27 12:15") - quotes["recv_ns"][-1] < MINUTE
        if session == 20261102:  # the clocks went back in its weekend: it opens an hour later by UTC
            assert (first_ns - calendars.session_bounds(20261030)[0]) % (24 * HOUR) == HOUR


def traded_anew(of: Recorded, session: int) -> tuple[Outcome, Outcome]:
    """Trade a session twice, by a strategy that buys once in its last hours of trading."""
    logged = open_log(of.data, session)
    ids = tuple(each.id for each in logged.contracts if each.root == "ES")
    quotes = logged.records["recv_ns"][(logged.records["kind"] == Kind.QUOTE) & np.isin(logged.records["contract"], ids)]
    trader = Once(int(quotes[len(quotes) // 2]), int(quotes[-1]) - MINUTE)
    made = play.setup_of(of.recorder.settings, logged, strategies=[])._replace(law=law(), strategies=((trader, ids),))
    fills = build.fills(of.recorder.settings)
    one, two = (asyncio.run(simulate(made, logged.records, fills)) for _ in range(2))
    return one, two


@pytest.mark.covers("S0-06", "S1-08")
def test_each_session_traded_twice_gives_the_same_commands(of: Recorded) -> None:
    n_commands = 0
    for session in of.span.sessions:
        one, two = traded_anew(of, session)
        assert (one.commands_digest, one.state_digest) == (two.commands_digest, two.state_digest)
        n_commands += one.n_commands
    assert n_commands >= len(of.span.sessions)


@pytest.mark.covers("S3-42", "S1-20")
def test_both_pages_run_on_it(of: Recorded, tmp_path: Path) -> None:
    first, last = of.span.sessions[0], of.span.sessions[-1]
    least = 0.1 if of.span is spans.SHORT else 0.98  # of all minutes of the session, and not of those in which somebody ran
    asked = {"session": of.span.sessions[1], "data": str(of.data), "least_complete_frac": least, "least_fit_frac": 0.0}
    quality = run(read(PAGES / "data_quality"), asked, tmp_path / "quality")
    assert quality.failure is None and quality.result is not None and "ESZ6" in quality.result["complete_frac"], quality.failure
    lead = run(read(PAGES / "lead_lag"), {"first": first, "last": last, "data": str(of.data)}, tmp_path / "lead")
    assert lead.failure is None and lead.result is not None and lead.result.keys() == {"ES-SPY"}, lead.failure


@pytest.mark.covers("S1-36")
def test_memory_and_files_stay_as_they_are_and_each_table_grows_by_its_sessions(of: Recorded) -> None:
    held = of.recorder.held
    early, late = held[len(held) // 3], held[-1]
    print(held[0], early, late)
    assert late.memory_mb < early.memory_mb + 60 and max(each.n_tail for each in held) <= 12
    recordings = Recordings.of(of.data)
    table, sizes = recordings.table(), recordings.sizes()
    assert table is not None and late.n_files < 1_000 * len(sizes)  # for a week what was put together stays beside
    for session in of.span.sessions[:-1]:  # the last one is put together when another has begun
        files = sum(f"session={session}/" in uri for uri in table.file_uris())
        assert files <= 2 * len(Kind) and sizes[session] < 16 * len(read_log(of.data, session)) + 50_000, (session, files)
    assert len(runs(of.data)) <= len(of.span.sessions) + len(of.span.lives)
