"""The control: a bare asyncio client that answers each frame with prebuilt ones. ``python -m benchmarks.wire.bare PORT HEX [HEX ...]``."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from typing import Any


class Bare(asyncio.Protocol):
    """Answers."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = answers

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.over = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        for answer in self._answers:
            self._transport.write(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set_result(None)


async def main(port: int, answers: list[bytes]) -> None:
    _, protocol = await asyncio.get_running_loop().create_connection(lambda: Bare(answers), "127.0.0.1", port)
    gc.freeze()
    print(json.dumps({"ready": True}), flush=True)
    await protocol.over


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), [bytes.fromhex(each) for each in sys.argv[2:]]))
