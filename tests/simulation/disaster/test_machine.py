"""A process that dies does nothing more, and the world goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.simulation.disaster.machine import Death, Died, MachineLoop, Process, run


class Ears(asyncio.Protocol):
    """A server that keeps what it hears."""

    def __init__(self, heard: list[bytes]) -> None:
        self.heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        asyncio.get_running_loop().call_later(5, self.heard.append, b"five seconds later")

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append(b"lost" if exc else b"closed")


def story(tell: Callable[[Process, list[str]], object], death: Death = Death.KILLED) -> tuple[list[str], list[bytes]]:
    """Let a process tick each second and speak at 2.5 s; let it die at 3.5 s; look until 20 s."""
    done, heard = list[str](), list[bytes]()

    async def live(process: Process) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", 7497)
        loop.call_later(2.5, transport.write, b"hello")
        try:
            for n in range(1, 10):
                await asyncio.sleep(1)
                done.append(f"tick {n}")
                tell(process, done)
        finally:
            done.append("tidied")

    async def main(loop: MachineLoop) -> None:
        await loop.create_server(lambda: Ears(heard), "127.0.0.1", 7497)
        process = loop.process()
        process.start(live(process))
        loop.call_at(3.5, process.die, death, 4.0)
        await asyncio.sleep(20)
        done.append("the world ended")

    run(main, seed=1, epoch_ns=0, horizon_s=100)
    return done, heard


@pytest.mark.parametrize("death", Death)
def test_the_dead_do_nothing_and_tidy_nothing_before_the_world_has_ended(death: Death) -> None:
    done, _ = story(lambda process, done: None, death)
    assert done == ["tick 1", "tick 2", "tick 3", "the world ended", "tidied"]


def test_what_a_message_of_the_dead_set_off_outlives_them() -> None:
    _, heard = story(lambda process, done: None)
    assert heard == [b"hello", b"closed", b"five seconds later"]


def test_a_machine_without_power_leaves_the_other_side_believing_for_a_while() -> None:
    _, heard = story(lambda process, done: None, Death.POWER)
    assert heard == [b"hello", b"five seconds later", b"lost"] or heard == [b"hello", b"lost", b"five seconds later"]


def test_who_dies_in_the_middle_of_a_step_does_not_finish_it() -> None:
    def tell(process: Process, done: list[str]) -> None:
        if done[-1] == "tick 2":
            process.die(Death.RESET)
            raise Died("here")

    done, heard = story(tell)
    assert done == ["tick 1", "tick 2", "tidied", "the world ended"]
    assert b"hello" not in heard
