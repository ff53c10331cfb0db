"""The live edge as a program: `workbench paper` in small, over a gateway, with a strategy that enters when it is told to.

``python -m benchmarks.wire.edge PORT FOLDER [--steps] [--rule] [--no-log]``. It says lines of JSON and ends with its input.
With ``--steps`` its clock stands, but for quotes that move it: a row decides which quote closes a bar, and need not wait five seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.rule import law_table
from workbench.clock import Clock, ScaledClock
from workbench.config import Mode, Settings, load_settings
from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.records import Kind
from workbench.domain.units import BAR_NS, MINUTE, MS, SECOND
from workbench.domain.views import PositionView, View
from workbench.risk.constitution import parse
from workbench.runtime import build
from workbench.runtime.live import Calendars, Door, Line, News, Plan, Runner, Stage
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.live.looking import look
from workbench.runtime.live.wiring import leading
from workbench.runtime.log import RunLog
from workbench.runtime.play import TICKS
from workbench.venues.base import Batch, Happened
from workbench.venues.ib.budget import Budget
from workbench.venues.ib.venue import IbVenue

ACCOUNT: Final = "DUSIM1"
ARMED: Final = 77  # bid size at the close of a bar that wants an entry
OVER, ON = b"\x0077777\x00", b"\x0088888\x00"  # ask sizes of quotes that move the clock: over the bar's end, and up to the next one
BEFORE_NS: Final = 500 * MS  # where it stands, before a bar's end
AWAY: Final = 160  # quanta


class Told(NamedTuple):
    """Enter far below the market, where nothing fills, after a bar that ends with the bid size `ARMED`."""

    name: str = "told"
    needs: tuple[str, ...] = ()

    def propose(self, view: View) -> Proposal | None:
        """Enter by a limit."""
        bar = view.bar
        if bar.bsz != ARMED or bar.bid_px is None:
            return None
        entry = bar.bid_px - AWAY
        return Proposal(1, OrderType.LIMIT, entry, entry - 16, entry + 64, MINUTE)

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Leave everything to stop, target and time."""
        return None


class Steps:
    """A clock that stands, and is moved by the bytes of quotes."""

    def __init__(self, now_ns: int) -> None:
        self._now_ns = (now_ns // BAR_NS + 1) * BAR_NS - BEFORE_NS

    def now_ns(self) -> int:
        return self._now_ns

    def wait_s(self, until_ns: int) -> float:
        return 0.2

    def take_step_ns(self) -> int | None:
        return None

    def hear(self, leaves: bool, data: bytes) -> None:
        """See what came in: a recorder of the socket's bytes."""
        if leaves:
            return
        self._now_ns += data.count(OVER) * SECOND + data.count(ON) * (BAR_NS - SECOND)


class Watched(IbEdge):
    """Notes when records were through, by the size of the last print among them: the sender numbers its chunks so."""

    def __init__(self, make: Any) -> None:
        super().__init__(make)
        self.through: list[tuple[int, int]] = []

    async def events(self) -> AsyncIterator[Batch | Happened]:
        async for arrival in super().events():
            chunk = 0
            if isinstance(arrival, Batch):
                part = arrival.records[arrival.start : arrival.stop]
                sizes = part["sz"][part["kind"] == Kind.PRINT]
                chunk = int(sizes[-1]) if len(sizes) else 0
            yield arrival
            if chunk:
                self.through.append((chunk, time.monotonic_ns()))


def settings_for(port: int) -> Settings:
    made = load_settings(folder="/nowhere", environment={}, flags={"active": '["ES"]'})
    return made.model_copy(update={"ib": made.ib.model_copy(update={"port": port})})


def law() -> Any:
    table = law_table()
    table["execution"] |= {"entry_ttl_seconds": 4.0, "answer_seconds": 300.0, "max_stop_ticks": 4000}
    table["risk"] |= {"min_seconds_between_entries": 0.0}
    return parse(table)


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def anonymous_mb() -> float:
    """Anonymous memory of this process."""
    rows = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(rows["RssAnon"].split()[0]) / 1024


class Whole:
    """A runner over an edge, as `runtime.live.wiring` puts it together."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen, self.data = chosen, Path(chosen.folder)
        self.settings = settings_for(chosen.port)
        self.venues: list[IbVenue] = []
        self.began_ns = self.looked_ns = self.connects_ns = time.monotonic_ns()

    async def make(self) -> tuple[Runner, Line, Watched]:
        roots = [self.settings.roots[name] for name in self.settings.active]
        seen = await look(self.settings.ib.host, self.settings.ib.port, self.settings.ib.client_id + 3, roots)
        self.looked_ns = time.monotonic_ns()
        clock: Clock = Steps(seen.now_ns) if self.chosen.steps else ScaledClock(seen.now_ns, 1.0)
        hours = Calendars(self.settings.log_calendar)
        contracts = leading(self.data, seen, roots, hours, clock.now_ns())
        self.law = law()

        def venue(chain: str) -> IbVenue:
            self.connects_ns = time.monotonic_ns()
            made = IbVenue(
                self.settings,
                clock,
                mode=Mode.PAPER,
                run=chain,
                account=ACCOUNT,
                data=self.data,
                known=contracts,
                max_qty=9,
                budget=Budget(spacing_ns=0),
            )
            self.venues.append(made)
            if isinstance(clock, Steps):
                made.client.conn.recorder = clock.hear
            return made

        def plan(session: int) -> Plan:
            traders = () if self.chosen.rule else TICKS
            setup = build.setup(self.settings, contracts, [session], self.law, account=ACCOUNT, strategies=traders)
            told = (Told(), tuple(contract.id for contract in contracts))
            return Plan(setup._replace(strategies=(*setup.strategies, told)), source="bench")

        edge = Watched(venue)
        line = Line(edge, clock)
        door = Door(Mode.PAPER, ACCOUNT, lambda: edge.accounts, None, clock)
        return Runner(self.data, Mode.PAPER, line, door, plan, hours=hours, on_news=self.news), line, edge

    def news(self, news: News) -> None:
        ready = news.stage in (Stage.READY, Stage.DECIDING)
        took = {"began_ns": self.began_ns, "looked_ns": self.looked_ns, "connects_ns": self.connects_ns, "ready_ns": time.monotonic_ns()}
        say(stage=news.stage.value, why=news.why, **({"ready": True} | took if ready else {}))

    async def run(self) -> None:
        runner, line, edge = await self.make()
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, self.asked, line, edge)
        try:
            ended = await runner.run_forever()
        finally:
            await line.close()
            await edge.close()
        venue = self.venues[-1]
        counts = venue.hot.counts
        say(ended=True, n_records=ended.n_records, n_commands=ended.n_commands, run=ended.run.run, counts=counts._asdict())

    def asked(self, line: Line, edge: Watched) -> None:
        """Answer a line of the parent: how it stands; end with it."""
        text = os.read(0, 65_536)
        if not text:
            asyncio.get_running_loop().remove_reader(sys.stdin)
            line.stop()
            return
        venue = self.venues[-1]
        if b"through" in text:
            say(through=edge.through)
            return
        counts = venue.hot.counts._asdict()
        say(hot=counts["hot"], dropped=venue.intake.n_dropped, written=int(venue.intake.state[0]), memory_mb=anonymous_mb(), counts=counts)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    for flag in ("steps", "rule", "no-log"):
        parser.add_argument(f"--{flag}", action="store_true")
    chosen = parser.parse_args()
    if chosen.no_log:
        RunLog.commit = lambda self: None  # type: ignore[method-assign]
    asyncio.run(Whole(chosen).run())


if __name__ == "__main__":
    main()
