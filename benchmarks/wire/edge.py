"""The live edge as a program: `workbench paper` in small, over a gateway, with a strategy that enters when it is told to.

``python -m benchmarks.wire.edge PORT FOLDER [--steps] [--rule] [--record] [--no-log] [--two-syncs] [--die ROWS]``.
It says lines of JSON and ends with its input.
With ``--steps`` its clock stands, but for quotes that move it: a row decides which quote closes a bar, and need not wait five seconds.
With ``--record`` it is `workbench record` on one processor: nobody decides. With ``--die`` it writes what a run leaves that died, and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import msgspec

from benchmarks.law import law_table
from benchmarks.wire.session import BEGIN_NS
from workbench.config import Mode, Settings, load_settings
from workbench.domain.decisions import Adjust, ExitWish, Proposal
from workbench.domain.orders import OrderType
from workbench.domain.records import Kind
from workbench.domain.units import BAR_NS, MINUTE, MS, SECOND
from workbench.domain.views import PositionView, View
from workbench.risk.constitution import parse
from workbench.runtime.live import Line, News, Plan, Runner, Stage
from workbench.runtime.live.edge import IbEdge
from workbench.runtime.live.wiring import Wired, wire
from workbench.runtime.log import RunLog
from workbench.runtime.play import TICKS
from workbench.venues.base import Batch
from workbench.venues.ib.budget import Budget, Use
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


def settings_for(port: int) -> Settings:
    made = load_settings(folder="/nowhere", environment={}, flags={"active": '["ES"]'})
    return made.model_copy(update={"ib": made.ib.model_copy(update={"port": port})})


def law() -> Any:
    table = law_table()
    table["execution"] |= {"entry_ttl_seconds": 4.0, "answer_seconds": 300.0, "max_stop_ticks": 4000}
    table["risk"] |= {"min_seconds_between_entries": 0.0}
    made = parse(table)
    ahead = {"max_clock_skew_s": 1e9, "halt_clock_skew_s": 1e9}  # of a clock that is moved by hand; more than a law may say
    return msgspec.structs.replace(made, execution=msgspec.structs.replace(made.execution, **ahead))


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def memory_mb(kind: str) -> float:
    """Memory of this process: ``RssAnon``, anonymous; ``VmHWM``, resident at the most."""
    rows = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(rows[kind].split()[0]) / 1024


class Whole:
    """A runner over an edge, as `runtime.live.wiring` puts it together."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen, self.data = chosen, Path(chosen.folder)
        self.settings = settings_for(chosen.port)
        self.venues: list[IbVenue] = []
        self.through: list[tuple[int, int]] = []
        self.began_ns = self.connects_ns = time.monotonic_ns()

    async def make(self) -> Wired:
        clock = Steps(BEGIN_NS) if self.chosen.steps else None
        traders = () if self.chosen.rule else TICKS
        wired = await wire(
            Mode.RECORD if self.chosen.record else Mode.PAPER,
            self.settings,
            self.data,
            account=ACCOUNT,
            strategies=traders,
            environment={},
            on_news=self.news,
            clock=clock,
            warms=False,
        )
        edge, runner, law_ = cast(IbEdge, wired.line.edge), wired.runner, law()
        make, plan = edge._make, runner._plan

        def venue(chain: str) -> IbVenue:
            self.connects_ns = time.monotonic_ns()
            made = make(chain)
            made.market.subscriptions.use = Use(Budget(spacing_ns=0))
            self.venues.append(made)
            if clock is not None:
                made.client.conn.recorder = clock.hear  # a TapConnection
            return made

        def planned(session: int) -> Plan:
            of = plan(session)
            if self.chosen.record:
                return of
            told = (Told(), tuple(contract.id for contract in of.contracts))
            return of._replace(setup=of.setup._replace(law=law_, strategies=(*of.setup.strategies, told)))

        edge._make, runner._plan = venue, planned
        if not self.chosen.steps:
            self._watch(runner)
        return wired

    def _watch(self, runner: Runner) -> None:
        """Note when records were through, by the size of the last print among them: the sender numbers its chunks so."""
        arrive, chunk = RunLog.arrive, [0]

        def arrives(log: RunLog, batch: Batch) -> None:
            part = batch.records[batch.start : batch.stop]
            sizes = part["sz"][part["kind"] == Kind.PRINT]
            chunk[0] = int(sizes[-1]) if len(sizes) else chunk[0]
            arrive(log, batch)

        def at_turn(_: int) -> None:
            if chunk[0]:
                self.through.append((chunk[0], time.monotonic_ns()))
                chunk[0] = 0

        RunLog.arrive = arrives
        runner._at_turn = at_turn

    def news(self, news: News) -> None:
        ready = news.stage in (Stage.READY, Stage.DECIDING, Stage.RECORDING)
        took = {"began_ns": self.began_ns, "connects_ns": self.connects_ns, "ready_ns": time.monotonic_ns(), "cpu_s": time.process_time()}
        say(stage=news.stage.value, why=news.why, **({"ready": True} | took if ready else {}))

    async def run(self) -> None:
        wired = await self.make()
        if self.chosen.die:
            from benchmarks.wire.died import die  # brings the gateway: not into a process that is timed from its start

            say(**await die(wired.runner, self.data, self.chosen.die))
            await wired.line.close()
            await wired.close()
            return
        asyncio.get_running_loop().add_reader(sys.stdin, self.asked, wired.line)
        try:
            ended = await wired.runner.run_forever()
        finally:
            await wired.line.close()
            await wired.close()
        venue = self.venues[-1]
        counts = venue.hot.counts
        say(ended=True, n_records=ended.n_records, n_commands=ended.n_commands, run=ended.run.run, counts=counts._asdict())

    def asked(self, line: Line) -> None:
        """Answer a line of the parent: how it stands; end with it."""
        text = os.read(0, 65_536)
        if not text:
            asyncio.get_running_loop().remove_reader(sys.stdin)
            line.stop()
            return
        venue = self.venues[-1]
        if b"through" in text:
            say(through=self.through)
            return
        counts = venue.hot.counts._asdict()
        memory = {"memory_mb": memory_mb("RssAnon"), "resident_mb": memory_mb("VmHWM")}
        say(hot=counts["hot"], dropped=venue.intake.n_dropped, written=int(venue.intake.state[0]), counts=counts, **memory)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    for flag in ("steps", "rule", "record", "no-log", "two-syncs"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("--die", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.record:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if chosen.no_log:
        RunLog.commit = lambda self: None
    if chosen.two_syncs:
        RunLog.commit = RunLog.sync
    asyncio.run(Whole(chosen).run())


if __name__ == "__main__":
    main()
