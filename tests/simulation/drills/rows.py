"""What the workbench must do in each row of the catalogue of faults, as claims about a drill. The ledger is held to the truth elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.simulation.drills.drill import ACCOUNT, LATER_S, Drill
from workbench.domain.decisions import StateChanged, TradingState
from workbench.domain.events import (
    BrokerSaid,
    ConnectionChanged,
    FillCorrected,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PositionTold,
    StreamChanged,
)
from workbench.domain.orders import Leg
from workbench.wire import CancelOrder, PlaceOrder, ReqDepth, ReqMktData, ReqTickByTick

Claim = Callable[[Drill], object]
STRUCK_S = 20 + LATER_S  # when the scenarios that go by the clock strike
PRICES = ("l1-250ms", "tick-by-tick")


def codes(drill: Drill) -> list[int]:
    """Numbers of what the broker said, as the log has them."""
    return [event.code for event in drill.of(BrokerSaid)]


def entries_s(drill: Drill, from_s: float = 0.0, until_s: float = 1e9) -> list[float]:
    """When entries were commanded."""
    times = [drill.s_of(command.decided_ns) for command in drill.submitted().values()]
    return [at_s for at_s in times if from_s <= at_s < until_s]


def states(drill: Drill, *of: str) -> list[tuple[float, str]]:
    """When a stream that tells prices came to a state."""
    told = [(drill.s_of(each.recv_ns), each.event) for each in drill.arrivals if isinstance(each.event, StreamChanged)]
    return [(at_s, event.stream) for at_s, event in told if event.stream in PRICES and event.state in of]


# ---------------------------------------------------------------------- the connection
def away(drill: Drill, from_s: float = STRUCK_S, at_most_s: float = 75.0) -> tuple[float, float]:
    """Say when the venue was away, besides its beginning; entries were shut for all of it, and opened again behind it."""
    ((lost, back),) = drill.downs()[1:]
    assert from_s <= lost < from_s + 12 and back - lost <= at_most_s
    assert not entries_s(drill, lost + 0.01, back)
    assert TradingState.REDUCING in {fact.state for fact in drill.facts(StateChanged)}
    assert drill.sampled[-2].is_ready and not drill.latched()
    return lost, back


def cut_off(drill: Drill, code: int, again: int, *, asks_anew: bool, from_s: float = STRUCK_S, for_s: float = 30.0) -> None:
    """1100: entries shut, data stale, stops untouched; afterwards streams are asked for again, or must flow, before it is ready."""
    lost, back = away(drill, from_s, for_s + 12)
    said = codes(drill)
    assert said.index(code) < said.index(again)
    assert {stream for at_s, stream in states(drill, "silent") if abs(at_s - lost) < 1} & set(PRICES)
    assert not [event for event in drill.of(OrderCancelled) if event.leg is Leg.STOP and drill.is_open_at(event.ref, lost, lost + for_s)]
    assert [stream for at_s, stream in states(drill, "live") if lost + for_s - 1 < at_s < back + 30]
    n = drill.n_asked
    assert (n[ReqTickByTick] >= 4 and n[ReqMktData] >= 2 and n[ReqDepth] >= 2) == asks_anew


def reconnects(drill: Drill, at_most_s: float = 75.0, from_s: float = STRUCK_S) -> None:
    """The socket is given up and made anew, everything is asked for, and trading goes on."""
    lost, back = away(drill, from_s, at_most_s)
    assert {stream for at_s, stream in states(drill, "lost") if abs(at_s - lost) < 1} & set(PRICES)
    assert drill.venue.connection.n_connects == 2
    assert [stream for at_s, stream in states(drill, "live") if at_s > lost] and back > lost


def moved(drill: Drill) -> None:
    reconnects(drill, 5)
    assert drill.venue.connection.port == 7498 and 1300 in codes(drill)


def heard_by_heartbeat(drill: Drill) -> None:
    """Half open: found by the question for the time, within two beats; the id is waited for, and no other one is taken."""
    reconnects(drill, 150)
    assert any("no heartbeat" in event.why for event in drill.of(ConnectionChanged) if not event.up)
    waited_out(drill)


def waited_out(drill: Drill) -> None:
    """326: the same id again and again, slowly, and a person can read why."""
    assert 3 <= codes(drill).count(326) <= 25
    assert any("326" in event.why for event in drill.of(ConnectionChanged) if not event.up)
    assert {state.order.client_id for state in drill.all_orders()} == {drill.venue.connection.client_id}


def held_out(drill: Drill) -> None:
    """The socket broke and the id stays taken for a minute."""
    reconnects(drill)
    waited_out(drill)


def restarts_slowly(drill: Drill) -> None:
    """Nobody listens: tried more slowly, up to each dozen seconds."""
    reconnects(drill, 155)
    assert drill.venue.connection.n_attempts <= 30


def ids_stay(drill: Drill) -> None:
    """nextValidId fell; ours go on rising."""
    reconnects(drill)
    assert any(event.kind == "ids" and "ours are higher" in event.text for event in drill.of(BrokerSaid))
    ours = [state.order.order_id for state in sorted(drill.all_orders(), key=lambda state: state.perm_id)]
    assert ours == sorted(set(ours))


def second_factor(drill: Drill) -> None:
    """Sockets are taken and nothing is said: tried a few times a minute, and a person is told what to do."""
    (lost, back), *_ = drill.downs()[1:]
    assert lost < STRUCK_S + 1 and back - lost > 300 and not entries_s(drill, lost + 0.01, back)
    assert any("second factor" in event.why for event in drill.of(ConnectionChanged))
    assert drill.venue.connection.n_attempts <= 40


def never_ready(drill: Drill) -> None:
    """No reply is not an empty reply: nothing is known, so nothing is sent."""
    assert not any(sample.is_ready for sample in drill.sampled)
    assert not drill.submitted() and not drill.n_asked[PlaceOrder]
    assert any("no answer" in event.why for event in drill.of(ConnectionChanged))


def asked_again_before(drill: Drill, why: str) -> None:
    """A question at the beginning was refused: it is surfaced, asked again, and nothing is traded before."""
    assert any(why in event.why for event in drill.of(ConnectionChanged) if not event.up)
    assert entries_s(drill) and not drill.latched()


# ---------------------------------------------------------------------- market data
def farm(drill: Drill) -> None:
    """2103: streams of the farm are stale within seconds; nobody enters until they flow again."""
    (stale, _), *_ = states(drill, "silent")
    assert STRUCK_S <= stale <= STRUCK_S + 6
    again = min(at_s for at_s, _ in states(drill, "live") if at_s > stale)
    assert not entries_s(drill, stale + 0.01, again) and entries_s(drill, again)
    assert {2103, 2104} <= set(codes(drill))


def competing(drill: Drill) -> None:
    """10197: alarm, stale, tried again after a while."""
    (lost, _), *_ = states(drill, "lost")
    assert STRUCK_S <= lost <= STRUCK_S + 1
    again = min(at_s for at_s, _ in states(drill, "live") if at_s > lost)
    assert not entries_s(drill, lost + 0.01, again) and again > STRUCK_S + 30


def delayed(drill: Drill) -> None:
    """Delayed data is told as such, and no order is ever sent on it."""
    assert any(event.stream == "delayed" for event in drill.of(StreamChanged))
    assert not drill.submitted() and not drill.n_asked[PlaceOrder]


def refused(drill: Drill, code: int, stream: str) -> None:
    """This stream will not come, and that is told; others carry the trade."""
    told = [event for event in drill.of(StreamChanged) if event.state == "refused" and str(code) in event.why]
    assert [event.stream for event in told][:1] == [stream]
    assert entries_s(drill) and not drill.latched()


def nothing_shut(drill: Drill, *said: int) -> None:
    """Routine: never an alarm, never a break."""
    assert set(said) <= set(codes(drill))
    assert not drill.latched() and len(drill.downs()) == 1  # its beginning
    assert entries_s(drill, STRUCK_S, STRUCK_S + 30)


# ---------------------------------------------------------------------- orders
def no_order_ended(drill: Drill, *said: int) -> None:
    """A code is a claim: it ends no order. What is told as ended did end at the broker."""
    assert set(said) <= set(codes(drill))
    assert not drill.of(OrderRejected) and not drill.latched()


def given_up(drill: Drill, code: int) -> None:
    """The entry is told as rejected in IB's words, its children with it; the next bracket is another one."""
    first = drill.of(OrderRejected)[0]
    assert first.leg is Leg.ENTRY and first.text.startswith(f"{code}:")
    assert drill.filled().get(first.ref) is None and len(drill.submitted()) > 2 and not drill.latched()


def lacked_margin(drill: Drill) -> None:
    """201 for want of margin: the broker knows of a limit that ours do not; nothing is entered until a person has read its words."""
    first = drill.of(OrderRejected)[0]
    assert first.leg is Leg.ENTRY and first.text.startswith("201:") and drill.filled().get(first.ref) is None
    (latched,) = drill.latched()
    assert latched == f"margin: {first.text}" and drill.facts(StateChanged)[-1].state is TradingState.REDUCING
    assert max(drill.submitted()) == first.ref


def stop_refused(drill: Drill, code: int) -> None:
    """A stop that was refused is told, and the position is covered or left within the law's time."""
    first = drill.of(OrderRejected)[0]
    assert first.leg is Leg.STOP and first.text.startswith(f"{code}:") and not drill.latched()


def number_taken(drill: Drill) -> None:
    """103: looked first, then placed under new numbers; the bracket lives once."""
    no_order_ended(drill, 103)
    assert drill.filled()[1] == drill.submitted()[1].qty


def keeps_old_terms(drill: Drill) -> None:
    assert 105 in codes(drill) and not drill.latched()


def asks_a_person(drill: Drill, text: str) -> None:
    """What is not known is not guessed: halted, until a person has looked."""
    assert any(text in each for each in drill.latched())
    assert drill.ended is not None and drill.ended.engine.desk.breaker.state is TradingState.HALTED
    assert any(fact.state is TradingState.HALTED for fact in drill.facts(StateChanged))


def read_only(drill: Drill) -> None:
    """Every order comes back: surfaced each time, nothing is believed to live."""
    assert {event.leg for event in drill.of(OrderRejected)} >= {Leg.ENTRY} and not drill.all_orders()


def corrected(drill: Drill) -> None:
    (event,) = drill.of(FillCorrected)
    assert event.exec_id.endswith(".02") and event.replaces.endswith(".01")


def words(drill: Drill, kind: str) -> None:
    """It is told, and nothing breaks."""
    assert any(event.kind == kind for event in drill.of(BrokerSaid)) and len(drill.downs()) == 1


def told_by_position(drill: Drill) -> None:
    """What no execution tells shows in the position; what is ours stays what our executions make it."""
    last = drill.of(PositionTold)[-1]
    assert abs(last.qty) == 1


def taken_back(drill: Drill) -> None:
    """A position that is no more is as one that a hand closed: no order stays over it, nobody enters, a person settles the books."""
    assert drill.broker is not None
    last = drill.of(PositionTold)[-1]
    assert last.qty == drill.broker.position(ACCOUNT, last.contract).qty == 0 and not list(drill.broker.orders())
    (gone,) = [drill.s_of(each.recv_ns) for each in drill.arrivals if getattr(each.event, "kind", "") == "closed-by-hand"]
    assert not entries_s(drill, gone) and any("the broker holds 0, ours are 4" in each for each in drill.latched())


def cut_by_a_hand(drill: Drill) -> None:
    """A hand sold one of four, and no execution is told: its stop is cut and left to work, nobody enters, a person is asked."""
    said = [event.leg for event in drill.of(OrderFilled)]
    assert said == [Leg.ENTRY, Leg.STOP] and not drill.why_left(1) and drill.longest_naked_s() == 0
    assert len(drill.submitted()) == 1 and [each for each in drill.latched() if "the broker holds" not in each] == []


def refused_a_cancel(drill: Drill, code: int) -> None:
    """The cancel was refused: the order lives on in our book, is asked about, and ends when the broker says so."""
    no_order_ended(drill, code)
    assert drill.n_asked[CancelOrder] >= 1


CLAIMS: dict[str, Claim] = {
    "1100_1101_data_lost": partial(cut_off, code=1100, again=1101, asks_anew=True),
    "1100_1102_data_kept": partial(cut_off, code=1100, again=1102, asks_anew=False),
    "1100_1102_reports_lost": partial(away, from_s=10.0, at_most_s=45.0),
    "2110_server_broken": partial(cut_off, code=2110, again=1102, asks_anew=False, for_s=20.0),
    "1300_port_reset": moved,
    "326_id_held": held_out,
    "502_refused": restarts_slowly,
    "503_out_of_date": partial(reconnects, at_most_s=5),
    "504_not_connected": partial(away, at_most_s=30.0),
    "507_bad_length": partial(reconnects, at_most_s=5),
    "507_half_frame": partial(reconnects, at_most_s=5, from_s=0.5),
    "half_open": heard_by_heartbeat,
    "daily_restart": partial(away, at_most_s=90.0),
    "daily_restart_ids_rolled_back": ids_stay,
    "weekly_second_factor": second_factor,
    "answers_muted": never_ready,
    "open_orders_muted": never_ready,
    "200_ambiguous": partial(asked_again_before, why="200"),
    "200_no_definition": partial(asked_again_before, why="200"),
    "321_validation": partial(asked_again_before, why="321"),
    "2103_farm_broken": farm,
    "2103_farm_broken_kept": farm,
    "10197_competing_session": competing,
    "10167_delayed": delayed,
    "101_too_many_lines": partial(refused, code=101, stream="l1-250ms"),
    "354_not_subscribed": partial(refused, code=354, stream="l1-250ms"),
    "10186_delayed_not_enabled": partial(refused, code=10186, stream="l1-250ms"),
    "10089_api_subscription": partial(refused, code=10089, stream="l1-250ms"),
    "10190_tick_by_tick_full": partial(refused, code=10190, stream="tick-by-tick"),
    "309_too_many_depth": partial(refused, code=309, stream="depth"),
    "2104_farms_are_fine": lambda drill: nothing_shut(drill, 2104, 2106, 2158),
    "2105_history_farm_broken": lambda drill: nothing_shut(drill, 2105, 2106),
    "2107_2108_farm_inactive": lambda drill: nothing_shut(drill, 2107, 2108),
    "2119_farm_connecting": lambda drill: nothing_shut(drill, 2119, 2104),
    "2157_secdef_farm_broken": lambda drill: nothing_shut(drill, 2157, 2158),
    "100_rate_exceeded": lambda drill: nothing_shut(drill, 100),
    "317_depth_reset": nothing_shut,
    "burst": nothing_shut,
    "drip": lambda drill: no_order_ended(drill),
    "unknown_message": nothing_shut,
    "unknown_tick_type": nothing_shut,
    "malformed_message": partial(words, kind="malformed"),
    "clock_skew": partial(words, kind="clock"),
    "trading_halt": partial(words, kind="halted-volatility"),
    "10349_tif_preset": lambda drill: no_order_ended(drill, 10349),
    "2109_order_notices": lambda drill: no_order_ended(drill, 2109, 2137, 2161, 2174),
    "399_order_message": lambda drill: no_order_ended(drill, 399),
    "404_locate": lambda drill: no_order_ended(drill, 404),
    "104_modify_filled": lambda drill: no_order_ended(drill, 104),
    "161_not_cancellable": partial(refused_a_cancel, code=161),
    "10147_cancel_not_found": partial(refused_a_cancel, code=10147),
    "10148_cancel_in_state": partial(refused_a_cancel, code=10148),
    "103_duplicate_id": number_taken,
    "105_modify_mismatch": keeps_old_terms,
    "110_tick_size": partial(given_up, code=110),
    "201_rejected_hours": partial(given_up, code=201),
    "201_rejected_margin": lacked_margin,
    "434_zero_size": partial(given_up, code=434),
    "435_account_missing": partial(given_up, code=435),
    "10268_attribute": partial(given_up, code=10268),
    "10311_direct_route": partial(given_up, code=10311),
    "10329_direct_route": partial(given_up, code=10329),
    "201_stop_rejected": partial(stop_refused, code=201),
    "321_read_only_api": read_only,
    "order_lost": partial(asks_a_person, text="no answer about bracket 1"),
    "late_visibility": no_order_ended,
    "acknowledgements_lost": lambda drill: no_order_ended(drill),
    "execution_corrected": corrected,
    "duplicate_executions": no_order_ended,
    "status_out_of_order": no_order_ended,
    "no_filled_status": no_order_ended,
    "filled_before_submitted": no_order_ended,
    "commission_early": no_order_ended,
    "commission_late": no_order_ended,
    "times_in_utc": no_order_ended,
    "execution_busted": taken_back,
    "foreign_order": cut_by_a_hand,
    "manual_order": told_by_position,
}
