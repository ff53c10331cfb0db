"""Minutes of a generated market over TCP: `workbench gateway` and `workbench paper` as processes, beside whatever this one does.

Says when they are over or have failed; what came of them is `outcome`'s. Prints nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from workbench.config import Settings
from workbench.domain.errors import WorkbenchError
from workbench.runtime.rehearsal.children import Child, Halted
from workbench.runtime.rehearsal.outcome import Wired, judge
from workbench.runtime.rehearsal.truth import Truth, ask
from workbench.store.status import heard

SPEED: Final = 20
ROOTS: Final = ("ES", "SPY")
ACCOUNT: Final = "DUSIM-WIRE"
STRATEGY: Final = "tour"
BEGINS: Final = "09:30"  # New York; the run follows when its process is up, a minute of the session later
CONNECTS_S: Final = 1.0  # added to the minutes: connecting and resynchronising take a third of a second
LETS_GO_S: Final = 2.0  # the thread looks every twentieth of a second; it is left behind when it does not come
START_S: Final = 60.0  # a process that loads for longer than this is broken
GRID_S: Final = 5  # s; bars of all contracts close every so often
HOST: Final = "127.0.0.1"


class Rehearsal:
    """The minutes, while they run: `start` them; `end` ends all that was started, however far it came.

    Parameters
    ----------
    settings
        Those the processes read as well.
    data
        An empty folder for the run and for what the processes say.
    seed
        Of the generated market.
    session
        Its date, 20261119.
    minutes
        Of the session.
    tell
        Hears how many seconds of the session are traded.
    """

    def __init__(
        self,
        settings: Settings,
        data: Path,
        *,
        seed: int,
        session: int,
        minutes: float,
        tell: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._settings, self._data, self._seed, self._session = settings, data, seed, session
        self._minutes, self._tell = minutes, tell
        self._is_halted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rehearsal", daemon=True)
        self._children: list[Child] = []
        self._failure: Exception | None = None
        self._truth: Truth | None = None
        self._ended: dict[str, object] = {}

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._data.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def end(self) -> None:
        """End the processes, whatever the thread that watches them does: a signal may have left it waiting for a lock."""
        self._is_halted.set()
        for child in reversed(self._children):
            child.end()
        if self._thread.ident is not None:
            self._thread.join(LETS_GO_S)

    def wait(self) -> None:
        """Wait until the minutes are over."""
        self._thread.join()

    def result(self) -> Wired:
        """Read what came of it, and replay it.

        Raises
        ------
        WorkbenchError
            One of the processes failed; the text holds its last lines.
        """
        self.wait()
        if self._failure is not None:
            raise self._failure
        if self._truth is None:
            raise WorkbenchError("the minutes over the wire were ended before they were over")
        return judge(self._settings, self._data, self._session, self._truth, speed=SPEED, state_digest=str(self._ended["state_digest"]))

    def _run(self) -> None:
        try:
            with self._child(self._gateway_words()) as gateway:
                gateway.wait_until(lambda: gateway.is_done() or gateway.said.endswith("\n"), START_S, self._is_halted.is_set)
                gateway.must_run()
                port = json.loads(gateway.said)["port"]
                self._trade(gateway, port)
                self._truth = ask(HOST, port, self._settings.ib.client_id)
        except Halted:
            pass
        except Exception as error:  # noqa: BLE001  a thread: told to who waits for it
            self._failure = error if isinstance(error, WorkbenchError) else WorkbenchError(f"minutes over the wire: {error!r}")

    def _trade(self, gateway: Child, port: int) -> None:
        wall_s = self._minutes * 60 / SPEED + CONNECTS_S
        with self._child(self._paper_words(port, wall_s)) as paper:

            def is_over() -> bool:
                gateway.must_run()
                self._tell(min(_traded_s(self._data), round(self._minutes * 60)))
                return paper.is_done()

            paper.wait_until(is_over, wall_s + START_S, self._is_halted.is_set)
            self._ended = json.loads(paper.said)

    def _child(self, words: list[str]) -> Child:
        if self._is_halted.is_set():
            raise Halted
        self._children.append(Child(words, self._data))
        return self._children[-1]

    def _gateway_words(self) -> list[str]:
        at_most = str((2 * START_S + self._minutes * 60 / SPEED) / 60)  # should this process be killed, the gateway ends by itself
        named = {"--session": str(self._session), "--roots": ",".join(ROOTS), "--seed": str(self._seed), "--from": BEGINS}
        served = {"--speed": str(SPEED), "--accounts": ACCOUNT, "--port": "0", "--host": HOST, "--minutes": at_most}
        return ["gateway", "--generate", "--json", *_flat(named | served)]

    def _paper_words(self, port: int, wall_s: float) -> list[str]:
        at = {"--host": HOST, "--port": str(port), "--speed": str(SPEED), "--account": ACCOUNT, "--minutes": str(wall_s / 60)}
        who = {"--roots": ",".join(ROOTS), "--strategy": STRATEGY, "--profile": "demo", "--data": str(self._data)}
        return ["paper", "--json", *_flat(at | who)]


def _flat(options: dict[str, str]) -> list[str]:
    return [word for pair in options.items() for word in pair]


def _traded_s(data: Path) -> int:
    """Say how many seconds of the session a run has traded, as it says itself about once a second."""
    return max((status.counts.get("barriers", 0) * GRID_S for status in heard(data)), default=0)
