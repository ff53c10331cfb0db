"""What holds for the simulated exchange whatever happens: quantities, prices, order of reports, any chunking, any rewind, any restore."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.simulation.pit import (
    BUY,
    ENTRY,
    EXIT,
    LIMIT,
    MARKET,
    SELL,
    SESSION,
    STOP,
    TARGET,
    WHY,
    future,
    quote_record,
    record,
    submit,
)  # fmt: skip
from workbench.domain.events import AnyEvent, OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Cancel, Exit, Key, Leg, Modify, OrderType, Submit
from workbench.domain.records import EVENT_TIME, Kind, Phase, Records
from workbench.domain.units import MS
from workbench.simulation.matching.exchange import Exchange
from workbench.simulation.matching.models import CAUTIOUS, PLAIN, QUEUED, FillModel, Latency, Slippage

CONTRACTS = [future(1), future(2, "NQ")]
Plan = Mapping[int, list[AnyCommand]]  # commands that leave at the time of the record at an index, before it
Told = list[tuple[int, int, AnyEvent]]  # index of the record it came before, due, report
MODELS = (CAUTIOUS, PLAIN, QUEUED, FillModel(latency=Latency(order_ns=3 * MS, report_ns=0), slippage=Slippage(market_ticks=2)))


def a_tape(rng: Random, n: int) -> Records:
    """Both contracts open, then anything in any order: prices move in a narrow band so that everything touches everything."""
    t, parts = 1_000 * MS, [record(Kind.PHASE, 1, c.id, level=Phase.ETH, px=SESSION) for c in CONTRACTS]
    bars_only = rng.random() < 0.3
    for _ in range(n):
        t += rng.choice((0, 1, 1, 5, 40)) * MS
        contract, px, dice = rng.choice((1, 1, 1, 2)), rng.randint(94, 106), rng.random()
        if dice < 0.02:
            parts.append(record(Kind.GAP, t, contract))
        elif dice < 0.06:
            parts.append(record(Kind.PHASE, t, contract, level=rng.choice((0, 1, 2, 3, 4, 4, 4)), px=SESSION + rng.randint(0, 1)))
        elif dice < 0.12:
            parts.append(record(Kind.TIME, t, 0))
        elif bars_only:
            low, high, volume = px - rng.randint(0, 4), px + rng.randint(0, 4), rng.choice((0, 1, 3, 50))
            told = rng.choice(({}, *({"event_ns": t - ago * MS, "flags": EVENT_TIME} for ago in (0, 1, 20, 5_000))))
            parts.append(record(Kind.BAR, t, contract, px=px, px2=high, sz=volume, **told))
            parts.append(record(Kind.BAR, t, contract, px=low, px2=rng.randint(low, high), level=1))
        elif dice < 0.7:
            bid, ask = px, px + rng.choice((0, 1, 1, 2))
            sides = rng.choice(((bid, ask),) * 6 + ((None, ask), (bid, None), (None, None)))
            parts.append(quote_record(t, *sides, bsz=rng.randint(0, 5), asz=rng.randint(0, 5), contract=contract))
        else:
            parts.append(record(Kind.PRINT, t, contract, px=px, sz=rng.randint(1, 5), side=rng.choice((-1, 0, 1))))
    return np.concatenate(parts)


def a_plan(rng: Random, n_records: int, n_brackets: int) -> dict[int, list[AnyCommand]]:
    """Brackets of all kinds, moved, cancelled and left at any time; sometimes before they were opened."""
    plan: dict[int, list[AnyCommand]] = defaultdict(list)
    for ref in range(1, n_brackets + 1):
        contract, account, side = rng.choice((1, 1, 2)), rng.choice(("DUSIM1", "shadow:x")), rng.choice((BUY, SELL))
        key, px = Key(account, contract, "test"), rng.randint(96, 104)
        begin = rng.randrange(2, n_records)
        stop, target = px - side * rng.randint(0, 6), px + side * rng.randint(0, 6)
        plan[begin].append(submit(ref, side, rng.randint(1, 7), rng.choice(list(OrderType)), px, stop, target, contract, account))
        for _ in range(rng.randint(0, 3)):
            at = min(n_records - 1, begin + rng.randint(0, 30))
            plan[at].append(
                rng.choice((Modify(ref, key, 0, WHY, rng.randint(94, 106)), Cancel(ref, key, 0, WHY), Exit(ref, key, 0, WHY, "test")))
            )
    return plan


def drive(exchange: Exchange, records: Records, plan: Plan, chunks: Iterator[int], rewinds: Random | None = None, start: int = 0) -> Told:
    """Let records pass as a venue does: ahead by a chunk, back when the engine stopped earlier, reports and commands in between."""
    told: Told = []
    address, at, sent = records.ctypes.data, start, start - 1
    while at < len(records):
        if at > sent:
            for command in plan.get(at, ()):
                exchange.send(command, int(records["recv_ns"][at]))
            sent = at
        end = min([at + next(chunks), len(records), *(index for index in plan if index > at)])
        exchange.save()
        before = exchange.snapshot() if rewinds else b""
        reached, is_due = exchange.run(address, at, end)
        if rewinds and reached > at and rewinds.random() < 0.5:
            consumed = rewinds.randint(at, reached - 1)
            exchange.back()
            assert exchange.snapshot() == before
            assert exchange.run(address, at, consumed) == (consumed, False)
            at = consumed
            continue
        at = reached
        if is_due:
            due = exchange.next_due_ns()
            assert due is not None
            assert due <= records["recv_ns"][at]
            told.append((at, *exchange.take()))
    return told


def drain(exchange: Exchange) -> Told:
    told = []
    while exchange.next_due_ns() is not None:
        told.append((-1, *exchange.take()))
    return told


@dataclass
class Seen:
    """Quantities of one bracket, summed from its reports."""

    submit: Submit
    level: int
    filled: dict[Leg, int] = field(default_factory=lambda: dict.fromkeys(Leg, 0))
    cancelled: dict[Leg, int] = field(default_factory=lambda: dict.fromkeys(Leg, 0))
    accepted: dict[Leg, int] = field(default_factory=lambda: dict.fromkeys(Leg, 0))
    rejected: bool = False

    @property
    def held(self) -> int:
        return self.filled[ENTRY] - self.filled[STOP] - self.filled[TARGET] - self.filled[EXIT]

    def hear(self, event: AnyEvent) -> None:
        s = self.submit
        match event:
            case OrderAccepted(_, leg, qty, px):
                self.accepted[leg] = qty
                if leg is STOP:
                    assert qty == self.held, "the stop covers what is held, no more and no less"
                    self.level = px
            case OrderRejected(_, leg):
                self.rejected |= leg is ENTRY
            case OrderCancelled(_, leg, qty):
                assert qty > 0
                self.cancelled[leg] += qty
            case OrderFilled(_, leg, qty, px):
                assert qty > 0
                self.filled[leg] += qty
                assert 0 <= self.held <= self.filled[ENTRY] <= s.qty
                if leg is TARGET or (leg is ENTRY and s.entry_type is LIMIT):
                    assert px == (s.target_px if leg is TARGET else s.entry_px)
                if leg is STOP:
                    assert (px - self.level) * s.side <= 0, "never better than its level"

    def check_over(self) -> None:
        """Every order ended in fills and cancellations that add up to what was accepted."""
        assert self.held == 0
        if self.rejected:
            return
        entry = self.filled[ENTRY]
        assert entry + self.cancelled[ENTRY] == self.submit.qty
        for child in (STOP, TARGET):
            assert self.filled[child] + self.cancelled[child] == entry
        assert self.filled[EXIT] == self.accepted[EXIT]


def look_through(told: Told, plan: Plan) -> dict[int, Seen]:
    seen = {c.ref: Seen(c, c.stop_px) for commands in plan.values() for c in commands if isinstance(c, Submit)}
    dues = [due for _, due, _ in told]
    assert dues == sorted(dues), "dues never fall"
    names = [event.exec_id for _, _, event in told if isinstance(event, OrderFilled)]
    assert len(names) == len(set(names)), "an execution has a name of its own"
    for _, _, event in told:
        if isinstance(event, OrderRejected) and event.text == "no such order":
            continue  # a command that overtook its bracket in the plan
        seen[event.ref].hear(event)
    return seen


def a_case(seed: int, n: int = 120, n_brackets: int = 6) -> tuple[Exchange, Records, dict[int, list[AnyCommand]], Random]:
    rng = Random(seed)
    records = a_tape(rng, n)
    return Exchange(CONTRACTS, rng.choice(MODELS)), records, a_plan(rng, len(records), n_brackets), rng


def check_quantities(seed: int) -> int:
    exchange, records, plan, _ = a_case(seed)
    told = drive(exchange, records, plan, cycle([len(records)]))
    told += drain(exchange)
    look_through(told, plan)
    return len(told)


def check_conservation(seed: int) -> None:
    """After an Exit of everything and a market that shows enough, nobody holds anything and nothing works."""
    exchange, records, plan, _ = a_case(seed)
    t = int(records["recv_ns"][-1])
    calm = [record(Kind.PHASE, t + 100 * MS, c.id, level=Phase.RTH, px=SESSION + 9) for c in CONTRACTS]
    for k in range(4):
        calm += [quote_record(t + (200 + 100 * k) * MS, 99, 100, 10_000, 10_000, c.id) for c in CONTRACTS]
        calm += [record(Kind.BAR, t + (200 + 100 * k) * MS, c.id, px=99, px2=100, sz=10_000) for c in CONTRACTS]
        calm += [record(Kind.BAR, t + (200 + 100 * k) * MS, c.id, px=99, px2=100, level=1) for c in CONTRACTS]
    tape = np.concatenate([records, *sorted(calm, key=lambda made: int(made["recv_ns"][0]))])
    refs = {c.ref: c.key for commands in plan.values() for c in commands if isinstance(c, Submit)}
    plan[len(records)] = [Exit(ref, key, 0, WHY, "all") for ref, key in refs.items()]
    told = drive(exchange, tape, plan, cycle([7]))
    told += drain(exchange)
    for seen in look_through(told, plan).values():
        seen.check_over()
    assert exchange.is_quiet()


def check_chunks(seed: int) -> None:
    exchange, records, plan, rng = a_case(seed)
    model, whole = exchange.model, drive(exchange, records, plan, cycle([len(records)]))
    end = exchange.snapshot()
    sizes = [rng.randint(1, 20) for _ in range(50)]
    for chunks, rewinds in ((cycle([1]), None), (cycle(sizes), None), (cycle(sizes), rng), (cycle([512]), rng)):
        other = Exchange(CONTRACTS, model)
        assert drive(other, records, plan, chunks, rewinds) == whole
        assert other.snapshot() == end


def check_restore(seed: int) -> None:
    exchange, records, plan, rng = a_case(seed)
    model, whole = exchange.model, drive(exchange, records, plan, cycle([len(records)]))
    end = exchange.snapshot()
    for cut in {rng.randrange(1, len(records)) for _ in range(5)}:
        first = Exchange(CONTRACTS, model)
        told = drive(first, records[:cut], {at: commands for at, commands in plan.items() if at < cut}, cycle([64]))
        second = Exchange(CONTRACTS, model)
        second.restore(first.snapshot())
        assert second.snapshot() == first.snapshot()
        told += drive(second, records, plan, cycle([64]), start=cut)
        assert told == whole
        assert second.snapshot() == end


CHECKS = (check_quantities, check_conservation, check_chunks, check_restore)


@pytest.mark.parametrize("check", CHECKS)
@settings(max_examples=150)
@given(seed=st.integers(0, 2**32))
@example(seed=0)
def test_quantities_prices_chunks_and_snapshots_hold_on_any_market(check: object, seed: int) -> None:
    check(seed)


@pytest.mark.nightly
@pytest.mark.parametrize("check", CHECKS)
def test_they_hold_on_twenty_thousand_more(check: object) -> None:
    for seed in range(20_000):
        check(seed)


def test_the_markets_of_these_tests_are_eventful() -> None:
    legs: dict[Leg, int] = dict.fromkeys(Leg, 0)
    for seed in range(100):
        exchange, records, plan, _ = a_case(seed)
        for _, _, event in drive(exchange, records, plan, cycle([64])) + drain(exchange):
            if isinstance(event, OrderFilled):
                legs[event.leg] += 1
    assert min(legs.values()) > 20, legs


def test_a_market_entry_and_its_exit_sum_to_nothing() -> None:
    exchange = Exchange(CONTRACTS, PLAIN)
    tape = np.concatenate([record(Kind.PHASE, 1, 1, level=4), *(quote_record(k * MS, 99, 100) for k in range(1, 9))])
    plan: Plan = {2: [submit(1, BUY, 25, MARKET, 100, 90, 110)], 4: [Exit(1, Key("DUSIM1", 1, "test"), 0, WHY, "test")]}
    fills = [event for _, _, event in drive(exchange, tape, plan, cycle([3])) if isinstance(event, OrderFilled)]
    assert sum(event.qty if event.leg is ENTRY else -event.qty for event in fills) == 0
