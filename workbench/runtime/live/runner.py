"""The live run: one process, one loop, no thread. A line of arrivals, cut into log sessions, each a run with its log and its checkpoint.

Rules
-----
1. A run ends with its session: it writes its checkpoint, and the next goes on over the same line, begun with it. Nothing is closed and
   connected anew, nothing that arrived in between is lost.
2. After a kill the log is played first, then the venue is heard: entries stay shut until it is connected and resynchronised, and what
   may or may not have been sent is asked about before anything is sent again (`engine.hearing`).
3. The end of a run, by hand or not, touches no order: stops stay at the broker.
4. Nobody else runs in its folder, or trades its account on this machine (`alone`).
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from workbench.config import Mode
from workbench.domain.events import AnyEvent, BrokerSaid, ConnectionChanged, ContractDefined, RunStarted
from workbench.engine import Engine
from workbench.market.state import CLOCK_AT
from workbench.runtime.heartbeat import Heartbeat
from workbench.runtime.live.alone import alone
from workbench.runtime.live.asking import Asking
from workbench.runtime.live.begin import Begun, Plan, begin, close, finish, relive, unfinished
from workbench.runtime.live.doors import TRADES, Door
from workbench.runtime.live.grid import Grid
from workbench.runtime.live.history import HistorySource, WarmUp, needs_of, warmed
from workbench.runtime.live.hours import Calendars, Hours
from workbench.runtime.live.line import Line
from workbench.runtime.live.recalling import recall
from workbench.runtime.live.stages import News, Stage, Watch
from workbench.runtime.live.venue import STOPPED, LiveVenue
from workbench.runtime.log import RunLog
from workbench.runtime.loop import run
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest
from workbench.store.requests import forget_answers
from workbench.store.tail import Tail

_LAST_NS = CLOCK_AT["last_ns"]
TAKEN_UP = "the run was taken up: nothing is known of the time between"


class Ended(NamedTuple):
    """What one session's run came to. ``is_last``: the line is over, or a person ended it."""

    run: RunManifest
    engine: Engine
    n_records: int
    n_commands: int
    commands_digest: str
    state_digest: str
    is_last: bool


@contextmanager
def _frozen() -> Iterator[None]:
    """Keep the collector from walking, in the middle of a session, all that was imported and built before it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Runner:
    """Runs session after session over one line.

    Parameters
    ----------
    data
        Folder of the stores.
    mode
        Record, observe, paper or live.
    line
        The venue, and the clock that stamps.
    door
        What a command must pass to leave.
    plan
        Says what is traded in a session.
    hours
        `None`: the calendars.
    before
        Awaited before a session that follows another over the same line, with its name: what is traded may have changed.
    history
        Where a cold start gets its warm-up; `None`: it starts cold.
    on_news
        Hears each stage a run comes to.
    at_turn
        Hears the seq of the last record at the end of each turn.
    """

    def __init__(
        self,
        data: Path,
        mode: Mode,
        line: Line,
        door: Door,
        plan: Callable[[int], Plan],
        *,
        hours: Hours | None = None,
        history: HistorySource | None = None,
        before: Callable[[int], Awaitable[None]] | None = None,
        on_news: Callable[[News], None] = lambda _: None,
        at_turn: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._data, self._mode, self._line, self._door, self._plan = data, mode, line, door, plan
        self._hours: Hours = hours or Calendars()
        self._history, self._before, self._on_news, self._at_turn = history, before, on_news, at_turn
        self._after_ns = 0  # the close of the session before
        self._ids: frozenset[int] = frozenset()  # contracts of the session before, of this process
        self._goes_on = False  # the session before ended on this very line
        self._is_alone: Callable[[], bool] = lambda: True

    async def run_forever(self) -> Ended:
        """Run until the line is over or a person ends it; give the last session."""
        account = self._door.account
        with alone(self._data, account, trades=self._mode in TRADES) as self._is_alone:
            while True:
                ended = await self.run_session()
                if ended.is_last:
                    return ended

    async def run_session(self) -> Ended:
        """Run the session the clock lies in, to its close."""
        if self._goes_on and self._before is not None:
            await self._before(self._hours.session(max(self._line.clock.now_ns(), self._after_ns + 1)))
        now_ns = max(self._line.clock.now_ns(), self._after_ns + 1)
        session = self._hours.session(now_ns)
        plan = self._plan(session)
        for died in unfinished(self._data, session, self._mode, plan.setup.account):
            await finish(self._data, died, self._plan(died.sessions[-1]))
        begun = begin(self._data, session, self._mode, plan)
        engine = Engine(begun.setup(plan))
        history = await self._warm_up(begun, engine, now_ns)
        with (
            Tail(Folders(self._data).tail, session=session, epoch=begun.epoch) as tail,
            Journal(Folders(self._data).journal(begun.run.run)) as journal,
            _frozen(),
        ):
            log = RunLog(tail, journal, past=begun.past, timer=asyncio.get_running_loop().time)
            at = await relive(begun, engine, log)
            log.commit()  # what was decided and not written by the one that died
            self._line.edge.recall(recall(self._data, begun.run, engine))
            forget_answers(self._data)
            asking = Asking(self._data, engine, self._is_alone, slowest_s=lambda: log.slowest_s)
            venue = self._venue(begun, plan, history, max(now_ns, engine.market.now[_LAST_NS]), session, asking)
            watch = Watch(engine, self._line, self._mode)
            beat = Heartbeat(self._data, begun.run, engine, log, (tail, journal), standing=watch.standing)
            turn = self._turns(beat, venue, watch, begun.run)
            last_seq = await run(venue, engine, log, after_seq=at, at_turn=turn)
            closed = close(self._data, begun, engine, journal, last_seq)
        beat.end(last_seq, venue.n_records)
        self._after_ns, self._goes_on = self._hours.close_ns(session), True
        is_last = self._line.is_stopping or self._line.is_over
        why = STOPPED if self._line.is_stopping else self._line.why if is_last else "session over"
        self._say(Stage.ENDED, why, closed)
        return Ended(closed, engine, venue.n_records, log.commands.n, log.commands.hex(), engine.digest(), is_last)

    async def _warm_up(self, begun: Begun, engine: Engine, now_ns: int) -> WarmUp:
        """Warm up what begins with nothing, and say what stays cold."""
        setup = engine.desk.setup
        needs = needs_of(setup, engine.bank.warm_up_bars)
        symbols = {terms.contract.id: terms.contract.symbol for terms in setup.terms}
        found = await warmed(self._history if begun.is_cold else None, [terms.contract for terms in setup.terms], now_ns, needs)
        known = set(found.records["contract"].tolist())
        words = {
            contract: f"{'history is not whole' if contract in known else 'features begin cold'}: {why}"
            for contract, why in found.cold.items()
        }
        for contract, told in words.items():
            self._say(Stage.CONNECTING, f"{symbols[contract]}: {told}", begun.run)
        return found._replace(cold=words)

    def _venue(self, begun: Begun, plan: Plan, history: WarmUp, begin_ns: int, session: int, asking: Asking) -> LiveVenue:
        """Frame the line for a session that begins at `begin_ns`, one nanosecond ahead of its first marks."""
        close_ns, ids = self._hours.close_ns(session), [contract.id for contract in plan.contracts]
        phases = [self._hours.phases(contract, begin_ns + 1, close_ns) for contract in plan.contracts]
        grid = Grid(begun.numbers_from, begin_ns, np.concatenate(phases))
        is_blind = not self._goes_on and (len(begun.records) > 0 or begun.start is not None) and not begun.is_cold
        first = grid.gaps(ids, begin_ns) if is_blind else grid.take(history.records) if len(history.records) else None
        before, self._ids = self._ids, frozenset(ids)
        knows = self._ids if before - self._ids else None
        opening = self._opening(begun, plan, history.cold)
        return LiveVenue(self._line, grid, self._door, close_ns, opening, None if first is None else first.copy(), knows, asking)

    def _opening(self, begun: Begun, plan: Plan, cold: Mapping[int, str]) -> list[AnyEvent]:
        """Say what the log does not hold yet: who runs, which contracts there are, what begins cold, and what stands of the line."""
        run_ = begun.run
        said: list[AnyEvent] = [RunStarted(run_.mode, run_.run, dict(run_.digests)), *(ContractDefined(each) for each in run_.contracts)]
        said = (said + list(plan.fronts))[len(begun.past.arrivals) :]
        said += [BrokerSaid(0, "history", why, None, contract) for contract, why in cold.items()]
        if not self._line.is_up:
            said.append(ConnectionChanged(False, self._line.why if begun.is_new else TAKEN_UP))
        return said + [event for (contract, _), event in self._line.streams.items() if contract in self._ids]

    def _turns(self, beat: Heartbeat, venue: LiveVenue, watch: Watch, of: RunManifest) -> Callable[[int], None]:
        """Let heartbeat, listener and whoever asked hear the end of a turn."""

        def at_turn(seq: int) -> None:
            beat.turn(seq, venue.n_records)
            if (news := watch.changed()) is not None:
                self._say(*news, of)
            self._at_turn(seq)

        return at_turn

    def _say(self, stage: Stage, why: str, of: RunManifest) -> None:
        self._on_news(News(stage, why, of.sessions[-1], of.run, self._line.clock.now_ns()))
