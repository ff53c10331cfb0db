"""The stage of a drill: a gateway, a run over it, what both say, and the verdict at the end. Knows no disaster; `kinds` has those.

Rules
-----
1. Everything goes on between processes of this machine, in a folder of its own, with an account that cannot hold money (DUSIM).
2. What is told is what an operator would see: the runner's own word, and what the gateway holds.
3. The verdict is not the runner's: books against the gateway's executions, stops against its positions, and a replay.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from workbench.config import Settings
from workbench.domain.errors import VenueError, WorkbenchError
from workbench.runtime.drills import broker
from workbench.runtime.drills.broker import Holding
from workbench.runtime.rehearsal.children import Child
from workbench.runtime.rehearsal.outcome import Wired, judge
from workbench.runtime.rehearsal.truth import ask
from workbench.store.manifest import runs
from workbench.store.status import Status, heard
from workbench.venues.ib.roles import Role, client_id

SPEED: Final = 10
ROOTS: Final = "ES"
ACCOUNT: Final = "DUSIM-DRILL"
HOST: Final = "127.0.0.1"
BEGINS: Final = "09:30"
SEED: Final = 7
LOOK_S: Final = 0.25
START_S, TRADE_S, HEAL_S = 45.0, 45.0, 45.0  # the most that a start, a first protected position, and a recovery may take
LIFE_S: Final = 240.0  # the gateway ends by itself, should nobody end it
SETTLE_S: Final = 5.0  # a position may be without its stop for so long


class Verdict(NamedTuple):
    """What a drill came to: what was claimed and whether it held; ``seconds`` it took of the wall."""

    name: str
    claims: tuple[tuple[str, bool, str], ...]
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether all of it held, and anything was claimed.

        >>> Verdict("kill", (("stops in place", True, ""),), 1.0).is_good, Verdict("kill", (), 1.0).is_good
        (True, False)
        """
        return bool(self.claims) and all(held for _, held, _ in self.claims)


class Stage:
    """One drill's processes.

    Parameters
    ----------
    settings
        Those the processes read as well.
    folder
        An empty folder.
    session
        Date of the generated market.
    tell
        Hears what an operator would see, line by line.
    """

    def __init__(self, settings: Settings, folder: Path, session: int, tell: Callable[[str], None]) -> None:
        self.settings, self.folder, self.data, self.session = settings, folder, folder / "data", session
        self.tell, self.port, self.n_runs = tell, 0, 0
        self._gateway: Child | None = None
        self.ended: dict[str, Any] = {}

    # ------------------------------------------------------------------ processes
    @contextmanager
    def gateway(self, faults: str = "") -> Iterator[None]:
        """Serve a generated market; `faults` is a scenario's text."""
        words = ["gateway", "--generate", "--json", "--session", str(self.session), "--roots", ROOTS, "--seed", str(SEED)]
        words += ["--from", BEGINS, "--speed", str(SPEED), "--accounts", ACCOUNT, "--host", HOST, "--port", "0"]
        words += ["--minutes", str(LIFE_S / 60)]
        if faults:
            path = self.folder / "drill.toml"
            path.write_text(faults)
            words += ["--faults", str(path)]
        with Child(words, self.folder) as self._gateway:
            self._gateway.wait_until(lambda: self._is_told(self._gateway), START_S, lambda: False)
            self._gateway.must_run()
            self.port = json.loads(self._gateway.said)["port"]
            self.tell(f"a gateway serves {ROOTS} on {HOST}:{self.port}, x{SPEED}; account {ACCOUNT}")
            yield

    @staticmethod
    def _is_told(child: Child | None) -> bool:
        return child is not None and (child.is_done() or child.said.endswith("\n"))

    @contextmanager
    def runner(self, *more: str) -> Iterator[Child]:
        """Trade over it until the block ends; what the run said at its end is in `ended`, if it ended by itself."""
        self.n_runs += 1
        folder = self.folder / f"run{self.n_runs}"
        folder.mkdir()
        words = ["paper", "--json", "--host", HOST, "--port", str(self.port), "--speed", str(SPEED), "--account", ACCOUNT]
        words += ["--roots", ROOTS, "--strategy", "tour", "--profile", "demo", "--data", str(self.data), *more]
        self.ended = {}
        with Child(words, folder) as child:
            yield child
        if child.said.strip():
            self.ended = json.loads(child.said)

    # ------------------------------------------------------------------ what is seen
    def word(self, process: str = "runner", pid: int | None = None) -> Status | None:
        """Give the last word of a process; of another one than `pid` none."""
        return next((each for each in heard(self.data) if each.process == process and pid in (None, each.pid)), None)

    def holding(self) -> Holding | None:
        """Ask the gateway; `None` while it does not answer."""
        try:
            return broker.look(HOST, self.port, client_id(self.settings.ib.client_id, Role.NOTEBOOK))
        except VenueError:
            return None

    def until(self, what: str, is_so: Callable[[], bool], child: Child, most_s: float = HEAL_S) -> float:
        """Wait until something is so, and say how long it took.

        Raises
        ------
        WorkbenchError
            It took too long, or the run ended.
        """
        began = time.monotonic()
        while not is_so():
            child.must_run()
            if time.monotonic() - began > most_s:
                raise WorkbenchError(f"{what}: not within {most_s:.0f} s; see {self.folder}")
            time.sleep(LOOK_S)
        took_s = time.monotonic() - began
        self.tell(f"{what} ({took_s:.1f} s)")
        return took_s

    def until_ready(self, child: Child, what: str = "the run is ready: connected, reconciled, stops supervised") -> float:
        """Wait for the runner's own word."""
        return self.until(what, lambda: (word := self.word(pid=child.pid)) is not None and word.is_ready, child)

    def until_protected(self, child: Child) -> Holding:
        """Wait for a position that the gateway holds with its stop."""
        found: list[Holding] = []

        def is_protected() -> bool:
            seen = self.holding()
            if seen is not None and seen.positions and not seen.uncovered:
                found.append(seen)
            return bool(found)

        self.until("a position, and its stop at the gateway", is_protected, child, TRADE_S)
        self.tell(f"  the gateway holds: {found[0]}")
        return found[0]

    # ------------------------------------------------------------------ the verdict
    def stops_in_place(self) -> tuple[str, bool, str]:
        """Claim that every position has its stop, or gets it within seconds."""
        end_s, seen = time.monotonic() + SETTLE_S, self.holding()
        while (seen is None or seen.uncovered) and time.monotonic() < end_s:
            time.sleep(LOOK_S)
            seen = self.holding()
        return "stops in place", seen is not None and not seen.uncovered, str(seen)

    def not_halted(self) -> tuple[str, bool, str]:
        """Claim that the run which was taken up could have gone on."""
        state = str(self.ended.get("state", "unknown"))
        return "taken up, it could go on", state == "active", f"its state at the end: {state}"

    def books(self) -> Iterator[tuple[str, bool, str]]:
        """Claim that our books are the gateway's, and that a replay of the whole log says the same.

        Raises
        ------
        WorkbenchError
            The code changed while the drill went on: the run was not taken up as itself, and there is nothing to compare.
        """
        if len(names := [each.run for each in runs(self.data)]) > 1:
            raise WorkbenchError(f"the code changed during the drill ({' went on as '.join(names)}): there is no verdict; rehearse again")
        truth = ask(HOST, self.port, self.settings.ib.client_id)
        wired: Wired = judge(
            self.settings, self.data, self.session, truth, speed=SPEED, state_digest=str(self.ended.get("state_digest", ""))
        )
        differs = "; ".join(wired.truth.differences)
        told = f"{wired.truth.n_executions} executions with price and fee, {wired.n_brackets} brackets"
        yield "our books are the gateway's", not differs, differs or told
        is_same, found = wired.difference is None and wired.is_same_state, str(wired.difference or "the states differ")
        yield "a replay issues the same commands", is_same, f"{wired.n_commands} commands" if is_same else found


def kill(child: Child, signal_: int) -> None:
    """Send a signal to a process of this stage."""
    os.kill(child.pid, signal_)
