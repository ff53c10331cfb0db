"""Bugs in what may be risked: limits, sizes, money, the breaker, execution quality."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants.planting import Bug, Edit

MEASURE, JUDGE, STANDING, BREAKER = "risk.limits:measure", "risk.chain:Gate.judge", "engine.gating:standing", "risk.breaker:Breaker"

BUGS: Final = (
    Bug(
        "what is just allowed is refused",
        "A measure is held against its limit with < in place of <=.",
        "I11",
        (
            Edit(
                JUDGE,
                "all(map(le, values, self.thresholds))",
                "all(v < t or v == t == 0 for v, t in zip(values, self.thresholds, strict=True))",
            ),
            Edit(JUDGE, "if not value <= threshold:", "if not (value < threshold or value == threshold == 0):"),
        ),
        "risk/test_chain.py::test_twelve_ticks_of_one_mes_are_just_allowed_by_the_default_law",
    ),
    Bug(
        "what is not a number passes",
        "A limit that cannot be computed refuses nothing.",
        "I12",
        (Edit(JUDGE, "all(map(le, values, self.thresholds))", "not any(v > t for v, t in zip(values, self.thresholds, strict=True))"),),
        "risk/test_no_path.py::test_a_field_that_is_no_number_of_ours_is_never_approved",
    ),
    Bug(
        "one contract more than the risk allows",
        "Sizes are rounded up.",
        "I11",
        (
            Edit(
                "risk.sizing:contracts_for_risk",
                "return risk_micros // one_contract_micros",
                "return -(-risk_micros // one_contract_micros)",
            ),
        ),
        "risk/test_sizing.py::test_the_tightest_limit_sets_the_size",
    ),
    Bug(
        "unknown equity allows",
        "Shares of what is not known are held against nothing.",
        "I9",
        (
            Edit(MEASURE, "now.equity_micros is None,", "False,"),
            Edit(MEASURE, "now.equity_micros or 1\n", "now.equity_micros or 1 << 60\n"),
        ),
        "engine/test_hearing_fitness.py::test_nothing_is_decided_before_equity_was_said",
    ),
    Bug(
        "a margin that nobody told allows",
        "What the broker has not said yet binds nothing.",
        "I4",
        (Edit(MEASURE, 'now.margins.get(f"{side * qty:+d}", INF)', 'now.margins.get(f"{side * qty:+d}", 0)'),),
        "engine/test_margin.py::test_the_first_order_of_a_size_is_a_question_and_its_answer_lets_it_in",
    ),
    Bug(
        "one more loss in a row",
        "The entry behind the last loss that the law bears is let in.",
        "I11",
        (Edit(MEASURE, "now.losses_in_row,", "now.losses_in_row - 1,"),),
        "risk/test_chain.py::test_a_case_beyond_one_limit_is_refused_with_its_reason",
    ),
    Bug(
        "one more entry a day",
        "The entry that is judged is not counted among the day's.",
        "I11",
        (Edit(MEASURE, "now.n_entries_day + 1,", "now.n_entries_day,"),),
        "risk/test_chain.py::test_a_case_beyond_one_limit_is_refused_with_its_reason",
    ),
    Bug(
        "a contract that is ours is entered again",
        "A bracket that works, or whose outcome is unknown, does not block its contract.",
        "I3",
        (Edit(STANDING, "is_owned=any(b.key.contract == contract for b in mine)", "is_owned=False"),),
        "engine/test_desk.py::test_a_bracket_that_waits_or_is_held_counts_its_heat_margin_and_size",
    ),
    Bug(
        "heat counts what is held alone",
        "Entries that work, and may all fill, risk nothing.",
        "I11",
        (Edit(STANDING, "b.risk_micros * qty // b.qty for b, qty in held", "b.risk_micros * abs(b.open) // b.qty for b, qty in held"),),
        "engine/test_desk.py::test_a_bracket_that_waits_or_is_held_counts_its_heat_margin_and_size",
    ),
    Bug(
        "correlation is not asked for",
        "What moves as one is bought twice.",
        "I11",
        (Edit("engine.gating:_with_books", "longs, shorts = alike(desk, key.contract, mine)", "longs = shorts = -INF"),),
        "simulation/mutants/test_missing.py::test_what_moves_as_one_with_what_is_held_is_not_entered_on_the_same_side",
    ),
    Bug(
        "the day's loss ignores commissions",
        "Neither what was paid nor what leaving will cost counts.",
        "I14",
        (Edit("engine.money:_held", "b.fees_micros + place.terms.fee(abs(b.open))", "0"),),
        "engine/test_desk_days.py::test_fees_and_the_fee_of_leaving_count_towards_the_day",
    ),
    Bug(
        "a round trip is booked before its commissions",
        "What is realised is what the price gave.",
        "I14",
        (Edit("engine.reports:_close", "contract.value_micros(pnl) - b.fees_micros", "contract.value_micros(pnl)"),),
        "engine/test_desk.py::test_a_round_trip_tells_prices_money_and_risk",
    ),
    Bug(
        "commissions that are due count for nothing",
        "A fee that nobody has told yet is taken for none.",
        "I14",
        (Edit("engine.money:look_at_books", "_fees_due(desk)", "0"),),
        "engine/test_money.py::test_a_commission_that_comes_late_takes_the_place_of_what_was_assumed",
    ),
    Bug(
        "a loss is marked at the better side",
        "What is open is valued at the side of the quote where nobody buys it.",
        "I14",
        (Edit("engine.money:_held", "BID_SIDE if b.side > 0 else ASK_SIDE", "ASK_SIDE if b.side > 0 else BID_SIDE"),),
        "engine/test_desk_days.py::test_fees_and_the_fee_of_leaving_count_towards_the_day",
    ),
    Bug(
        "what is heard does not stir the limits",
        "Books and orders are measured behind our own commands alone.",
        "I14",
        (Edit("engine.engine:Engine.step", "self.desk.is_stirred = True", "pass"),),
        "engine/test_observing.py::test_an_account_that_shrinks_under_its_positions_breaks_heat_once",
    ),
    Bug(
        "a clock set back begins the day anew",
        "Counters of the day are empty again when the wall clock steps back.",
        "I16",
        (Edit("engine.desk:Desk.begin_day", "if now_ns < self._day_until_ns:", "if False:"),),
        "simulation/mutants/test_missing.py::test_a_clock_that_goes_back_over_midnight_and_on_again_forgets_no_entry_of_the_day",
    ),
    Bug(
        "a clock that is off stops nothing",
        "The difference between our clock and the broker's is noted, and no more.",
        "I16",
        (Edit("engine.hearing.machine:compared", "if state is held:", "if True:"),),
        "engine/test_hearing_fitness.py::test_a_clock_that_is_off_shuts_and_one_that_is_far_off_halts_until_it_is_right_again",
    ),
    Bug(
        "a latched cause is cleared by itself",
        "What only a person may lift is over when its cause is.",
        "I9",
        (Edit(f"{BREAKER}.clear", "if cause in self.causes and cause not in self.latched:", "if cause in self.causes:"),),
        "risk/test_breaker.py::test_a_cause_that_stands_can_still_be_latched",
    ),
    Bug(
        "a cause latched beside another one is told to nobody",
        "A week's loss found while halted is no fact: nobody reads it, and the next process does not know it.",
        "I9",
        (Edit(f"{BREAKER}.trip", "if (now := self._latched(cause)) is not None and now != before:", "if False:"),),
        "risk/test_breaker.py::test_a_cause_that_is_latched_beside_another_one_is_told_once_and_once_more_when_it_has_all_left",
    ),
    Bug(
        "the last cause decides",
        "A milder cause takes the place of a worse one.",
        "I9",
        (Edit(f"{BREAKER}.trip", "if held is None or _RANK[state] > _RANK[held]:", "if True:"),),
        "risk/test_breaker.py::test_a_latched_cause_is_never_softened_by_the_same_cause",
    ),
    Bug(
        "a halt keeps positions in",
        "While the state is HALTED nothing is left, not by time and not by its stop's loss.",
        "I10",
        (
            Edit(
                "engine.care:_see_to",
                "why = _why_leave(desk, b, place, now_ns)",
                "why = None if halted else _why_leave(desk, b, place, now_ns)",
            ),
        ),
        "engine/test_desk_silence.py::test_a_halt_leaves_a_position_to_its_stop_and_its_own_exits",
    ),
    Bug(
        "a lost connection shuts nothing",
        "Entries are decided while the broker is away.",
        "I9",
        (Edit("engine.hearing:hear", "desk.breaker.trip(CONNECTION, TradingState.REDUCING, desk.facts)", "pass"),),
        "engine/test_hearing_fitness.py::test_nothing_that_adds_risk_leaves_without_all_of_the_evidence",
    ),
    Bug(
        "execution quality never falls",
        "Bad executions are counted and change nothing.",
        "I11",
        (Edit("execution.quality:Quality.note", "seen.value = _clamped(", "seen.value = max(seen.value, "),),
        "execution/test_quality.py::test_bad_executions_lead_through_all_three_tiers_and_good_ones_back",
    ),
)
