"""Bugs in the life of an order: brackets, executions, repairs, exits, and what of them goes over the wire."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants.planting import Bug, Edit

SUPERVISOR, FILLS, CARE, ORDERS = "execution.supervisor:Supervisor", "execution.fills", "engine.care", "venues.ib.orders:Orders"
TRANSLATOR, DESK, VALIDATOR = "venues.ib.translate:Translator", "venues.ib.desk:Desk", "venues.ib.validator:Validator"

BUGS: Final = (
    Bug(
        "an execution told twice is booked twice",
        "What the venue says again after a reconnect is a second position in the books.",
        "I6",
        (Edit("execution.book:Book.count", "if fill.exec_id in self.executions:", "if False:"),),
        "execution/test_supervisor.py::test_an_execution_counts_once",
    ),
    Bug(
        "a correction is added, not put in place",
        "A corrected execution counts beside the one it corrects.",
        "I6",
        (Edit(f"{FILLS}:correct", "new.qty - old.qty, new.qty * new.px - old.qty * old.px", "new.qty, new.qty * new.px"),),
        "engine/test_hearing.py::test_a_correction_of_a_correction_counts_the_last_one",
    ),
    Bug(
        "a correction told twice is counted twice",
        "The second telling of a correction changes the books again.",
        "I6",
        (Edit(f"{SUPERVISOR}._correct", "if new.exec_id in book.executions:", "if False:"),),
        "engine/test_hearing.py::test_a_corrected_price_of_an_open_bracket_is_in_its_round_trip",
    ),
    Bug(
        "a fill behind a cancel is dropped",
        "An execution that overtakes the word of its cancel is a position that nobody has in the books.",
        "I5",
        (
            Edit(f"{FILLS}:fill", "if not book.count(b, told):", "if told.leg is Leg.ENTRY and b.cancelling or not book.count(b, told):"),
            Edit(f"{FILLS}:fill", "_told_too_late(book.executions[told.exec_id], b, told, facts, now_ns)", "pass"),
        ),
        "engine/test_desk_silence.py::test_an_entry_whose_fill_overtakes_its_cancel_is_a_position_like_any_other",
    ),
    Bug(
        "a cancel that was only asked for frees its risk",
        "An entry counts as gone from the moment its cancel leaves, and may still fill.",
        "I24",
        (
            Edit(
                f"{SUPERVISOR}.withdraw",
                "bracket.cancelling = True",
                "bracket.cancelling, bracket.dead = True, bracket.qty - bracket.filled",
            ),
        ),
        "engine/test_desk_silence.py::test_what_is_at_stake_at_the_stops_counts_before_another_entry",
    ),
    Bug(
        "an error is taken for the end of its order",
        "A code that speaks of refusal ends an order that the broker works on.",
        "I24",
        (Edit(f"{TRANSLATOR}._error", "if part.is_inactive or (part.leg in (Leg.STOP, Leg.TARGET) and not part.has_lived):", "if True:"),),
        "venues/ib/test_translate.py::test_words_alone_never_end_an_order_that_works",
    ),
    Bug(
        "a refused cancel is taken for an order that is gone",
        "Codes about a cancel (161, 10147, 10148) end the order that they say nothing of.",
        "I24",
        (
            Edit(
                f"{TRANSLATOR}._error",
                "return [said]  # it is sent again",
                "return [said, *self._reject(life, part, m.text)]  # it is sent again",
            ),
        ),
        "venues/ib/test_translate.py::test_words_alone_never_end_an_order_that_works",
    ),
    Bug(
        "a missing stop is never put back",
        "A position whose stop is gone stays without one.",
        "I7",
        (Edit(f"{SUPERVISOR}.repair", "if not b.is_wrong or", "if True or"),),
        "execution/test_supervisor_repair.py::test_a_position_whose_stop_is_gone_is_to_be_protected_for_what_is_held",
    ),
    Bug(
        "a stop is put back again at once",
        "A repair is said anew before the first could be confirmed.",
        "I8",
        (Edit(f"{SUPERVISOR}.repair", "b.n_repairs and now_ns - b.repaired_ns < self.repair_ns", "False"),),
        "execution/test_supervisor_repair.py::test_a_repair_is_said_again_after_a_pause_and_a_few_times",
    ),
    Bug(
        "a stop is put back over what was ordered",
        "The repaired stop is as large as the order was, not as what is held.",
        "I8",
        (Edit(f"{SUPERVISOR}.repair", "cause, b.held, b.stop_px", "cause, b.qty, b.stop_px"),),
        "execution/test_supervisor_repair.py::test_a_stop_too_small_or_too_large_is_repaired_and_one_that_waits_for_the_rest_is_not",
    ),
    Bug(
        "a position without a stop is not left in time",
        "What no stop covers waits for one for ever.",
        "I7",
        (Edit(f"{CARE}:_why_leave", "if b.phase is _EXPOSED and now_ns", "if False and now_ns"),),
        "engine/test_desk_silence.py::test_a_position_no_stop_covers_in_time_is_left",
    ),
    Bug(
        "a position without a stop is neither covered nor left",
        "Both defences are gone: nobody puts a stop back, and nobody leaves what has none.",
        "I7",
        (
            Edit(f"{SUPERVISOR}.repair", "if not b.is_wrong or", "if True or"),
            Edit(f"{CARE}:_why_leave", "if b.phase is _EXPOSED and now_ns", "if False and now_ns"),
        ),
        1_000_111,
    ),
    Bug(
        "a stop moves away from the market",
        "A strategy may make its loss larger than was approved.",
        "I11",
        (Edit(f"{SUPERVISOR}.move_stop", " or (stop_px - bracket.stop_px) * bracket.side <= 0", ""),),
        "execution/test_supervisor.py::test_a_stop_moves_only_closer_and_only_under_a_protected_position",
    ),
    Bug(
        "an entry never dies of age",
        "What does not fill in its time to live rests on.",
        "I26",
        (Edit(f"{CARE}:_see_to", "now_ns - b.sent_ns >= desk.ttl_ns or ", ""),),
        "engine/test_desk.py::test_an_entry_that_does_not_fill_is_withdrawn_when_its_time_is_over",
    ),
    Bug(
        "silence about an order means that it is dead",
        "An order nobody answered for five seconds is forgotten, and fills later.",
        "I3",
        (
            Edit(f"{CARE}:_watch_silence", ">= desk.answer_ns", ">= 5_000_000_000"),
            Edit(
                f"{CARE}:_watch_silence",
                'desk.breaker.trip(f"no answer about bracket {b.ref}", TradingState.HALTED, desk.facts, latched=True)',
                "b.dead = b.qty - b.filled; desk.supervisor._end(b, desk.facts, now_ns)",
            ),
        ),
        "engine/test_desk_silence.py::test_an_order_nobody_answers_halts_and_a_person_cannot_talk_it_away",
    ),
    Bug(
        "the rest of an entry works on behind its stop",
        "When a child fills first, what is left of the entry is not withdrawn and fills without a stop.",
        "I7",
        (Edit(f"{SUPERVISOR}._fill", "return [self.withdraw(b, now_ns, cause)]", "return []"),),
        "execution/test_supervisor.py::test_what_is_left_of_an_entry_is_cancelled_when_a_child_fills_and_the_bracket_waits_for_the_word",
    ),
    Bug(
        "an intent that comes again is another bracket",
        "The same decision, played again, is a second command.",
        "I1",
        (
            Edit(
                f"{SUPERVISOR}.submit", "(done := book.intents.get(intent(cause, approved.key))) is not None", "(done := None) is not None"
            ),
        ),
        "execution/test_supervisor_repair.py::test_the_same_intent_again_gives_the_same_command_and_no_second_bracket",
    ),
    Bug(
        "a bracket that was submitted is submitted again",
        "The edge makes three new orders of a command that it has carried out.",
        "I1",
        (Edit(f"{ORDERS}.submit", "(life := self.book.lives.get(command.ref)) is not None", "(life := None) is not None"),),
        "venues/ib/test_venue.py::test_a_ref_is_never_submitted_twice",
    ),
    Bug(
        "an exit without an answer is sent again",
        "After a reconnect orders that close are repeated like a stop's level.",
        "I8",
        (
            Edit(
                f"{ORDERS}.again",
                "part.known is not None and part.known != part.wanted",
                "(part.known is None or part.known != part.wanted)",
            ),
            Edit(f"{ORDERS}.again", " and part.leg is not Leg.EXIT", ""),
        ),
        "venues/ib/test_orders.py::test_a_change_that_was_not_acknowledged_is_said_again_an_exit_never",
    ),
    Bug(
        "exits work on when nothing is held",
        "Orders that hang behind a flat bracket are not cancelled, and open a position.",
        "I8",
        (Edit(f"{ORDERS}.hanging", "if is_flat else []", "if False else []"),),
        "venues/ib/test_orders.py::test_orders_that_hang_behind_a_flat_bracket_are_named",
    ),
    Bug(
        "an exit is for what was ordered",
        "Leaving closes the whole order, though only a part of it filled.",
        "I8",
        (Edit(f"{ORDERS}.due", "self._leave(life, life.held - life.leaving_qty)", "self._leave(life, life.submit.qty)"),),
        "venues/ib/test_orders.py::test_an_exit_cancels_the_rest_of_an_entry_and_closes_what_still_fills",
    ),
    Bug(
        "children stay as large as the order",
        "An entry that ends with a part filled keeps a stop and a target for all of it.",
        "I8",
        (Edit(f"{ORDERS}.due", "for part in self._too_big(life) if", "for part in () if"),),
        "venues/ib/test_orders.py::test_exits_are_cut_to_what_is_held_when_the_entry_ends_with_a_part_filled",
    ),
    Bug(
        "a target is cut beside its group",
        "Its group reckons from another size, and a rest of it outlives the position.",
        "I8",
        (Edit(f"{ORDERS}._is_the_groups", "return part.rest", "return False and part.rest"),),
        "venues/ib/test_orders.py::test_what_a_stop_fills_its_group_takes_from_the_target_and_only_what_stays_is_cut",
    ),
    Bug(
        "a stop is cut while a fill of its entry is under way",
        "What a status told and no execution yet is held all the same, and its stop covers less.",
        "I7",
        (Edit(f"{ORDERS}._too_big", "entry.filled < entry.told", "False"),),
        "venues/ib/test_orders.py::test_nothing_is_cut_below_what_an_entry_was_told_to_have_filled",
    ),
    Bug(
        "what our own door kept back was a try",
        "A run behind a fence uses up all exits of a bracket; whoever comes after it leaves nothing.",
        "I26",
        (Edit(f"{SUPERVISOR}.on_report", "not report.was_sent", "False"),),
        "engine/test_desk_silence.py::test_an_exit_that_our_own_door_kept_back_was_no_try",
    ),
    Bug(
        "an entry goes before its children",
        "The parent is transmitted by itself: it may fill before its stop is at the broker.",
        "I7",
        (Edit(f"{ORDERS}._placing", "order.transmit = transmit", "order.transmit = True"),),
        "venues/ib/test_orders.py::test_a_bracket_is_three_orders_of_which_the_last_lets_all_go",
    ),
    Bug(
        "stop and target share no group",
        "Both exits of a bracket may fill.",
        "I8",
        (Edit(f"{ORDERS}._placing", "if part.group:", "if False:"),),
        "venues/ib/test_orders.py::test_a_bracket_is_three_orders_of_which_the_last_lets_all_go",
    ),
    Bug(
        "an entry leaves before all is known",
        "A connection that only stands counts as one that is ready.",
        "I9",
        (Edit(f"{DESK}._submit", "if not self._connection.is_ready:", "if False:"),),
        "venues/ib/test_venue.py::test_an_answer_that_never_comes_is_not_an_empty_one",
    ),
    Bug(
        "an exit goes beside a stop that works",
        "A position is closed twice: by its stop at the broker, and by an exit that did not wait for the stop to be gone.",
        "I8",
        (Edit(f"{ORDERS}._leave", "if beside and", "if False and"),),
        "venues/ib/test_orders.py::test_an_exit_waits_for_the_end_of_stop_and_target_and_closes_what_is_held_then",
    ),
    Bug(
        "nothing looks at the bytes",
        "An order that is not as it was commanded leaves.",
        "I11",
        (Edit(f"{VALIDATOR}.check", "if why is not None:", "if False:"),),
        "venues/ib/test_validator.py::test_whatever_differs_from_the_command_is_kept",
    ),
    Bug(
        "a number is looked at as what it was before",
        "Of an order like another one the price and quantity of the first are looked at.",
        "I11",
        (
            Edit(
                f"{VALIDATOR}._read",
                "like is not None and (quick := _with(like, values)) is not None",
                "like is not None and (quick := like) is not None",
            ),
        ),
        "venues/ib/test_validator.py::test_an_order_like_one_before_is_read_as_if_it_were_the_first",
    ),
)
