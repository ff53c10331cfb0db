"""The books: sums are sums, days begin anew, losses in a row end with a win alone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.orders import Key
from workbench.execution.ledger import Day, Ledger

pytestmark = pytest.mark.covers("S2-13", "S2-15", "S3-12")
KEYS = [Key(account, contract, strategy) for account in ("DUSIM1", "shadow:a") for contract in (1, 2) for strategy in ("x", "y")]
trips = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(-(10**9), 10**9), st.integers(0, 10**7)), max_size=30)


@given(trips)
def test_every_sum_is_that_of_the_round_trips(closed: list[tuple[Key, int, int]]) -> None:
    ledger = Ledger()
    for key, pnl, fees in closed:
        ledger.close(key, pnl_micros=pnl, fees_micros=fees)
    for account in ("DUSIM1", "shadow:a"):
        own = [(key, pnl, fees) for key, pnl, fees in closed if key.account == account]
        total = sum(pnl for _, pnl, _ in own)
        assert ledger.realised_micros.get(account, 0) == ledger.day(account).realised_micros == total
        assert ledger.day(account).before_costs_micros == total + sum(fees for *_, fees in own)
        assert ledger.day(account).n_round_trips == len(own)
        lost = [pnl < 0 for _, pnl, _ in own][::-1]
        assert ledger.losses_in_row(account) == (lost.index(False) if False in lost else len(lost))
    assert sum(ledger.by_key.values()) == sum(pnl for _, pnl, _ in closed)


def test_accounts_know_nothing_of_one_another() -> None:
    ledger = Ledger()
    ledger.enter("DUSIM1")
    ledger.close(KEYS[0], pnl_micros=-5, fees_micros=1)
    assert ledger.day("shadow:a") == Day() and ledger.losses_in_row("shadow:a") == 0 and ledger.equity("DUSIM1") is None


def test_a_new_day_counts_anew_also_losses_in_a_row_and_the_run_goes_on() -> None:
    ledger = Ledger()
    ledger.begin_day("DUSIM1", 20261119)
    ledger.enter("DUSIM1")
    ledger.close(KEYS[0], pnl_micros=-5, fees_micros=1)
    ledger.begin_day("DUSIM1", 20261119)
    assert ledger.day("DUSIM1").n_entries == 1  # the same day is not begun twice
    ledger.begin_day("DUSIM1", 20261120)
    assert ledger.day("DUSIM1") == Day(20261120)
    assert ledger.realised_micros == {"DUSIM1": -5} and ledger.losses_in_row("DUSIM1") == 0


def test_a_round_trip_that_comes_out_even_is_no_loss() -> None:
    ledger = Ledger()
    ledger.close(KEYS[0], pnl_micros=-1, fees_micros=0)
    ledger.close(KEYS[0], pnl_micros=0, fees_micros=0)
    assert ledger.losses_in_row("DUSIM1") == 0


@given(trips)
def test_books_written_down_and_read_back_are_the_same(closed: list[tuple[Key, int, int]]) -> None:
    ledger = Ledger()
    for n, (key, pnl, fees) in enumerate(closed):
        ledger.begin_day(key.account, n // 5)
        ledger.close(key, pnl_micros=pnl, fees_micros=fees)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(ledger), type=Ledger) == ledger
