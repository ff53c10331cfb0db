"""What a request id means to the decoder: one row of integers a stream. Dtypes and named numbers; decodes nothing itself."""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction
from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt

N_ROWS: Final = 1024  # of the table, a power of two; half of it may be used (an account has 100 lines)
SCALES: Final = 19  # decimals a number may have, 0 to 18
FREE: Final = -1  # request id of a row that holds nothing
FIT: Final = 1 << 62


class Source(IntEnum):
    """What a request asked for."""

    LEVEL1 = 1  # reqMktData
    LAST = 2  # tick-by-tick Last and AllLast
    BID_ASK = 3  # tick-by-tick
    MID = 4  # tick-by-tick; decoded and not recorded: the quote says more
    DEPTH = 5
    BARS = 7  # real-time bars; no business of the decoder: they become no records
    ENDED = 6  # cancelled: what still arrives is counted and let go


# what a stream's messages become; bits
QUOTES: Final = 1
PRINTS: Final = 2
RT_VOLUME: Final = 4  # prints out of RTVolume, not out of last price and last size


class Notice(IntEnum):
    """Why the decoder came back before the end of the bytes."""

    END = 0  # all whole frames are decoded
    FRAME = 1  # a frame that is not ours
    TOO_LONG = 2  # a length beyond the limit: the conversation is lost
    DELAYED = 3  # from the next record on a stream is delayed, or no longer; before its frame
    DATA_TYPE = 4  # the gateway says live, frozen, delayed, delayed and frozen (message 58); behind its frame, like all that follow
    HALTED = 5  # trading in the contract is halted, or again allowed
    TOLD = 6  # how much of the contract is open, or was traded today, is worth telling; both stand in the row
    BROKEN = 7  # a book lost a row: nothing more of it is recorded until it is asked for anew
    MALFORMED = 8
    OFF_GRID = 9
    HUGE = 10  # a number that no record can hold
    VOLATILITY = 11  # that its options imply, in millionths


NOTICE_BITS: Final = 4

# places of the decoder's control block
FRAME_FROM, FRAME_TO, ROW, VALUE, IS_OPEN, LIMIT, N_FRAMES, N_HOT, N_IGNORED, N_STRAY, N_BAD = range(11)

STREAM: Final = np.dtype(
    [
        (name, "<i8")
        for name in (
            "req_id",
            "contract",
            "source",
            "emits",
            "opened_ns",  # when it was asked for
            "last_ns",  # when its last message came
            "n_messages",
            "n_bad",
            "data_type",  # as message 58 said; 0 not told
            "is_delayed",
            "halted",  # -1 not told
            "is_broken",  # 1: a row was lost; 2: and that was told
            "bid",
            "bid_sz",
            "ask",
            "ask_sz",
            "known",  # BID | ASK: which prices are known
            "held",  # BID or ASK: that side crossed the other, whose own change is under way
            "out_bid",  # of the last quote written; out_has -1: none, or it was lost
            "out_bid_sz",
            "out_ask",
            "out_ask_sz",
            "out_has",
            "last_px",
            "last_sz",
            "n_last",  # last prices heard; the first one is old
            "n_rt",  # trades of RTVolume heard; the first one may be old
            "is_echo",  # the size that follows a last price says the same
            "open_interest",  # of the contract, and its volume of today; -1 not told
            "volume",
            "told_open_interest",  # as it was told last, and when
            "told_volume",
            "told_ns",
        )
    ]
    + [(name, "<i8", (SCALES,)) for name in ("px_mul", "px_div", "sz_mul", "sz_div")]
)
LAST_QUOTE: Final = np.dtype(  # of a contract, whatever stream told it; and where its prints come from
    [
        (name, "<i8")
        for name in (
            "bid",
            "ask",
            "has",
            "by_tick",  # 0: by its line; 1: a stream tick by tick has begun, the line may still tell what that has not; 2: by tick alone
            "tick_px",  # the print that it began with
            "tick_sz",
            "tick_s",
            "tick_ns",  # and when that came
            "traded_ns",  # when its last print happened, as far as that is known; tick by tick tells whole seconds: the end of it
            "rt_ms",  # what RTVolume said last, whatever request it was of
            "rt_px",
            "rt_sz",
            "rt_volume",
        )
    ]
)
Table = npt.NDArray[np.void]


def scales(quantum: Fraction) -> tuple[list[int], list[int]]:
    """Give, for each number of decimals, what a text's digits are multiplied and divided by to become quanta; 0 what cannot be.

    ``6010.25`` are the digits 601025 with two decimals; in quarters they become ``601025 * 1 / 25``.

    >>> multiply, divide = scales(Fraction("0.25"))
    >>> 601025 * multiply[2] // divide[2]
    24041
    """
    multiply, divide = [], []
    for scale in range(SCALES):
        top, bottom = quantum.denominator, quantum.numerator * 10**scale
        common = gcd(top, bottom)
        fits = max(top, bottom) // common < FIT
        multiply.append(top // common if fits else 0)
        divide.append(bottom // common if fits else 1)
    return multiply, divide


def table() -> Table:
    """Make an empty table."""
    rows = np.zeros(N_ROWS, STREAM)
    rows["req_id"] = FREE
    return rows


def fill(row: np.void, req_id: int, contract: int, source: Source, emits: int, quanta: tuple[Fraction, Fraction], opened_ns: int) -> None:
    """Write a stream down: who, what, and in which quanta of price and size."""
    for name in STREAM.names or ():
        row[name] = 0
    row["req_id"], row["contract"], row["source"], row["emits"], row["opened_ns"] = req_id, contract, int(source), emits, opened_ns
    for name in ("halted", "out_has", "open_interest", "volume", "told_open_interest", "told_volume"):
        row[name] = -1
    row["px_mul"], row["px_div"] = scales(quanta[0])
    row["sz_mul"], row["sz_div"] = scales(quanta[1])
