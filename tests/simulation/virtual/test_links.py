"""Links inside a virtual loop: order, cuts, stalls, half-open, resets, slow readers."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.simulation.virtual import Link, VirtualLoop, run


class Ear(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard = b""
        self.n_parts = 0
        self.lost: list[Exception | None] = []
        self.paused: list[bool] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.n_parts += 1

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.append(error)

    def pause_writing(self) -> None:
        self.paused.append(True)

    def resume_writing(self) -> None:
        self.paused.append(False)


async def joined(loop: VirtualLoop) -> tuple[Ear, Ear, Link]:
    servers: list[Ear] = []

    def serve() -> Ear:
        servers.append(Ear())
        return servers[-1]

    await loop.create_server(serve, "127.0.0.1", 7497)
    _, client = await loop.create_connection(Ear, "127.0.0.1", 7497)
    return client, servers[0], loop.network.links[-1]


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    texts=st.lists(st.binary(min_size=1, max_size=50), max_size=30),
    stalls=st.lists(st.integers(0, 30), max_size=3),
)
def test_bytes_arrive_whole_and_in_order_however_they_are_cut(seed, texts, stalls):
    async def main(loop: VirtualLoop) -> tuple[bytes, int]:
        client, server, link = await joined(loop)
        for at, text in enumerate(texts):
            client.transport.write(text)
            if at in stalls:
                link.stall(0.5)
            await asyncio.sleep(loop.rng.uniform(0, 0.003))
        await asyncio.sleep(5)
        return server.heard, server.n_parts

    heard, n_parts = run(main, seed=seed)
    assert heard == b"".join(texts)
    assert n_parts >= len(texts)


def test_nobody_listening_refuses():
    async def main(loop: VirtualLoop) -> None:
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Ear, "127.0.0.1", 1)
        await loop.create_server(Ear, "127.0.0.1", 1)
        with pytest.raises(OSError, match="in use"):
            await loop.create_server(Ear, "127.0.0.1", 1)

    run(main)


def test_a_close_is_heard_behind_the_last_byte():
    async def main(loop: VirtualLoop) -> tuple[bytes, list[Exception | None], list[Exception | None]]:
        client, server, _ = await joined(loop)
        client.transport.write(b"the last word")
        client.transport.write_eof()
        client.transport.close()
        await asyncio.sleep(1)
        return server.heard, server.lost, client.lost

    assert run(main, seed=5) == (b"the last word", [None], [None])


def test_a_half_open_link_swallows_everything_and_tells_nobody():
    async def main(loop: VirtualLoop) -> tuple[bytes, list[Exception | None]]:
        client, server, link = await joined(loop)
        link.half_open()
        client.transport.write(b"is anybody there")
        client.transport.close()
        await asyncio.sleep(86_400)
        return server.heard, server.lost

    assert run(main) == (b"", [])


@pytest.mark.parametrize(("flush", "heard"), [(False, b""), (True, b"written before the process died")])
def test_a_reset_loses_what_is_under_way_unless_the_kernel_still_sends_it(flush, heard):
    async def main(loop: VirtualLoop) -> tuple[bytes, list[str], list[str]]:
        client, server, link = await joined(loop)
        client.transport.write(b"written before the process died")
        link.reset(flush=flush)
        await asyncio.sleep(1)
        return server.heard, [type(e).__name__ for e in server.lost], [type(e).__name__ for e in client.lost]

    assert run(main) == (heard, ["ConnectionResetError"], ["ConnectionResetError"])


def test_a_slow_reader_is_felt_by_the_writer():
    async def main(loop: VirtualLoop) -> tuple[int, list[bool], int]:
        client, server, _ = await joined(loop)
        server.transport.pause_reading()
        client.transport.write(b"x" * 100_000)
        await asyncio.sleep(1)
        held = client.transport.get_write_buffer_size()
        server.transport.resume_reading()
        await asyncio.sleep(1)
        return held, client.paused, client.transport.get_write_buffer_size()

    assert run(main) == (100_000, [True, False], 0)
