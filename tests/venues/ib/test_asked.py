"""The past over the connection that streams: what the broker refuses is told as such, and without a connection nothing is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.venues.ib.frames import ES
from workbench.domain.units import SECOND
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.history import Bars, BarsAsked, Nothing, Trouble
from workbench.venues.ib.asked import past_bars
from workbench.venues.ib.ids import NAME, Ids
from workbench.venues.ib.questions import Questions
from workbench.wire import Answer, ErrorMessage, HistoricalBar, HistoricalData

ASKED = BarsAsked(replace(ES, venue_ids={"ib": "495512552"}), 100 * SECOND, 110 * SECOND, 5)


class Line:
    """The library's client, and a broker behind it that answers each question with this; `None`: with silence."""

    def __init__(self, loop: VirtualLoop, questions: Questions, answer: Answer | None, *, is_ready: bool = True) -> None:
        self._loop, self._questions, self._answer, self.is_ready = loop, questions, answer, is_ready
        self.asked: list[tuple[Any, ...]] = []

    def reqHistoricalData(self, req_id: int, *words: Any) -> None:  # noqa: N802  the library's name
        self.asked.append(words)
        if self._answer is not None:
            self._loop.call_later(1, self._questions.hear, replace(self._answer, req_id=req_id))


def told(place: Path, answer: Answer | None, asked: BarsAsked = ASKED, **line: bool) -> tuple[Bars | Nothing | Trouble, Line]:
    async def main(loop: VirtualLoop) -> tuple[Bars | Nothing | Trouble, Line]:
        questions = Questions(Ids(place / NAME))
        client = Line(loop, questions, answer, **line)
        return await past_bars(asked, client, questions), client

    return run(main)


def bars(*starts_s: int) -> HistoricalData:
    return HistoricalData(0, bars=tuple(HistoricalBar(str(each), 6000.25, 6001, 6000, 6000.5, 12, 6000.4, 3) for each in starts_s))


def refused(text: str) -> ErrorMessage:
    return ErrorMessage(0, 162, f"Historical Market Data Service error message:{text}")


def test_bars_are_read_as_the_broker_wrote_them_and_others_left_out(tmp_path: Path) -> None:
    answer, line = told(tmp_path, bars(95, 100, 105, 110))
    assert isinstance(answer, Bars) and [each.start_ns // SECOND for each in answer.bars] == [100, 105]
    assert (float(answer.bars[0].open), float(answer.bars[0].volume), answer.bars[0].n_prints) == (6000.25, 12.0, 3)
    [(contract, end, *words)] = line.asked
    assert contract.includeExpired and end == "19700101 00:01:50 UTC"
    assert words == ["10 S", "5 secs", "TRADES", False, 2, False, []]
    assert isinstance(told(tmp_path, bars(95))[0], Nothing)


def test_no_data_is_an_answer_and_everything_else_is_asked_again(tmp_path: Path) -> None:
    assert isinstance(told(tmp_path, refused("HMDS query returned no data: ESZ6@CME Trades"))[0], Nothing)
    pace, _ = told(tmp_path, refused("Historical data request pacing violation"))
    assert isinstance(pace, Trouble) and pace.is_pace
    assert told(tmp_path, None)[0] == Trouble("no answer in 60 s")
    assert told(tmp_path, bars())[0] == Trouble("an empty answer without a word", is_empty=True)


def test_what_cannot_be_asked_is_not(tmp_path: Path) -> None:
    answer, line = told(tmp_path, bars(100), is_ready=False)
    assert answer == Trouble("not connected") and line.asked == []
    assert told(tmp_path, bars(100), ASKED._replace(contract=ES))[0] == Nothing("IB never named this contract")
