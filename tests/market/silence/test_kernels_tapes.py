"""Stalls cut out of every real tape and of a generated session are found in time, and hardly one is found that is none."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.silence import Found, generated, measured, real
from tests.data import shared
from workbench.domain.records import Phase
from workbench.domain.units import HOUR

SESSION_H = {Phase.RTH: 6.5, Phase.ETH: 16.5}
IN_TIME_S = {Phase.RTH: 10.0, Phase.ETH: 90.0}
TAPES = ("lean/Data/equity/usa/tick/spy", "rtrawl/ESM8.RData", "nautilus_databento", "ib_recorded/nautilus_ib", "hftbacktest_crypto_l2")


def holds(found: list[Found], phase: Phase, least: float) -> None:
    """Hold the results of a phase against the promise: the median delay, and one false alarm in five sessions of a contract."""
    mine = [each for each in found if each.phase is phase]
    delays, n_stalls = [delay for each in mine for delay in each.delays_s], sum(each.n_stalls for each in mine)
    assert np.median(delays) <= IN_TIME_S[phase] and len(delays) >= least * n_stalls > 0
    n_sessions = sum(each.open_ns for each in mine) / HOUR / SESSION_H[phase]
    assert sum(each.n_false for each in mine) <= max(1, n_sessions / 5)


@pytest.mark.proof
@pytest.mark.covers("S4-21", "S4-22")
def test_stalls_cut_out_of_every_real_tape_are_found() -> None:
    for path in TAPES:
        shared(path)
    found = [each for tape in real() for each in measured(tape)]
    assert len({each.name for each in found}) == 8
    holds(found, Phase.RTH, 1.0)
    holds(found, Phase.ETH, 0.05)  # prints of a stock alone, at night, are too thin to tell silence from quiet, and are not judged
    assert next(each for each in found if each.name.startswith("ESH4")).n_stalls == 2


@pytest.mark.proof
@pytest.mark.covers("S4-21")
def test_stalls_cut_out_of_a_generated_session_are_found() -> None:
    found = list(measured(generated(20261119, 4.0)))
    holds(found, Phase.RTH, 1.0)
    holds(found, Phase.ETH, 0.5)
