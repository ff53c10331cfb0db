"""The account's pace, as IB documents it."""

from __future__ import annotations

from tests.gateway.reference import ES, SPY, Desk, Keeper
from workbench.gateway import behaviour as say
from workbench.wire import ReqHistoricalData, ReqHistoricalTicks

VIOLATION = "Historical Market Data Service error message:Historical data request pacing violation"


def ask(desk: Desk, client: Keeper, n: int, **asked: object) -> None:
    words = {"contract": ES, "bar_size": "30 secs", **asked}
    desk.history.answer(client, ReqHistoricalData(req_id=n, **words))


def test_the_sixth_for_one_contract_within_two_seconds_is_refused() -> None:
    desk, client = Desk(), Keeper()
    for n in range(6):
        ask(desk, client, n, duration=f"{n + 1} D")
    ask(desk, client, 7, contract=SPY)
    desk.pass_ms(1_000)
    assert client.errors == [(5, 162, VIOLATION)]
    assert len(client.got) == 6
    desk.pass_ms(1_001)
    ask(desk, client, 8, duration="6 D")
    assert len(client.errors) == 1


def test_quotes_of_both_sides_count_twice() -> None:
    desk, client = Desk(), Keeper()
    for n in range(3):
        ask(desk, client, n, duration=f"{n + 1} D", what="BID_ASK")
    assert client.errors == [(2, 162, VIOLATION)]  # the third counts as the fifth and the sixth
    for n in range(2, 31):
        desk.pass_ms(2_001)
        ask(desk, client, n, duration=f"{n + 1} D", what="BID_ASK")
    refused = [each for each in client.errors if each[2] == VIOLATION]
    assert refused and refused[-1][0] == 30  # thirty of them are sixty


def test_sixty_in_ten_minutes_are_all() -> None:
    desk, client = Desk(), Keeper()
    for n in range(61):
        ask(desk, client, n, duration=f"{n + 1} S")
        desk.pass_ms(2_001)
    assert [each[:2] for each in client.errors] == [(60, 162)]
    assert client.errors[0][2] == VIOLATION
    desk.pass_ms(600_000 - 61 * 2_001 + 1)
    ask(desk, client, 99, duration="99 S")
    assert len(client.errors) == 1


def test_all_clients_of_the_account_share_its_pace() -> None:
    desk, one, two = Desk(), Keeper(1), Keeper(2)
    for n in range(5):
        ask(desk, one, n, duration=f"{n + 1} D")
    ask(desk, two, 1, duration="9 D")
    assert [each[:2] for each in two.errors] == [(1, 162)]


def test_identical_requests_of_small_bars_wait_fifteen_seconds() -> None:
    desk, client = Desk(), Keeper()
    for n, wait in enumerate((3_000, 12_100, 0)):
        ask(desk, client, n, duration="1800 S", bar_size="5 secs")
        desk.pass_ms(wait)
    assert [each[:2] for each in client.errors] == [(1, 162)]


def test_longer_bars_are_never_refused_and_after_sixty_slowed_down() -> None:
    desk, client = Desk(), Keeper()
    for n in range(70):
        ask(desk, client, n, bar_size="1 min", duration="1 D", contract=ES)
        desk.pass_ms(500)
    assert client.errors == []
    answered = [each.req_id for each in client.got]
    assert answered[:60] == list(range(60)) and len(answered) < 70
    desk.pass_ms(say.SOFT_DELAY_MS)
    assert len(client.got) == 70


def test_ticks_are_paced_like_small_bars() -> None:
    desk, client = Desk(), Keeper()
    for n in range(2):
        desk.history.answer(client, ReqHistoricalTicks(req_id=n, contract=ES, end="20261119-20:00:00"))
        desk.pass_ms(3_000)
    assert client.errors == [(1, 162, VIOLATION)]
