"""One client's conversation: greeting, start, ids, rate, garbage, slow readers."""

from __future__ import annotations

import pytest

from tests.gateway.raw import Raw, codes, of
from tests.gateway.worlds import small
from workbench import wire
from workbench.gateway import behaviour


@pytest.mark.parametrize(("offers", "agreed"), [((157, 178), 178), ((100, 157), 157), ((157, 176), 176), ((100, 225), 178)])
def test_the_newest_version_both_speak_is_agreed(offers, agreed):
    gateway, _ = small()
    raw = Raw(gateway, starts=False, version=offers[1])
    assert raw.version == agreed


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.1\r\n\r\n", b"63\0", wire.hello(100, 156), wire.hello(213, 225), b"API\0\xff\xff\xff\xffv1"]
)
def test_a_client_that_speaks_otherwise_is_dropped_without_a_word(first):
    gateway, _ = small()
    line = Raw(gateway, starts=False).line
    session = gateway.connect(line)
    line.sent.clear()
    gateway.receive(session, first)
    assert line.ended
    assert line.sent == b""


def test_the_greeting_may_come_byte_by_byte_and_the_start_right_behind_it():
    gateway, _ = small()
    raw = Raw(gateway, starts=False)
    other = gateway.connect(raw.line)
    for byte in wire.hello() + wire.frame(wire.encode(wire.StartApi(7), 178)):
        gateway.receive(other, bytes([byte]))
    assert [client.id for client in gateway.world.clients] == [7]


def test_a_start_is_answered_as_tws_does():
    gateway, _ = small()
    raw = Raw(gateway, 3)
    accounts, first_id, *farms = raw.heard
    assert (accounts, first_id) == (wire.ManagedAccounts("DUSIM1"), wire.NextValidId(1))
    assert codes(farms) == [2104, 2104, 2106, 2158]
    assert {each.req_id for each in farms} == {-1}


def test_a_request_before_the_start_is_not_carried_out():
    gateway, told = small()
    raw = Raw(gateway, starts=False)
    assert codes(raw.ask(wire.ReqIds(1))) == [504]
    raw.ask(wire.StartApi(1))
    assert raw.ask(wire.ReqIds(1)) == [wire.NextValidId(1)]
    assert told.gone == []


def test_a_taken_client_id_gets_326_and_is_closed_while_the_first_notices_nothing():
    gateway, told = small()
    first = Raw(gateway, 5)
    first.take()
    second = Raw(gateway, 5)
    assert codes(second.heard) == [326]
    assert second.line.ended == "close"
    assert first.take() == []
    assert told.gone == []
    first.leave()
    assert told.gone == [5]
    assert codes(Raw(gateway, 5).heard) == [2104, 2104, 2106, 2158]


def test_a_start_without_capabilities_as_older_clients_send_it_is_taken():
    gateway, _ = small()
    raw = Raw(gateway, starts=False)
    raw.put(wire.frame(wire.payload(["71", "1", "5"])))
    assert of(wire.ManagedAccounts, raw.heard) and raw.session is not None and raw.session.id == 5


def test_a_second_start_changes_nothing():
    gateway, _ = small()
    raw = Raw(gateway, 5)
    raw.take()
    assert raw.ask(wire.StartApi(6)) == []
    assert raw.session.id == 5


def test_the_current_time_is_the_sessions():
    gateway, _ = small()
    raw = Raw(gateway)
    raw.take()
    assert raw.ask(wire.ReqCurrentTime()) == [wire.CurrentTime(gateway.now_ns // 10**9)]


def test_fifty_messages_a_second_pass_and_more_get_100_then_the_client_is_cut():
    gateway, _ = small()
    raw, other = Raw(gateway), Raw(gateway, 2)
    raw.wait(2)
    other.take()
    answers = raw.ask(*[wire.ReqPositions()] * 50)
    assert len(of(wire.PositionEnd, answers)) == 50
    answers = raw.ask(*[wire.ReqPositions()] * 20)
    assert codes(answers) == [100]
    assert of(wire.PositionEnd, answers) == []
    for _ in range(2):
        raw.wait(1.5)
        raw.ask(*[wire.ReqPositions()] * 60)
    assert raw.line.ended == "close"
    assert other.take() == []


def test_what_a_client_asks_that_is_paced_waits_for_its_second():
    gateway, _ = small()
    raw = Raw(gateway, options="+PACEAPI")
    raw.wait(2)
    raw.take()
    answers = raw.ask(*[wire.ReqPositions()] * 120, wire.ReqCurrentTime())
    assert len(of(wire.PositionEnd, answers)) == 50 and codes(answers) == []
    assert len(of(wire.PositionEnd, raw.wait(0.9))) == 0 and 0 < len(of(wire.PositionEnd, raw.wait(0.3))) < 15
    last = raw.wait(1.5)
    assert len(of(wire.PositionEnd, raw.heard)) == 120 and isinstance(last[-1], wire.CurrentTime)
    assert raw.wait(5) == [] and raw.line.ended is None


def test_a_paced_client_that_asks_without_end_is_cut_and_its_requests_are_forgotten():
    gateway, _ = small()
    raw, other = Raw(gateway, options="+PACEAPI"), Raw(gateway, 2)
    other.take()
    for _ in range(4):
        raw.put(wire.frame(b"") * 50_000)
    assert raw.line.ended == "close" and gateway.next_due_ns() is not None
    assert len(of(wire.PositionEnd, other.ask(wire.ReqPositions()))) == 1


@pytest.mark.parametrize("payload", [b"", b"49\0001\0", b"\n\n\n\n"])
def test_ten_thousand_requests_in_a_second_are_enough(payload):
    gateway, _ = small()
    raw = Raw(gateway)
    raw.put(wire.frame(payload) * 11_000)
    assert raw.line.ended == "close"
    assert len(of(wire.ErrorMessage, raw.heard)) < 160


def test_the_rate_counts_in_the_clients_seconds_at_any_speed():
    gateway, _ = small(speed=20)
    raw = Raw(gateway)
    raw.wait(20)
    raw.ask(*[wire.ReqPositions()] * 40)
    raw.wait(10)  # half a second of the client's
    assert codes(raw.ask(*[wire.ReqPositions()] * 40)) == [100]


@pytest.mark.parametrize(
    ("words", "code", "req_id"),
    [
        (["4711"], 505, -1),
        (["no number"], 505, -1),
        ([""], 505, -1),
        (["1", "11", "9001"], 320, 9001),
        (["97", "55", "too few"], 320, 55),
        (["49", "1", "one", "too", "many"], 320, -1),
        (["3", "12", "x"] * 40, 320, 12),
    ],
)
def test_what_cannot_be_read_gets_an_error_with_its_id(words, code, req_id):
    gateway, _ = small()
    raw = Raw(gateway)
    raw.take()
    raw.put(wire.frame(b"".join(word.encode() + b"\0" for word in words)))
    (answer,) = raw.take()
    assert (answer.code, answer.req_id) == (code, req_id)
    assert raw.ask(wire.ReqPositions()) == [wire.PositionEnd()]


def test_a_length_of_two_gigabytes_drops_the_client_and_takes_no_memory():
    gateway, _ = small()
    raw, other = Raw(gateway), Raw(gateway, 2)
    other.take()
    raw.put(b"\x7f\xff\xff\xff" + b"x" * 100)
    assert raw.line.ended
    assert other.ask(wire.ReqPositions()) == [wire.PositionEnd()]


def test_too_much_nonsense_drops_the_client():
    gateway, _ = small()
    raw = Raw(gateway)
    for _ in range(behaviour.MOST_FAULTY):
        raw.put(wire.frame(b"4711\0"))
        raw.wait(0.1)
    assert raw.line.ended


def test_a_half_greeting_is_dropped_after_a_while():
    gateway, _ = small()
    raw = Raw(gateway, starts=False)
    raw.wait(behaviour.GREETING_S + 1)
    assert raw.line.ended


def test_a_slow_client_is_cut_and_others_go_on():
    gateway, _ = small()
    raw, other = Raw(gateway), Raw(gateway, 2)
    raw.line.is_slow = True
    for _ in range(100):
        raw.session.emit(wire.ErrorMessage(-1, 1, "x" * 100_000))
        gateway.flush()
    assert raw.line.ended == "abort"
    assert len(raw.line.sent) < behaviour.MOST_WAITING_BYTES + 200_000
    assert other.ask(wire.ReqPositions())[-1] == wire.PositionEnd()


def test_no_more_clients_than_tws_takes():
    gateway, _ = small()
    raws = [Raw(gateway, number) for number in range(behaviour.MOST_CLIENTS)]
    assert all(raw.version for raw in raws)
    assert Raw(gateway, 99).line.ended
    sockets = [gateway.connect(raws[0].line) for _ in range(behaviour.MOST_SOCKETS)]
    assert sockets[-1] is None


def test_a_mistake_of_ours_is_an_error_for_that_client_alone():
    gateway, _ = small()
    raw, other = Raw(gateway), Raw(gateway, 2)
    raw.take(), other.take()
    assert codes(raw.ask(wire.ReqMarketRule(666))) == [320]
    assert gateway.mishaps == ["ReqMarketRule: RuntimeError('a mistake of ours')"]
    assert other.ask(wire.ReqPositions()) == [wire.PositionEnd()]


def test_what_nobody_answers_is_refused():
    gateway, _ = small()
    raw = Raw(gateway)
    raw.take()
    assert codes(raw.ask(wire.ReqSoftDollarTiers(4))) == [321]
