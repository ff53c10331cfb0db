"""Equal digests, equal models; any row, order, outcome or answer that differs gives another."""

from __future__ import annotations

import pytest

from workbench.learning.digest import LearnLog, Row, model_digest, probes

NAMES = ("a", "b", "c")
ROWS: list[tuple[int, Row, bool]] = [
    (5, {"a": 1.0, "b": 2.0, "c": 3.0}, True),
    (10, {"a": 1.5, "c": -0.0}, False),
    (15, {"b": 4.0, "c": 1.0}, True),
]


def link(rows: list[tuple[int, Row, bool]], names: tuple[str, ...] = NAMES) -> bytes:
    log = LearnLog(names)
    for made_ns, x, up in rows:
        log.note(made_ns, x, up)
    return log.link


def test_the_same_rows_in_the_same_order_give_the_same_link() -> None:
    assert link(ROWS) == link(list(ROWS))


@pytest.mark.parametrize(
    "other",
    [
        ROWS[:2],
        [ROWS[1], ROWS[0], ROWS[2]],
        [(6, *ROWS[0][1:]), *ROWS[1:]],
        [(5, ROWS[0][1], False), *ROWS[1:]],
        [(5, {"a": 1.0, "b": 2.0, "c": 3.0000000000000004}, True), *ROWS[1:]],
        [ROWS[0], (10, {"a": 1.5, "c": 0.0}, False), ROWS[2]],
        [ROWS[0], (10, {"a": 1.5, "b": -0.0}, False), ROWS[2]],
        [ROWS[0], (10, {"a": 1.5}, False), ROWS[2]],
    ],
    ids=["one less", "another order", "another time", "another outcome", "last bit", "sign of zero", "another feature", "a feature less"],
)
def test_anything_else_gives_another(other: list[tuple[int, Row, bool]]) -> None:
    assert link(other) != link(ROWS)


def test_a_replaced_model_leaves_its_mark() -> None:
    log = LearnLog(NAMES)
    before = log.link
    log.mark("restart")
    assert log.link != before


def test_the_answers_count_to_the_last_bit() -> None:
    log = LearnLog(NAMES)
    said = model_digest(log, lambda _: 0.5, NAMES)
    assert said == model_digest(log, lambda _: 0.5, NAMES)
    assert said != model_digest(log, lambda _: 0.5000000000000001, NAMES)
    assert model_digest(log, lambda _: None, NAMES) != model_digest(log, lambda _: 0.0, NAMES)


def test_the_probes_hold_numbers_of_several_sizes_and_miss_some_features() -> None:
    questions = probes(tuple("abcdefgh"))
    assert {len(x) for x in questions} == {6, 7, 8}
    assert len({value for x in questions for value in x.values()}) > 20
    assert questions == probes(tuple("abcdefgh"))
