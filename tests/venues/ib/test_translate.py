"""Answers about orders as events: each fill once, one end, whatever is doubled, late, early or out of order."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.ib.hand import (
    ACCOUNT,
    CLIENT,
    CON_ID,
    ENTRY,
    EXIT,
    FIELDS,
    IDS,
    STOP,
    SUBMIT,
    TARGET,
    book,
    commission,
    error,
    execution,
    open_order,
    status,
    told,
    translator,
)
from workbench.domain.events import (
    AnyEvent,
    BrokerSaid,
    FeeReported,
    FillCorrected,
    ForeignFilled,
    ForeignOrderSeen,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from workbench.domain.orders import Leg
from workbench.venues.ib.book import Before, Book, Stage, Terms, read_ref, split_exec_id, write_ref
from workbench.venues.ib.codes import kind
from workbench.wire import Answer, CompletedOrder, OpenOrder, OrderFields, OrderState

# ---------------------------------------------------------------------- one life, told as it should be


def test_a_bracket_is_accepted_filled_and_paid_for() -> None:
    messages = [
        open_order(ENTRY), status(ENTRY, "Submitted"), open_order(STOP, "PreSubmitted"), status(STOP, "PreSubmitted"),
        open_order(TARGET, "PreSubmitted"), execution(ENTRY, "a.01", 2, 6000.0), open_order(ENTRY, "Filled"), status(ENTRY, "Filled", 2),
        commission("a.01", 4.5),
    ]  # fmt: skip
    assert told(translator(), messages) == [
        OrderAccepted(7, ENTRY, 2, 24_000),
        OrderAccepted(7, STOP, 2, 23_960),
        OrderAccepted(7, TARGET, 2, 24_080),
        OrderFilled(7, ENTRY, 2, 24_000, "a.01", None),
        FeeReported("a.01", 4_500_000),
    ]


def test_a_fill_without_any_status_is_a_fill() -> None:
    of = translator()
    assert told(of, [execution(ENTRY, "a.01", 2, 6000.0)]) == [OrderFilled(7, ENTRY, 2, 24_000, "a.01", None)]
    assert of.book.lives[7].entry.stage is Stage.FILLED


def test_a_status_filled_alone_fills_nothing_and_ends_nothing() -> None:
    of = translator()
    assert told(of, [status(ENTRY, "Filled", 2), status(ENTRY, "Cancelled", 2)]) == []
    assert told(of, [execution(ENTRY, "a.01", 2, 6000.0)]) == [OrderFilled(7, ENTRY, 2, 24_000, "a.01", None)]


def test_a_status_from_before_a_fill_does_not_bring_the_order_back() -> None:
    of = translator()
    told(of, [open_order(ENTRY), execution(ENTRY, "a.01", 2, 6000.0), status(ENTRY, "Filled", 2)])
    assert told(of, [status(ENTRY, "Submitted"), open_order(ENTRY)]) == []
    assert of.book.lives[7].entry.stage is Stage.FILLED


def test_a_commission_before_its_execution_is_joined_to_it() -> None:
    assert told(translator(), [commission("a.01", 2.25), execution(ENTRY, "a.01", 1, 6000.0)])[-1] == OrderFilled(
        7, ENTRY, 1, 24_000, "a.01", 2_250_000
    )


def test_a_correction_replaces_what_it_corrects_and_an_old_one_is_nothing() -> None:
    of = translator()
    assert told(of, [execution(ENTRY, "a.01", 2, 6000.0), execution(ENTRY, "a.02", 2, 6000.25), execution(ENTRY, "a.01", 2, 6000.0)]) == [
        OrderFilled(7, ENTRY, 2, 24_000, "a.01", None),
        FillCorrected(7, ENTRY, 2, 24_001, "a.02", "a.01"),
    ]
    assert of.book.lives[7].entry.filled == 2


def test_executions_told_again_after_a_reconnect_are_told_once() -> None:
    of = translator()
    fill = execution(ENTRY, "a.01", 1, 6000.0)
    assert len(told(of, [fill])) == 1
    copy = translator(msgspec.msgpack.decode(msgspec.msgpack.encode(of.book), type=Book))
    assert told(copy, [fill, msgspec.structs.replace(fill, req_id=1 << 30)]) == []


def test_a_new_process_tells_no_execution_that_the_engine_has_but_counts_it() -> None:
    made = book()
    made.known_before = {"a": Before("a.01", 7, ENTRY, 1)}
    of = translator(made)
    assert told(of, [execution(ENTRY, "a.01", 1, 6000.0)]) == []
    assert of.book.lives[7].entry.filled == 1


def test_a_new_process_takes_a_correction_of_what_the_engine_has_for_one_of_a_bracket_that_is_over_too() -> None:
    for ref in (7, 6):
        made = book()
        made.known_before = {"a": Before("a.01", ref, ENTRY, 1)}
        fill = execution(ENTRY, "a.02", 1, 6000.25)
        fill = msgspec.structs.replace(fill, execution=msgspec.structs.replace(fill.execution, order_ref=f"WB:r1:{ref}:E"))
        assert told(translator(made), [fill]) == [FillCorrected(ref, ENTRY, 1, 24_001, "a.02", "a.01")]


def test_a_new_process_counts_the_newest_of_what_was_corrected_before_it_whichever_is_told() -> None:
    made = book()
    made.known_before = {"a": Before("a.02", 7, ENTRY, 2)}
    of = translator(made)
    assert told(of, [execution(ENTRY, "a.01", 1, 6000.0)]) == [] and of.book.lives[7].entry.filled == 2
    assert told(of, [execution(ENTRY, "a.02", 2, 6000.0)]) == [] and of.book.lives[7].entry.filled == 2


# ---------------------------------------------------------------------- ends


def test_a_stop_that_filled_less_than_it_was_known_to_be_for_covers_nothing_of_the_rest() -> None:
    of = translator()
    assert told(of, [open_order(STOP, "PreSubmitted"), execution(STOP, "s.01", 1, 5990.0), status(STOP, "Filled", 1)])[
        -1
    ] == OrderCancelled(7, STOP, 1)
    assert told(of, [status(STOP, "Filled", 1)]) == []


def test_a_cancel_gives_up_what_was_not_filled_even_if_the_fill_is_told_later() -> None:
    of = translator()
    assert told(of, [open_order(ENTRY), status(ENTRY, "Cancelled", 1), execution(ENTRY, "a.01", 1, 6000.0)]) == [
        OrderAccepted(7, ENTRY, 2, 24_000),
        OrderCancelled(7, ENTRY, 1),
        OrderFilled(7, ENTRY, 1, 24_000, "a.01", None),
    ]


@pytest.mark.parametrize("code", [10349, 399, 2109, 404, 161, 10147, 10148, 104, 202, 463, 1])
def test_words_alone_never_end_an_order_that_works(code: int) -> None:
    of = translator()
    events = told(of, [open_order(ENTRY), status(ENTRY, "Submitted"), error(ENTRY, code, "words")])
    assert events[1:] == [BrokerSaid(code, kind(code), "words", 7, 1)]
    assert of.book.lives[7].entry.stage is Stage.WORKING


def test_a_refusal_ends_an_order_that_showed_no_sign_of_life() -> None:
    events = told(translator(), [error(ENTRY, 201, "no margin"), status(ENTRY, "Inactive"), status(ENTRY, "Cancelled")])
    assert events == [BrokerSaid(201, "order_rejected", "no margin", 7, 1), OrderRejected(7, ENTRY, "201: no margin")]


def test_a_refusal_after_the_order_was_shown_waits_for_the_broker_to_call_it_over() -> None:
    of = translator()
    assert len(told(of, [open_order(ENTRY, "PreSubmitted"), error(ENTRY, 201, "no margin")])) == 2
    assert told(of, [status(ENTRY, "Inactive")]) == [OrderRejected(7, ENTRY, "201: no margin")]


def test_a_stop_that_the_broker_holds_as_inactive_protects_nobody_until_it_is_back() -> None:
    of = translator()
    events = told(of, [open_order(STOP, "PreSubmitted"), status(STOP, "Inactive"), status(STOP, "Inactive"), status(STOP, "PreSubmitted")])
    assert [type(event) for event in events] == [OrderAccepted, OrderRejected, OrderAccepted]


def test_a_refused_change_of_the_stop_is_told_with_where_it_stands() -> None:
    of = translator()
    told(of, [open_order(STOP, "PreSubmitted")])
    stop = of.book.lives[7].leg(STOP)
    stop.wanted = Terms(2, 23_970)
    assert told(of, [error(STOP, 201, "too close")])[1:] == [OrderRejected(7, STOP, "201: too close"), OrderAccepted(7, STOP, 2, 23_960)]
    assert stop.wanted == stop.known == Terms(2, 23_960) and not stop.is_over


def test_a_moved_stop_is_acknowledged_once_and_its_old_level_is_an_echo() -> None:
    of = translator()
    told(of, [open_order(STOP, "PreSubmitted")])
    of.book.lives[7].leg(STOP).wanted = Terms(2, 23_970)
    moved = [
        open_order(STOP),
        open_order(STOP, px=5992.5),
        status(STOP, "Submitted"),
        open_order(STOP, px=5990.0),
        open_order(STOP, px=5992.5),
    ]
    assert told(of, moved) == [OrderAccepted(7, STOP, 2, 23_970)]


def test_what_a_partly_filled_target_took_from_the_stop_is_acknowledged() -> None:
    of = translator()
    told(of, [open_order(STOP), open_order(TARGET)])
    assert told(of, [open_order(STOP, qty=1)]) == [OrderAccepted(7, STOP, 1, 23_960)]


def test_an_exit_that_was_cut_before_stays_cut_for_the_next_process() -> None:
    of = translator()
    told(of, [open_order(STOP, qty=1)])
    assert of.book.lives[7].leg(STOP).wanted == of.book.lives[7].leg(STOP).known == Terms(1, 23_960)


def test_a_completed_order_ends_what_ended_while_nobody_listened() -> None:
    of = translator()
    told(of, [open_order(ENTRY)])
    order = OrderFields(perm_id=900 + IDS[ENTRY], order_ref=write_ref("r1", 7, ENTRY), total_quantity=2, filled_quantity=0)
    done = CompletedOrder(contract=FIELDS, order=order, state=OrderState(status="Cancelled"))
    assert told(of, [done, done]) == [OrderCancelled(7, ENTRY, 2)]


@pytest.mark.parametrize("code", [202, 10148])
def test_words_behind_an_end_that_the_broker_has_shown_call_for_no_question(code: int) -> None:
    of = translator()
    told(of, [open_order(ENTRY), status(ENTRY, "Cancelled"), error(ENTRY, code, "words")])
    assert not of.must_look


def test_an_order_that_is_over_for_us_and_shown_working_must_be_cancelled() -> None:
    of = translator()
    told(of, [error(ENTRY, 201, "no"), status(ENTRY, "Inactive")])
    assert of.hear(open_order(ENTRY), is_whole=True) == [] and of.undead == {IDS[ENTRY]}


def test_a_number_that_was_taken_is_no_end_but_must_be_looked_into() -> None:
    of = translator()
    assert told(of, [error(ENTRY, 103, "Duplicate order id")]) == [BrokerSaid(103, "order_unknown_outcome", "Duplicate order id", 7, 1)]
    assert of.clashed == {IDS[ENTRY]} and of.must_look


# ---------------------------------------------------------------------- whose


def test_orders_of_hand_other_clients_and_other_runs_are_foreign_and_told_once_a_change() -> None:
    of = translator()
    by_hand = open_order(ENTRY, order_ref="", order_id=0, client_id=0, perm_id=5)
    other_run = open_order(ENTRY, order_ref="WB:r0:7:E", perm_id=6)
    events = told(of, [by_hand, by_hand, other_run])
    assert events == [
        ForeignOrderSeen(ACCOUNT, 1, 5, "", 1, 2, 0, "LMT", "Submitted"),
        ForeignOrderSeen(ACCOUNT, 1, 6, "WB:r0:7:E", 1, 2, 0, "LMT", "Submitted"),
    ]
    fill = execution(ENTRY, "f.01", 1, 6000.0, order_ref="", perm_id=5, client_id=0)
    assert told(of, [fill, fill]) == [ForeignFilled(ACCOUNT, 1, 5, "", 1, 1, 24_000, "f.01")]
    assert of.book.lives[7].entry.filled == 0


def test_an_order_with_our_number_of_another_client_is_foreign() -> None:
    of = translator()
    assert told(of, [execution(ENTRY, "f.01", 1, 6000.0, order_ref="", client_id=CLIENT + 1)])[0].__class__ is ForeignFilled


def test_a_foreign_order_in_an_unknown_contract_is_told_in_words() -> None:
    of = translator()
    message = open_order(ENTRY, order_ref="", order_id=0, client_id=0, perm_id=5)
    unknown = OpenOrder(
        contract=msgspec.structs.replace(FIELDS, con_id=CON_ID + 1, local_symbol="CLF7"), order=message.order, state=message.state
    )
    (said,) = told(of, [unknown, unknown])
    assert isinstance(said, BrokerSaid) and said.kind == "foreign" and "CLF7" in said.text


def test_an_exit_that_an_earlier_process_sent_is_found_by_its_orderref() -> None:
    of = translator()
    told(of, [execution(ENTRY, "a.01", 2, 6000.0)])
    assert told(of, [open_order(EXIT), execution(EXIT, "b.01", 2, 5999.0)]) == [
        OrderAccepted(7, EXIT, 2, SUBMIT.entry_px),
        OrderFilled(7, EXIT, 2, 23_996, "b.01", None),
    ]
    assert of.book.lives[7].open == 0


@pytest.mark.parametrize("text", ["", "WB", "WB:r1:7", "WB:r1:7:Q", "WB:r1:x:E", "wb:r1:7:E", "WB:r1:7:E ", "WB:" + "r" * 17 + ":7:E"])
def test_what_no_workbench_wrote_is_no_orderref(text: str) -> None:
    assert read_ref(text) is None


# ---------------------------------------------------------------------- any order of the same messages

LIVES: dict[str, list[Answer]] = {
    "filled in two": [
        open_order(ENTRY), status(ENTRY, "Submitted"), execution(ENTRY, "a.01", 1, 6000.0), commission("a.01", 2.25),
        status(ENTRY, "Submitted", 1), execution(ENTRY, "b.01", 1, 5999.75), commission("b.01", 2.25), open_order(ENTRY, "Filled"),
        status(ENTRY, "Filled", 2),
    ],
    "corrected": [
        open_order(ENTRY), execution(ENTRY, "a.01", 2, 6000.0), execution(ENTRY, "a.02", 2, 6000.25), status(ENTRY, "Filled", 2),
        commission("a.01", 4.5),
    ],
    "cancelled": [
        open_order(ENTRY), status(ENTRY, "Submitted"), status(ENTRY, "PendingCancel"), status(ENTRY, "Cancelled"), error(ENTRY, 202),
    ],
    "partly filled, then cancelled": [
        open_order(ENTRY), status(ENTRY, "Submitted", 1), execution(ENTRY, "a.01", 1, 6000.0), status(ENTRY, "Cancelled", 1),
        commission("a.01", 2.25), error(ENTRY, 202),
    ],
    "refused": [error(ENTRY, 201, "no margin"), status(ENTRY, "Inactive"), status(ENTRY, "Cancelled")],
    "noticed and filled": [
        error(ENTRY, 10349), open_order(ENTRY), error(ENTRY, 399), execution(ENTRY, "a.01", 2, 6000.0), status(ENTRY, "Filled", 2),
    ],
}  # fmt: skip
FILLS = {"filled in two": 2, "corrected": 2, "cancelled": 0, "partly filled, then cancelled": 1, "refused": 0, "noticed and filled": 2}
ENDS = {"cancelled": 2, "partly filled, then cancelled": 1, "refused": 2}


def _value(events: list[AnyEvent]) -> dict[str, tuple[int, int]]:
    """What was filled in the end, by execution: quantity and price."""
    held: dict[str, tuple[int, int]] = {}
    for event in events:
        if isinstance(event, OrderFilled | FillCorrected):
            held[split_exec_id(event.exec_id)[0]] = (event.qty, event.px)
    return held


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.sampled_from(sorted(LIVES)), st.data())
def test_every_order_and_doubling_of_a_lifes_messages_has_the_same_fills_and_one_end(name: str, data: st.DataObject) -> None:
    doubled = [message for message in LIVES[name] for _ in range(data.draw(st.integers(1, 2)))]
    messages = data.draw(st.permutations(doubled))
    of = translator()
    events = told(of, messages)
    assert _value(events) == _value(told(translator(), LIVES[name]))
    assert of.book.lives[7].entry.filled == FILLS[name]
    ended = [event for event in events if isinstance(event, OrderCancelled | OrderRejected)]
    assert len(ended) == (1 if name in ENDS else 0)
    assert all(event.qty == ENDS[name] for event in ended if isinstance(event, OrderCancelled))
    filled = [event.exec_id for event in events if isinstance(event, OrderFilled)]
    assert len(filled) == len(set(filled))
    fees = sum(event.fee_micros or 0 for event in events if isinstance(event, FeeReported | OrderFilled))
    assert fees == {"filled in two": 4_500_000, "partly filled, then cancelled": 2_250_000}.get(name, fees)
    assert of.book.lives[7].entry.is_over


def test_ten_thousand_finished_orders_are_let_go() -> None:
    made = Book("r1")
    for ref in range(10_000):
        life = book(msgspec.structs.replace(SUBMIT, ref=ref)).lives[ref]
        for n, part in enumerate(life.parts):
            part.order_id, part.stage = 3 * ref + n + 1, Stage.CANCELLED
        made.add(life)
    assert len(made.lives) < 1_100 and len(made.by_id) == 3 * len(made.lives) and Leg.ENTRY is made.lives[9_999].entry.leg
