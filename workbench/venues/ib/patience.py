"""How long a stream may be silent before something is wrong with it. Pure; a quote that does not change is never a reason."""

from __future__ import annotations

from typing import Final

from workbench.domain.units import MINUTE, SECOND
from workbench.venues.ib.deeds import State, Stream
from workbench.venues.ib.streams import Source

ANSWER_NS: Final = 10 * SECOND  # a line says something within that; other streams may be quiet
VERIFY_NS: Final = 10 * SECOND  # 1102: what does not flow by then is asked for again
BROKEN_FARM_NS: Final = 3 * SECOND  # a stream that is silent for so long while a farm is broken is one of that farm
IN_FLIGHT_NS: Final = SECOND  # what was under way when a farm broke still comes
UNANSWERED_NS: Final = MINUTE  # of a stream beside a live line; twice as long after each time, up to eight times
QUIET_NS: Final = 30 * SECOND  # an open contract's line that is silent for so long, and for `UNUSUAL` times its usual pause, is stale
UNUSUAL: Final = 20
BARS_QUIET_NS: Final = 10 * MINUTE  # a bar comes each 5 s; but each new request for them counts, and nothing is decided on them


def owes_answer(stream: Stream, now_ns: int) -> bool:
    """Tell whether a line was asked for and has said nothing: it always has something to say."""
    return stream.want.source == Source.LEVEL1 and now_ns - stream.since_ns >= ANSWER_NS


def is_unanswered(stream: Stream, line: Stream | None, now_ns: int, *, is_open: bool) -> bool:
    """Tell whether a stream brought nothing although its contract's `line` is live: it may be quiet, or forgotten over there.

    Bars come while the contract trades, and then whether anything happens or not.
    """
    if line is None or line.state != State.LIVE or (stream.want.source == Source.BARS and not is_open):
        return False
    since_ns = max(stream.since_ns, line.opened_ns) if stream.want.source == Source.BARS else stream.since_ns
    return now_ns - since_ns >= UNANSWERED_NS << min(stream.n_failed, 3)


def is_stale(stream: Stream, now_ns: int, *, is_open: bool) -> bool:
    """Tell whether the line of an open contract used to bring more, or its bars do not come any more."""
    if stream.state != State.LIVE or not is_open:
        return False
    if stream.want.source == Source.BARS:
        return now_ns - stream.last_ns > BARS_QUIET_NS
    if stream.want.source != Source.LEVEL1:
        return False
    return bool(stream.usual_ns) and now_ns - max(stream.last_ns, stream.opened_ns) > max(QUIET_NS, UNUSUAL * stream.usual_ns)
