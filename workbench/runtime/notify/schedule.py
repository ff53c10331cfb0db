"""When a notice goes to which channel: once, not too many, again when it failed, and what follows when nobody answers. Pure.

Rules
-----
1. A notice that repeats is counted and not told again, until it was quiet for `QUIET_NS`. A critical one that was settled is new at once.
2. A channel takes `Policy.per_hour` notices an hour that are not critical; what is above is counted, and the next one says how many.
   Critical ones are never dropped: `CRITICAL_PER_MINUTE`, the others wait.
3. A failed delivery is tried again after 5, 10, 20 ... 300 s; a critical one until somebody answers, others `TRIES` times.
4. A critical notice that nobody acknowledged is told again at half its time, and at its end it is time to halt. Told means delivered
   anywhere or not: a person whom no channel reaches does not answer either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.runtime.notify.notice import Notice, Severity, is_at_least

QUIET_NS: Final = 10 * MINUTE
CRITICAL_PER_MINUTE: Final = 10
FIRST_RETRY_NS, LONGEST_RETRY_NS = 5 * SECOND, 300 * SECOND
TRIES: Final = 6
LOG: Final = "log"  # the channel that is always on
KEPT: Final = 500  # notices kept: the newest, and critical ones that wait for a person


class Policy(NamedTuple):
    """What settings say: the least severity of each channel, how many an hour, and after how long a silence halts."""

    channels: Mapping[str, Severity]
    per_hour: int = 30
    escalate_ns: int = 10 * MINUTE


class Way(msgspec.Struct):
    """One notice on its way to one channel."""

    due_ns: int
    n_tries: int = 0
    told_ns: int | None = None
    why: str = ""  # the last failure; empty: none


class Kept(msgspec.Struct):
    """A notice with what became of it; times are wall time, `None`: not yet."""

    id: int
    notice: Notice
    taken_ns: int
    n_times: int = 1
    ways: dict[str, Way] = {}
    acknowledged_ns: int | None = None
    settled_ns: int | None = None
    reminded_ns: int | None = None
    halted_ns: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.notice.severity is Severity.CRITICAL and self.acknowledged_ns is None and self.settled_ns is None


class Delivery(NamedTuple):
    """What is to be sent now, and how many notices were held back on that channel since the last one."""

    channel: str
    kept: Kept
    n_held: int


class Schedule(msgspec.Struct):
    """All that is known of notices; its encoding is what a restart goes on from.

    Examples
    --------
    >>> from workbench.runtime.notify.notice import About
    >>> schedule, policy = Schedule(), Policy({"log": Severity.INFO})
    >>> halt = Notice(about=About.HALT, severity=Severity.CRITICAL, key="k", text="HALTED: smoke")
    >>> _ = schedule.take(halt, 0, policy); _ = schedule.take(halt, SECOND, policy)
    >>> [(each.channel, each.kept.id) for each in schedule.due(SECOND, policy)]
    [('log', 1)]
    """

    next_id: int = 1
    kept: list[Kept] = []
    seen: dict[str, tuple[int, int]] = {}  # key -> id, when it was last seen
    sent: dict[str, list[int]] = {}  # channel -> when notices that are not critical were sent, an hour back
    loud: dict[str, list[int]] = {}  # the same of critical ones, a minute back
    held: dict[str, int] = {}

    def take(self, notice: Notice, now_ns: int, policy: Policy) -> Kept | None:
        """Take a notice; `None` if it is one that was told already, or has nothing to settle."""
        is_answer = bool(notice.settles) and self._settle(notice.settles, now_ns)
        if notice.is_quiet and not (is_answer and notice.settles):
            return None
        if (before := self.seen.get(notice.key)) is not None and now_ns - before[1] < QUIET_NS:
            self.seen[notice.key] = (before[0], now_ns)
            if (known := self.find(before[0])) is not None:
                known.n_times += 1
            return None
        made = Kept(self.next_id, notice, now_ns)
        made.ways = {name: Way(now_ns) for name in _channels(notice, policy)}
        self.next_id += 1
        self.kept = [*self.kept, made]
        if len(self.kept) > KEPT:
            self.kept.remove(next((each for each in self.kept if not each.is_open), self.kept[0]))
        self.seen = {key: at for key, at in self.seen.items() if now_ns - at[1] < QUIET_NS} | {notice.key: (made.id, now_ns)}
        return made

    def find(self, id_: int) -> Kept | None:
        """Give a notice by its number."""
        return next((each for each in reversed(self.kept) if each.id == id_), None)

    def _settle(self, subject: str, now_ns: int) -> bool:
        """Note that what was told is over; whether anything was."""
        found = [each for each in self.kept if each.notice.subject == subject and each.settled_ns is None]
        for each in found:
            each.settled_ns = now_ns
            if each.notice.severity is Severity.CRITICAL:
                self.seen.pop(each.notice.key, None)
        return bool(found)

    # ------------------------------------------------------------------ on its way
    def due(self, now_ns: int, policy: Policy) -> Iterator[Delivery]:
        """Give what is to be sent now, the critical ones first; at most one a channel, the rest follows when that one is through."""
        waiting = [each for each in self.kept if any(way.told_ns is None for way in each.ways.values())]
        waiting.sort(key=lambda each: (each.notice.severity is not Severity.CRITICAL, each.id))
        for channel in policy.channels:
            for each in waiting:
                way = each.ways.get(channel)
                if way is None or way.told_ns is not None or way.due_ns > now_ns or self._is_given_up(each, way):
                    continue
                if self._has_room(each, channel, way, now_ns, policy):
                    yield Delivery(channel, each, self.held.get(channel, 0))
                    break

    def _is_given_up(self, kept: Kept, way: Way) -> bool:
        return not kept.is_open and way.n_tries >= TRIES

    def _has_room(self, kept: Kept, channel: str, way: Way, now_ns: int, policy: Policy) -> bool:
        """Whether the channel bears one more; what it does not bear is dropped and counted, or waits if it is critical."""
        if kept.notice.severity is Severity.CRITICAL:
            return len(_since(self.loud.get(channel, []), now_ns - MINUTE)) < CRITICAL_PER_MINUTE
        if len(_since(self.sent.get(channel, []), now_ns - HOUR)) < policy.per_hour:
            return True
        del kept.ways[channel]
        self.held[channel] = self.held.get(channel, 0) + 1
        return False

    def delivered(self, delivery: Delivery, now_ns: int) -> None:
        """Note that it arrived."""
        kept, channel = delivery.kept, delivery.channel
        way = kept.ways[channel]
        way.told_ns, way.why = now_ns, ""
        times = self.loud if kept.notice.severity is Severity.CRITICAL else self.sent
        times[channel] = [*_since(times.get(channel, []), now_ns - HOUR), now_ns]
        self.held[channel] = max(0, self.held.get(channel, 0) - delivery.n_held)

    def failed(self, delivery: Delivery, why: str, now_ns: int) -> int:
        """Note that it did not; give how often it was tried."""
        way = delivery.kept.ways[delivery.channel]
        way.due_ns = now_ns + min(LONGEST_RETRY_NS, FIRST_RETRY_NS << min(way.n_tries, 10))
        way.n_tries += 1
        way.why = why
        return way.n_tries

    # ------------------------------------------------------------------ answers
    def acknowledge(self, id_: int, now_ns: int) -> bool:
        """Note that a person has taken note; whether there is such a notice."""
        found = self.find(id_)
        if found is not None and found.acknowledged_ns is None:
            found.acknowledged_ns = now_ns
        return found is not None

    def remind(self, now_ns: int, policy: Policy) -> None:
        """Send critical notices once more at half their time."""
        for each in self._unanswered(now_ns, policy.escalate_ns // 2):
            if each.reminded_ns is None:
                each.reminded_ns = now_ns
                each.ways = {name: way if way.told_ns is None else Way(now_ns) for name, way in each.ways.items()}

    def must_halt(self, now_ns: int, policy: Policy) -> Kept | None:
        """Give a critical notice that waited too long for a person, once each."""
        for each in self._unanswered(now_ns, policy.escalate_ns):
            if each.halted_ns is None:
                each.halted_ns = now_ns
                return each
        return None

    def _unanswered(self, now_ns: int, since_ns: int) -> Iterator[Kept]:
        return (each for each in self.kept if each.is_open and each.notice.halts and now_ns - each.taken_ns >= since_ns)


def _channels(notice: Notice, policy: Policy) -> list[str]:
    """Name the channels of a notice.

    >>> from workbench.runtime.notify.notice import About
    >>> policy = Policy({"log": Severity.INFO, "smtp": Severity.WARNING, "ntfy": Severity.CRITICAL})
    >>> late = Notice(about=About.PAGE, severity=Severity.WARNING, key="k", text="late", channels=("ntfy",))
    >>> _channels(late, policy), _channels(msgspec.structs.replace(late, channels=("telegram",)), policy)
    (['log', 'ntfy'], ['log', 'smtp'])
    """
    if any(name in policy.channels for name in notice.channels):
        return [name for name in policy.channels if name == LOG or name in notice.channels]
    return [name for name, least in policy.channels.items() if is_at_least(notice.severity, least)]


def _since(times: list[int], first_ns: int) -> list[int]:
    return [each for each in times if each > first_ns]
