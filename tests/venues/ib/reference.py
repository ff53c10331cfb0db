"""What frames of market data mean, in plain Python with exact fractions: written for reading, to hold the compiled decoder against."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from workbench.domain.contracts import Contract
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME, Kind
from workbench.venues.ib.streams import PRINTS, QUOTES, RT_VOLUME, Source

WHOLE = re.compile(rb"[+-]?[0-9]{1,17}")
DECIMAL = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
BASE = {1: 1, 2: 2, 4: 4, 0: 0, 3: 3, 5: 5, 66: 1, 67: 2, 68: 4, 69: 0, 70: 3, 71: 5}  # delayed tick types and what they delay
Row = tuple[str, int, int, int, int, int, int, int, int, int]  # kind, contract, px, sz, px2, sz2, event_ns, side, level, flags
Said = tuple[str, int, int]  # notice, request, value


class BadError(Exception):
    """Not what the protocol says."""


class OffGridError(Exception):
    """A number that is no whole number of quanta."""


def whole(text: bytes) -> int:
    if not WHOLE.fullmatch(text):
        raise BadError(text)
    return int(text)


def decimal(text: bytes) -> Fraction:
    if not DECIMAL.fullmatch(text):
        raise BadError(text)
    return Fraction(text.decode())


def on_grid(value: Fraction, quantum: Fraction) -> int:
    count = value / quantum
    if count.denominator != 1 or abs(count) >= 1 << 62:
        raise OffGridError
    return count.numerator


def each(*reads: tuple[Callable[[bytes], int], bytes]) -> list[int | None]:
    """Read several numbers; `None` for one off the grid. One that is no number at all spoils the message, whatever the others are."""
    found: list[int | None] = []
    for read, text in reads:
        try:
            found.append(read(text))
        except OffGridError:
            found.append(None)
    return found


@dataclass
class Line:
    """What is known of one request."""

    contract: Contract
    source: Source
    emits: int
    opened_ns: int = 0
    price: dict[int, int | None] = field(default_factory=lambda: {BID: None, ASK: None})
    size: dict[int, int] = field(default_factory=lambda: {BID: 0, ASK: 0})
    told: tuple[int, int, int, int, int] | None = None
    waits: int = 0  # the side that reached the other one
    last: int = 0
    last_size: int = 0
    n_last: int = 0
    n_rt: int = 0
    echo: bool = False
    delayed: bool = False
    data_type: int = 0
    halted: int = -1
    broken: bool = False

    def px(self, text: bytes) -> int:
        return on_grid(decimal(text), self.contract.quantum)

    def sz(self, text: bytes) -> int:
        found = on_grid(decimal(text or b"0"), Fraction(self.contract.size_quantum))
        if found < 0:
            raise BadError(text)
        return found


class Reference:
    """All requests of one connection; `frame` gives what one payload becomes."""

    def __init__(self, lines: dict[int, Line]) -> None:
        self.lines = lines
        self.begun: dict[int, tuple[int, int, int]] = {}  # contract -> price, size, second of the print that a stream by tick began with
        self.traded: dict[int, int] = {}  # contract -> when its last print happened, as far as that is known
        self.said: dict[int, tuple[int, int, int, int]] = {}  # contract -> what RTVolume said last: ms, price, size, volume
        self.met: set[int] = set()  # contracts whose line has told that print as well
        self.quotes: dict[int, tuple[int | None, int | None]] = {}  # contract -> bid, ask
        self.log: list[Row | Said | bytes] = []  # rows, notices, and frames that are not ours, in order

    def frame(self, payload: bytes) -> None:
        fields = payload.split(b"\0")[:-1]
        which = fields[0] if fields else b""
        if which not in {b"1", b"2", b"12", b"13", b"45", b"46", b"58", b"99"}:
            self.log.append(payload)
            return
        req_id = -1
        try:
            req_id = whole(fields[1 if which == b"99" else 2])
            line = self.lines.get(req_id)
            if line is None:
                self.log.append(payload)
                return
            if line.source == Source.ENDED:
                return
            self._message(int(which), req_id, line, fields)
        except (BadError, IndexError, ValueError):
            known = req_id if req_id in self.lines else -1
            self._bad(known, "MALFORMED")
        except OffGridError:
            self._bad(req_id, "OFF_GRID")

    def _bad(self, req_id: int, what: str) -> None:
        line = self.lines.get(req_id)
        if line is not None and line.source == Source.DEPTH:
            if not line.broken:
                self.log.append(("DEPTH_RESET", line.contract.id, 0, 0, 0, 0, 0, 0, 0, 0))
                what = "BROKEN"
            line.broken = True
        self.log.append((what, req_id, 0))

    def _write(self, kind: Kind, line: Line, *numbers: int, event_ns: int = 0, side: int = 0, level: int = 0, flags: int = 0) -> None:
        px, sz, px2, sz2 = (*numbers, 0, 0)[:4]
        self.log.append((kind.name, line.contract.id, px, sz, px2, sz2, event_ns, side, level, flags))

    def _message(self, which: int, req_id: int, line: Line, fields: list[bytes]) -> None:
        by_tick = line.source in {Source.LAST, Source.BID_ASK, Source.MID}
        if which == 58:
            told = whole(fields[3])
            if told != line.data_type:
                self.log.append(("DATA_TYPE", req_id, told))
            line.data_type = told
        elif (which == 99) != by_tick or (which in {12, 13}) != (line.source == Source.DEPTH):
            raise BadError(fields)
        elif which == 99:
            self._tick_by_tick(line, fields[2:])
        elif which in {12, 13}:
            row = fields[3:]
            if which == 13:
                del row[1]
                row[5]  # whether it is a row of many exchanges: must be there
            self._depth(line, row)
        elif which == 45:
            value = decimal(fields[4]) if fields[4] else None
            if whole(fields[3]) == 49 and value is not None and value.denominator == 1 and abs(value) < 10**17:
                if value != line.halted and (value > 0 or line.halted > 0):
                    self.log.append(("HALTED", req_id, int(value)))
                line.halted = int(value)
        elif which == 46:
            if whole(fields[3]) == 48 and line.emits & RT_VOLUME:
                self._rt_volume(line, fields[4])
            fields[4]
        else:
            self._level1(which, req_id, line, fields[3:])

    def _level1(self, which: int, req_id: int, line: Line, fields: list[bytes]) -> None:
        kind = whole(fields[0])
        base = BASE.get(kind)
        if base is None or (which == 1) != (base in {1, 2, 4}):
            return
        if (kind >= 66) != line.delayed:
            line.delayed = kind >= 66
            self.log.append(("DELAYED", req_id, int(line.delayed)))
        off = False
        if which == 2:
            try:
                size = line.sz(fields[1])
            except OffGridError:
                size, off = 0, True
            if base == 5:
                if off:
                    raise OffGridError
                is_new = size > 0 and line.n_last > 0 and not (line.echo and size == line.last_size)
                line.echo, line.last_size = False, size
                if is_new:
                    self._last_trade(line)
                return
            side = BID if base == 0 else ASK
            line.size[side] = size
            self._moved(line, side, by_price=False)
        else:
            off = self._price(line, base, fields[1:4])
        if off:
            raise OffGridError

    def _price(self, line: Line, base: int, fields: list[bytes]) -> bool:
        price, size_text, _attributes = fields
        off_size = False
        px: int | None = None
        if price:
            decimal(price)
        try:
            size = line.sz(size_text)
        except OffGridError:
            size, off_size = 0, True
        if not price:
            return False
        none = size == 0 and not off_size and (decimal(price) == -1 or abs(decimal(price)) > 10**17)
        off = off_size
        if not none:
            try:
                px = line.px(price)
            except OffGridError:
                off = True
        if base == 4:
            if none or off:
                return off
            line.n_last += 1
            assert px is not None
            line.last, line.last_size, line.echo = px, size, True
            if size > 0 and line.n_last > 1:
                self._last_trade(line)
            return False
        side = BID if base == 1 else ASK
        line.price[side] = None if off or none else px
        line.size[side] = size
        self._moved(line, side, by_price=True)
        return off

    def _last_trade(self, line: Line) -> None:
        if line.emits & PRINTS and not line.emits & RT_VOLUME:
            self._write(Kind.PRINT, line, line.last, line.last_size, side=self._aggressor(line, line.last), flags=CONFLATED)

    def _moved(self, line: Line, side: int, *, by_price: bool) -> None:
        bid, ask = line.price[BID], line.price[ASK]
        crossed = bid is not None and ask is not None and line.size[BID] > 0 and line.size[ASK] > 0 and bid >= ask
        told_well = line.told is not None and line.told[4] == BID | ASK and line.told[0] < line.told[2]
        if crossed and not line.waits and by_price and told_well:
            line.waits = side
            return
        if crossed and line.waits == side and not by_price:
            return
        if not crossed or line.waits != side:
            line.waits = 0
        has_bid, has_ask = bid is not None and line.size[BID] > 0, ask is not None and line.size[ASK] > 0
        now = (
            (bid or 0) if has_bid else 0,
            line.size[BID] if has_bid else 0,
            (ask or 0) if has_ask else 0,
            line.size[ASK] if has_ask else 0,
            BID * has_bid | ASK * has_ask,
        )
        if now == line.told or (line.told is None and not now[4]) or not line.emits & QUOTES:
            return
        line.told = now
        self.quotes[line.contract.id] = (bid if has_bid else None, ask if has_ask else None)
        self._write(Kind.QUOTE, line, *now[:4], flags=now[4] | CONFLATED)

    def _aggressor(self, line: Line, px: int) -> int:
        bid, ask = self.quotes.get(line.contract.id, (None, None))
        up, down = ask is not None and px >= ask, bid is not None and px <= bid
        return up - down

    def _rt_volume(self, line: Line, text: bytes) -> None:
        parts = text.split(b";")
        price, size_text, ms_text, volume_text, _vwap, single = parts if len(parts) == 6 else (*parts[:5], b";".join(parts[5:]))
        px, size = each((line.px if price else lambda _: 0, price), (line.sz, size_text))
        ms = whole(ms_text)
        if not price or size == 0:
            return
        if px is None or size is None:
            raise OffGridError
        traded_ns = self.traded.get(line.contract.id)
        before_ns = line.opened_ns - ms * 10**6
        is_old = before_ns > (5 * 10**9 if line.n_rt else 0) and (not traded_ns or ms * 10**6 <= traded_ns)
        line.n_rt += 1
        line.n_last += 1
        try:
            volume = line.sz(volume_text)
        except (BadError, OffGridError):
            volume = -1
        before = self.said.get(line.contract.id, (0, 0, 0, 0))
        if volume >= 0 and before[:3] == (ms, px, size) and 0 < before[3] >= volume:
            return
        self.said[line.contract.id] = ms, px, size, max(volume, 0)
        if not is_old and line.emits & PRINTS and not self._is_told(line.contract.id, px, size, ms // 1000):
            self.traded[line.contract.id] = ms * 10**6
            flags = EVENT_TIME | (0 if single.startswith(b"t") else CONFLATED)
            self._write(Kind.PRINT, line, px, size, event_ns=ms * 10**6, side=self._aggressor(line, px), flags=flags)

    def _is_told(self, contract: int, px: int, size: int, second: int) -> bool:
        """Whether a trade of a line came tick by tick. (Of time that passes nothing is known here.)"""
        if contract in self.begun:
            first_px, first_size, first_s = self.begun[contract]
            if second > first_s + 1 or ((px, size) == (first_px, first_size) and abs(second - first_s) <= 1):
                self.met.add(contract)
        return contract in self.met

    def _tick_by_tick(self, line: Line, fields: list[bytes]) -> None:
        which, event_ns = whole(fields[0]), whole(fields[1]) * 10**9
        if which == 4:
            decimal(fields[2])
        elif which == 3:
            found = each(*zip((line.px, line.px, line.sz, line.sz), fields[2:6], strict=True))
            fields[6]
            bid, ask, bid_size, ask_size = found
            has_bid, has_ask = bid is not None and bool(bid_size), ask is not None and bool(ask_size)
            if line.emits & QUOTES:
                self.quotes[line.contract.id] = (bid if has_bid else None, ask if has_ask else None)
                numbers = [bid or 0, bid_size or 0] if has_bid else [0, 0]
                numbers += [ask or 0, ask_size or 0] if has_ask else [0, 0]
                self._write(Kind.QUOTE, line, *numbers, event_ns=event_ns, flags=BID * has_bid | ASK * has_ask | EVENT_TIME)
            if bid_size is None or ask_size is None or (bid is None and bid_size) or (ask is None and ask_size):
                raise OffGridError
        elif which in {1, 2}:
            self._trade(line, fields[2:], event_ns)
        else:
            raise BadError(fields)

    def _trade(self, line: Line, fields: list[bytes], event_ns: int) -> None:
        px, size = each((line.px, fields[0]), (line.sz, fields[1]))
        mask = whole(fields[2])
        fields[4]
        if px is None or size is None:
            raise OffGridError
        if size > 0 and line.emits & PRINTS:
            self.traded[line.contract.id] = event_ns + 10**9 - 1
            self.begun.setdefault(line.contract.id, (px, size, event_ns // 10**9))
            side = 0 if mask & 2 else self._aggressor(line, px)
            self._write(Kind.PRINT, line, px, size, event_ns=event_ns, side=side, flags=EVENT_TIME)

    def _depth(self, line: Line, fields: list[bytes]) -> None:
        level, operation, side = (whole(text) for text in fields[:3])
        if not (0 <= level <= 255 and 0 <= operation <= 2 and 0 <= side <= 1):
            raise BadError(fields)
        px = size = 0
        if operation == 2:
            for text in fields[3:5]:
                if text:
                    decimal(text)
            if decimal(fields[4] or b"0") < 0:
                raise BadError(fields)
        else:
            found = each((line.px, fields[3]), (line.sz, fields[4]))
            if None in found:
                raise OffGridError
            px, size = (number or 0 for number in found)
        if not line.broken:
            kind = Kind(Kind.DEPTH_INSERT + operation)
            self._write(kind, line, px, size, side=1 if side else -1, level=level)
