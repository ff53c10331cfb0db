"""A bracket from wish to flat, and everything a venue may report twice, late or out of order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.decisions import AnyFact, Approved, BracketMoved, Proposal
from workbench.domain.errors import InvariantError
from workbench.domain.events import OrderAccepted, OrderCancelled, OrderFilled, OrderRejected
from workbench.domain.orders import AnyCommand, Cancel, Cause, Exit, Key, Leg, Modify, OrderType
from workbench.execution.bracket import Bracket
from workbench.execution.lifecycle import TRANSITIONS, On, Phase, after
from workbench.execution.supervisor import Report, Supervisor

pytestmark = pytest.mark.covers("S2-01", "S2-02", "S2-03", "S2-07")
KEY, CAUSE = Key("DUSIM1", 1, "s"), Cause(1, 0)
WISH = Proposal(1, OrderType.LIMIT, 100, 90, 120, 1_000)


class Desk:
    """A supervisor with one bracket of `qty`, and the facts it made."""

    def __init__(self, qty: int = 3, wish: Proposal = WISH) -> None:
        self.supervisor, self.facts = Supervisor(), list[AnyFact]()
        self.ref = self.supervisor.submit(Approved(KEY, wish, qty, 1), 5, CAUSE, 20261120).ref
        self.sent: list[AnyCommand] = []
        self.strays = 0

    @property
    def bracket(self) -> Bracket | None:
        return self.supervisor.book.open.get(self.ref)

    def hear(self, *reports: Report) -> Desk:
        for report in reports:
            _, commands, trouble, _ = self.supervisor.on_report(report, 7, CAUSE, self.facts)
            self.sent += commands
            self.strays += trouble is not None
        return self

    def fill(self, leg: Leg, qty: int, px: int = 100, id_: str | None = None) -> Desk:
        return self.hear(OrderFilled(self.ref, leg, qty, px, id_ or f"{leg}{len(self.supervisor.book.executions)}", 1))

    def covered(self, qty: int) -> Desk:
        return self.hear(OrderAccepted(self.ref, Leg.STOP, qty, 90))

    def moves(self) -> list[str]:
        return [fact.new for fact in self.facts if isinstance(fact, BracketMoved)]


def test_a_fill_without_a_stop_is_exposed() -> None:
    desk = Desk().hear(OrderAccepted(1, Leg.ENTRY, 3, 100)).fill(Leg.ENTRY, 3)
    assert desk.bracket and desk.bracket.phase is Phase.EXPOSED


def test_a_stop_over_the_whole_position_protects_it_and_a_smaller_one_does_not() -> None:
    desk = Desk().fill(Leg.ENTRY, 2).covered(2)
    assert desk.bracket and desk.bracket.phase is Phase.PROTECTED
    desk.fill(Leg.ENTRY, 1)
    assert desk.bracket.phase is Phase.EXPOSED
    assert desk.covered(2).bracket.phase is Phase.EXPOSED
    assert desk.covered(3).bracket.phase is Phase.PROTECTED


def test_a_lost_stop_exposes_the_position_again() -> None:
    desk = Desk().fill(Leg.ENTRY, 3).covered(3).hear(OrderCancelled(1, Leg.STOP, 3))
    assert desk.bracket and desk.bracket.phase is Phase.EXPOSED


def test_a_whole_life_ends_closed_and_is_forgotten() -> None:
    desk = Desk().hear(OrderAccepted(1, Leg.ENTRY, 3, 100)).fill(Leg.ENTRY, 3).covered(3).fill(Leg.TARGET, 3, 120)
    assert desk.moves() == ["working", "exposed", "protected", "closed"] and desk.bracket is None


def test_an_entry_that_is_rejected_is_void() -> None:
    assert Desk().hear(OrderRejected(1, Leg.ENTRY, "no")).moves() == ["void"]


def test_an_execution_counts_once() -> None:
    desk = Desk().fill(Leg.ENTRY, 1, id_="x").fill(Leg.ENTRY, 1, id_="x")
    assert desk.bracket and desk.bracket.filled == 1


def test_what_is_left_of_an_entry_is_cancelled_when_a_child_fills_and_the_bracket_waits_for_the_word() -> None:
    desk = Desk().fill(Leg.ENTRY, 2).covered(2).fill(Leg.STOP, 2, 90)
    assert [type(command) for command in desk.sent] == [Cancel] and desk.bracket is not None
    desk.hear(OrderCancelled(1, Leg.ENTRY, 1))
    assert desk.bracket is None


def test_a_fill_that_overtakes_its_cancel_is_a_position_again() -> None:
    desk = Desk().fill(Leg.ENTRY, 2).covered(2).fill(Leg.STOP, 2, 90).fill(Leg.ENTRY, 1)
    assert desk.bracket and desk.bracket.open == 1 and desk.bracket.phase is Phase.EXPOSED


def test_a_fill_for_a_bracket_that_is_over_is_a_stray() -> None:
    desk = Desk(1).fill(Leg.ENTRY, 1).covered(1).fill(Leg.STOP, 1).hear(OrderFilled(1, Leg.TARGET, 1, 120, "late", 1))
    assert desk.strays == 1


def test_other_late_words_about_a_bracket_that_is_over_change_nothing() -> None:
    desk = Desk(1).hear(OrderRejected(1, Leg.ENTRY, "no"), OrderCancelled(1, Leg.STOP, 1), OrderAccepted(1, Leg.ENTRY, 1, 1))
    assert desk.strays == 0 and desk.moves() == ["void"]


def test_an_exit_is_sent_once_and_ends_in_flat() -> None:
    desk = Desk(1).fill(Leg.ENTRY, 1).covered(1)
    bracket = desk.bracket
    assert bracket is not None
    assert isinstance(desk.supervisor.leave(bracket, "time", 9, CAUSE, desk.facts), Exit)
    assert desk.supervisor.leave(bracket, "time", 9, CAUSE, desk.facts) is None
    assert desk.fill(Leg.EXIT, 1).bracket is None


def test_a_stop_moves_only_closer_and_only_under_a_protected_position() -> None:
    desk = Desk(1).fill(Leg.ENTRY, 1)
    bracket = desk.bracket
    assert bracket is not None
    assert desk.supervisor.move_stop(bracket, 95, 9, CAUSE) is None
    desk.covered(1)
    assert desk.supervisor.move_stop(bracket, 85, 9, CAUSE) is None
    assert isinstance(desk.supervisor.move_stop(bracket, 95, 9, CAUSE), Modify)


def test_a_pair_that_is_not_in_the_table_breaks_an_invariant() -> None:
    with pytest.raises(InvariantError, match="contradict our book"):
        after(Phase.CLOSED, On.FILLED)


def test_every_phase_stands_in_the_table_and_the_ends_lead_nowhere() -> None:
    assert set(TRANSITIONS) == set(Phase)
    assert [phase for phase, row in TRANSITIONS.items() if not row] == [Phase.CLOSED, Phase.VOID]


reports = st.lists(
    st.one_of(
        st.builds(lambda leg, qty, n: ("fill", leg, qty, n), st.sampled_from(list(Leg)), st.integers(1, 2), st.integers(0, 8)),
        st.builds(lambda qty: ("cover", Leg.STOP, qty, 0), st.integers(0, 4)),
        st.builds(lambda leg, qty: ("cancel", leg, qty, 0), st.sampled_from([Leg.ENTRY, Leg.STOP, Leg.TARGET]), st.integers(1, 4)),
        st.just(("accept", Leg.ENTRY, 3, 0)),
    ),
    max_size=14,
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(reports)
def test_whatever_is_reported_the_quantities_are_those_of_the_distinct_executions(drawn: list[tuple[str, Leg, int, int]]) -> None:
    desk, seen = Desk(4), dict[str, tuple[Leg, int]]()
    for what, leg, qty, n in drawn:
        b = desk.bracket
        if b is None:
            break
        if what == "fill":
            # an honest venue fills no more than the entry, and closes no more than is held
            room = b.rest if leg is Leg.ENTRY else b.open
            id_ = f"{leg}.{n}"
            if id_ not in seen and not 0 < qty <= room:
                continue
            qty = seen.setdefault(id_, (leg, qty))[1]
            desk.fill(leg, qty, id_=id_)
        elif what == "cover":
            desk.covered(qty)
        elif what == "cancel":
            desk.hear(OrderCancelled(desk.ref, leg, qty))
        else:
            desk.hear(OrderAccepted(desk.ref, Leg.ENTRY, qty, 100))
        held = sum(q if leg is Leg.ENTRY else -q for leg, q in seen.values())
        now = desk.bracket
        assert (now.open if now else 0) == held
        assert now is None or (now.phase is Phase.PROTECTED) <= (now.covered >= now.open)
    assert desk.strays == 0
