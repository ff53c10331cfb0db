"""Frames of market data for tests: made ones, hostile ones, and a listener that writes down all that the decoder does, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from tests.venues.ib.reference import Line, Reference, Row, Said
from workbench.clock import ManualClock
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import Kind
from workbench.venues.base import Batch
from workbench.venues.ib.hot import Hot, Noticed
from workbench.venues.ib.intake import Intake
from workbench.venues.ib.streams import PRINTS, QUOTES, RT_VOLUME, Notice, Source
from workbench.wire.framing import frame

NOW = 1_700_000_000_000_000_000


def contract(id: int, price: str, size: str = "1", kind: ContractType = ContractType.FUTURE) -> Contract:  # noqa: A002  the field's own name
    """A contract of which only the quanta matter."""
    return Contract(
        id=id, root="X", symbol=f"X{id}", type=kind, exchange="E", currency="USD", calendar="CME Globex Equity", multiplier="1",
        price_quantum=price, order_increment=price, size_quantum=size,
    )  # fmt: skip


ES, SPY, BTC, ZB = contract(1, "0.25"), contract(2, "0.0001"), contract(3, "0.01", "0.00000001"), contract(4, "0.03125")
STREAMS: dict[int, tuple[Contract, Source, int]] = {
    1: (ES, Source.LEVEL1, QUOTES | PRINTS),
    2: (SPY, Source.LEVEL1, QUOTES | PRINTS | RT_VOLUME),
    3: (ES, Source.LAST, PRINTS),
    4: (ES, Source.BID_ASK, QUOTES),
    5: (ZB, Source.DEPTH, 0),
    6: (SPY, Source.MID, 0),
    7: (BTC, Source.LEVEL1, QUOTES | PRINTS),
    8: (ES, Source.ENDED, QUOTES),
}


def payload(*fields: object) -> bytes:
    """Write fields as a frame's payload."""
    return "".join(f"{field}\0" for field in fields).encode()


class Listener:
    """A decoder with everything it does in one list."""

    def __init__(self, streams: dict[int, tuple[Contract, Source, int]] | None = None, capacity: int = 1 << 12) -> None:
        self.intake = Intake(ManualClock(NOW), capacity)
        self.hot = Hot(self.intake)
        self.hot.is_open = True
        self.log: list[Row | Said | bytes] = []
        self.hot.on_notice = self._noticed
        for req_id, (of, source, emits) in (STREAMS if streams is None else streams).items():
            self.hot.open(req_id, of, source if source != Source.ENDED else Source.LEVEL1, emits)
            if source == Source.ENDED:
                self.hot.close(req_id)

    def feed(self, *chunks: bytes) -> list[Row | Said | bytes]:
        for chunk in chunks:
            self.hot.feed(chunk, self._framed)
            self._drain()
        return self.log

    def _drain(self) -> None:
        while (got := self.intake.take()) is not None:
            if isinstance(got, Batch):
                for r in got.records[got.start : got.stop].tolist():
                    _seq, _recv, event_ns, px, sz, px2, sz2, of, kind, side, level, flags = r
                    self.log.append((Kind(kind).name, of, px, sz, px2, sz2, event_ns, side, level, flags))

    def _framed(self, body: bytes) -> None:
        self._drain()
        self.log.append(body)

    def _noticed(self, noticed: Noticed) -> None:
        self._drain()
        told = noticed.notice in {Notice.DELAYED, Notice.DATA_TYPE, Notice.HALTED}
        name = "OFF_GRID" if noticed.notice == Notice.HUGE else noticed.notice.name  # how large is too large is the decoder's business
        self.log.append((name, noticed.req_id, noticed.value if told else 0))


def reference(payloads: Iterable[bytes]) -> list[Row | Said | bytes]:
    """What the reference makes of the same frames."""
    slow = Reference({req_id: Line(of, source, emits, NOW) for req_id, (of, source, emits) in STREAMS.items()})
    for each in payloads:
        slow.frame(each)
    return slow.log


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut bytes at places, as TCP does."""
    at = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in pairwise(at)]


def joined(payloads: Iterable[bytes]) -> bytes:
    return b"".join(frame(each) for each in payloads)


REQUESTS = st.sampled_from([*STREAMS, 1, 2, 3, 4, 5, 9])
PRICES = st.one_of(
    st.integers(-8, 24_100).map(lambda n: str(n / 4)),
    st.integers(24_035, 24_045).map(lambda n: f"{n / 4:.2f}"),
    st.integers(1, 100_000).map(lambda n: f"{n / 10_000:.4f}"),
    st.integers(1, 400).map(lambda n: str(n / 32)),
    st.sampled_from(
        ["-1", "-1.0", "0", "0.0", "", "1.7976931348623157E308", "6.01025E3", "1.0E7", "0.1", "-0.00", "1e-3", "99999999999999.25"]
    ),
)
SIZES = st.one_of(
    st.integers(0, 50).map(str),
    st.sampled_from(["", "0", "100.0000000000000000", "1.0E7", "0.00012345", "12345.67890123", "0.5", "-3", "1E2", "2147483647"]),
)
TIMES = st.integers(1_699_999_990, 1_700_000_010)
JUNK = st.sampled_from(["x", "1.2.3", "--1", "+", "1e", "NaN", "Infinite", "\xff", "0x10", " 1", "1 ", ".", "99999999999999999999999"])
KINDS = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 8, 9, 14, 37, 45, 66, 67, 68, 69, 70, 71, 74, 88])
LIVE_KINDS = st.sampled_from([1, 2, 4])
SIZE_KINDS = st.sampled_from([0, 3, 5])


def _rt(parts: tuple[str, str, int, str]) -> str:
    price, size, seconds, single = parts
    return f"{price};{size};{seconds * 1000 + 7};67854;701.46918464;{single}"


GOOD = st.one_of(
    st.tuples(st.just(1), st.just(6), REQUESTS, st.one_of(LIVE_KINDS, LIVE_KINDS, KINDS), PRICES, SIZES, st.just(0)),
    st.tuples(st.just(2), st.just(6), REQUESTS, st.one_of(SIZE_KINDS, SIZE_KINDS, KINDS), SIZES),
    st.tuples(st.just(12), st.just(1), REQUESTS, st.integers(0, 9), st.integers(0, 2), st.integers(0, 1), PRICES, SIZES),
    st.tuples(
        st.just(13),
        st.just(1),
        REQUESTS,
        st.integers(0, 9),
        st.just("ARCA"),
        st.integers(0, 2),
        st.integers(0, 1),
        PRICES,
        SIZES,
        st.just(1),
    ),
    st.tuples(st.just(45), st.just(6), REQUESTS, st.sampled_from([49, 49, 23]), st.sampled_from(["0", "1", "2", "-1", "1.0", "0.31", ""])),
    st.tuples(st.just(46), st.just(6), REQUESTS, st.just(48), st.tuples(PRICES, SIZES, TIMES, st.sampled_from(["true", "false"])).map(_rt)),
    st.tuples(st.just(46), st.just(6), REQUESTS, st.sampled_from([45, 32, 84]), st.sampled_from(["1700000000", "", "bd=0"])),
    st.tuples(st.just(58), st.just(1), REQUESTS, st.integers(1, 4)),
    st.tuples(st.just(99), REQUESTS, st.integers(1, 2), TIMES, PRICES, SIZES, st.integers(0, 3), st.just("CME"), st.just("")),
    st.tuples(st.just(99), REQUESTS, st.just(3), TIMES, PRICES, PRICES, SIZES, SIZES, st.integers(0, 3)),
    st.tuples(st.just(99), REQUESTS, st.just(4), TIMES, PRICES),
    st.tuples(st.just(4), st.just(2), st.just(-1), st.sampled_from([2104, 1100]), st.just("text"), st.just("")),
)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[object, ...]:
    """A message with a field too few, or one that is not what it should be."""
    fields = list(draw(GOOD))
    at = draw(st.integers(1, len(fields) - 1))
    if draw(st.booleans()):
        fields[at] = draw(JUNK)
    else:
        del fields[at:]
    return tuple(fields)


PAYLOADS = st.one_of(GOOD, GOOD, GOOD, spoilt()).map(lambda fields: payload(*fields))
