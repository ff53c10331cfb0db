"""Bugs in how the program and the broker come to the same: reconnects, questions, restarts, numbers, strangers, people."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants.planting import Bug, Edit, Setting

TRANSLATOR, RECONCILER, CONNECTION = "venues.ib.translate:Translator", "venues.ib.reconcile:Reconciler", "venues.ib.connection:Connection"
EXECUTIONS = "await ask.numbered(lambda req_id: client.reqExecutions(req_id, mine), timeout_s=answer_s, again_s=AGAIN_S)"

BUGS: Final = (
    Bug(
        "executions are not asked for",
        "What filled while nobody listened is never heard: events alone are believed.",
        "I6",
        (Edit(f"{RECONCILER}._look", EXECUTIONS, "done"),),
        0,
    ),
    Bug(
        "an execution shown again is another one",
        "The translator tells executions anew whenever it is shown them.",
        "I6",
        (Edit(f"{TRANSLATOR}._execution", "done = self.book.executions.get(root)", "done = None"),),
        "venues/ib/test_translate.py::test_executions_told_again_after_a_reconnect_are_told_once",
    ),
    Bug(
        "two answers at once are enough",
        "An order that a gateway shows late is thought gone, for both answers came before it was shown.",
        "I3",
        (Setting("venues.ib.reconcile:APART_S", 0.0),),
        "simulation/mutants/test_missing.py::test_an_order_that_a_gateway_shows_late_is_not_said_never_to_have_come",
    ),
    Bug(
        "what the broker names no more is as it was",
        "A position that went flat while nobody ran, and of which none was ever written, is told by nobody.",
        "I26",
        (Edit("venues.ib.account:Account.gone", "if con_id not in self.positions and con_id not in told", "if False"),),
        "venues/ib/test_past.py::test_what_went_flat_while_nobody_ran_is_told_flat[no position was ever written]",
    ),
    Bug(
        "a contract is held under a number that it no longer has",
        "Nothing is held under that of another gateway: the position counts as closed by hand, and its stop is cancelled.",
        "I7",
        (Edit("venues.ib.contracts:Names.add", "if each.id == contract.id", "if False"),),
        "venues/ib/test_reconcile.py::test_a_contract_that_once_had_another_number_is_held_under_the_one_it_has",
    ),
    Bug(
        "only a whole answer shows that an order had arrived",
        "An exit that was refused is known to be no sooner than five seconds behind the last question that stayed without an answer.",
        "I7",
        (Edit(f"{RECONCILER}._arrived", "for part in parts:", "for part in ():"),),
        "venues/ib/test_venue_leaving.py::test_an_exit_is_known_to_be_refused_soon_after_a_question_is_answered_again[open orders]",
    ),
    Bug(
        "a TWS cut off from IB shows all there is",
        "Its answers count as whole: an exit that waits in it is thought lost, and sent again.",
        "I3",
        (Edit(f"{RECONCILER}._stands", "link is not None and link == self._link()", "True"),),
        "venues/ib/test_reconcile.py::test_an_exit_that_waits_in_a_tws_cut_off_from_ib_is_not_told_as_refused",
    ),
    Bug(
        "1102 asks nothing",
        "When the link to IB is back, what was lost meanwhile is not asked for.",
        "I9",
        (Edit(f"{CONNECTION}._hear_code", "self._is_away, self._must_resync = False, True", "self._is_away = False; return"),),
        "venues/ib/test_connection.py::test_ready_is_lost_with_the_link_behind_tws_and_earned_anew",
    ),
    Bug(
        "1100 lets everything stand",
        "While TWS has no connection to IB the program believes itself connected.",
        "I9",
        (Edit(f"{CONNECTION}._hear_code", "case c if c in (LOST_IB, BROKEN):", "case c if c in ():"),),
        "venues/ib/test_connection.py::test_ready_is_lost_with_the_link_behind_tws_and_earned_anew",
    ),
    Bug(
        "ready without an answer",
        "A resync whose questions failed is taken for one that was answered.",
        "I4",
        (Edit(f"{CONNECTION}._become_ready", "if why is not None:", "if False:"),),
        "venues/ib/test_venue.py::test_an_answer_that_never_comes_is_not_an_empty_one",
    ),
    Bug(
        "silence is an empty answer",
        "A question that nobody answers in time comes back as Known, with nothing in it.",
        "I4",
        (Edit("venues.ib.questions:Questions._ask", 'return Unknown(f"no answer in {timeout_s:g} s")', "return Known(pending.rows)"),),
        "venues/ib/test_questions.py::test_silence_is_unknown_and_its_late_rows_count_for_the_next_question",
    ),
    Bug(
        "unanswered positions are no positions",
        "A muted answer to the question for positions is read as flat.",
        "I4",
        (Edit(f"{RECONCILER}.quietly", 'return f"positions: {held.reason}"', "held = Known([])"),),
        "simulation/drills/test_people.py::test_an_answer_that_does_not_come_is_not_an_empty_one[PositionEnd]",
    ),
    Bug(
        "unanswered open orders are no orders",
        "A muted answer to the question for open orders is read as none.",
        "I4",
        (Edit(f"{RECONCILER}._look", 'return f"open orders: {shown.reason}"', "shown = Known([])"),),
        "simulation/drills/test_people.py::test_an_answer_that_does_not_come_is_not_an_empty_one[OpenOrderEnd]",
    ),
    Bug(
        "unanswered executions are no executions",
        "A muted answer to the question for executions is read as none.",
        "I4",
        (Edit(f"{RECONCILER}._look", 'return f"executions: {fills.reason}"', "pass"),),
        "simulation/drills/test_people.py::test_an_answer_that_does_not_come_is_not_an_empty_one[ExecutionDataEnd]",
    ),
    Bug(
        "a half-open socket is never found",
        "The heart beats and nobody waits for its answer.",
        "I9",
        (Edit(f"{CONNECTION}._beat", 'self._lose(f"no heartbeat: {answer.reason}")', "pass"),),
        "venues/ib/test_connection.py::test_a_half_open_socket_is_found_by_its_missing_heartbeat",
    ),
    Bug(
        "order ids are what the gateway says",
        "A gateway that was rolled back has ids of lost orders used again.",
        "I19",
        (Edit("venues.ib.ids:Ids.hear", "if next_valid_id < self._next:", "if False:"),),
        "venues/ib/test_ids.py::test_a_gateway_that_was_rolled_back_gets_no_id_twice",
    ),
    Bug(
        "ids begin anew with the process",
        "What a process that died has used is not kept.",
        "I19",
        (Edit("venues.ib.ids:Ids.order", 'write_whole(self._path, b"%d\\n" % self._kept)', "pass"),),
        "venues/ib/test_ids.py::test_ids_go_on_behind_those_of_a_process_that_was_killed",
    ),
    Bug(
        "a restart forgets what lives",
        "The next process knows nothing of the brackets that the one before left open.",
        "I17",
        (Edit("runtime.live.recalling:recall", "for ref in sorted(sent)", "for ref in ()"),),
        1,
    ),
    Bug(
        "a restart forgets what was booked",
        "The next process takes executions of the one before for new ones.",
        "I6",
        (
            Edit(f"{TRANSLATOR}._execution", "if not is_news:", "if False:"),
            Edit(f"{TRANSLATOR}._execution", "(old := done or before)", "(old := done)"),
        ),
        "venues/ib/test_translate.py::test_a_new_process_tells_no_execution_that_the_engine_has_but_counts_it",
    ),
    Bug(
        "a difference is believed away",
        "The broker holds something else than the books, for ever, and nobody halts.",
        "I5",
        (Edit("execution.reconcile:Referee.judge", "elif now_ns - since_ns >= limit_ns:", "elif False:"),),
        "engine/test_hearing.py::test_a_position_that_our_executions_do_not_make_halts_when_it_lasts",
    ),
    Bug(
        "a stranger's order that is gone works for ever",
        "What whole answers lack is not told as over: nobody enters its contract any more.",
        "I25",
        (Edit("venues.ib.foreign:Foreign.gone", "if n >= least and", "if False and"),),
        "venues/ib/test_foreign.py::test_two_whole_answers_without_it_five_seconds_apart_are_its_end_and_it_is_told_once",
    ),
    Bug(
        "a foreign position keeps nobody out",
        "Entries go into a contract that somebody else holds or works.",
        "I25",
        (
            Edit(
                "execution.reconcile:Referee.is_foreign",
                "return bool(stranger or contract in self.since_ns or contract in self.by_hand)",
                "return False",
            ),
        ),
        "engine/test_hearing_strangers.py::test_where_it_is_not_nobody_enters_and_ours_is_cared_for",
    ),
    Bug(
        "what a hand closed untold is to be covered",
        "The engine asks for a stop over what the broker holds no more, and for want of it leaves the rest, which has one.",
        "I25",
        (Edit("engine.hearing.foreign:_share", "b.by_hand, room = max(0, b.open - room),", "b.by_hand, room = 0,"),),
        "engine/test_hearing_strangers.py::test_of_a_position_that_is_gone_untold_nothing_is_repaired_or_left_and_a_flatten_sends_nothing",
    ),
    Bug(
        "a position closed by hand keeps its exits",
        "What a person closed in TWS leaves stop and target at work.",
        "I8",
        (Edit("engine.hearing.foreign:_count", "if qty > 0:", "if False:"),),
        "engine/test_hearing_strangers.py::test_a_position_closed_by_hand_is_booked_at_the_hands_price_its_orders_go_and_the_contract_is_locked",
    ),
    Bug(
        "the HALT file is not looked at",
        "A person lays it, and trading goes on.",
        "I9",
        (Edit("runtime.live.asking:Asking._must_halt", "if not Folders(self._data).halt.exists() or", "if True or"),),
        "runtime/live/test_asking.py::test_the_halt_file_halts_once_and_again_when_its_halt_was_lifted_beside_it",
    ),
    Bug(
        "a loss is lifted without words",
        "Any resume clears what was lost up to a limit.",
        "I9",
        (Edit("runtime.live.wishes:_resume", 'if lost and details.get("words", "").strip() != LOSS_WORDS:', "if False:"),),
        "runtime/live/test_asking.py::test_a_halt_after_a_loss_is_lifted_by_words_that_were_typed",
    ),
    Bug(
        "exits need the arming token",
        "When it has expired a position can not be left any more.",
        "I10",
        (Edit("runtime.live.doors:Door.why_not", "if not isinstance(command, Submit):", "if False:"),),
        "runtime/live/test_doors.py::test_after_the_token_has_expired_exits_leave_and_entries_do_not",
    ),
)
