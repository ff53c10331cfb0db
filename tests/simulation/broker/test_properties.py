"""What holds at the broker whatever is asked of it and whatever the market does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.broker.floor import CASH, CONTRACTS, ES, NQ, SPY, TERMS
from tests.simulation.pit import SESSION, quote_record, record
from workbench.domain.records import Kind, Phase, Records
from workbench.domain.units import MS
from workbench.simulation.broker import (
    DONE,
    Account,
    Broker,
    Busted,
    Execution,
    Order,
    OrderReport,
    Report,
    Tif,
    Type,
    What,
)

Act = Callable[[Broker, int], None]
ACCOUNTS = ("DUSIM1", "DUSIM2")


def scale(contract: int) -> int:
    return 100 if contract == SPY else 1


def a_tape(rng: Random, n: int) -> Records:
    """Three contracts in a narrow band, with phases, gaps and prints among the quotes."""
    t, parts = MS, [record(Kind.PHASE, 1, each, level=Phase.RTH, px=SESSION) for each in (ES, NQ, SPY)]
    for _ in range(n):
        t += rng.choice((0, 1, 1, 5, 400)) * MS
        contract, px, dice = rng.choice((ES, ES, NQ, SPY)), rng.randint(94, 106), rng.random()
        if dice < 0.01:
            parts.append(record(Kind.GAP, t, contract))
        elif dice < 0.05:
            parts.append(record(Kind.PHASE, t, contract, level=rng.choice((0, 3, 4, 4, 4)), px=SESSION + rng.randint(0, 1)))
        elif dice < 0.7:
            bid, ask = px * scale(contract), (px + rng.choice((0, 1, 2))) * scale(contract)
            sides = rng.choice(((bid, ask),) * 6 + ((None, ask), (bid, None)))
            parts.append(quote_record(t, *sides, bsz=rng.randint(0, 5), asz=rng.randint(0, 5), contract=contract))
        else:
            parts.append(record(Kind.PRINT, t, contract, px=px * scale(contract), sz=rng.randint(1, 5)))
    return np.concatenate(parts)


def an_order(rng: Random, order_id: int, now_ns: int, **more: object) -> Order:
    contract, kind = rng.choice((ES, ES, NQ, SPY)), rng.choice(list(Type))
    px = scale(contract)
    is_trail = kind is Type.TRAIL
    fields = dict(
        client_id=1, order_id=order_id, account=rng.choice(ACCOUNTS), contract=contract, side=rng.choice((1, -1)), qty=rng.randint(1, 8),
        type=kind, limit_px=rng.randint(94, 106) * px, stop_px=None if is_trail else rng.randint(94, 106) * px,
        trail_px=rng.randint(1, 5) * px if is_trail else None, tif=rng.choice(list(Tif)), outside_rth=rng.random() < 0.7,
        good_till_ns=now_ns + rng.randint(1, 3_000) * MS, good_after_ns=rng.choice((None, None, now_ns + 50 * MS)),
    )  # fmt: skip
    return Order(**{**fields, **more})


def changed(order: Order, **more: object) -> Order:
    return Order(**{**{name: getattr(order, name) for name in order.__struct_fields__}, **more})


def a_plan(rng: Random, records: Records, n: int) -> dict[int, list[Act]]:
    """Orders, groups, brackets, changes, cancels, corrections and busts, each before a record."""
    plan: dict[int, list[Act]] = defaultdict(list)
    next_id, placed = 1, [an_order(rng, 0, 0)]
    for at in sorted(rng.randrange(5, len(records)) for _ in range(n)):
        now, dice = int(records["recv_ns"][at]), rng.random()
        made: list[Order] = []
        if dice < 0.35:
            made = [an_order(rng, next_id, now)]
        elif dice < 0.55:
            first = an_order(rng, next_id, now, transmit=False)
            mate = {"account": first.account, "contract": first.contract, "qty": first.qty, "side": -first.side, "parent_id": next_id}
            made = [first, *(an_order(rng, next_id + i, now, **mate, transmit=i == 2) for i in (1, 2))]
        elif dice < 0.7:
            kind = rng.choice((1, 2))
            one = an_order(rng, next_id, now, oca_group=f"g{next_id}", oca_type=kind)
            made = [one, an_order(rng, next_id + 1, now, oca_group=f"g{next_id}", oca_type=kind, account=one.account, qty=one.qty)]
        elif dice < 0.8:
            old = rng.choice(placed)
            plan[at].append(partial(place, changed(old, qty=rng.randint(1, 9), limit_px=100 * scale(old.contract))))
        elif dice < 0.9:
            plan[at].append(partial(cancel, rng.randint(1, next_id)))
        else:
            plan[at].append(partial(meddle, rng.random()))
        plan[at] += [partial(place, order) for order in made]
        next_id += len(made)
        placed += made
    return plan


def place(order: Order, broker: Broker, now_ns: int) -> None:
    broker.place(order, now_ns)


def cancel(order_id: int, broker: Broker, now_ns: int) -> None:
    broker.cancel(1, order_id, now_ns)


def meddle(seed: float, broker: Broker, now_ns: int) -> None:
    """Correct or bust any execution that stands."""
    rng = Random(seed)
    if done := broker.executions():
        chosen = rng.choice(done).exec_id
        broker.bust(chosen) if rng.random() < 0.4 else broker.correct(chosen, now_ns=now_ns, px=100 + rng.randint(-2, 2))


def play(records: Records, plan: dict[int, list[Act]], chunks: Random | None = None) -> tuple[Broker, list[Report]]:
    """Let it all happen; in whole pieces between two acts, or in random ones."""
    broker = Broker(CONTRACTS, TERMS, [Account(name, CASH) for name in ACCOUNTS])
    told: list[Report] = []
    at = 0
    while at < len(records):
        for act in plan.get(at, ()):
            act(broker, int(records["recv_ns"][at - 1]))
        end = min([len(records), *(index for index in plan if index > at)])
        if chunks is not None:
            end = min(end, at + chunks.randint(1, 7))
        broker.records(records, at, end)
        told += broker.take()
        at = end
    return broker, told


def a_case(seed: int, n_records: int = 250, n_acts: int = 40) -> tuple[Records, dict[int, list[Act]]]:
    rng = Random(seed)
    records = a_tape(rng, n_records)
    return records, a_plan(rng, records, n_acts)


def check_quantities(broker: Broker) -> None:
    """Positions are the sum of executions, cash and equity what they paid."""
    held: dict[tuple[str, int], int] = defaultdict(int)
    for each in broker.executions():
        held[each.account, each.contract] += each.side * each.qty
    assert broker.truth().positions == {key: qty for key, qty in held.items() if qty}
    for name in ACCOUNTS:
        gain = 0
        for each in broker.executions():
            if each.account == name:
                mark = broker.position(name, each.contract).mark_px
                worth = CONTRACTS[each.contract - 1].value_micros
                gain += worth(each.side * each.qty * (mark - each.px)) - broker.commission_of(each).fee_micros
        assert broker.worth(name).equity_micros == CASH + gain


def check_lives(told: list[Report]) -> None:
    """Nothing fills after its end, nothing but a correction or bust takes a fill back, nothing fills beyond its size."""
    over: set[int] = set()
    filled: dict[int, int] = defaultdict(int)
    revised: set[int] = set()
    for report in told:
        if isinstance(report, Execution) and report.replaces is None:
            assert report.perm_id not in over
            filled[report.perm_id] += report.qty
        elif isinstance(report, OrderReport):
            perm, state = report.state.perm_id, report.state
            if report.what is not What.CORRECTED:
                assert perm not in over
            else:
                revised.add(perm)
            assert state.filled <= state.qty
            if perm not in revised and not any(isinstance(each, Busted) for each in told):
                assert state.filled == filled[perm]
            if state.status in DONE:
                over.add(perm)


def check_groups(told: list[Report]) -> None:
    """A group with block never fills more than its size; children never more than their parent: unless a client says so, or a bust."""
    changed = {each.state.perm_id for each in told if isinstance(each, OrderReport) and each.what is What.MODIFIED}
    busted = {each.exec_id[:-2] for each in told if isinstance(each, Busted)}
    changed |= {each.perm_id for each in told if isinstance(each, Execution) and each.exec_id[:-2] in busted}
    last = {each.state.perm_id: each.state for each in told if isinstance(each, OrderReport)}
    groups: dict[str, list[int]] = defaultdict(list)
    fills: dict[int, int] = defaultdict(int)
    for each in told:
        if isinstance(each, Execution) and each.replaces is None:
            fills[each.perm_id] += each.qty
    for perm, state in last.items():
        if state.oca_group and not state.parent_perm_id:
            groups[state.oca_group].append(perm)
        elif state.parent_perm_id and perm not in changed:
            if state.parent_perm_id in changed:
                continue
            family = [each for each, other in last.items() if other.parent_perm_id == state.parent_perm_id]
            assert changed & {*family} or sum(fills[each] for each in family) <= fills[state.parent_perm_id]
    for members in groups.values():
        sizes = {last[each].order.qty for each in members}
        if len(sizes) == 1 and not changed & {*members}:
            assert sum(fills[each] for each in members) <= sizes.pop()


@settings(max_examples=120, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_books_lives_and_groups_hold_whatever_happens(seed: int) -> None:
    broker, told = play(*a_case(seed))
    check_quantities(broker)
    check_lives(told)
    check_groups(told)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9), chunking=st.integers(0, 10**9))
def test_the_same_asked_of_the_same_market_gives_the_same_in_any_pieces(seed: int, chunking: int) -> None:
    (whole, told), (pieces, told_in_pieces) = play(*a_case(seed)), play(*a_case(seed), Random(chunking))
    assert told == told_in_pieces
    assert whole.truth() == pieces.truth()


@pytest.mark.proof
@settings(max_examples=1_500, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**12))
def test_books_lives_and_groups_hold_very_often(seed: int) -> None:
    broker, told = play(*a_case(seed, 300, 60))
    check_quantities(broker)
    check_lives(told)
    check_groups(told)


def test_the_cases_are_not_empty() -> None:
    kinds: dict[str, int] = defaultdict(int)
    for seed in range(20):
        for report in play(*a_case(seed))[1]:
            kinds[type(report).__name__] += 1
    assert kinds["Execution"] > 200
    assert kinds["Refusal"] > 50
    assert kinds["Busted"] > 10


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_records_that_pass_in_one_piece_while_no_order_lives_leave_the_same_market(seed: int) -> None:
    rng = Random(seed)
    records = a_tape(rng, 1_200)
    seen = []
    for step in (len(records), 1):
        broker = Broker(CONTRACTS, TERMS, [Account(name, CASH) for name in ACCOUNTS])
        broker.records(records, 0, 3)
        for contract in (ES, NQ, SPY):
            first = Order(client_id=1, order_id=contract, account="DUSIM1", contract=contract, side=1, qty=1, type=Type.MARKET)
            broker.place(first, int(records["recv_ns"][2]))
        at = 3
        while broker.orders() and at < len(records):
            broker.records(records, at, at + 1)
            at += 1
        broker.take()
        while at < len(records):
            broker.records(records, at, min(at + step, len(records)))
            at += step
        now = int(records["recv_ns"][-1])
        stop = Order(client_id=1, order_id=9, account="DUSIM1", contract=ES, side=1, qty=1, type=Type.TRAIL, trail_px=2, outside_rth=True)
        broker.place(stop, now)
        seen.append((broker.take(), broker.positions("DUSIM1"), broker.worth("DUSIM1")))
    assert seen[0] == seen[1]
