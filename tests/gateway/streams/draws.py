"""Tapes that hypothesis draws: any order of quotes, prints and rows, each of which the book before it allows."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.gateway.streams.world import quote, row, tape, trade
from workbench.domain.records import Kind, Phase, Records
from workbench.domain.units import MS

_sides = st.tuples(st.integers(-50, 50), st.integers(1, 9))
_quotes = st.builds(
    lambda bid, ask, has: quote(bid[0] if has & 1 else None, bid[1] * (has & 1), ask[0] if has & 2 else None, ask[1] * (has >> 1)),
    _sides, _sides, st.sampled_from([3, 3, 3, 3, 1, 2, 0]),
)  # fmt: skip
_prints = st.builds(lambda px, sz: trade(px, sz), st.integers(-50, 50), st.integers(1, 9))
_phases = st.builds(
    lambda phase, session: dict(kind=Kind.PHASE, contract=1, level=phase, px=session),
    st.sampled_from([Phase.RTH, Phase.ETH, Phase.MAINTENANCE, Phase.CLOSED]), st.sampled_from([20261119, 20261120]),
)  # fmt: skip
_gaps = st.sampled_from([1, 30, 260, 700, 5_200]).map(lambda ms: ms * MS)


@st.composite
def books(draw: st.DrawFn, most: int = 60) -> Records:
    """Rows of one contract's book, as a market would change them: prices of a side stay in order."""
    sides: dict[int, list[int]] = {1: [], -1: []}
    rows = []
    for _ in range(draw(st.integers(1, most))):
        side = draw(st.sampled_from([1, -1]))
        held = sides[side]
        at, size = draw(st.integers(0, len(held))), draw(st.integers(1, 5))
        what = draw(st.sampled_from("iiiuuddr" if held else "i"))
        if what == "r":
            sides = {1: [], -1: []}
            rows.append(row(Kind.DEPTH_RESET, 0, 0))
        elif what == "i" and len(held) < 10:
            px = draw(st.integers(-1000, 1000))
            held.append(px)
            held.sort(reverse=side > 0)
            rows.append(row(Kind.DEPTH_INSERT, side, held.index(px), px, size))
        elif held:
            at = min(at, len(held) - 1)
            px = held.pop(at)
            rows.append(row(Kind.DEPTH_DELETE, side, at, px, size) if what == "d" else row(Kind.DEPTH_UPDATE, side, at, px, size))
            if what != "d":
                held.insert(at, px)
    return tape(rows)


@st.composite
def markets(draw: st.DrawFn, most: int = 60) -> Records:
    """Quotes, prints and phases, at uneven times."""
    rows = draw(st.lists(st.one_of(_quotes, _quotes, _prints, _prints, _phases), min_size=1, max_size=most))
    records = tape(rows)
    at = int(records["recv_ns"][0])
    for record in records:
        record["recv_ns"] = record["event_ns"] = at
        at += draw(_gaps)
    return records
