"""SIGSTOP of a real `workbench paper` over real TCP: its guardian fences it, ends it, and makes flat what is ours, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.replay.world import market
from tests.venues.ib.world import settings
from workbench.domain.orders import Leg
from workbench.gateway.build import gateway
from workbench.gateway.transports import serve
from workbench.simulation.broker import Broker, Order, Type
from workbench.store.fence import Fence
from workbench.store.requests import halted
from workbench.store.status import word_of
from workbench.venues.ib.book import read_ref

pytestmark = [pytest.mark.proof, pytest.mark.covers("S2-32"), pytest.mark.timeout(280)]
ACCOUNT, SPEED = "DUSIM1", 10.0
FOREIGN = 3


class Served:
    """The gateway on a thread of its own, and the broker's truth behind it."""

    def __init__(self) -> None:
        contracts, records = market(("ES",), 60, 7, 0.2, before=0)
        self.gateway = gateway(settings(), records, contracts, accounts=(ACCOUNT,), speed=SPEED)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.door = asyncio.run_coroutine_threadsafe(serve(self.gateway, port=0), self.loop).result(30)

    def ask(self, what: Callable[[Broker], Any]) -> Any:
        """Ask the broker, on the thread of its loop; `None` while there is none."""

        async def asked() -> Any:
            broker = self.gateway.world.known(Broker)
            return None if broker is None else what(broker)

        return asyncio.run_coroutine_threadsafe(asked(), self.loop).result(30)

    def own(self) -> int:
        return self.ask(_own) or 0

    def live(self) -> list[Leg]:
        return self.ask(lambda broker: [ref.leg for each in broker.orders() if (ref := read_ref(each.order.order_ref))]) or []

    def n_ours(self) -> int:
        return self.ask(lambda broker: sum(read_ref(each.order.order_ref) is not None for each in [*broker.orders(), *broker.completed()]))

    def held(self) -> int:
        return self.ask(lambda broker: sum(each.qty for each in broker.positions(ACCOUNT)))

    def strip(self) -> None:
        """Take our exits away, as the exchange might, and have a person trade three more the same way."""

        def strip(broker: Broker) -> None:
            now_ns, side = self.gateway.world.now_ns, 1 if _own(broker) > 0 else -1
            for each in broker.orders():
                if read_ref(each.order.order_ref) is not None:
                    broker.cancel_by_hand(each.perm_id, now_ns)
            hand = Order(client_id=0, order_id=0, account=ACCOUNT, contract=1, side=side, qty=FOREIGN, type=Type.MARKET, outside_rth=True)
            broker.place_by_hand(hand, now_ns)
            self.gateway.let_speak()

        self.ask(strip)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.door.close(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()


def _own(broker: Broker) -> int:
    return sum(each.side * each.qty for each in broker.executions() if read_ref(each.order_ref) is not None)


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.close()


def until(is_so: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what}: it did not come in {seconds:g} s"
        time.sleep(0.01)  # another process's word lies in a file: it is looked at


@contextmanager
def trading(data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`workbench paper`, and whoever it starts; none of them is left behind."""
    words = ["paper", "--roots", "ES", "--port", str(port), "--speed", f"{SPEED:g}", "--strategy", "tour", "--profile", "demo"]
    words += ["--data", str(data)]
    with (data / "paper.log").open("wb") as log:
        runner = subprocess.Popen([sys.executable, "-m", "workbench", *words], stdout=log, stderr=log)
    try:
        yield runner
    finally:
        word = word_of(data, "guardian")
        for pid in (runner.pid, word.pid if word is not None else None):
            if pid is not None and _is_there(pid):
                os.kill(pid, signal.SIGKILL)
        runner.wait()


def test_a_frozen_run_is_fenced_and_ended_and_what_it_left_is_flat(tmp_path: Path, served: Served) -> None:
    with trading(tmp_path, served.door.port) as runner:
        until(lambda: runner.poll() is None and served.own() and Leg.STOP in served.live(), 150, "a position with its stop")
        os.kill(runner.pid, signal.SIGSTOP)
        word = word_of(tmp_path, "guardian")
        assert word is not None and word.state == "watching"
        served.strip()
        assert served.own()
        until(lambda: served.own() == 0, 60, "flat")
        until(lambda: Fence(tmp_path, ACCOUNT).raised_by is None, 30, "the fence down")
        assert not served.live() and abs(served.held()) == FOREIGN
        assert str(halted(tmp_path)).startswith("guardian: the runner is silent")
        n_before = served.n_ours()
        os.kill(runner.pid, signal.SIGCONT)  # it was killed: nothing wakes up
        assert runner.wait(10) == -signal.SIGKILL
        until(lambda: not _is_there(word.pid), 60, "the end of a guardian with nothing left to guard")
        assert served.n_ours() == n_before and not Fence(tmp_path, ACCOUNT).has_token_out


def test_a_run_that_ends_cleanly_ends_its_guardian_and_touches_no_order(tmp_path: Path, served: Served) -> None:
    with trading(tmp_path, served.door.port) as runner:
        until(lambda: runner.poll() is None and served.own() and Leg.STOP in served.live(), 150, "a position with its stop")
        word = word_of(tmp_path, "guardian")
        runner.send_signal(signal.SIGINT)
        assert runner.wait(30) == 0 and word is not None and not _is_there(word.pid)
        assert halted(tmp_path) is None and not Fence(tmp_path, ACCOUNT).has_token_out
        assert Leg.EXIT not in served.live()


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
