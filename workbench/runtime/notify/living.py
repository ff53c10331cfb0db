"""Whether the processes a person relies on are alive, by what they say of themselves. Pure: last words and a time in, notices out.

Rules
-----
1. Who was never heard is not missed: a word of yesterday, found at the start, says nothing about today.
2. Who says that it ended is not missed either.
3. Silence and its end are a pair: the end settles it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from workbench.domain.units import SECOND
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.store.status import Status

RUNNER, GUARDIAN, SCHEDULER = "runner", "guardian", "scheduler"
SILENT_NS: Final = 10 * SECOND  # the limit of the guardian as well: who is silent for so long is looked after by others
ENDED: Final = "ended"


class Missed(NamedTuple):
    """What is told of a process that is silent for so long."""

    about: About
    severity: Severity
    silent_ns: int
    text: str


MISSED: Final = {
    RUNNER: Missed(
        About.RUNNER,
        Severity.CRITICAL,
        SILENT_NS,
        "The runner is silent: nobody looks after positions but the guardian. Stops stand at the broker.",
    ),
    GUARDIAN: Missed(About.GUARDIAN, Severity.CRITICAL, SILENT_NS, "The guardian is silent: nobody watches the runner. Entries halt."),
    SCHEDULER: Missed(
        About.PAGE, Severity.WARNING, 60 * SECOND, "The scheduler is silent: no page runs by itself until it does (workbench schedule run)."
    ),
}


class Living(msgspec.Struct):
    """Who was heard alive, and who of them is silent; kept, so that a restart misses nobody and tells nothing twice.

    Examples
    --------
    >>> living, word = Living(), Status(process="runner", pid=7, said_ns=100 * SECOND, run="r")
    >>> list(living.look([word], 101 * SECOND))
    []
    >>> [notice.about.value for notice in living.look([word], 111 * SECOND)]
    ['runner']
    >>> list(living.look([word], 112 * SECOND))          # told once
    []
    """

    heard: dict[str, int] = msgspec.field(default_factory=dict)  # process -> pid that was heard alive
    silent: list[str] = msgspec.field(default_factory=list)
    notes: dict[str, str] = msgspec.field(default_factory=dict)  # what the guardian said last

    def look(self, words: Iterable[Status], now_ns: int) -> Iterator[Notice]:
        """Give what the last words of all processes tell at `now_ns`, wall time."""
        known = {word.process: word for word in words if word.process in MISSED}
        self.heard = {name: pid for name, pid in self.heard.items() if name in known}  # whose word was taken away is no silence
        if RUNNER in known and known[RUNNER].note.startswith(ENDED):
            self.heard.pop(GUARDIAN, None)  # nobody is left to be guarded
        for word in known.values():
            yield from self._of(word, now_ns)
            if word.process == GUARDIAN:
                yield from self._alarm(word, now_ns)

    def is_waited_for(self, name: str) -> bool:
        """Whether a process was heard, has not said that it ended, and was not told as silent yet."""
        return name in self.heard and name not in self.silent

    def _of(self, word: Status, now_ns: int) -> Iterator[Notice]:
        name, missed = word.process, MISSED[word.process]
        if word.note.startswith(ENDED):
            self.heard.pop(name, None)
            is_silent = False
        elif is_alive(word, now_ns, missed.silent_ns):
            self.heard |= {name: word.pid}
            is_silent = False
        else:
            is_silent = self.heard.get(name) == word.pid
        if is_silent and name not in self.silent:
            self.silent.append(name)
            who = f"process {word.pid}" + (f", run {word.run}" if word.run else "")
            said = f"{missed.text} Last word {(now_ns - word.said_ns) // SECOND} s ago ({who})."
            key = f"silent:{name}:{word.pid}:{word.said_ns}"
            yield Notice(about=missed.about, severity=missed.severity, key=key, text=said, subject=name)
        elif not is_silent and name in self.silent and name in self.heard:
            self.silent.remove(name)
            said = f"The {name} speaks again (process {word.pid})."
            yield Notice(about=missed.about, severity=Severity.INFO, key=f"speaks:{name}:{word.said_ns}", text=said, settles=name)

    def _alarm(self, word: Status, now_ns: int) -> Iterator[Notice]:
        """Tell what the guardian does or cannot do, once each time it says another thing."""
        said = f"{word.state}: {word.note}" if word.note else word.state
        before, self.notes[GUARDIAN] = self.notes.get(GUARDIAN, ""), said
        if said != before and is_alive(word, now_ns) and word.state in LOUD:
            text = f"The guardian is {word.state}: {word.note or 'it says no more'}"
            yield Notice(about=About.GUARDIAN, severity=Severity.CRITICAL, key=f"guardian:{said}", text=text)


LOUD: Final = frozenset({"acting", "alarm"})  # states of the guardian that a person must know


def is_alive(word: Status, now_ns: int, silent_ns: int = SILENT_NS) -> bool:
    """Whether a process spoke within the last seconds and did not say that it ended."""
    return now_ns - word.said_ns < silent_ns and not word.note.startswith(ENDED)
