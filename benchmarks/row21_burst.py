"""Row 21, a burst of market data: frames of a TWS in chunks, decoded by ib_async and by the tap in front of it.

Both get the same bytes, cut in the same places, and do all they do live: ib_async splits, converts and updates its tickers (no program
listens); the tap splits, converts and writes records, which are taken out again. One frame a chunk is what a quiet market looks like.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections.abc import Callable, Sequence

import numpy as np
from ib_async import IB, Contract

from benchmarks.rounds import Cost, Line, alone, cost, in_turn, many, rate, ratios
from workbench.clock import SystemClock
from workbench.domain.contracts import Contract as Ours
from workbench.domain.contracts import ContractType
from workbench.venues.ib.hot import Hot
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.raw import TapClient, tapped
from workbench.venues.ib.streams import PRINTS, QUOTES, Source
from workbench.wire.framing import frame

N_MESSAGES = 60_000
CHUNKS = (0, 1024, 4096, 262_144)  # bytes; 0: a frame each
HELLO = (b"178\0now\0", b"15\0001\0DU1\0", b"9\0001\0001\0")
ES = Ours(
    id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", calendar="CME Globex Equity",
    multiplier="50", price_quantum="0.25", order_increment="0.25",
)  # fmt: skip
REQUESTS = {1: (Source.LEVEL1, "mktData"), 2: (Source.BID_ASK, "BidAsk"), 3: (Source.LAST, "AllLast"), 4: (Source.DEPTH, "mktDepth")}


def frames(n: int = N_MESSAGES, seed: int = 1) -> list[bytes]:
    """Write a seeded mixture: 30 % level 1 prices, 20 % sizes, 25 % tick-by-tick quotes, 10 % trades, 15 % depth."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(5, n, p=[0.3, 0.2, 0.25, 0.1, 0.15])
    steps, sizes = rng.integers(-2, 3, n).cumsum() + 24_000, rng.integers(1, 400, n)
    made = []
    for kind, step, size in zip(kinds.tolist(), steps.tolist(), sizes.tolist(), strict=True):
        bid, ask, second = step / 4, step / 4 + 0.25, 1_700_000_000 + len(made) // 500
        side = size & 1
        fields: tuple[object, ...] = (
            (1, 6, 1, 1 + side, ask if side else bid, size, 0),
            (2, 6, 1, 3 * side, size),
            (99, 2, 3, second, bid, ask, size, size + 1, 0),
            (99, 3, 2, second, ask if side else bid, size, 0, "CME", ""),
            (12, 1, 4, size % 10, 1, side, bid, size),
        )[kind]
        made.append(frame("".join(f"{field}\0" for field in fields).encode()))
    return made


def chunks(of: Sequence[bytes], n_bytes: int) -> list[bytes]:
    """Cut the frames' bytes as a socket would; 0: one frame a chunk."""
    whole = b"".join(of)
    return list(of) if n_bytes == 0 else [whole[at : at + n_bytes] for at in range(0, len(whole), n_bytes)]


class Sink:
    """Takes what would leave."""

    def offer(self, payload: bytes) -> None:
        return

    def drop(self) -> list[bytes]:
        return []


KEPT: list[IB] = []  # an IB that is thrown away says goodbye on a socket that it never had


def theirs() -> Callable[[bytes], None]:
    """Give ib_async's own client, ready, with a ticker behind each request and rows for its book."""
    ib = IB()
    KEPT.append(ib)
    ib.client.connState = ib.client.CONNECTED
    for payload in HELLO:
        ib.client._onSocketHasData(frame(payload))
    for req_id, (_, kind) in REQUESTS.items():
        ib.wrapper.startTicker(req_id, Contract(conId=1), kind)
    for level in range(10):
        for side in (0, 1):
            ib.client._onSocketHasData(frame(f"12\x001\x004\x00{level}\x000\x00{side}\x006000\x001\x00".encode()))
    feed: Callable[[bytes], None] = ib.client._onSocketHasData
    return feed


def ours() -> tuple[Callable[[bytes], None], Intake, Hot]:
    """Give the tap, ready, with the same requests open."""
    intake = Intake(SystemClock(), 1 << 18)
    hot = Hot(intake)
    KEPT.append(tapped(hot))
    client: TapClient = KEPT[-1].client
    client.lane = Sink()
    for payload in HELLO:
        client._onSocketHasData(frame(payload))
    for req_id, (source, _) in REQUESTS.items():
        hot.open(req_id, ES, source, {Source.BID_ASK: QUOTES, Source.LAST: PRINTS, Source.LEVEL1: QUOTES | PRINTS}.get(source, 0))
    return client._onSocketHasData, intake, hot


def decode(feed: Callable[[bytes], None], of: list[bytes]) -> Cost:
    def work() -> int:
        for chunk in of:
            feed(chunk)
        return N_MESSAGES

    return cost(work)


def take(feed: Callable[[bytes], None], intake: Intake, of: list[bytes]) -> Cost:
    def work() -> int:
        for chunk in of:
            feed(chunk)
            while intake.take() is not None:
                pass
        return N_MESSAGES

    return cost(work)


async def _measure() -> list[Line]:
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)  # a line of text a message would be measured instead
    made, lines = frames(), []
    for n_bytes in CHUNKS:
        cut = chunks(made, n_bytes)
        their_feed, (our_feed, intake, hot) = theirs(), ours()
        slow, fast = in_turn(lambda f=their_feed, c=cut: decode(f, c), lambda f=our_feed, i=intake, c=cut: take(f, i, c))
        ratio, worst = ratios(slow, fast)
        n_bad, n_dropped = hot.counts.bad, intake.n_dropped
        us = statistics.median(1e6 / each.rate for each in fast)
        lines.append(
            Line(
                row=21,
                what=f"market data, {f'chunks of {n_bytes / 1024:g} KiB' if n_bytes else 'one frame a chunk'}",
                anchor=f"ib_async {many(rate(slow))} messages/s",
                ours=f"{many(rate(fast))} messages/s, {us:.2f} us each, taken out again",
                ratio=ratio,
                worst=worst,
                goal=2 if n_bytes else None,
                notes=[f"{N_MESSAGES:,} messages a round; {n_bad} malformed, {n_dropped} dropped"],
            )
        )
    return lines


def measure(quick: bool) -> list[Line]:
    return asyncio.run(_measure())


if __name__ == "__main__":
    alone(measure)
