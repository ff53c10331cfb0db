"""The pure core against any broker: whatever is filled, refused, lost, doubled, late, corrected or cut off, the invariants of orders hold.

Rules are what a broker, a wire, a clock and a person do; `Broker` is what is true. After every step: I1 (one intent, one bracket, no more
than was wanted), I7 (a position nobody covers is left in time), I8 (no exit without a position); and where nothing is under way I5, I6,
I14: position, executions and money are the broker's.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.engine.hand import ACCOUNT, BAR, LONG, T0, Hand, Script, law, setup, standing
from tests.execution.broker_model import ENTRY, EXIT, STOP, TARGET, Broker
from workbench.domain.chase import Chase
from workbench.domain.events import Answered, ConnectionChanged, OperatorAction, OperatorSaid, OrderFilled
from workbench.domain.orders import AnyCommand, Ask, Cause, Exit, Leg, OrderType, Protect, Reprice, Submit
from workbench.domain.units import MICROS, SECOND
from workbench.engine import Engine
from workbench.execution.lifecycle import Phase
from workbench.execution.supervisor import MAX_EXITS

pytestmark = pytest.mark.covers("S1-23", "S1-27", "S2-01", "S2-03", "S2-04", "S2-05", "S2-07", "S2-08", "S2-28", "S3-12")
COVER_S = 15
DAY = 600 * SECOND  # so long it is here: many of them, each longer than any limit in time
DATES = [int((date(2026, 11, 19) + timedelta(days=n)).strftime("%Y%m%d")) for n in range(100)]
DAYS = tuple((T0 + n * DAY, day) for n, day in enumerate(DATES))
SETUP = setup(
    Script(LONG._replace(entry_type=OrderType.LIMIT, hold_ns=120 * SECOND, chase=Chase(24_002, 10 * SECOND, 1))),
    by=law(cover_seconds=float(COVER_S), entry_ttl_seconds=60.0, max_losses_in_row=400, max_loss_per_day_usd=400.0),
)._replace(account_days=DAYS)


class Machine(RuleBasedStateMachine):
    """An engine, a broker, and the wire between them, in both directions."""

    @initialize(filled=st.integers(0, 2))
    def begin(self, filled: int) -> None:
        self.hand, self.broker = Hand(SETUP), Broker()
        self.wire: list[AnyCommand] = []
        self.heard: list[OrderFilled] = []
        self.is_up, self.is_disputed, self.has_bust = True, False, False
        self.hand.opened()
        self.said(self.hand.bar())
        self.all_arrives()
        if filled:
            self.broker.fill(1, ENTRY, filled, 24_000)

    # ---------------------------------------------------------------- what the engine says
    def said(self, commands: list[AnyCommand]) -> None:
        """Put commands on the wire, each looked at."""
        for command in commands:
            b = self.hand.engine.desk.memory.book.open.get(command.ref)
            if isinstance(command, Submit):
                assert command.qty <= 2 and not any(isinstance(each, Submit) and each.ref == command.ref for each in self.wire)
            elif isinstance(command, Protect):
                assert b is not None and command.qty == b.open > 0 and b.phase is not Phase.CLOSING
            elif isinstance(command, Exit):
                assert b is not None and b.open > 0
            elif isinstance(command, Reprice):
                assert b is not None and b.filled == 0 and command.entry_px <= 24_002 and b.n_changes <= 2
        self.wire += commands

    def hear(self, *events: Any) -> None:
        self.heard += [event for event in events if isinstance(event, OrderFilled)]
        self.said(self.hand.hear(*events))

    # ---------------------------------------------------------------- clock
    @rule(n=st.integers(1, 4), bid=st.integers(23_985, 24_026))
    def time_passes(self, n: int, bid: int) -> None:
        self.said(self.hand.quote(bid, bid + 1))
        self.said(self.hand.bar(n))

    @precondition(lambda self: self.broker.done)
    @rule()
    def the_session_rolls(self) -> None:
        for ref in self.broker.orders:
            self.broker.lose(ref, ENTRY)  # entries are for the day
        n = (self.hand.now_ns - T0) // DAY + 1
        self.said(self.hand.until(T0 + n * DAY + BAR))
        assert self.hand.engine.desk.ledger.day(ACCOUNT).day == DATES[n]

    # ---------------------------------------------------------------- wire
    @precondition(lambda self: self.wire and self.is_up)
    @rule(refuses=st.sampled_from([False, False, False, True]), n=st.integers(1, 6))
    def commands_arrive(self, refuses: bool, n: int) -> None:
        for command in self.wire[:n]:
            self.broker.take(command, refuses=refuses)
        del self.wire[:n]

    @precondition(lambda self: self.broker.told and self.is_up)
    @rule(n=st.integers(1, 8))
    def words_arrive(self, n: int) -> None:
        for event in self.broker.told[:n]:
            self.hear(event)
        del self.broker.told[:n]

    @precondition(lambda self: self.is_up)
    @rule()
    def all_arrives(self) -> None:
        while self.wire or self.broker.told:
            for command in self.wire:
                self.broker.take(command)
            self.wire.clear()
            self.words()

    @precondition(lambda self: len(self.broker.told) > 1)
    @rule(at=st.integers(0, 20))
    def words_overtake_one_another(self, at: int) -> None:
        told = self.broker.told
        at %= len(told) - 1
        one, two = told[at], told[at + 1]
        same = (getattr(one, "ref", None), getattr(one, "leg", None)) == (getattr(two, "ref", None), getattr(two, "leg", None))
        if (not same or isinstance(one, OrderFilled) != isinstance(two, OrderFilled)) and not isinstance(two, Answered):
            told[at], told[at + 1] = two, one

    @precondition(lambda self: self.heard)
    @rule(at=st.integers(0, 20))
    def an_execution_is_told_again(self, at: int) -> None:
        self.hear(self.heard[at % len(self.heard)])

    @precondition(lambda self: self.is_up)
    @rule()
    def the_connection_is_lost(self) -> None:
        self.is_up = False
        self.hear(ConnectionChanged(False, "lost"))

    @precondition(lambda self: not self.is_up)
    @rule()
    def the_connection_is_back(self) -> None:
        self.words()
        self.is_up = True
        self.hear(ConnectionChanged(True, "back"))

    def words(self) -> None:
        while self.broker.told:
            self.hear(self.broker.told.pop(0))

    # ---------------------------------------------------------------- broker
    def alive(self) -> list[tuple[int, Leg]]:
        """Orders that can fill now."""
        every = [(ref, leg) for ref, at in self.broker.orders.items() for leg in Leg if at.left[leg]]
        return [(ref, leg) for ref, leg in every if leg is ENTRY or self.broker.held(ref) > 0]

    @precondition(lambda self: self.alive())
    @rule(at=st.integers(0, 20), qty=st.integers(1, 2), off=st.integers(-2, 2))
    def an_order_fills(self, at: int, qty: int, off: int) -> None:
        ref, leg = self.alive()[at % len(self.alive())]
        orders = self.broker.orders[ref]
        px = {ENTRY: orders.entry_px, STOP: orders.stop_px + off, TARGET: 24_024, EXIT: 24_000 + off}[leg]
        self.broker.fill(ref, leg, min(orders.left[leg], qty, 2 if leg is ENTRY else self.broker.held(ref)), px)

    @precondition(lambda self: self.alive())
    @rule(at=st.integers(0, 20))
    def an_order_is_taken_away(self, at: int) -> None:
        self.broker.lose(*self.alive()[at % len(self.alive())])

    @precondition(lambda self: self.broker.fees)
    @rule(at=st.integers(0, 20))
    def a_fee_is_told(self, at: int) -> None:
        self.broker.say_fee(list(self.broker.fees)[at % len(self.broker.fees)])

    @precondition(lambda self: self.broker.done)
    @rule(at=st.integers(0, 20), by=st.sampled_from([-1, 1]))
    def a_price_is_corrected(self, at: int, by: int) -> None:
        exec_id = list(self.broker.done)[at % len(self.broker.done)]
        done = self.broker.done[exec_id]
        self.broker.correct(exec_id, done.qty, done.px + by)

    @precondition(lambda self: not self.has_bust and self.broker.done)
    @rule()
    def an_entry_is_busted(self) -> None:
        exec_id, done = list(self.broker.done.items())[-1]
        if done.leg is ENTRY and not self.broker.is_over(done.ref) and self.broker.held(done.ref) >= done.qty:
            self.has_bust = True
            self.broker.correct(exec_id, 0, 0)
            self.broker.lose(done.ref, ENTRY)
            for leg in (STOP, TARGET, EXIT):
                self.broker.orders[done.ref].left[leg] = min(self.broker.orders[done.ref].left[leg], self.broker.held(done.ref))

    # ---------------------------------------------------------------- people and processes
    @precondition(lambda self: self.hand.state == "halted")
    @rule()
    def a_person_resumes(self) -> None:
        self.hear(OperatorSaid(OperatorAction.RESUME, "looked at it"))

    @precondition(lambda self: self.broker.position())
    @rule()
    def a_person_flattens(self) -> None:
        self.hear(OperatorSaid(OperatorAction.FLATTEN, "enough"))

    @precondition(lambda self: self.hand.bracket is not None and self.hand.bracket.phase is Phase.WORKING)
    @rule(px=st.integers(23_990, 24_005))
    def an_entry_is_moved(self, px: int) -> None:
        desk, now_ns = self.hand.engine.desk, self.hand.now_ns
        for b in list(desk.supervisor.brackets()):
            moved = desk.supervisor.reprice(b, px, now_ns, self.wire[-1].cause if self.wire else LONG_AGO)
            if moved is not None:
                assert 23_992 < px <= 24_002 and b.n_changes <= 2
                self.wire.append(moved)

    @rule()
    def the_process_is_another(self) -> None:
        image, digest = self.hand.engine.snapshot(), self.hand.engine.digest()
        self.hand.engine = Engine(SETUP)
        self.hand.engine.restore(image)
        assert self.hand.engine.digest() == digest

    # ---------------------------------------------------------------- what must hold
    @invariant()
    def one_intent_is_one_bracket_of_no_more_than_was_wanted(self) -> None:
        if not hasattr(self, "broker"):
            return
        for ref, at in self.broker.orders.items():
            filled = sum(each.qty for each in self.broker.done.values() if each.ref == ref and each.leg is ENTRY)
            assert filled + at.left[ENTRY] <= at.sent.qty
        causes = [(at.sent.cause, at.sent.key) for at in self.broker.orders.values()]
        assert len(causes) == len(set(causes))

    @invariant()
    def what_nobody_covers_is_left_in_time(self) -> None:
        if not hasattr(self, "hand") or not self.is_up:
            return
        for b in self.hand.engine.desk.supervisor.brackets():
            if b.phase is Phase.EXPOSED and b.held > 0 and self.hand.now_ns - b.since_ns > COVER_S * SECOND + BAR:
                assert b.n_exits >= 1, "nobody left it"
            assert not (b.phase is Phase.PROTECTED and b.covered < b.open), "called safe and is not"

    @invariant()
    def where_nothing_is_under_way_all_is_as_the_broker_says(self) -> None:
        if not hasattr(self, "hand") or not self.is_up or self.wire or self.broker.told:
            return
        book = self.hand.engine.desk.memory.book
        assert self.hand.engine.desk.own(1) == self.broker.position()
        ours = {exec_id: (each.ref, each.leg, each.qty, each.px) for exec_id, each in book.executions.items() if each.qty}
        assert ours == {exec_id: (each.ref, each.leg, each.qty, each.px) for exec_id, each in self.broker.done.items()}
        for b in book.open.values():
            at = self.broker.orders[b.ref]
            assert b.rest == at.left[ENTRY] or not at.has_entry
            assert b.covered <= at.left[STOP] or b.open == 0, "a stop is believed in that is not there"
        if not book.open and not self.broker.fees and not self.has_bust:
            realised = Decimal(self.hand.engine.desk.ledger.realised_micros.get(ACCOUNT, 0)) / MICROS
            assert realised == self.broker.money()
        if -self.hand.engine.desk.ledger.day(ACCOUNT).realised_micros > 400 * MICROS and not book.open:
            refused = standing(self.hand)
            assert self.hand.state == "halted" or refused.day_loss_before_costs_micros > 0

    def teardown(self) -> None:
        """In the end everything arrives, and everything ends."""
        if not hasattr(self, "hand"):
            return
        if not self.is_up:
            self.the_connection_is_back()
        self.hear(OperatorSaid(OperatorAction.FLATTEN, "the end"))
        for _ in range(40):
            while self.wire or self.broker.told:
                for command in self.wire:
                    self.broker.take(command)
                self.wire.clear()
                self.words()
            for ref, at in self.broker.orders.items():
                if at.left[EXIT]:
                    self.broker.fill(ref, EXIT, at.left[EXIT], 24_000)
            self.said(self.hand.bar())
        left = [b for b in self.hand.engine.desk.supervisor.brackets() if b.n_exits < MAX_EXITS]
        assert left == [] and not [command for command in self.wire if isinstance(command, Ask)]


LONG_AGO = Cause(1, 0)


def prove(examples: int) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    by = settings(max_examples=examples, stateful_step_count=60, derandomize=True, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(Machine, settings=by)  # hypothesis leaves it open


def test_the_core_holds_its_invariants_against_any_broker() -> None:
    prove(100)


def test_behind_a_bust_of_an_entry_no_stop_is_believed_in_that_is_larger_than_the_brokers() -> None:
    machine = Machine()
    machine.begin(filled=0)
    for _ in range(2):
        machine.an_order_fills(at=0, qty=1, off=0)
    machine.an_entry_is_busted()
    machine.all_arrives()
    machine.where_nothing_is_under_way_all_is_as_the_broker_says()
    machine.teardown()


@pytest.mark.proof
def test_the_core_holds_its_invariants_against_any_broker_for_long() -> None:
    prove(2_000)
