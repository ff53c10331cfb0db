"""The past, asked over the connection that streams the market: one question at a time, behind everything that trades. Sends no order."""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ib_async.util import formatIBDatetime

from workbench.domain.events import Unknown
from workbench.domain.units import SECOND
from workbench.venues.history import Bars, BarsAsked, Nothing, PastBar, Trouble
from workbench.venues.ib.history import DAY_S, SIZES, refusal
from workbench.venues.ib.orders import ib_contract
from workbench.wire import HistoricalBar, HistoricalData

if TYPE_CHECKING:
    from workbench.venues.ib.client import LaneClient
    from workbench.venues.ib.questions import Questions

ANSWER_S: Final = 60.0


async def past_bars(asked: BarsAsked, client: LaneClient, questions: Questions) -> Bars | Nothing | Trouble:
    """Ask one question about bars; never raises for what the other side does."""
    if not client.is_ready:
        return Trouble("not connected")
    if "ib" not in asked.contract.venue_ids:
        return Nothing("IB never named this contract")
    named, span_s = ib_contract(asked.contract), -(-(asked.end_ns - asked.start_ns) // SECOND)
    named.includeExpired = True
    end, lasts = formatIBDatetime(datetime.fromtimestamp(asked.end_ns // SECOND, UTC)), f"{span_s} S"
    if span_s > DAY_S:
        lasts = f"{-(-span_s // DAY_S)} D"
    size = SIZES[asked.length_s]
    answer = await questions.numbered(
        lambda req_id: client.reqHistoricalData(req_id, named, end, lasts, size, "TRADES", asked.regular_hours, 2, False, []),
        timeout_s=ANSWER_S,
        is_answer=lambda message: isinstance(message, HistoricalData),
    )
    if isinstance(answer, Unknown):
        code, _, text = answer.reason.partition(": ")
        return refusal(int(code), text) if code.isdigit() else Trouble(answer.reason)
    told = answer.value[-1].bars
    found = tuple(bar for each in told if asked.start_ns <= (bar := _bar(each)).start_ns < asked.end_ns)
    if found:
        return Bars(found)
    return Nothing("IB answered with bars of other times only") if told else Trouble("an empty answer without a word", is_empty=True)


def _bar(told: HistoricalBar) -> PastBar:
    """Read a bar of the wire, whose numbers are the broker's own decimals."""
    o, h, low, c, volume, mean = (format(each, "f") for each in (told.open, told.high, told.low, told.close, told.volume, told.wap))
    return PastBar(int(told.date) * SECOND, o, h, low, c, volume, mean, told.count)
