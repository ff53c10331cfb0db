"""The broker and the compiled exchange give the same fills for brackets, on any records, quotes, prints or bars.

Where they honestly differ, and what is compared: one record fills brackets of several accounts in the order in which they came here, in
the order of free rows there, so fills of one record are compared bracket by bracket, and no two brackets of one account meet in one
contract, where they would share a size in that order; an exit is a command there and here a market order of the client's own; ``QUEUED``
models are not known here; a command takes effect between records of one nanosecond here, after all of them there.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.test_matching_properties import CONTRACTS, Plan, a_plan, a_tape
from workbench.domain.events import OrderFilled
from workbench.domain.orders import Cancel, Leg, Modify, OrderType, Submit
from workbench.domain.records import Records
from workbench.risk.limits import Terms
from workbench.simulation.broker import Account, Broker, Execution, Order, Tif, Type
from workbench.simulation.matching.exchange import Exchange
from workbench.simulation.matching.models import PLAIN, FillModel, Latency, Slippage

Fill = tuple[int, int, Leg, int, int]  # index of the record, ref, leg, quantity, price
TYPES = {OrderType.MARKET: Type.MARKET, OrderType.LIMIT: Type.LIMIT, OrderType.STOP: Type.STOP}
SLIPPING = FillModel(latency=Latency(order_ns=0, report_ns=0), slippage=Slippage(market_ticks=1, stop_ticks=2, bar_ticks=1))


def fills_of_the_exchange(records: Records, plan: Plan, model: FillModel) -> list[Fill]:
    """What the compiled exchange fills, each with the record that filled it."""
    exchange, address, told = Exchange(CONTRACTS, model), records.ctypes.data, []
    for at in range(len(records)):
        for command in plan.get(at, ()):
            exchange.send(command, int(records["recv_ns"][at]) - 1)
        reached, is_due = exchange.run(address, at, at + 1)
        while True:
            while exchange.next_due_ns() is not None:
                event = exchange.take()[1]
                if isinstance(event, OrderFilled):
                    told.append((at, event.ref, event.leg, event.qty, event.px))
            if not is_due:
                break
            reached, is_due = exchange.run(address, at, at + 1)
        assert reached == at + 1
    return told


class AtBroker:
    """Speaks brackets to a broker, as a client of Interactive Brokers does."""

    def __init__(self, model: FillModel, oca_type: int = 0) -> None:
        self.oca_type = oca_type  # of the group in which the exits are, 0: none but their parent's
        self.broker = Broker(
            CONTRACTS, [Terms(c, 0, 1) for c in CONTRACTS], [Account(name, 10**12) for name in ("DUSIM1", "shadow:x")],
            slippage=model.slippage,
        )  # fmt: skip
        self.stops: dict[int, Order] = {}
        self.next_id = 1

    def send(self, command: Submit | Modify | Cancel, now_ns: int) -> None:
        ref = command.ref
        if isinstance(command, Submit):
            first, self.next_id = self.next_id, self.next_id + 3
            common = {"client_id": 1, "account": command.key.account, "contract": command.key.contract, "outside_rth": True}
            group = {"oca_group": f"b{ref}", "oca_type": self.oca_type} if self.oca_type else {}
            entry = Order(
                order_id=first, side=command.side, qty=command.qty, type=TYPES[command.entry_type], limit_px=command.entry_px,
                stop_px=command.entry_px, transmit=False, order_ref=f"{ref}.0", **common,
            )  # fmt: skip
            stop = Order(
                order_id=first + 1, side=-command.side, qty=command.qty, type=Type.STOP, stop_px=command.stop_px, tif=Tif.GTC,
                parent_id=first, transmit=False, order_ref=f"{ref}.1", **common, **group,
            )  # fmt: skip
            target = Order(
                order_id=first + 2, side=-command.side, qty=command.qty, type=Type.LIMIT, limit_px=command.target_px, tif=Tif.GTC,
                parent_id=first, order_ref=f"{ref}.2", **common, **group,
            )  # fmt: skip
            self.stops[ref] = stop
            for order in (entry, stop, target):
                self.broker.place(order, now_ns)
        elif isinstance(command, Modify) and ref in self.stops:
            old = self.stops[ref]
            fields = {name: getattr(old, name) for name in old.__struct_fields__}
            self.stops[ref] = Order(**{**fields, "stop_px": command.stop_px})
            self.broker.place(self.stops[ref], now_ns)
        elif isinstance(command, Cancel) and ref in self.stops:
            self.broker.cancel(1, self.stops[ref].parent_id, now_ns)


def fills_of_the_broker(records: Records, plan: Plan, model: FillModel, oca_type: int = 0) -> list[Fill]:
    """What the broker fills out of the same."""
    client, told = AtBroker(model, oca_type), []
    for at in range(len(records)):
        for command in plan.get(at, ()):
            client.send(command, int(records["recv_ns"][at]) - 1)
        client.broker.records(records, at, at + 1)
        for report in client.broker.take():
            if isinstance(report, Execution):
                ref, leg = report.order_ref.split(".")
                told.append((at, int(ref), Leg(int(leg)), report.qty, report.px))
    return told


def by_bracket(fills: list[Fill]) -> list[Fill]:
    """Fills of one record bracket by bracket, each bracket's in the order in which they arose."""
    return sorted(fills, key=lambda fill: fill[:2])


def a_case(seed: int, n_records: int, n_brackets: int) -> tuple[Records, Plan]:
    """A tape, and brackets without exits, which IB has not; each at the first record of its nanosecond, one a contract and account."""
    rng = Random(seed)
    records = a_tape(rng, n_records)
    times = records["recv_ns"]
    plan: dict[int, list[Submit | Modify | Cancel]] = defaultdict(list)
    seen: dict[tuple[str, int], int] = {}
    for at, commands in sorted(a_plan(rng, len(records), n_brackets).items()):
        first = int(np.searchsorted(times, times[at]))
        for command in commands:
            if isinstance(command, Submit):
                seen.setdefault((command.key.account, command.key.contract), command.ref)
            if isinstance(command, Submit | Modify | Cancel) and command.ref in seen.values():
                plan[first].append(command)
    return records, plan


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), model=st.sampled_from((PLAIN, SLIPPING)), oca_type=st.sampled_from((0, 2, 3)))
def test_brackets_fill_at_the_broker_as_at_the_exchange(seed: int, model: FillModel, oca_type: int) -> None:
    records, plan = a_case(seed, 120, 8)
    assert by_bracket(fills_of_the_broker(records, plan, model, oca_type)) == by_bracket(fills_of_the_exchange(records, plan, model))


def test_a_stop_that_has_gone_off_does_not_begin_anew_when_its_level_is_moved() -> None:
    records, plan = a_case(14_896_502, 300, 12)
    assert by_bracket(fills_of_the_broker(records, plan, PLAIN, 0)) == by_bracket(fills_of_the_exchange(records, plan, PLAIN))


@pytest.mark.proof
@settings(max_examples=2_000, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9), model=st.sampled_from((PLAIN, SLIPPING)), oca_type=st.sampled_from((0, 2, 3)))
def test_brackets_fill_at_the_broker_as_at_the_exchange_very_often(seed: int, model: FillModel, oca_type: int) -> None:
    records, plan = a_case(seed, 300, 12)
    assert by_bracket(fills_of_the_broker(records, plan, model, oca_type)) == by_bracket(fills_of_the_exchange(records, plan, model))


def test_the_cases_of_the_comparison_are_not_empty() -> None:
    n_fills = legs = 0
    for seed in range(30):
        fills = fills_of_the_broker(*a_case(seed, 120, 8), PLAIN)
        n_fills += len(fills)
        legs |= sum(1 << leg for leg in {fill[2] for fill in fills})
    assert n_fills > 60
    assert legs == 0b111
