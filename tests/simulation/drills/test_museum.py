"""What peers lost money or nights to, each with its thread, and where it is shown that it cannot happen here.

`EXHIBITS` is the table: the threads, what went wrong there, and the tests and scenarios (of `workbench.gateway.faults`) that show it here.
What nothing else shows goes through the whole live edge below: the runner, ib_async as it is, and a gateway that does what theirs did.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.drills.drill import Drill
from tests.simulation.drills.rows import codes
from tests.simulation.drills.truth import differences
from workbench.domain.decisions import Issued
from workbench.domain.events import ForeignOrderSeen, OrderAccepted, OrderCancelled, OrderFilled
from workbench.domain.orders import Leg, Modify
from workbench.gateway.faults import Rule, Scenario, When, shipped
from workbench.gateway.faults import actions as act
from workbench.venues.ib.book import read_ref

TESTS: Final = Path(__file__).parents[3] / "tests"
IB, DRILLS = "venues/ib", "simulation/drills"
EXHIBITS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        "ib_insync#256 ib_insync#411 nautilus_trader#3968 IBC#143",
        "data silently dead after 1101, 2103 or the night",
        (
            f"{IB}/test_subscriptions.py::test_a_lost_data_connection_has_everything_asked_for_again_under_new_ids",
            f"{IB}/test_subscriptions.py::test_a_farm_that_comes_back_has_asked_for_again_what_was_silent_meanwhile_and_no_other",
            "1100_1101_data_lost",
            "2103_farm_broken",
        ),
    ),
    (
        "ib_insync#533 ib_insync#699 ib_insync#333 ib_async#29",
        "bars kept up to date stop at midnight, or never start",
        (f"{IB}/test_polled.py::test_minutes_of_a_contract_whose_stream_failed_three_times_are_polled_until_it_is_back",),
    ),
    (
        "ib_async#191 ib_async#217 ib_insync#502 pysystemtrade#1580",
        "a notice marks a living order cancelled, and it fills",
        (
            f"{IB}/test_translate_claims.py::test_an_order_that_fills_behind_the_word_is_a_position",
            "10349_tif_preset",
            f"{DRILLS}/test_museum.py::test_pysystemtrade_1580_fifteen_orders_called_cancelled_fill_and_are_ours",
        ),
    ),
    (
        "ib_insync#644 ib_insync#80 ib_insync#308 rust-ibapi#350 Lean.IB#242",
        "an order id is given twice after a restart",
        (f"{IB}/test_ids.py::test_a_gateway_that_was_rolled_back_gets_no_id_twice", "daily_restart_ids_rolled_back"),
    ),
    (
        "nautilus_trader#4564",
        "a submit that was not answered is sent again: two living orders for one intent",
        (
            f"{DRILLS}/test_museum.py::test_nautilus_4564_a_submit_whose_answer_was_lost_is_one_order",
            "acknowledgements_lost",
            f"{IB}/test_venue.py::test_a_ref_is_never_submitted_twice",
        ),
    ),
    (
        "Lean.IB#249 ib_insync#130 ib_insync#309 pysystemtrade#188",
        "fills over a disconnect are lost, held objects never move again",
        (
            f"{DRILLS}/test_findings.py::test_a_position_that_went_flat_while_away_is_told_as_flat",
            f"{DRILLS}/test_museum.py::test_lean_249_a_stop_that_filled_while_nobody_listened_is_heard_once",
        ),
    ),
    (
        "ib_insync#364",
        "a corrected execution counts twice",
        (f"{IB}/test_translate.py::test_a_correction_replaces_what_it_corrects_and_an_old_one_is_nothing", "execution_corrected"),
    ),
    ("ib_async#230 ib_async#131 ib_insync#671 nautilus_trader#2359 vnpy_ib#27", "times in another zone than thought", ("times_in_utc",)),
    (
        "ib_async#84 ib_async#101 ib_async#82 ib_insync#224 ib_insync#386 nautilus_trader#4230",
        "connected with half the state, or none",
        ("answers_muted", "open_orders_muted", f"{IB}/test_venue.py::test_an_answer_that_never_comes_is_not_an_empty_one"),
    ),
    (
        "ib_async#152 nautilus_trader#3796 nautilus_trader#4210",
        "the client id is held, or two loops reconnect at once",
        ("326_id_held", f"{IB}/test_connection.py::test_one_task_connects_however_often_it_is_asked"),
    ),
    (
        "ib_insync#687 ib_insync#268 ib_async#34 ib_async#140 nautilus_trader#2570 ib_insync#263",
        "history too fast, or of CONTFUT",
        (
            f"{DRILLS}/test_directed.py::test_a_refused_question_about_the_past_is_no_empty_answer_and_no_order_waits_for_it",
            f"{IB}/test_lane.py::test_an_order_leaves_in_the_same_turn_when_requests_wait",
            f"{IB}/test_validator.py::test_another_contract_is_kept",
        ),
    ),
    ("ib_async#223", "a stop priced from a quote half an hour old", ("quotes_freeze",)),
    (
        "ib_async#33 ib_insync#270",
        "rows of the book shift",
        ("317_depth_reset", f"{IB}/test_hot.py::test_five_thousand_cuts_of_frames_become_what_the_reference_says"),
    ),
    ("ib_insync#703 IBC#23 IBC#184 IBC#290", "the weekly second factor", ("weekly_second_factor",)),
    (
        "ib_async 2.1.0, 1",
        "questions answered by a warning hang for ever",
        (f"{IB}/test_questions.py::test_an_error_under_its_number_ends_a_question_and_a_notice_does_not", "165_history_hangs"),
    ),
    (
        "ib_async 2.1.0, 2",
        "of two equal questions the first is never answered",
        (f"{IB}/test_questions.py::test_two_equal_questions_are_asked_one_after_the_other_and_both_answered",),
    ),
    ("ib_async 2.1.0, 3", "living orders called cancelled by a code", (f"{IB}/test_translate_claims.py::test_a_word_alone_moves_no_risk",)),
    ("ib_async 2.1.0, 4", "a warning leaves an order in a state of its own", ("2109_order_notices",)),
    (
        "ib_async 2.1.0, 5",
        "a stale Submitted brings a filled order back",
        (f"{IB}/test_translate.py::test_a_status_from_before_a_fill_does_not_bring_the_order_back", "status_out_of_order"),
    ),
    (
        "ib_async 2.1.0, 6",
        "no Filled status, never done",
        ("no_filled_status", f"{IB}/test_translate.py::test_a_fill_without_any_status_is_a_fill"),
    ),
    ("ib_async 2.1.0, 7", "a commission before its execution is lost", ("commission_early",)),
    ("ib_async 2.1.0, 8", "corrections count twice", ("execution_corrected",)),
    ("ib_async 2.1.0, 9", "fills of other hands raise nothing", ("manual_order", "foreign_order")),
    ("ib_async 2.1.0, 10", "a half-open link stands for ever", ("half_open",)),
    (
        "ib_async 2.1.0, 11",
        "the change of an order that is over leaves before anybody says no",
        (f"{DRILLS}/test_museum.py::test_a_stop_that_is_over_is_not_moved",),
    ),
    (
        "ib_async 2.1.0, 12",
        "what was changed of an order is not seen on it",
        (f"{IB}/test_translate.py::test_a_moved_stop_is_acknowledged_once_and_its_old_level_is_an_echo",),
    ),
    (
        "ib_async 2.1.0, 13",
        "a cancelled stream leaks its line",
        (f"{IB}/test_subscriptions.py::test_what_is_wanted_no_more_is_cancelled_and_told",),
    ),
    (
        "ib_async 2.1.0, 14",
        "ticks lose the exchange's time",
        (f"{IB}/test_hot.py::test_rt_volume_is_a_print_with_its_time_and_says_whether_it_was_one_trade",),
    ),
    ("ib_async 2.1.0, 15", "rows of the book in the order of a dictionary", ("317_depth_reset",)),
    (
        "ib_async 2.1.0, 16",
        "what a handler raises is swallowed and trading goes on",
        (f"{IB}/test_raw.py::test_a_reader_of_ours_that_raises_closes_nothing_and_ib_async_hears_the_frame_all_the_same",),
    ),
)


@pytest.mark.parametrize(("threads", "wrong", "shown"), EXHIBITS, ids=[each[0].split()[-1] for each in EXHIBITS])
def test_every_exhibit_is_shown_by_a_test_that_exists(threads: str, wrong: str, shown: tuple[str, ...]) -> None:
    assert threads and wrong and shown
    for each in shown:
        file, _, name = each.partition("::")
        assert (not name and file in shipped()) or re.search(rf"def {name}\(", (TESTS / file).read_text()), each


def one(when: When, *what: act.Action) -> Scenario:
    return Scenario(rules=(Rule(when=when, what=what),))


@pytest.mark.covers("S2-03", "S2-08")
@pytest.mark.parametrize("in_s", [0.0, 0.02, 1.0])
def test_nautilus_4564_a_submit_whose_answer_was_lost_is_one_order(place: Path, in_s: float) -> None:
    """nautilus_trader#4564: the link broke around a submit, and one orderRef had two permIds."""
    drill = Drill(place, one(When(on="PlaceOrder", where={"leg": "E"}, nth=2), act.Restart(in_s=in_s, down_s=20)), seed=3).run()
    entries = [state for state in drill.all_orders() if read_ref(state.order.order_ref).leg is Leg.ENTRY]
    refs = [state.order.order_ref for state in entries]
    assert len(refs) == len(set(refs)) >= 3 and drill.gateway.faults.n_fired == {1: 1}
    assert differences(drill) == [] and not drill.of(ForeignOrderSeen)


def test_pysystemtrade_1580_fifteen_orders_called_cancelled_fill_and_are_ours(place: Path) -> None:
    """pysystemtrade#1580: a preset's notice on every order; the client called all of them cancelled, and all filled."""
    drill = Drill(
        place, one(When(on="PlaceOrder", where={"leg": "E"}), act.Say(code=10349, text="Order TIF was set to DAY", to="subject"))
    ).run()
    assert codes(drill).count(10349) >= 5 and len(drill.filled()) >= 3
    assert differences(drill) == [] and not drill.latched()


@pytest.mark.covers("S2-07", "S2-08")
def test_lean_249_a_stop_that_filled_while_nobody_listened_is_heard_once(place: Path) -> None:
    """Lean.Brokerages.InteractiveBrokers#249: what filled while the link was down was never booked."""
    drill = Drill(
        place, one(When(on="OrderStatus", where={"leg": "E", "status": "Filled"}, nth=2), act.Restart(in_s=1, down_s=60)), waits_s=150
    ).run()
    told = [event.exec_id for event in drill.of(OrderFilled)]
    assert len(told) == len(set(told)) and differences(drill) == []
    (lost, back), *_ = drill.downs()[1:]
    assert any(each.leg is not Leg.ENTRY for each in drill.of(OrderFilled)) and back > lost


def test_a_stop_that_is_over_is_not_moved(place: Path) -> None:
    """ib_async 2.1.0 sends the change, and then asserts; TWS answers 104 or 103, by which it calls the order cancelled."""
    drill = Drill(place, Scenario(), seed=4).run()
    moved = [fact.command for fact in drill.facts(Issued) if isinstance(fact.command, Modify)]
    assert moved and not {103, 104} & set(codes(drill))
    ends = {event.ref for event in drill.of(OrderCancelled) if event.leg is Leg.STOP}
    assert ends and any(event.leg is Leg.STOP for event in drill.of(OrderAccepted)) and differences(drill) == []
