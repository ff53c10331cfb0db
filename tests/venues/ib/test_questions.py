"""Questions with our own deadline: whole answers are known, everything else is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.venues.ib.hand import ENTRY, FIELDS, open_order
from workbench.domain.events import Known, Unknown
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.ids import NAME, Ids
from workbench.venues.ib.questions import OPEN_ORDERS, POSITIONS, Questions
from workbench.wire import ContractData, ContractDataEnd, CurrentTime, ErrorMessage, OpenOrderEnd, Position, PositionEnd

HELD = Position(account="DUSIM1", contract=FIELDS, position=1)


def test_a_whole_answer_is_known_also_an_empty_one(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions = Questions(Ids(tmp_path / NAME))
        loop.call_later(1, questions.hear, HELD)
        loop.call_later(2, questions.hear, PositionEnd())
        assert await questions.single(POSITIONS, lambda: None) == Known([HELD])
        loop.call_later(1, questions.hear, PositionEnd())
        assert await questions.single(POSITIONS, lambda: None) == Known([])

    run(main)


def test_two_equal_questions_are_asked_one_after_the_other_and_both_answered(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions, asked = Questions(Ids(tmp_path / NAME)), list[float]()

        def send() -> None:
            asked.append(loop.time())
            loop.call_later(3, questions.hear, OpenOrderEnd())

        answers = await asyncio.gather(*(questions.single(OPEN_ORDERS, send) for _ in range(2)))
        assert answers == [Known([]), Known([])] and asked[1] - asked[0] >= 3

    run(main)


def test_rows_that_nobody_reads_are_not_kept_and_the_end_of_their_answer_is_waited_for(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions = Questions(Ids(tmp_path / NAME), unread={Position})
        loop.call_later(1, questions.hear, HELD)
        loop.call_later(2, questions.hear, PositionEnd())
        assert await questions.single(POSITIONS, lambda: None) == Known([])
        assert loop.time() >= 2

    run(main)


def test_silence_is_unknown_and_its_late_rows_count_for_the_next_question(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions, row = Questions(Ids(tmp_path / NAME)), open_order(ENTRY)
        loop.call_later(1, questions.hear, row)
        answer = await questions.single(OPEN_ORDERS, lambda: None, timeout_s=2)
        assert answer == Unknown("no answer in 2 s")
        loop.call_later(1, questions.hear, OpenOrderEnd())  # of the question before
        assert await questions.single(OPEN_ORDERS, lambda: None) == Known([row])

    run(main)


@pytest.mark.parametrize("code", [200, 321, 165, 366])
def test_an_error_under_its_number_ends_a_question_and_a_notice_does_not(tmp_path: Path, code: int) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions = Questions(Ids(tmp_path / NAME))

        def send(req_id: int) -> None:
            loop.call_later(1, questions.hear, ErrorMessage(req_id, 2104, "a farm"))
            loop.call_later(2, questions.hear, ErrorMessage(req_id + 1, code, "of another"))
            loop.call_later(3, questions.hear, ErrorMessage(req_id, code, "words"))

        assert await questions.numbered(send) == Unknown(f"{code}: words") and loop.time() >= 3

    run(main)


def test_rows_go_to_the_question_that_bears_their_number(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions = Questions(Ids(tmp_path / NAME))

        def send(req_id: int) -> None:
            for message in (ContractData(req_id=req_id, contract=FIELDS), CurrentTime(5), ContractDataEnd(req_id)):
                loop.call_soon(questions.hear, message)

        answers = await asyncio.gather(questions.numbered(send), questions.numbered(send))
        assert all(isinstance(answer, Known) and len(answer.value) == 1 for answer in answers)

    run(main)


def test_a_lost_connection_ends_all_questions(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions = Questions(Ids(tmp_path / NAME))
        loop.call_later(1, questions.give_up, "the socket is gone")
        answers = await asyncio.gather(questions.single(POSITIONS, lambda: None), questions.numbered(lambda req_id: None))
        assert answers == [Unknown("the socket is gone")] * 2 and loop.time() < 2

    run(main)


def test_what_cannot_be_sent_is_unknown(tmp_path: Path) -> None:
    def send() -> None:
        raise ConnectionError("not connected")

    async def main(loop: VirtualLoop) -> None:
        assert await Questions(Ids(tmp_path / NAME)).single(POSITIONS, send) == Unknown("not connected")

    run(main)


def test_what_has_a_number_is_asked_again_while_nobody_answers_and_whichever_answer_is_first_counts(tmp_path: Path) -> None:
    async def main(loop: VirtualLoop) -> None:
        questions, asked = Questions(Ids(tmp_path / NAME)), dict[int, float]()

        def send(number: int) -> None:
            asked[number] = round(loop.time())
            if len(asked) == 3:
                loop.call_later(0.5, questions.hear, ContractDataEnd(req_id=number))

        assert await questions.numbered(send, timeout_s=4, again_s=1) == Known([])
        assert list(asked.values()) == [0, 1, 2] and not any(questions.is_asking(number) for number in asked)
        assert isinstance(await questions.numbered(lambda _: None, timeout_s=4, again_s=1), Unknown) and round(loop.time()) == 7

    run(main)
