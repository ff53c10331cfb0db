"""What a model answers is a chance, or it is not heard."""

from __future__ import annotations

import math

import pytest

from workbench.learning.models.base import Row, p_up


class Says:
    def __init__(self, votes: dict[bool, float]) -> None:
        self.votes = votes

    def learn_one(self, x: Row, y: bool) -> None:
        """Learn nothing."""

    def predict_proba_one(self, x: Row) -> dict[bool, float]:
        return self.votes


@pytest.mark.parametrize(
    ("votes", "heard"),
    [
        ({False: 0.25, True: 0.75}, 0.75),
        ({True: 1.0}, 1.0),
        ({False: 1.0}, 0.0),
        ({}, None),
        ({False: 0.0, True: 0.0}, None),
        ({False: 0.6, True: 0.6}, None),
        ({False: math.nan, True: math.nan}, None),
        ({False: math.nan, True: 0.5}, None),
        ({False: -1.0, True: 2.0}, None),
        ({True: math.inf}, None),
    ],
)
def test_only_votes_that_sum_to_one_are_heard(votes: dict[bool, float], heard: float | None) -> None:
    assert p_up(Says(votes), {"a": 1.0}) == heard
