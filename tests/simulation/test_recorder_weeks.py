"""A recorder left to itself: over maintenance hours, weekends, a holiday, an early close and a roll; nothing of it grows but its tables."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.replay.world import settings
from tests.runtime.live.scripted import Broker, Played, ScriptedVenue
from workbench import calendars
from workbench.config import Mode
from workbench.domain.contracts import Contract
from workbench.domain.events import ClockCompared, ConnectionChanged
from workbench.domain.records import ASK, BID, Kind, Phase, Records, empty
from workbench.domain.units import DAY, HOUR, MINUTE, SECOND
from workbench.runtime import build
from workbench.runtime.live import Plan
from workbench.runtime.recorder.chosen import by_rule
from workbench.runtime.recorder.keeper import Keeper
from workbench.store.folders import Folders
from workbench.store.manifest import run_folders
from workbench.store.recordings import Recordings
from workbench.store.tail import read_segments
from workbench.venues.base import Batch, Happened

FIRST = 20261125  # the day before Thanksgiving
KNOWN = settings().model_copy(update={"active": ("ES",)})


@cache
def defined(symbol_expiry: tuple[str, str]) -> Contract:
    """A month of ES under an id of its own."""
    return KNOWN.roots["ES"].contract({"ESZ6": 1, "ESH7": 2}[symbol_expiry[0]], symbol_expiry[1])


def contracts(session: int) -> tuple[Contract, ...]:
    return tuple(defined((each.symbol, each.expiry or "")) for each in by_rule(KNOWN, session))


def plan(session: int) -> Plan:
    return Plan(
        build.setup(KNOWN, contracts(session), [session], build.constitution("demo"), account="DUSIM1", strategies=()), source="weeks"
    )


def quiet(sessions: list[int], every_ns: int) -> Records:
    """A quote and a print of each contract now and then, while it trades."""
    rows: list[tuple[int, int, int]] = []
    for session in sessions:
        first_ns, last_ns = calendars.session_bounds(session)
        for of in contracts(session):
            table = calendars.around(of.calendar, [first_ns, last_ns])
            at = np.arange(first_ns + SECOND, last_ns, every_ns)
            rows += [(int(ns) + of.id, kind, of.id) for ns in at[table.phase_at(at) >= Phase.ETH] for kind in (Kind.QUOTE, Kind.PRINT)]
    made = empty(len(rows))
    made["recv_ns"], made["kind"], made["contract"] = ([row[at] for row in sorted(rows)] for at in range(3))
    made["px"], made["sz"] = 24_000 + np.arange(len(rows)) % 7, 1
    is_quote = made["kind"] == Kind.QUOTE
    made["px2"][is_quote], made["sz2"][is_quote], made["flags"][is_quote] = made["px"][is_quote] + 1, 1, BID | ASK
    return made


def memory_mb() -> float:
    """What this process holds, MB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class OneByOne(ScriptedVenue):
    """What a quiet market brings: one record at a time, whenever it comes, and a word of the broker behind each close."""

    async def events(self) -> AsyncIterator[Batch | Happened]:
        yield self._now(ConnectionChanged(True, "resynchronised"))
        table = calendars.around("CME Globex Equity", [int(self.market["recv_ns"][0]), int(self.market["recv_ns"][-1])])
        closes = [each.close_ns + SECOND for each in table.sessions if each.close_ns > self.market["recv_ns"][0]]
        for at in range(len(self.market)):
            part = self.market[at : at + 1].copy()
            while closes[0] < part["recv_ns"][0]:
                self.clock.advance_to(closes.pop(0))
                yield self._now(ClockCompared(0))
            self.clock.advance_to(int(part["recv_ns"][0]))
            yield Batch(part, int(part.ctypes.data), 0, 1)
            await asyncio.sleep(0)


class Left(Played):
    """A recorder over a quiet market, a keeper looking every so many turns, and what they hold after each session."""

    def __init__(self, data: Path, sessions: list[int], every_ns: int) -> None:
        market = quiet(sessions, every_ns)
        of = type("Market", (), {"records": market, "setup": plan(sessions[0]).setup})
        super().__init__(data, of, Broker(1), mode=Mode.RECORD, cuts=0.0, plan=plan, from_ns=0)
        self.venue = OneByOne(market, Broker(1), self.clock)
        self.line.edge, self.line._arrivals = self.venue, aiter(self.venue.events())
        self.data, self.keeper, self.held = data, Keeper(data, settings()), list[tuple[float, int, int]]()
        session = self.runner.run_session

        async def kept():
            ended = await session()
            self.keeper.look(1e9 * (len(self.held) + 1))
            tail = sum(1 for path in Folders(data).tail.rglob("*") if path.is_file())
            self.held.append((memory_mb(), len(read_segments(Folders(data).tail)), tail))
            return ended

        self.runner.run_session = kept


def sessions_from(first: int, n: int) -> list[int]:
    first_ns = calendars.session_bounds(first)[0]
    table = calendars.around("CME Globex Equity", [first_ns, first_ns + 2 * n * DAY])
    return [each.session for each in table.sessions if each.session >= first][:n]


def must_be_whole(left: Left, sessions: list[int]) -> None:
    """Each session has its run, its contracts, its records and snapshots, and few files."""
    assert [folder.name.split("-")[0] for folder in run_folders(left.data)] == [str(each) for each in sessions]
    left.keeper.finish()
    recordings = Recordings.of(left.data)
    assert [span.session for span in recordings.sessions()] == sessions and left.keeper.table.sessions() == sessions
    table = recordings.table()
    assert table is not None
    files = [sum(f"session={session}/" in uri for uri in table.file_uris()) for session in sessions]
    assert max(files[:-1]) <= len(Kind)
    for session in sessions[:-1]:  # in the last one the tape ends
        rows = left.keeper.table.read(session)
        first_ns, last_ns = calendars.session_bounds(session)
        assert {row.symbol for row in rows} == {each.symbol for each in contracts(session)}
        assert len({row.ns for row in rows}) == (last_ns - first_ns) // (5 * MINUTE) and rows[-1].ns == last_ns
        assert left.keeper.missing.gaps(session) == []


@pytest.mark.proof
@pytest.mark.covers("S1-06", "S0-06", "S1-22", "S4-10", "S2-29")
def test_a_recorder_goes_on_over_a_holiday_and_an_early_close(tmp_path: Path) -> None:
    sessions = sessions_from(FIRST, 3)
    left = Left(tmp_path, sessions, HOUR)
    left.run()
    must_be_whole(left, sessions)
    assert sessions == [20261125, 20261126, 20261127]


@pytest.mark.nightly
@pytest.mark.covers("S1-36", "S1-05", "S1-22")
def test_after_ten_weeks_nothing_has_grown_but_the_tables(tmp_path: Path) -> None:
    sessions = sessions_from(20261116, 50)
    left = Left(tmp_path, sessions, 10 * MINUTE)
    left.run()
    must_be_whole(left, sessions)
    symbols = [tuple(each.symbol for each in contracts(session)) for session in sessions]
    assert {("ESZ6",), ("ESZ6", "ESH7"), ("ESH7",)} == set(symbols)
    memory = [each[0] for each in left.held]
    early, late = np.median(memory[5:15]), np.median(memory[-10:])
    print(f"MB after each week: {[round(each) for each in memory[4::5]]}; files in the tail {max(each[2] for each in left.held)}")
    assert late < early + 30 and max(each[2] for each in left.held[1:]) <= 8
