"""Every shipped scenario loads, is described, and does to a raw client what its file says."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.gateway.faults.tour import Tour
from tests.gateway.raw import Raw, codes, of
from workbench import wire
from workbench.gateway.faults import load_scenario, shipped

NAMES = shipped()
BY_CODE = [name for name in NAMES if re.match(r"\d", name)]


def numbers(name: str) -> list[int]:
    """The codes a scenario's name begins with."""
    found: list[int] = []
    for part in name.split("_"):
        if not part.isdigit():
            break
        found.append(int(part))
    return found


@cache
def toured(name: str) -> Tour:
    return Tour(load_scenario(name))


SILENT = {502, 507, 326}  # told by the socket or by a client's own library, not by a message of that session


@pytest.mark.parametrize("name", BY_CODE)
def test_a_scenario_named_by_codes_says_them_and_its_rules_have_fired(name: str):
    scenario, tour = load_scenario(name), toured(name)
    assert set(tour.gateway.faults.n_fired) == set(range(1, len(scenario.rules) + 1))
    assert {code for code in numbers(name) if code not in SILENT} <= set(tour.codes())
    assert tour.gateway.mishaps == []


def test_without_a_scenario_nothing_goes_wrong():
    tour = Tour(None)
    assert set(tour.codes()) == {2104, 2106, 2158, 202}
    assert tour.raw.strange == []
    assert tour.gateway.mishaps == []
    assert tour.statuses(103)[-1] == "Filled"
    assert tour.quotes(tour.n_struck, tour.n_during) > 10


def test_every_scenario_is_described_in_the_documentation():
    text = (Path(__file__).parents[3] / "docs" / "gateway.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}`" not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_says_what_it_shows(name: str):
    assert len(load_scenario(name).about) > 10


# ---- one by one: what a raw client sees beside the codes -----------------------------------------------------------------------------
def no_data_for_a_while(tour: Tour) -> None:
    assert tour.quotes(0, tour.n_early) > 0
    assert tour.quotes(tour.n_struck, tour.n_during) == 0


def data_come_back(tour: Tour) -> None:
    no_data_for_a_while(tour)
    assert tour.quotes(tour.n_during) > 0


def data_stay_away(tour: Tour) -> None:
    no_data_for_a_while(tour)
    assert tour.quotes(tour.n_during) == 0
    tour.raw.ask(wire.ReqMktData(req_id=99, contract=tour.order(1, "BUY", "MKT").contract))
    assert any(isinstance(each, wire.TickPrice) and each.req_id == 99 for each in tour.raw.wait(3))


def reports_lost(tour: Tour) -> None:
    assert of(wire.OrderStatus, tour.heard[: tour.n_early]) == []
    assert tour.broker.truth().orders
    live = {each.order_id for each in of(wire.OrderStatus, tour.raw.ask(wire.ReqOpenOrders()))}
    assert {101, 102} <= live


def port_moved(tour: Tour) -> None:
    assert "7498" in next(each.text for each in tour.heard if isinstance(each, wire.ErrorMessage) and each.code == 1300)
    assert tour.raw.line.ended
    assert 7498 in tour.door.done


def unanswered(kind: type[wire.Answer], req_id: int) -> Callable[[Tour], None]:
    def check(tour: Tour) -> None:
        assert [each for each in of(kind, tour.heard) if each.req_id == req_id] == []

    return check


def only_error(req_id: int) -> Callable[[Tour], None]:
    def check(tour: Tour) -> None:
        assert len(tour.errors(req_id)) >= 1
        rest = [each for each in tour.heard if not isinstance(each, wire.ErrorMessage) and getattr(each, "req_id", None) == req_id]
        assert rest == []

    return check


def order_lives(tour: Tour) -> None:
    assert tour.statuses(101)[-1] == "Submitted"
    assert set(tour.errors(101)) - {2104}


def restarted(tour: Tour) -> None:
    assert tour.raw.line.ended == "abort"
    assert tour.door.done == ["shut", "open"]
    assert codes(tour.again().heard)[-1] == 2158


def ids_rolled_back(tour: Tour) -> None:
    before = next(each.order_id for each in tour.heard if isinstance(each, wire.NextValidId))
    after = of(wire.NextValidId, tour.again(1).heard)[0].order_id
    assert (before, after) == (1, 105 - 50)


def held(tour: Tour) -> None:
    late = Tour(load_scenario("326_id_held"))
    assert late.raw.line.ended == "abort"
    assert codes(Raw(late.gateway, 2).heard)[-1] == 2158
    late.gateway.world.now_ns = late.began_ns + 30_000_000_000
    assert codes(Raw(late.gateway, 1).heard) == [326]


def silent(tour: Tour) -> None:
    assert tour.raw.line.ended
    assert tour.again().version == 0


def half_open(tour: Tour) -> None:
    assert tour.raw.line.ended is None
    assert len(tour.heard) == tour.n_struck
    tour.raw.leave()
    assert codes(tour.again().heard) == [326]
    other = Raw(tour.gateway, 2)
    other.wait(120)
    assert codes(tour.again().heard)[-1] == 2158


def half_frame(tour: Tour) -> None:
    assert tour.raw.line.ended
    assert tour.raw.n_half > 4


def tripled(tour: Tour) -> None:
    executions = [each for each in tour.of(wire.ExecutionData) if each.req_id == -1]
    assert len(executions) == 3
    assert len({each.execution.exec_id for each in executions}) == 1
    assert tour.statuses(103).count("Filled") == 3


def corrected(tour: Tour) -> None:
    first, second = [each.execution for each in tour.of(wire.ExecutionData) if each.req_id == -1]
    assert (first.exec_id[-3:], second.exec_id[-3:]) == (".01", ".02")
    assert float(second.price) - float(first.price) == 0.25
    assert [each.exec_id for each in tour.broker.executions()] == [second.exec_id]


def busted(tour: Tour) -> None:
    assert tour.broker.truth().positions == {}
    assert of(wire.Position, tour.heard)[-1].position == 0


def stale_status(tour: Tour) -> None:
    assert tour.statuses(101).count("Submitted") >= 2


def filled_first(tour: Tour) -> None:
    kinds = [type(each) for each in tour.heard if isinstance(each, (wire.OrderStatus, wire.ExecutionData)) and each.order_id == 103]
    assert kinds[0] is wire.ExecutionData
    assert tour.statuses(103)[-1] == "PreSubmitted"


def never_filled(tour: Tour) -> None:
    assert "Filled" not in tour.statuses(103)
    assert tour.broker.truth().positions


def commission_first(tour: Tour) -> None:
    kinds = [type(each) for each in tour.heard if isinstance(each, (wire.CommissionReport, wire.ExecutionData))]
    assert kinds[:2] == [wire.CommissionReport, wire.ExecutionData]


def commission_last(tour: Tour) -> None:
    at = [type(each) for each in tour.heard]
    assert at.index(wire.CommissionReport) - at.index(wire.ExecutionData) > 50


def by_hand(tour: Tour) -> None:
    assert {(each.client_id, each.order_id) for each in tour.broker.executions()} == {(1, 103), (0, 0)}
    assert tour.broker.truth().positions == {("DUSIM1", 1): 2}


def another_program(tour: Tour) -> None:
    assert {each.client_id for each in tour.broker.executions()} == {1, 77}
    assert tour.broker.truth().positions == {}


def bursts(tour: Tour) -> None:
    assert len(tour.of(wire.TickPrice)) > 5_000


def dripped(tour: Tour) -> None:
    assert tour.n_during - tour.n_early < 700
    assert tour.quotes(tour.n_during) > 0


def strange(n: int) -> Callable[[Tour], None]:
    def check(tour: Tour) -> None:
        assert len(tour.raw.strange) == n
        assert tour.raw.line.ended is None

    return check


def unknown_tick(tour: Tour) -> None:
    assert 999 in [each.tick_type for each in tour.of(wire.TickString)]


def skewed(tour: Tour) -> None:
    assert tour.of(wire.CurrentTime)[-1].time - tour.gateway.now_ns // 10**9 == 9 - round(tour.at_s - 22)


def in_utc(tour: Tour) -> None:
    assert all(re.fullmatch(r"\d{8}-\d\d:\d\d:\d\d", each.execution.time) for each in tour.of(wire.ExecutionData))


def hidden(tour: Tour) -> None:
    assert 101 not in {each.order.order_id for each in of(wire.OpenOrder, tour.open_orders)}
    assert 101 in {each.order.order_id for each in of(wire.OpenOrder, tour.later_open_orders)}


def lost(tour: Tour) -> None:
    assert len(tour.broker.truth().orders) >= 1
    assert 6700.0 not in {float(each.order.lmt_price or 0) for each in tour.of(wire.OpenOrder)}


def overtaken(tour: Tour) -> None:
    """The order's change reached the broker before the order itself, which then stands as the newer one."""
    first, later = (
        [float(each.order.lmt_price or 0) for each in of(wire.OpenOrder, some) if each.order.order_id == 101]
        for some in (tour.open_orders, tour.later_open_orders)
    )
    assert (first, later) == ([6701.0], [6700.0])


def no_end(kind: type[wire.Answer]) -> Callable[[Tour], None]:
    def check(tour: Tour) -> None:
        assert tour.of(kind) == []

    return check


def no_reports(tour: Tour) -> None:
    early = tour.heard[: tour.n_early]
    assert of(wire.OrderStatus, early) == of(wire.ExecutionData, early) == []
    assert tour.broker.truth().positions


def halted(tour: Tour) -> None:
    told = [float(each.value) for each in tour.of(wire.TickGeneric) if each.tick_type == 49]
    assert told[-2:] == [2.0, 0.0]


def weathered(tour: Tour) -> None:
    assert sum(tour.gateway.faults.n_fired.values()) > 2


CHECKS: dict[str, Callable[[Tour], None]] = {
    "1100_1101_data_lost": data_stay_away,
    "1100_1102_data_kept": data_come_back,
    "1100_1102_reports_lost": reports_lost,
    "1300_port_reset": port_moved,
    "2103_farm_broken": data_stay_away,
    "2103_farm_broken_kept": data_come_back,
    "2105_history_farm_broken": unanswered(wire.HistoricalData, 41),
    "2157_secdef_farm_broken": unanswered(wire.ContractData, 40),
    "2110_server_broken": no_data_for_a_while,
    "2109_order_notices": order_lives,
    "10349_tif_preset": order_lives,
    "399_order_message": order_lives,
    "404_locate": order_lives,
    "200_no_definition": only_error(10),
    "321_validation": only_error(10),
    "165_history_hangs": only_error(15),
    "162_history_pacing": only_error(15),
    "101_too_many_lines": only_error(11),
    "354_not_subscribed": only_error(11),
    "309_too_many_depth": only_error(13),
    "10190_tick_by_tick_full": only_error(12),
    "10197_competing_session": data_come_back,
    "quotes_freeze": no_data_for_a_while,
    "502_refused": lambda tour: (tour.door.done == ["shut"]) or pytest.fail(str(tour.door.done)),
    "daily_restart": restarted,
    "daily_restart_ids_rolled_back": ids_rolled_back,
    "326_id_held": held,
    "weekly_second_factor": silent,
    "half_open": half_open,
    "507_bad_length": lambda tour: tour.raw.is_broken or pytest.fail("the stream can still be read"),
    "507_half_frame": half_frame,
    "duplicate_executions": tripled,
    "execution_corrected": corrected,
    "execution_busted": busted,
    "status_out_of_order": stale_status,
    "filled_before_submitted": filled_first,
    "no_filled_status": never_filled,
    "commission_early": commission_first,
    "commission_late": commission_last,
    "manual_order": by_hand,
    "foreign_order": another_program,
    "burst": bursts,
    "drip": dripped,
    "malformed_message": strange(2),
    "unknown_message": strange(1),
    "unknown_tick_type": unknown_tick,
    "clock_skew": skewed,
    "times_in_utc": in_utc,
    "late_visibility": hidden,
    "answers_muted": no_end(wire.PositionEnd),
    "open_orders_muted": no_end(wire.OpenOrderEnd),
    "order_lost": lost,
    "order_delayed": overtaken,
    "acknowledgements_lost": no_reports,
    "trading_halt": halted,
    "rough_weather": weathered,
}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_CODE])
def test_a_scenario_named_by_words_is_looked_at(name: str):
    assert name in CHECKS


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_scenario_does_what_it_says(name: str):
    tour = toured(name)
    CHECKS[name](tour)
    assert tour.gateway.mishaps == []
