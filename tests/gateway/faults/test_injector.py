"""Rules at work: counting, chance, time of day, windows, and what code injects."""

from __future__ import annotations

from tests.gateway.raw import Raw, codes, of
from tests.gateway.worlds import small
from workbench import wire
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act


def one(when: When, *what: act.Action, seed: int = 1) -> Scenario:
    return Scenario(seed=seed, rules=(Rule(when=when, what=what),)).checked("test")


def asked(scenario: Scenario, n: int = 12) -> tuple[Raw, list[list[wire.Answer]]]:
    gateway, _ = small(scenario)
    raw = Raw(gateway)
    raw.take()
    answers = []
    for _ in range(n):
        answers.append(raw.ask(wire.ReqPositions()))
        raw.wait(0.1)
    return raw, answers


def test_the_nth_every_so_manieth_and_at_most_so_many():
    lost = act.Lose()
    assert [len(each) for each in asked(one(When(on="PositionEnd", nth=3), lost), 5)[1]] == [1, 1, 0, 1, 1]
    assert [len(each) for each in asked(one(When(on="PositionEnd", every=2), lost), 5)[1]] == [1, 0, 1, 0, 1]
    assert [len(each) for each in asked(one(When(on="PositionEnd", times=2), lost), 5)[1]] == [0, 0, 1, 1, 1]


def test_chance_is_the_seeds():
    def lost(seed: int) -> list[int]:
        return [len(each) for each in asked(one(When(on="PositionEnd", chance=0.5), act.Lose(), seed=seed), 40)[1]]

    assert lost(1) == lost(1) != lost(2)
    assert 8 < sum(lost(3)) < 32


def test_a_rule_for_one_client_leaves_the_others_alone():
    gateway, _ = small(one(When(on="ReqPositions", client=2), act.Refuse(code=321, why="no")))
    first, second = Raw(gateway, 1), Raw(gateway, 2)
    assert codes(second.ask(wire.ReqPositions())) == [321]
    assert first.ask(wire.ReqPositions()) == [wire.PositionEnd()]


def test_a_time_of_day_is_the_gateways():
    gateway, _ = small(one(When(at="09:31"), act.Say(code=1100)))
    raw = Raw(gateway)
    raw.take()
    assert codes(raw.wait(59)) == []
    assert codes(raw.wait(2)) == [1100]


def test_what_repeats_repeats():
    gateway, _ = small(one(When(after_s=1, every_s=2, times=3), act.Say(code=2104)))
    raw = Raw(gateway)
    raw.take()
    assert codes(raw.wait(30)) == [2104] * 3


def test_a_window_loses_or_keeps_and_ends():
    gateway, _ = small()
    raw = Raw(gateway)
    raw.take()
    gateway.faults.inject(act.Mute(what=("PositionEnd",), for_s=1))
    assert raw.ask(wire.ReqPositions()) == []
    raw.wait(2)
    assert raw.ask(wire.ReqPositions()) == [wire.PositionEnd()]
    gateway.faults.inject(act.Hold(what=("PositionEnd",), for_s=1))
    assert raw.ask(wire.ReqPositions(), wire.ReqPositions()) == []
    assert raw.wait(2) == [wire.PositionEnd()] * 2
    gateway.faults.inject(act.Deafen(what=("any-request",), for_s=1))
    assert raw.ask(wire.ReqPositions()) == []
    assert raw.wait(2) == []


def test_a_late_request_and_a_late_answer_come_later():
    for late in (When(on="ReqPositions"), When(on="PositionEnd")):
        gateway, _ = small(one(late, act.Delay(for_s=3)))
        raw = Raw(gateway)
        raw.take()
        assert raw.ask(wire.ReqPositions()) == []
        assert raw.wait(2) == []
        assert raw.wait(2) == [wire.PositionEnd()]


def test_reordering_waits_for_another_message_or_its_time():
    gateway, _ = small(one(When(on="PositionEnd"), act.Reorder(behind="NextValidId", within_s=5)))
    raw = Raw(gateway)
    raw.take()
    assert raw.ask(wire.ReqPositions(), wire.ReqIds(1)) == [wire.NextValidId(1), wire.PositionEnd()]
    assert raw.ask(wire.ReqPositions()) == []
    assert raw.wait(6) == [wire.PositionEnd()]


def test_a_fault_does_not_set_itself_off():
    gateway, _ = small(one(When(on="ErrorMessage"), act.Say(code=2110), act.Duplicate(times=2)))
    raw = Raw(gateway)
    assert codes(raw.heard).count(2110) == 4
    assert len(raw.heard) < 20


def test_what_waits_for_a_client_that_left_is_forgotten():
    gateway, _ = small(one(When(on="PositionEnd"), act.Delay(for_s=3), act.Duplicate()))
    raw = Raw(gateway)
    gateway.faults.inject(act.Hold(what=("NextValidId",), for_s=2))
    raw.ask(wire.ReqPositions(), wire.ReqIds(1))
    raw.leave()
    other = Raw(gateway, 2)
    assert of(wire.PositionEnd, other.wait(5)) == []
    assert gateway.faults.next_due_ns() is None


def test_ids_roll_back_and_clocks_are_off():
    gateway, _ = small()
    raw = Raw(gateway)
    gateway.world.next_valid_id = lambda client: 120
    gateway.faults.inject(act.Restart(down_s=1, roll_back_ids=50))
    assert raw.line.ended == "abort"
    again = Raw(gateway)
    assert of(wire.NextValidId, again.heard) == [wire.NextValidId(70)]
    gateway.faults.inject(act.Skew(by_s=-9))
    assert again.ask(wire.ReqCurrentTime())[-1].time == gateway.now_ns // 10**9 - 9
