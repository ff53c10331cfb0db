"""What the fortnight is made of: real dates, lives of a recorder, and what goes wrong, drawn from a seed. No test here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from tests.simulation.fortnight.tape import tape
from tests.simulation.fortnight.world import Life, Recorder, at
from workbench.domain.units import HOUR, MINUTE, SECOND
from workbench.gateway.faults import actions as act
from workbench.runtime.generated import Generated

SEED: Final = 27


class Span(NamedTuple):
    """Sessions in one data folder."""

    symbols: tuple[str, ...]
    sessions: tuple[int, ...]
    lives: tuple[Life, ...]

    def recorded(self, root: Path) -> Recorded:
        """Record it."""
        of = tape(self.symbols, self.sessions, seed=SEED)
        recorder = Recorder(root, of, ("ES", "SPY"))
        for life in self.lives:
            recorder.live(life)
        return Recorded(self, of, recorder)


class Recorded(NamedTuple):
    """A span, what the gateway showed in it, and what was made of that."""

    span: Span
    of: Generated
    recorder: Recorder

    @property
    def data(self) -> Path:
        return self.recorder.data


def troubles(from_ns: int, until_ns: int, *, seed: int, every_h: float = 5.0) -> tuple[tuple[int, act.Action], ...]:
    """Draw what goes wrong in a life: each kind in turn, hours apart, and TWS's restart each night."""
    dice = Random(seed)
    kinds = [
        lambda: act.Outage(for_s=dice.uniform(20, 90), data="kept"),  # 1100, 1102
        lambda: act.Farm(name="usfuture", for_s=dice.uniform(20, 60), kept=False),  # 2103, 2104
        lambda: act.Disconnect(how="half_open", hold_id_s=dice.uniform(5, 60)),
        lambda: act.Outage(for_s=dice.uniform(20, 90), data="lost"),  # 1100, 1101
        lambda: act.Disconnect(how="reset"),
    ]
    dice.shuffle(kinds)
    found, now_ns, n = list[tuple[int, act.Action]](), from_ns + 30 * MINUTE, 0
    while (now_ns := now_ns + round(dice.uniform(0.2, 1.8) * every_h * HOUR)) < until_ns - 10 * MINUTE:
        found.append((now_ns, kinds[n % len(kinds)]()))
        n += 1
    night = (from_ns // (24 * HOUR)) * 24 * HOUR + round(5.75 * HOUR)  # 23:45 of Chicago's winter
    restart = partial(act.Restart, down_s=40, hold_id_s=5)
    found += [(ns, restart()) for ns in range(night, until_ns, 24 * HOUR) if from_ns + MINUTE < ns < until_ns - 5 * MINUTE]
    return tuple(sorted(found, key=lambda each: each[0]))


def life(from_: str, until: str, *, seed: int, is_killed: bool = False, every_h: float = 5.0) -> Life:
    """Make a life between two times of Chicago."""
    first, last = at(from_), at(until) + 7 * SECOND
    return Life(first, last, troubles(first, last, seed=seed, every_h=every_h), is_killed)


BOTH: Final = ("ESZ6", "ESH7", "SPY")
CLOCKS_BACK: Final = Span(  # a weekend in which the clocks go back, in one life
    ("ESZ6", "SPY"), (20261030, 20261102), (life("2026-10-29 16:55", "2026-11-02 15:59", seed=1),)
)
THANKSGIVING: Final = Span(  # a kill, a holiday, a clean stop, an early close
    BOTH,
    (20261125, 20261126, 20261127),
    (
        life("2026-11-24 16:55", "2026-11-25 10:41", seed=2, is_killed=True),
        life("2026-11-25 10:44", "2026-11-26 13:02", seed=3),
        life("2026-11-26 16:55", "2026-11-27 12:32", seed=4),
    ),
)
# ESH7 trades more from the ninth on, so it leads from the tenth, a day before its date. A clean stop, and a kill in the middle of trading.
ROLL: Final = Span(
    BOTH,
    (20261208, 20261209, 20261210, 20261211, 20261214),
    (
        life("2026-12-07 16:55", "2026-12-09 22:00", seed=5),
        life("2026-12-09 22:06", "2026-12-11 09:12", seed=6, is_killed=True),
        life("2026-12-11 09:13", "2026-12-11 16:20", seed=7),
        life("2026-12-13 16:55", "2026-12-14 15:59", seed=8),
    ),
)
SHORT: Final = Span(  # hours of three sessions: what a proof has time for
    BOTH,
    (20261125, 20261126, 20261127),
    (
        life("2026-11-25 15:07", "2026-11-25 17:21", seed=9, is_killed=True, every_h=0.8),
        life("2026-11-25 17:24", "2026-11-25 20:10", seed=10, every_h=0.8),
        life("2026-11-27 08:00", "2026-11-27 12:32", seed=11, every_h=0.8),
    ),
)
