"""No row learnt from knows anything of the stretch it is judged by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.errors import ConfigError
from workbench.research.sweeps.walk import purged_folds, walk_forward


@st.composite
def rows(draw):
    n = draw(st.integers(6, 40))
    begins = np.cumsum(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)))
    return begins, begins + np.array(draw(st.lists(st.integers(0, 25), min_size=n, max_size=n)))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(rows(), st.integers(2, 4), st.integers(0, 20))
def test_no_label_of_a_training_row_reaches_a_test_and_the_embargo_holds(made, n, embargo):
    begins, ends = made
    forward, folds = walk_forward(begins, ends, n, embargo=embargo), purged_folds(begins, ends, n, embargo=embargo)
    for split, is_fold in [*((each, False) for each in forward), *((each, True) for each in folds)]:
        first, known = begins[split.test].min(), ends[split.test].max()
        before = [row for row in range(len(begins)) if ends[row] + embargo < first]
        behind = [row for row in range(len(begins)) if begins[row] > known + embargo and is_fold]
        assert split.train.tolist() == before + behind, "no more than that is left out"
        assert not set(split.train) & set(split.test)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(rows(), st.integers(2, 4))
def test_walking_forward_learns_from_the_past_alone_and_judges_each_later_row_once(made, n):
    begins, ends = made
    splits = walk_forward(begins, ends, n)
    assert all((split.train < split.test[0]).all() for split in splits)
    assert np.concatenate([split.test for split in splits]).tolist() == list(range(splits[0].test[0], len(begins)))
    folds = purged_folds(begins, ends, n)
    assert np.concatenate([split.test for split in folds]).tolist() == list(range(len(begins)))


def test_only_the_latest_rows_are_learnt_from_where_their_number_is_said():
    at = np.arange(12)
    assert walk_forward(at, at, 2, n_train=2)[1].train.tolist() == [6, 7]


@pytest.mark.parametrize(("begins", "ends", "n"), [([0, 1], [0, 1], 5), ([1, 0, 2], [3, 3, 3], 1), ([0, 1, 2], [0, 0, 2], 1)])
def test_rows_that_cannot_be_cut_are_refused(begins, ends, n):
    with pytest.raises(ConfigError):
        walk_forward(np.array(begins), np.array(ends), n)
