"""Bugs in the second process that ends what the first left open, and in the fence between both."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants.planting import Bug, Edit

CORE, TESTS, FENCE = "runtime.guardian.core", "runtime/guardian/test_core.py", "store.fence:Fence"
CAP = "min(held.qty, max(there, 0)) if held.qty > 0 else max(held.qty, min(there, 0))"

BUGS: Final = (
    Bug(
        "the fence is always open",
        "A runner that was ended, or frozen, sends on.",
        "I18",
        (Edit(f"{FENCE}.is_open", "return self._words[_OPEN] == self._token != 0", "return True"),),
        "store/test_fence.py::test_a_token_is_good_until_the_fence_goes_up_and_never_again",
    ),
    Bug(
        "a token is used again",
        "The next runner gets the number of the one before: a frozen one wakes up as the owner.",
        "I18",
        (Edit(f"{FENCE}.take", "words[_LAST] += 1", "words[_LAST] = 1"),),
        "store/test_fence.py::test_a_run_that_was_frozen_finds_the_token_of_another",
    ),
    Bug(
        "the guardian closes more than there is",
        "What the books say is closed, though the broker holds less of it.",
        "I8",
        (Edit(f"{CORE}:closable", CAP, "held.qty"),),
        f"{TESTS}::test_no_more_is_closed_than_the_broker_holds_on_that_side",
    ),
    Bug(
        "the guardian flattens what is foreign",
        "All that the broker holds is closed, ours or not.",
        "I25",
        (Edit(f"{CORE}:closable", CAP, "max(there, 0) if held.qty > 0 else min(there, 0)"),),
        f"{TESTS}::test_no_more_is_closed_than_the_broker_holds_on_that_side",
    ),
    Bug(
        "one answer is enough",
        "A stop that is being changed is taken for one that is missing.",
        "I7",
        (Edit(f"{CORE}:_is_sure", "return state.doubt_ns is not None and truth.asked_ns - state.doubt_ns >= AGREE_NS", "return True"),),
        f"{TESTS}::test_one_answer_without_a_stop_is_not_believed",
    ),
    Bug(
        "the guardian acts beside the runner",
        "Orders are cancelled and closed while the process that sent them can still send.",
        "I18",
        (Edit(f"{CORE}:_act", "if seen.reach is Reach.TAKEN:", "if True:"),),
        f"{TESTS}::test_nothing_is_touched_before_the_runner_can_send_no_more",
    ),
    Bug(
        "a heartbeat of yesterday counts",
        "A word that was said long ago is a sign of life as often as it is read.",
        "I9",
        (Edit(f"{CORE}:_heard", "if runner.said_ns != state.said_ns:", "if runner.said_ns is not None:"),),
        f"{TESTS}::test_a_word_of_yesterday_is_no_sign_of_life_and_no_silence_either",
    ),
    Bug(
        "the guardian closes beside live orders",
        "A position is closed while its stop works, and both fill.",
        "I8",
        (Edit(f"{CORE}:_with_truth", "if theirs:", "if False:"),),
        f"{TESTS}::test_nothing_is_closed_while_an_order_of_ours_is_live",
    ),
    Bug(
        "the guardian believes an old answer",
        "What was asked before the cancel is taken for what came of it.",
        "I4",
        (Edit(f"{CORE}:_with_truth", "truth is None or truth.asked_ns <= state.acted_ns", "truth is None"),),
        f"{TESTS}::test_an_answer_to_what_was_asked_before_the_cancel_is_no_answer_to_it",
    ),
    Bug(
        "the guardian closes twice",
        "An order that closes and has not filled yet is followed by another.",
        "I8",
        (Edit(f"{CORE}:_is_closing", "if each.ref == ref and", "if False and"),),
        f"{TESTS}::test_what_is_being_closed_is_not_closed_twice",
    ),
    Bug(
        "no answer is a reason to trade",
        "The guardian goes on with what it saw before the broker fell silent.",
        "I4",
        (Edit(f"{CORE}:_with_truth", "if seen.trouble:", "if False:"),),
        f"{TESTS}::test_no_answer_while_it_acts_is_told_once_and_nothing_leaves_until_there_is_one",
    ),
    Bug(
        "orders of another chain are ours",
        "What another data folder trades in the account is cancelled and closed.",
        "I25",
        (Edit("runtime.guardian.ours:Ours.truth", "[each for each in seen.orders if each.named.run == name]", "list(seen.orders)"),),
        "runtime/guardian/test_ours.py::test_orders_of_another_chain_are_not_ours",
    ),
    Bug(
        "a correction is another execution to the guardian",
        "What is held is counted with the execution and with its correction.",
        "I6",
        (Edit("runtime.guardian.ours:fill", "parts[root] =", "parts[exec_id] ="),),
        "runtime/guardian/test_ours.py::test_a_corrected_execution_counts_as_it_stands",
    ),
    Bug(
        "the guardian believes a TWS cut off from IB",
        "What it shows, or nothing, counts as the broker's whole answer.",
        "I4",
        (Edit("venues.ib.guarding:Link.look", "if self._is_away or link != self._n_links:", "if False:"),),
        "venues/ib/test_guarding.py::test_what_a_tws_without_a_link_to_ib_shows_is_no_answer",
    ),
    Bug(
        "the guardian misses its order while nobody answers",
        "What waits in TWS is closed a second time when the link is back.",
        "I8",
        (Edit(f"{CORE}:_unseen_ns", "max(each.sent_ns, seen.now_ns if state.known_ns is None else state.known_ns)", "each.sent_ns"),),
        f"{TESTS}::test_a_closing_order_is_not_missed_in_the_time_in_which_the_broker_did_not_answer",
    ),
    Bug(
        "entries do not need a guardian",
        "Its silence is not looked at before an entry.",
        "I9",
        (Edit("runtime.live.doors:Door.why_unguarded", "if silent_ns is not None and silent_ns <= self._silent_ns:", "if True:"),),
        "runtime/live/test_doors.py::test_entries_need_a_guardian_that_is_heard_and_exits_do_not",
    ),
)
