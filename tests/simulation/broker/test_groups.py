"""Brackets and groups of orders at the broker: what a fill, a cancel and the end of a session do to the others."""

from __future__ import annotations

import pytest

from tests.simulation.broker.floor import BUY, ES, NQ, SELL, OcaType, Tif, Type, open_floor
from workbench.domain.records import Phase
from workbench.simulation.broker import OrderReport, texts


def test_nothing_of_a_bracket_lives_until_its_last_child_is_transmitted() -> None:
    floor = open_floor()
    entry = floor.place(BUY, 2, transmit=False)
    floor.place(SELL, 2, Type.STOP, stop_px=90, parent_id=entry, transmit=False)
    floor.quote(99, 100)
    assert floor.take() == []
    floor.place(SELL, 2, Type.LIMIT, limit_px=110, parent_id=entry)
    assert [each.state.order.order_id for each in floor.of(OrderReport)] == [entry, entry + 1, entry + 2]
    floor.quote(99, 100)
    assert floor.fills() == [(entry, 2, 100)]


def test_children_are_held_until_the_parent_fills() -> None:
    floor = open_floor()
    _, stop, target = floor.bracket(BUY, 2, Type.LIMIT, limit_px=95)
    assert [floor.state(each).why_held for each in (stop, target)] == ["child,trigger", "child"]
    assert [floor.status(each) for each in (stop, target)] == ["PreSubmitted", "PreSubmitted"]
    floor.quote(115, 116)
    assert floor.fills() == []
    floor.quote(94, 95)
    assert (floor.status(stop), floor.state(stop).why_held, floor.status(target)) == ("PreSubmitted", "trigger", "Submitted")


def test_children_grow_with_the_fills_of_their_parent() -> None:
    floor = open_floor()
    entry, stop, target = floor.bracket(BUY, 5, Type.LIMIT, limit_px=100)
    floor.quote(99, 100, asz=2)
    floor.quote(110, 111, bsz=10)
    assert floor.fills() == [(entry, 2, 100), (target, 2, 110)]
    assert floor.status(entry) == "Cancelled"  # a bracket that has begun to leave does not enter again
    assert (floor.status(stop), floor.position()) == ("Cancelled", 0)


def test_a_child_that_fills_in_part_takes_as_much_from_its_sibling() -> None:
    floor = open_floor()
    _, stop, target = floor.bracket(BUY, 5)
    floor.quote(99, 100)
    floor.quote(110, 111, bsz=2)
    assert (floor.state(target).filled, floor.state(stop).qty) == (2, 3)
    floor.take()
    floor.quote(85, 86)
    assert floor.fills() == [(stop, 3, 85)]
    assert (floor.status(stop), floor.status(target), floor.position()) == ("Filled", "Cancelled", 0)


def test_a_filled_child_cancels_its_sibling_with_202() -> None:
    floor = open_floor()
    _, stop, target = floor.bracket(BUY, 1)
    floor.quote(99, 100)
    floor.take()
    floor.quote(110, 111)
    last = floor.of(OrderReport)[-1]
    assert (last.state.order.order_id, last.code, last.text) == (stop, 202, f"Order Canceled - reason:{texts.OCA_DONE}")
    assert floor.status(target) == "Filled"


def test_children_of_one_parent_are_a_group_named_by_it() -> None:
    floor = open_floor()
    entry, stop, target = floor.bracket(BUY, 1)
    parent = floor.state(entry).perm_id
    assert [(floor.state(each).oca_group, floor.state(each).oca_type) for each in (stop, target)] == [(str(parent), 3)] * 2


def test_a_cancelled_parent_takes_its_children_along() -> None:
    floor = open_floor()
    entry, stop, target = floor.bracket(BUY, 2, Type.LIMIT, limit_px=90)
    floor.cancel(entry)
    assert [floor.status(each) for each in (entry, stop, target)] == ["Cancelled"] * 3


def test_a_parent_cancelled_in_part_leaves_its_children_what_it_filled() -> None:
    floor = open_floor()
    entry, stop, target = floor.bracket(BUY, 5, Type.LIMIT, limit_px=100)
    floor.quote(99, 100, asz=2)
    floor.cancel(entry)
    assert [(floor.status(each), floor.state(each).qty) for each in (stop, target)] == [("PreSubmitted", 2), ("Submitted", 2)]
    floor.quote(80, 81)
    assert (floor.position(), floor.status(stop), floor.status(target)) == (0, "Filled", "Cancelled")


def test_an_entry_that_expires_takes_its_children_along() -> None:
    floor = open_floor()
    _, stop, target = floor.bracket(BUY, 2, Type.LIMIT, limit_px=90)
    floor.phase(Phase.CLOSED)
    assert (floor.status(stop), floor.status(target)) == ("Cancelled", "Cancelled")


def test_the_children_of_a_filled_entry_outlive_the_session() -> None:
    floor = open_floor()
    _, stop, target = floor.bracket(BUY, 2)
    floor.quote(99, 100)
    floor.phase(Phase.CLOSED)
    floor.phase(Phase.ETH, session=20261123)
    assert (floor.status(stop), floor.status(target)) == ("PreSubmitted", "Submitted")


def test_an_order_attached_to_a_filled_parent_works_at_once() -> None:
    floor = open_floor()
    entry = floor.place(BUY, 1)
    floor.quote(99, 100)
    stop = floor.place(SELL, 1, Type.STOP, stop_px=95, parent_id=entry)
    assert floor.state(stop).why_held == "trigger"
    floor.quote(94, 95)
    assert floor.position() == 0


def test_an_order_attached_to_a_cancelled_parent_is_rejected() -> None:
    floor = open_floor()
    entry = floor.place(BUY, 1, Type.LIMIT, limit_px=90)
    floor.cancel(entry)
    late = floor.place(SELL, 1, Type.STOP, stop_px=95, parent_id=entry)
    nobody = floor.place(SELL, 1, Type.STOP, stop_px=95, parent_id=77)
    assert floor.refusals() == [(late, 201), (nobody, 135)]


def test_while_a_stop_takes_what_it_can_get_its_target_rests() -> None:
    floor = open_floor()
    _, stop, _ = floor.bracket(BUY, 5, stop=98, target=104)
    floor.quote(99, 100)
    floor.quote(97, 98, bsz=2)
    floor.take()
    floor.quote(104, 105)
    assert floor.fills() == [(stop, 3, 98)]
    assert floor.position() == 0


@pytest.mark.parametrize("kind", [OcaType.CANCEL, OcaType.REDUCE_BLOCK, OcaType.REDUCE])
def test_a_whole_fill_ends_the_others_of_a_group(kind: OcaType) -> None:
    floor = open_floor()
    one = floor.place(BUY, 3, Type.LIMIT, limit_px=98, oca_group="g", oca_type=kind)
    two = floor.place(SELL, 3, Type.LIMIT, limit_px=102, oca_group="g", oca_type=kind)
    three = floor.place(BUY, 3, Type.LIMIT, limit_px=90, oca_group="g", oca_type=kind, contract=NQ)
    floor.quote(97, 98)
    assert [floor.status(each) for each in (one, two, three)] == ["Filled", "Cancelled", "Cancelled"]


def test_a_part_fill_cancels_the_others_in_type_1_and_reduces_them_in_the_other_types() -> None:
    for kind, left in ((OcaType.CANCEL, None), (OcaType.REDUCE_BLOCK, 6), (OcaType.REDUCE, 6)):
        floor = open_floor()
        one = floor.place(BUY, 5, Type.LIMIT, limit_px=98, oca_group="g", oca_type=kind)
        two = floor.place(SELL, 10, Type.LIMIT, limit_px=110, oca_group="g", oca_type=kind)
        floor.quote(97, 98, asz=2)
        assert floor.state(one).filled == 2
        if left is None:
            assert floor.status(two) == "Cancelled"
        else:
            assert floor.state(two).qty == left  # two of five filled: two fifths of ten are gone


def test_a_cancel_by_its_client_takes_the_group_along_and_an_expiry_does_not() -> None:
    floor = open_floor()
    one = floor.place(BUY, 1, Type.LIMIT, limit_px=90, oca_group="g", oca_type=2)
    two = floor.place(SELL, 1, Type.LIMIT, limit_px=110, oca_group="g", oca_type=2)
    floor.cancel(one)
    assert floor.status(two) == "Cancelled"
    day = floor.place(BUY, 1, Type.LIMIT, limit_px=90, oca_group="h", oca_type=2)
    gtc = floor.place(SELL, 1, Type.LIMIT, limit_px=110, oca_group="h", oca_type=2, tif=Tif.GTC)
    floor.phase(Phase.CLOSED)
    assert (floor.status(day), floor.status(gtc)) == ("Cancelled", "PreSubmitted")


def test_groups_of_the_same_name_in_two_accounts_are_two_groups() -> None:
    from workbench.simulation.broker import Account

    floor = open_floor(Account("DUSIM1", 10**12), Account("DUSIM2", 10**12))
    ours = floor.place(BUY, 1, Type.LIMIT, limit_px=100, oca_group="g", oca_type=1)
    theirs = floor.place(BUY, 1, Type.LIMIT, limit_px=90, oca_group="g", oca_type=1, account="DUSIM2")
    floor.quote(99, 100)
    assert (floor.status(ours), floor.status(theirs)) == ("Filled", "Submitted")


def test_an_exit_that_joins_the_group_of_a_bracket_never_turns_the_position_around() -> None:
    floor = open_floor()
    entry = floor.place(BUY, 4, transmit=False)
    stop = floor.place(SELL, 4, Type.STOP, stop_px=90, parent_id=entry, transmit=False, tif=Tif.GTC, oca_group="b", oca_type=2)
    target = floor.place(SELL, 4, Type.LIMIT, limit_px=110, parent_id=entry, tif=Tif.GTC, oca_group="b", oca_type=2)
    floor.quote(99, 100)
    leave = floor.place(SELL, 4, oca_group="b", oca_type=2)
    floor.quote(110, 111, bsz=3)
    floor.quote(80, 81)
    assert floor.position(ES) == 0
    assert sum(floor.state(each).filled for each in (stop, target, leave)) == 4


def test_children_go_on_when_what_their_parent_filled_is_busted() -> None:
    floor = open_floor()
    entry, stop, target = floor.bracket(BUY, 5, Type.LIMIT, limit_px=100)
    floor.quote(99, 100, asz=2)
    floor.broker.bust(floor.broker.executions()[0].exec_id)
    floor.take()
    floor.quote(110, 111)
    assert floor.statuses(target) == ["Filled"]  # cut to what its parent had filled
    assert (floor.status(entry), floor.status(stop), floor.position()) == ("Cancelled", "Cancelled", -2)
