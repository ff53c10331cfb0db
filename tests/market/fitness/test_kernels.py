"""Each penalty of data quality, by a stretch of market that has just this trouble, and by one that nearly has it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.market.test_kernels import opened, quote, tape, trade
from workbench.domain.records import EVENT_TIME, Kind, Phase, Records
from workbench.domain.units import BAR_NS, MS, SECOND
from workbench.market.fold import Market
from workbench.market.quality import PENALTIES, named, score, troubles, words
from workbench.market.state import Stop

Row = dict[str, int]


def whys(records: Records) -> list[str | None]:
    """Fold; say why each closed bar is worth less."""
    market, at, stop = Market([3]), 0, -1
    found: list[str | None] = []
    while stop != Stop.END:
        at, stop = market.fold(records.ctypes.data, at, len(records))
        if stop == Stop.BARRIER:
            bar = market.bars[0]
            assert score(bar) == bar["quality"] and named(int(bar["doubts"])) == troubles(bar)
            found.append(words(int(bar["doubts"])))
    return found


def busy(n_bars: int, *, every_ns: int = 200 * MS, start_ns: int = 0, ask: int = 102) -> list[Row]:
    """Quotes and prints of a calm market: a bid that moves a tick each time, a print at it each second time."""
    rows: list[Row] = []
    for n in range(n_bars * BAR_NS // every_ns):
        at = start_ns + n * every_ns
        rows.append(quote(at, 100 + n % 2, ask + n % 2))
        if n % 2:
            rows.append(trade(at, 100 + n % 2))
    return rows


def end(n_bars: int) -> Row:
    return dict(recv_ns=n_bars * BAR_NS, kind=Kind.TIME)


@pytest.mark.covers("S2-30", "S4-17")
def test_an_opening_a_gap_and_nothing() -> None:
    gap = dict(recv_ns=BAR_NS + 7, contract=3, kind=Kind.GAP)
    rows = [opened(), *busy(1), gap, *busy(1, start_ns=BAR_NS + 8), *busy(1, start_ns=2 * BAR_NS), end(3)]
    rows.sort(key=lambda row: row["recv_ns"])
    assert whys(tape(*rows)) == ["opening 0.50", "gap 0.50", None]


@pytest.mark.parametrize(
    ("age_ns", "back", "why"),
    [
        (0, 0, None),
        (0, 1, "time back 0.50"),
        (5 * SECOND, 0, None),
        (5 * SECOND + 1, 0, "late 0.20"),
        (6 * SECOND, 1, "time back 0.50, late 0.20"),
    ],
)
def test_times_that_go_back_or_come_late(age_ns: int, back: int, why: str | None) -> None:
    rows = [opened(), end(2)]
    for n in range(4):
        at = 2 * BAR_NS + n * SECOND
        happened = at - age_ns - (2 * SECOND if back and n == 2 else 0)
        rows.append({**quote(at, 100, 101), "event_ns": happened, "flags": 3 | EVENT_TIME})
    assert whys(tape(*rows, end(3)))[2] == why


@pytest.mark.covers("S4-18")
@pytest.mark.parametrize(("jump", "volume", "why"), [(5, 1, None), (60, 1, "outlier 0.20"), (60, 500, None)])
def test_a_jump_is_an_outlier_unless_the_market_traded_it(jump: int, volume: int, why: str | None) -> None:
    calm = [opened(), *busy(20)]
    at = 20 * BAR_NS + 1
    jumped = [quote(at, 100 + jump, 102 + jump), trade(at + 1, 101 + jump, volume), quote(at + 2, 101 + jump, 103 + jump)]
    assert whys(tape(*calm, *jumped, end(21)))[20] == why


@pytest.mark.covers("S4-18")
def test_a_print_far_from_the_ones_before_it_is_an_outlier_without_a_quote_too() -> None:
    rows = [opened(), *(trade(n * 100 * MS, 1000 + n % 3) for n in range(20 * 50))]
    far = [trade(20 * BAR_NS + 1, 1100), trade(20 * BAR_NS + 2, 1001)]
    assert whys(tape(*rows, *far, end(21)))[19:] == [None, "outlier 0.20"]


@pytest.mark.covers("S4-17")
@pytest.mark.parametrize(("bid", "wanders", "why"), [(110, 0, "stuck print 0.30"), (99, 0, None), (110, 1, None)])
def test_one_price_printed_again_and_again_beside_the_quote_is_stuck(bid: int, wanders: int, why: str | None) -> None:
    rows = [opened(), quote(1, bid, bid + 2)]
    rows += [trade(n * SECOND, 100 + (n % 2) * wanders) for n in range(1, 10)]
    assert whys(tape(*rows, end(2)))[1] == why


@pytest.mark.covers("S2-30", "S4-20")
def test_a_minute_of_regular_hours_without_a_trade_is_doubted_and_one_of_the_night_is_not() -> None:
    def told(phase: Phase) -> list[str | None]:
        rows = [opened(level=phase), trade(1, 100), *(quote(n * SECOND + 2, 100, 101) for n in range(80)), end(16)]
        return whys(tape(*rows))

    assert told(Phase.RTH)[10:15] == [None, None, "no volume 0.20", "no volume 0.20", "no volume 0.20"]
    assert set(told(Phase.ETH)[1:]) == {None}


def test_who_never_printed_is_not_missed_and_an_imported_bar_stands_for_its_length() -> None:
    assert set(whys(tape(opened(), *(quote(n * SECOND, 100, 101) for n in range(100)), end(20)))[1:]) == {None}
    first = dict(recv_ns=300 * SECOND, event_ns=0, contract=3, kind=Kind.BAR, level=0, px=100, px2=101, sz=50, sz2=7)
    second = dict(recv_ns=300 * SECOND, event_ns=300 * SECOND, contract=3, kind=Kind.BAR, level=1, px=99, px2=100, sz=5000)
    found = whys(tape(opened(), first, second, end(135)))
    assert [n for n, why in enumerate(found) if why == "no volume 0.20"] == [131, 132, 133, 134]  # 300 + 300 + 60 s


def test_a_crossed_quote_is_doubted_in_each_bar_it_stands_in() -> None:
    assert whys(tape(opened(), quote(BAR_NS + 1, 101, 101), end(3))) == ["opening 0.50", "crossed 0.20", "crossed 0.20"]


@pytest.mark.covers("S2-30")
@pytest.mark.parametrize(("ask", "why"), [(108, None), (115, "spread 0.20")])
def test_a_spread_far_wider_than_usual_is_doubted(ask: int, why: str | None) -> None:
    rows = [opened(), *busy(70), *busy(1, start_ns=70 * BAR_NS, ask=ask), end(71)]
    found = whys(tape(*rows))
    assert found[1:70] == [None] * 69 and found[70] in ({why, "outlier 0.20, " + why} if why else {None})


def test_bits_follow_the_order_of_the_penalties_and_costs_are_at_most_all() -> None:
    assert list(PENALTIES) == "gap,opening,time back,late,outlier,stuck print,no volume,crossed,stale,spread".split(",")
    whole = np.zeros(1, Market([3]).bars.dtype)[0]
    whole["doubts"] = (1 << len(PENALTIES)) - 1
    assert score(whole) == 0
