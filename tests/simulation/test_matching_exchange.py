"""The face of the simulated exchange: quiet, aside and back, written down and read back; and the settings of its fill model."""

from __future__ import annotations

import msgspec
import pytest

from tests.simulation.pit import BUY, ENTRY, LIMIT, MARKET, future, long_pit, open_pit, quote_record, share
from workbench.domain.contracts import Contract, ContractType
from workbench.domain.errors import ConfigError, InvariantError, StoreError
from workbench.domain.units import MS
from workbench.simulation.matching.exchange import Exchange
from workbench.simulation.matching.models import CAUTIOUS, PLAIN, QUEUED, FillModel, Latency, Limits, PerContract, Queue, Slippage


def test_the_exchange_is_quiet_until_a_command_and_after_the_last_report() -> None:
    pit = open_pit(CAUTIOUS)
    assert pit.exchange.is_quiet()
    ref = pit.enter(BUY, 1, LIMIT, 90, 80, 110)
    assert not pit.exchange.is_quiet()  # a command is under way
    pit.now += 40 * MS
    pit.clock()
    pit.cancel(ref)
    pit.now += 40 * MS
    pit.clock()
    assert not pit.exchange.is_quiet()  # a report is under way
    pit.told()
    assert pit.exchange.is_quiet()


def test_back_undoes_records_and_taken_reports() -> None:
    pit = open_pit()
    pit.enter(BUY, 1, MARKET, 100, 90, 110)
    exchange = pit.exchange
    before = exchange.snapshot()
    exchange.save()
    pit.quote(97, 98)
    first = pit.told()
    exchange.back()
    assert exchange.snapshot() == before
    pit.now -= MS
    pit.quote(97, 98)
    assert pit.told() == first


def test_what_was_set_aside_stays_there_until_it_is_set_aside_again() -> None:
    pit = open_pit()
    pit.exchange.save()
    for _ in range(2):
        pit.quote(50, 51)
        pit.exchange.back()
        assert pit.exchange.quote(1) == (99, 100)


def test_reports_under_way_come_back_too_wherever_they_lie_in_the_ring() -> None:
    pit = open_pit(FillModel(latency=Latency(order_ns=0, report_ns=50 * MS), limits=Limits(reports=5)))
    exchange = pit.exchange
    for _ in range(7):  # more often than the ring has places
        pit.now += 100 * MS
        pit.enter(BUY, 1, LIMIT, 97, 90, 110)
        pit.clock()  # accepted, and under way
        assert exchange.next_due_ns() is not None
        before = exchange.snapshot()
        exchange.save()
        for _ in range(2):
            exchange.take()
            for _ in range(2):  # what comes now is written over what was taken
                pit.enter(BUY, 1, LIMIT, 97, 90, 110)
            pit.clock()
            pit.told()
            exchange.back()
            assert exchange.snapshot() == before
        other = Exchange([future()], exchange.model)
        other.restore(before)
        assert other.take() == exchange.take()
        assert exchange.next_due_ns() is None


def test_one_call_stops_before_the_record_at_which_a_report_is_due() -> None:
    pit = open_pit(FillModel(latency=Latency(order_ns=0, report_ns=3 * MS)))
    pit.enter(BUY, 1, LIMIT, 97, 90, 110)
    tape = [quote_record(pit.now + k * MS, 99, 100) for k in range(10)]
    records = tape[0].repeat(10)
    records["recv_ns"] = [made["recv_ns"][0] for made in tape]
    assert pit.exchange.run(records.ctypes.data, 0, 10) == (2, True)
    assert pit.exchange.next_due_ns() == records["recv_ns"][2]
    pit.exchange.take()
    assert pit.exchange.run(records.ctypes.data, 2, 10) == (10, False)
    assert pit.exchange.run(records.ctypes.data, 10, 10) == (10, False)


def test_a_snapshot_carries_the_accounts_and_the_orders() -> None:
    pit, ref = long_pit(stop=95)
    pit.enter(BUY, 1, LIMIT, 97, 90, 110, account="shadow:x")
    other = Exchange([future()], PLAIN)
    other.restore(pit.exchange.snapshot())
    assert other.snapshot() == pit.exchange.snapshot()
    pit.exchange = other
    pit.quote(96, 97)
    assert pit.fills() == [(ENTRY, 1, 97)]
    assert ref == 1


def test_a_snapshot_fits_an_exchange_that_knows_more_contracts() -> None:
    pit, _ = long_pit(stop=95)
    more = Exchange([future(), future(5, "NQ")], PLAIN)
    more.restore(pit.exchange.snapshot())
    pit.exchange = more
    pit.phase(contract=5)
    pit.quote(1, 2, contract=5)
    pit.quote(94, 95)
    assert [px for _, _, px in pit.fills()] == [94]


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (Exchange([future()], QUEUED), "another version or fill model"),
        (Exchange([future(2)], PLAIN), r"knows contracts \[1\], this exchange \[2\]"),
    ],
)
def test_a_snapshot_of_another_exchange_is_refused_and_changes_nothing(other: Exchange, text: str) -> None:
    before = other.snapshot()
    with pytest.raises(StoreError, match=text):
        other.restore(open_pit().exchange.snapshot())
    assert other.snapshot() == before
    with pytest.raises(StoreError, match="no snapshot"):
        other.restore(b"\x00")


@pytest.mark.parametrize("ids", [[], [2, 1], [1, 1]])
def test_an_exchange_needs_contracts_with_rising_ids(ids: list[int]) -> None:
    with pytest.raises(InvariantError, match="rising ids"):
        Exchange([future(id_) for id_ in ids], PLAIN)


def test_settings_of_a_fill_model_read_from_a_file_as_they_were_written() -> None:
    model = FillModel(name="mine", queue=Queue.BEHIND, fees={"ES": PerContract(micros=1)}, slippage=Slippage(stop_ticks=2))
    assert msgspec.json.decode(msgspec.json.encode(model), type=FillModel) == model
    with pytest.raises(msgspec.ValidationError, match="unknown field `latancy`"):
        msgspec.json.decode(b'{"latancy": {}}', type=FillModel)
    with pytest.raises(ConfigError, match=r"Latency\.order_ns is -1"):
        msgspec.json.decode(b'{"latency": {"order_ns": -1}}', type=FillModel)


def test_a_root_pays_its_own_fee_else_the_usual_one_of_its_type_else_nobody_guesses() -> None:
    model = FillModel(fees={"ES": PerContract(micros=7)})
    assert model.fee_of(future()).total(2) == 14
    assert model.fee_of(future(2, "NQ")).total(1) == 2_500_000
    assert model.fee_of(share()).total(10) == 1_000_000
    coin = Contract(
        id=3, root="BTC", symbol="BTC", type=ContractType.CRYPTO, exchange="X", currency="USD", calendar="24/7",
        multiplier="1", price_quantum="0.01", order_increment="0.01",
    )  # fmt: skip
    with pytest.raises(ConfigError, match="none for root BTC"):
        Exchange([coin], CAUTIOUS)
