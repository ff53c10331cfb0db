"""What is asked of the market, and in what order: a list of wishes, kept alive under the account's budget. Pure: no I/O, no clock.

Rules
-----
1. Every contract has a line of level 1 (250 ms, with RTVolume) before any has more; a tick-by-tick stream replaces the quotes, or the
   prints, of its contract's line while it flows, and falls back to them at once when it does not. Nothing gets less without being told.
2. A wish is never forgotten: what is lost is asked for again (1101, 2103 then 2104, a new connection, 10182); what is refused, later.
3. A request id is used once. Before a stream is asked for again its old request is cancelled, so that its line is free.
4. One that fails (three times without a message) is asked for ever more slowly, and the contract's history is to be polled meanwhile.
5. Stale is a line that is lost, a farm that is broken, or a stream that used to bring more; never a quote that does not change.
6. Real-time bars are a witness: they take a line that nobody else wants, and whatever becomes of them is neither told nor a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from workbench.domain.events import StreamChanged
from workbench.domain.units import MINUTE, SECOND
from workbench.venues.ib.budget import POOL, Budget, Use
from workbench.venues.ib.codes import CodeKind, meaning
from workbench.venues.ib.deeds import Deed, Emit, EmptyBook, Gap, Poll, Start, State, Stop, Stream, Tell, Want
from workbench.venues.ib.patience import ANSWER_NS, BROKEN_FARM_NS, IN_FLIGHT_NS, VERIFY_NS, is_stale, is_unanswered, owes_answer
from workbench.venues.ib.streams import PRINTS, QUOTES, RT_VOLUME, Notice, Source

FAILURES: Final = 3  # in a row, then history is polled
COMPETING_NS: Final = MINUTE
REFUSED_NS: Final = 15 * MINUTE
LONGEST_WAIT_NS: Final = MINUTE  # between two requests for a stream that fails
NAMES: Final = {
    Source.LEVEL1: "l1-250ms",
    Source.BID_ASK: "tick-by-tick",
    Source.LAST: "tick-by-tick",
    Source.DEPTH: "depth",
    Source.BARS: "bars-5s",
}
PARTS: Final = {Source.BID_ASK: "quotes", Source.LAST: "prints"}
LOST_STREAM: Final = {CodeKind.DATA_LOST, CodeKind.PACING, CodeKind.SESSION_COMPETING}
REFUSED: Final = {CodeKind.DATA_REFUSED, CodeKind.REQUEST_REFUSED, CodeKind.BUDGET}


class Subscriptions:
    """All streams of an account.

    Every method gives what is to be done, in order. Call `advance` at least once a second.

    Parameters
    ----------
    budget
        Of the account.
    next_id
        Gives a request id that was never used in this connection.

    Examples
    --------
    >>> ids = iter(range(100, 200))
    >>> subscriptions = Subscriptions(Budget(), ids.__next__)
    >>> subscriptions.want([Want(1, Source.BID_ASK)], 0)
    []
    >>> for deed in subscriptions.on_connected(0):
    ...     print(deed)
    Start(req_id=100, contract=1, source=<Source.LEVEL1: 1>, emits=7)
    Start(req_id=101, contract=1, source=<Source.BID_ASK: 3>, emits=1)
    >>> subscriptions.on_data(101, 5)       # its quotes flow: the line's are left away
    [Tell(event=StreamChanged(contract=1, stream='tick-by-tick', state='live', why='quotes')), Emit(req_id=100, emits=6)]
    """

    def __init__(self, budget: Budget, next_id: Callable[[], int]) -> None:
        self.use = Use(budget)
        self._next_id = next_id
        self.streams: dict[Want, Stream] = {}  # in order of priority
        self._by_id: dict[int, Stream] = {}
        self._polled: set[int] = set()
        self._hold_until_ns = self._link_lost_ns = 0
        self._open: set[int] = set()
        self._broken_farms: set[str] = set()
        self.is_connected = False
        self.is_link_up = True

    # wishes

    def want(self, wants: Iterable[Want], now_ns: int) -> list[Deed]:
        """Replace the list of wishes, most wanted first. What is wanted no more is cancelled."""
        listed = list(wants)
        lines = [Want(contract, Source.LEVEL1) for contract in dict.fromkeys(want.contract for want in listed)]
        fresh = dict.fromkeys([*lines, *listed])
        deeds: list[Deed] = []
        for want, stream in self.streams.items():
            if want not in fresh:
                deeds += [*self._stop(stream), *self._tell(stream, "ended", "not wanted any more")]
        kept = {want.contract for want in lines}
        deeds += [Poll(contract, False) for contract in sorted(self._polled - kept)]
        self._polled &= kept
        self.streams = {want: self.streams.get(want, Stream(want)) for want in fresh}
        return deeds + self._settle(now_ns)

    # what happens

    def on_connected(self, now_ns: int) -> list[Deed]:
        """Hear that requests may be sent. Ids of the connection before mean nothing."""
        self.is_connected = self.is_link_up = True
        self.use.clear()
        self._by_id.clear()
        self._broken_farms.clear()
        for stream in self.streams.values():
            stream.state, stream.req_id, stream.not_before_ns, stream.is_delayed = State.WAITING, -1, 0, False
        return self._settle(now_ns)

    def on_disconnected(self, now_ns: int, why: str) -> list[Deed]:
        """Hear that the socket is gone: everything is lost."""
        self.is_connected = False
        self._polled.clear()
        deeds: list[Deed] = []
        for stream in self.streams.values():
            had = stream.state in {State.LIVE, State.SILENT}
            stream.state, stream.req_id, stream.since_ns, stream.doubted_ns = State.WAITING, -1, now_ns, None
            if had:
                deeds += self._tell(stream, "lost", why)
        self.use.clear()
        self._by_id.clear()
        return self._gaps(deeds)

    def on_data(self, req_id: int, last_ns: int) -> list[Deed]:
        """Hear when the last message of a request came."""
        stream = self._by_id.get(req_id)
        if stream is None or last_ns <= stream.last_ns:
            return []
        if not self.is_link_up and last_ns <= self._link_lost_ns + VERIFY_NS:
            return []  # was under way
        self.is_link_up = True
        if stream.last_ns:
            stream.usual_ns += (last_ns - stream.last_ns - stream.usual_ns) // (8 if stream.usual_ns else 1)
        stream.last_ns = last_ns
        if stream.doubted_ns is not None and last_ns > stream.doubted_ns:
            stream.doubted_ns = None
        if stream.state == State.LIVE or stream.doubted_ns is not None:
            return []
        stream.state, stream.since_ns, stream.n_failed = State.LIVE, last_ns, 0
        return [*self._tell(stream, "live", PARTS.get(stream.want.source, "")), *self._emits(), *self._polls()]

    def on_phase(self, contract: int, is_open: bool, now_ns: int) -> None:
        """Hear whether a contract trades: only then a silent line means something, and only since then."""
        line = self.streams.get(Want(contract, Source.LEVEL1))
        if line is not None and is_open and contract not in self._open:
            line.opened_ns = now_ns
        (self._open.add if is_open else self._open.discard)(contract)

    def on_notice(self, req_id: int, notice: Notice, value: int, now_ns: int) -> list[Deed]:
        """Hear what the decoder noticed about a request."""
        stream = self._by_id.get(req_id)
        if stream is None:
            return []
        if notice == Notice.BROKEN:
            return self._again(stream, now_ns, "lost", "a row of the book was lost") + self._settle(now_ns)
        delayed = value in {3, 4} if notice == Notice.DATA_TYPE else bool(value) if notice == Notice.DELAYED else stream.is_delayed
        if delayed == stream.is_delayed:
            return []
        return self._delay(stream, delayed, "the gateway sends delayed data")

    def on_error(self, req_id: int, code: int, text: str, now_ns: int) -> list[Deed]:
        """Hear a numbered message of the broker; `req_id` is -1 when it is about the connection."""
        what, why = meaning(code).kind, f"{code}: {text}"
        stream = self._by_id.get(req_id)
        if what in LINK:
            farm = text.rpartition(":")[2]
            if what == CodeKind.FARM_LOST:
                self._broken_farms.add(farm)
            self._broken_farms -= {farm} if what == CodeKind.FARM_OK else set()
            return self._linked(what, why, now_ns)
        if what == CodeKind.PACING and stream is None:
            self._hold_until_ns = now_ns + 2 * SECOND
            return []
        if what == CodeKind.SESSION_COMPETING and stream is None:
            return self._all_again(now_ns, why, now_ns + COMPETING_NS)
        if stream is None:
            return []
        if stream.want.source == Source.BARS:
            return self._bars_failed(stream, what, why, now_ns)
        if what == CodeKind.DATA_RESET:
            return [EmptyBook(req_id)]
        if what == CodeKind.DATA_DELAYED:
            return self._delay(stream, True, why)
        if what in LOST_STREAM:
            wait = now_ns + COMPETING_NS if what == CodeKind.SESSION_COMPETING else 0
            return self._again(stream, now_ns, "lost", why, wait) + self._settle(now_ns)
        return self._refuse(stream, what, why, now_ns) if what in REFUSED else []

    def _bars_failed(self, stream: Stream, what: CodeKind, why: str, now_ns: int) -> list[Deed]:
        """Ask for bars again when that cannot be in anybody's way."""
        if what in REFUSED | {CodeKind.PACING, CodeKind.HISTORY}:
            return self._refuse(stream, what, why, now_ns)
        wait_ns = COMPETING_NS if what == CodeKind.SESSION_COMPETING else 0
        return self._again(stream, now_ns, "lost", why, now_ns + wait_ns) if what in LOST_STREAM else []

    def advance(self, now_ns: int) -> list[Deed]:
        """Hear what time it is: what is due is asked for, what owes an answer is given up."""
        deeds: list[Deed] = []
        for stream in self.streams.values():
            line = self.streams.get(Want(stream.want.contract, Source.LEVEL1))
            if stream.state == State.ASKED and owes_answer(stream, now_ns):
                deeds += self._again(stream, now_ns, "silent", f"no answer in {ANSWER_NS // SECOND} s")
            elif stream.state == State.ASKED and is_unanswered(stream, line, now_ns, is_open=stream.want.contract in self._open):
                deeds += self._again(stream, now_ns, "refused", f"no answer in {(now_ns - stream.since_ns) // SECOND} s")
            elif stream.doubted_ns is not None and stream.state in {State.LIVE, State.SILENT}:
                deeds += self._doubt(stream, now_ns)
            elif is_stale(stream, now_ns, is_open=stream.want.contract in self._open):
                stream.doubted_ns = now_ns
                deeds += self._silence(stream, now_ns, f"nothing came in {(now_ns - stream.last_ns) // SECOND} s")
        return self._gaps(deeds) + self._settle(now_ns)

    # inside

    def _linked(self, what: CodeKind, why: str, now_ns: int) -> list[Deed]:
        """The line between TWS and IB, or one of its farms."""
        flowing = [stream for stream in self.streams.values() if stream.state in {State.LIVE, State.SILENT, State.ASKED}]
        if what == CodeKind.LINK_RESTORED_LOST or (what == CodeKind.LINK_RESTORED_KEPT and not flowing):
            self.is_link_up = True
            return self._all_again(now_ns, why)
        if what == CodeKind.FARM_OK:
            silent = [stream for stream in flowing if stream.doubted_ns is not None and stream.last_ns <= stream.doubted_ns]
            deeds = [deed for stream in silent for deed in self._again(stream, now_ns, "lost", why)] if self.is_link_up else []
            return self._gaps(deeds) + self._settle(now_ns)
        self.is_link_up = what != CodeKind.LINK_LOST and (self.is_link_up or what == CodeKind.LINK_RESTORED_KEPT)
        deeds = []
        if what == CodeKind.LINK_LOST:
            self._link_lost_ns = now_ns
        for stream in flowing:
            stream.doubted_ns = now_ns + IN_FLIGHT_NS
            if what == CodeKind.LINK_LOST and stream.state == State.LIVE:
                deeds += self._silence(stream, now_ns, why)
        return self._gaps(deeds)

    def _doubt(self, stream: Stream, now_ns: int) -> list[Deed]:
        """A stream owes a message since a farm broke, or since the line came back."""
        assert stream.doubted_ns is not None
        waited = now_ns - stream.doubted_ns
        if stream.state == State.LIVE and waited >= BROKEN_FARM_NS:
            return self._silence(stream, now_ns, "nothing came since its farm, or the line, broke")
        if self.is_link_up and stream.state == State.SILENT and waited >= VERIFY_NS:
            return self._again(stream, now_ns, "lost", f"nothing came in {VERIFY_NS // SECOND} s")
        return []

    def _silence(self, stream: Stream, now_ns: int, why: str) -> list[Deed]:
        stream.state, stream.since_ns = State.SILENT, now_ns
        return [*self._tell(stream, "silent", why), *self._emits()]

    def _delay(self, stream: Stream, is_delayed: bool, why: str) -> list[Deed]:
        if stream.is_delayed == is_delayed:
            return []
        stream.is_delayed = is_delayed
        event = StreamChanged(stream.want.contract, "delayed", "degraded" if is_delayed else "ended", why)
        return [Tell(event), *self._emits()]

    def _all_again(self, now_ns: int, why: str, not_before_ns: int = 0) -> list[Deed]:
        deeds: list[Deed] = []
        for stream in self.streams.values():
            if stream.req_id >= 0:
                stream.n_failed = 0
                deeds += self._again(stream, now_ns, "lost", why, not_before_ns)
        return self._gaps(deeds) + self._settle(now_ns)

    def _again(self, stream: Stream, now_ns: int, state: str, why: str, not_before_ns: int = 0) -> list[Deed]:
        """Give a stream up, to be asked for again: at once, or later if it failed before."""
        deeds = [*self._stop(stream), *self._tell(stream, state, why)]
        wait = min(LONGEST_WAIT_NS, SECOND << min(stream.n_failed, 6)) if stream.n_failed else 0
        stream.n_failed += 1
        stream.state, stream.since_ns = State.WAITING, now_ns
        stream.not_before_ns = max(now_ns + wait, not_before_ns)
        if stream.want.source == Source.LEVEL1 or (state == "lost" and stream.want.source != Source.BARS):
            deeds.append(self._gap(stream.want.contract))
        return [*deeds, *self._emits(), *self._polls()]

    def _refuse(self, stream: Stream, what: CodeKind, why: str, now_ns: int) -> list[Deed]:
        """The broker does not give a stream: the next one may have its place."""
        source = stream.want.source
        deeds = self._stop(stream)
        wait = REFUSED_NS
        if what == CodeKind.BUDGET:
            self.use.refused(source, now_ns)
            wait = 0 if self._less_wanted(stream) else REFUSED_NS
        stream.state, stream.since_ns, stream.not_before_ns = State.WAITING, now_ns, now_ns + wait
        if source == Source.LEVEL1:
            stream.n_failed = FAILURES
        return [*deeds, *self._tell(stream, "refused", why), *self._emits(), *self._polls(), *self._settle(now_ns)]

    def _stop(self, stream: Stream) -> list[Deed]:
        if stream.req_id < 0:
            return []
        deed = Stop(stream.req_id, *stream.want)
        self.use.give_back(stream.req_id)
        del self._by_id[stream.req_id]
        stream.req_id, stream.doubted_ns, stream.is_delayed = -1, None, False
        return [deed]

    def _settle(self, now_ns: int) -> list[Deed]:
        """Ask for what may be asked for, most wanted first; what is wanted more takes the place of what is wanted less."""
        if not self.is_connected or not self.is_link_up or now_ns < self._hold_until_ns:
            return []
        deeds: list[Deed] = []
        for stream in self.streams.values():
            source, contract = stream.want.source, stream.want.contract
            if stream.state != State.WAITING or now_ns < max(stream.not_before_ns, self.use.due_ns(contract, source)):
                continue
            if not self.use.room(source, now_ns):
                deeds += self._make_room(stream, now_ns)
            if not self.use.room(source, now_ns):
                if stream.told not in {"refused", "degraded"}:
                    deeds += self._tell(stream, "refused", "no room in the account's budget")
                continue
            deeds.append(self._start(stream, now_ns))
        return deeds

    def _make_room(self, wanted: Stream, now_ns: int) -> list[Deed]:
        """Take the place of the least wanted stream of the same pool, if one is wanted less than this one."""
        if not (pool := self._less_wanted(wanted)):
            return []
        least = pool[-1]
        deeds = [*self._stop(least), *self._tell(least, "degraded", "its place is needed for one of higher priority")]
        least.state, least.since_ns = State.WAITING, now_ns
        return [*deeds, *self._emits()]

    def _less_wanted(self, than: Stream) -> list[Stream]:
        """Streams that hold a place which one that is wanted more could have."""
        order = list(self.streams.values())
        return [each for each in order[order.index(than) + 1 :] if each.req_id >= 0 and shares(each, than)]

    def _start(self, stream: Stream, now_ns: int) -> Start:
        stream.req_id = self._next_id()
        stream.state, stream.since_ns, stream.last_ns = State.ASKED, now_ns, 0
        stream.emits = self._emits_of(stream)
        stream.doubted_ns = now_ns if self._broken_farms else None  # it may be asked of a farm that does not hear
        self.use.take(stream.req_id, stream.want.source)
        self.use.asked(stream.want.contract, stream.want.source, now_ns)
        self._by_id[stream.req_id] = stream
        return Start(stream.req_id, *stream.want, stream.emits)

    def _emits_of(self, stream: Stream) -> int:
        """What a stream's messages become: a line leaves to tick-by-tick what that brings."""
        contract, source = stream.want
        if source in {Source.BID_ASK, Source.LAST}:
            return QUOTES if source == Source.BID_ASK else PRINTS
        if source in {Source.DEPTH, Source.BARS}:
            return 0
        brings = {each.want.source for each in self.streams.values() if each.want.contract == contract and each.state == State.LIVE}
        emits = 0 if Source.BID_ASK in brings else QUOTES
        if Source.LAST not in brings:
            emits |= PRINTS
        return emits if stream.is_delayed else emits | RT_VOLUME

    def _emits(self) -> list[Deed]:
        deeds: list[Deed] = []
        for stream in self.streams.values():
            if stream.req_id >= 0 and (emits := self._emits_of(stream)) != stream.emits:
                stream.emits = emits
                deeds.append(Emit(stream.req_id, emits))
        return deeds

    def _polls(self) -> list[Deed]:
        """History is polled for contracts whose line failed three times in a row, and whose prints come by no other stream."""
        printed = {s.want.contract for s in self.streams.values() if s.want.source == Source.LAST and s.state == State.LIVE}
        failed = {s.want.contract for s in self.streams.values() if s.want.source == Source.LEVEL1 and s.n_failed >= FAILURES} - printed
        deeds: list[Deed] = [Poll(contract, True) for contract in sorted(failed - self._polled)]
        deeds += [Poll(contract, False) for contract in sorted(self._polled - failed)]
        self._polled = failed
        return deeds

    def _tell(self, stream: Stream, state: str, why: str) -> list[Deed]:
        """Tell a change of state once; of bars none, for they are no part of the log."""
        if stream.told == state or stream.want.source == Source.BARS:
            return []
        stream.told = state
        return [Tell(StreamChanged(stream.want.contract, NAMES[stream.want.source], state, why))]

    def _gaps(self, deeds: list[Deed]) -> list[Deed]:
        """Say once for each contract of which a stream went silent or was lost that data is missing."""
        once: list[Deed] = []
        for deed in deeds:
            if deed not in once:
                once.append(deed)
        hit = [self._gap(d.event.contract) for d in deeds if isinstance(d, Tell) and d.event.state in {"lost", "silent"}]
        return [*once, *(gap for gap in dict.fromkeys(hit) if gap not in once)]

    def _gap(self, contract: int) -> Gap:
        line = self.streams.get(Want(contract, Source.LEVEL1))
        return Gap(contract, line is not None and line.state == State.LIVE and line.doubted_ns is None)


LINK: Final = {
    CodeKind.LINK_LOST,
    CodeKind.LINK_RESTORED_LOST,
    CodeKind.LINK_RESTORED_KEPT,
    CodeKind.FARM_LOST,
    CodeKind.FARM_OK,
}


def shares(one: Stream, other: Stream) -> bool:
    """Whether two streams take from the same pool."""
    return POOL[one.want.source] == POOL[other.want.source]
