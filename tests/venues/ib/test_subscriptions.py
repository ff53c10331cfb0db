"""Whatever is lost is asked for again, most wanted first, never more than the account has, and never silently."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.events import StreamChanged
from workbench.domain.units import MINUTE, SECOND
from workbench.venues.ib.budget import BY_TICK, POOL, Budget
from workbench.venues.ib.deeds import Deed, Emit, EmptyBook, Gap, Poll, Start, State, Stop, Tell, Want
from workbench.venues.ib.streams import PRINTS, QUOTES, RT_VOLUME, Notice, Source
from workbench.venues.ib.subscriptions import FAILURES, Subscriptions

L1, BID_ASK, LAST, DEPTH = Source.LEVEL1, Source.BID_ASK, Source.LAST, Source.DEPTH
ALL = [Want(contract, source) for contract in (1, 2, 3) for source in (BID_ASK, LAST, DEPTH)]


class Account:
    """The broker's side: holds what was asked for, and refuses to be asked for what breaks its rules."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self.subscriptions = Subscriptions(self.budget, itertools.count(100).__next__)
        self.now = MINUTE
        self.held: dict[int, tuple[int, Source]] = {}
        self.ids: set[int] = set()
        self.by_tick_at: dict[int, int] = {}
        self.told: list[StreamChanged] = []
        self.gaps: list[int] = []
        self.told_gaps: list[Gap] = []
        self.polls: dict[int, bool] = {}
        self.emits: dict[int, int] = {}
        self.starts: list[Start] = []
        self.books: list[int] = []

    def do(self, deeds: Iterable[Deed]) -> list[Deed]:
        done = list(deeds)
        for deed in done:
            match deed:
                case Start():
                    self._start(deed)
                case Stop(req_id=req_id):
                    del self.held[req_id]
                case Emit(req_id=req_id, emits=emits):
                    self.emits[req_id] = emits
                case Gap(contract=contract):
                    self.gaps.append(contract)
                    self.told_gaps.append(deed)
                case EmptyBook(req_id=req_id):
                    self.books.append(req_id)
                case Tell(event=event):
                    self.told.append(event)
                case Poll(contract=contract, is_on=is_on):
                    self.polls[contract] = is_on
        return done

    def _start(self, start: Start) -> None:
        assert start.req_id not in self.ids, "a request id was used twice"
        self.ids.add(start.req_id)
        if POOL[start.source] == BY_TICK:
            before = self.by_tick_at.get(start.contract)
            assert before is None or self.now - before >= 15 * SECOND, "two tick-by-tick requests of a contract in 15 s"
            self.by_tick_at[start.contract] = self.now
        self.held[start.req_id] = start.contract, start.source
        self.emits[start.req_id] = start.emits
        self.starts.append(start)
        for pool, most in (("lines", self.budget.lines), ("by_tick", self.budget.by_tick), ("depth", self.budget.depth)):
            assert sum(POOL[source] == pool for _, source in self.held.values()) <= most, f"more {pool} than the account has"

    def connect(self) -> list[Deed]:
        return self.do(self.subscriptions.on_connected(self.now))

    def drop(self) -> list[Deed]:
        self.held.clear()
        return self.do(self.subscriptions.on_disconnected(self.now, "the socket is gone"))

    def flow(self, *sources: Source) -> list[Deed]:
        """Let a message come for all that is held (of these sources)."""
        self.now += 1
        ids = [req_id for req_id, (_, source) in self.held.items() if not sources or source in sources]
        return [deed for req_id in ids for deed in self.do(self.subscriptions.on_data(req_id, self.now))]

    def error(self, code: int, req_id: int = -1) -> list[Deed]:
        return self.do(self.subscriptions.on_error(req_id, code, "text", self.now))

    def wait(self, seconds: float, *, flows: bool = True, step: int = 1) -> list[Deed]:
        """Let time go by, second by second or in longer steps."""
        done: list[Deed] = []
        for _ in range(int(seconds) // step):
            self.now += step * SECOND
            if flows:
                done += self.flow()
            done += self.do(self.subscriptions.advance(self.now))
        return done

    def want(self, *wants: Want) -> list[Deed]:
        return self.do(self.subscriptions.want(wants, self.now))

    def id_of(self, contract: int, source: Source) -> int:
        return next(req_id for req_id, held in self.held.items() if held == (contract, source))

    def states(self, contract: int) -> list[tuple[str, str]]:
        return [(each.stream, each.state) for each in self.told if each.contract == contract]

    def live(self) -> set[Want]:
        return {want for want, stream in self.subscriptions.streams.items() if stream.state == State.LIVE}


def running(*wants: Want, budget: Budget | None = None, seconds: int = 60) -> Account:
    """An account with everything flowing that may."""
    account = Account(budget)
    account.want(*wants)
    account.connect()
    account.wait(seconds)
    return account


DEEDS = st.lists(
    st.one_of(
        st.sampled_from(["drop", "connect", "flow", "want less", "want all", "silence"]),
        st.sampled_from([1100, 1101, 1102, 2103, 2104, 2110, 100, 10197]),
        st.tuples(st.sampled_from([354, 101, 309, 10190, 10182, 10167, 317, 420, 200, 10197, 316]), st.integers(0, 20)),
        st.tuples(st.just("broken"), st.integers(0, 20)),
        st.integers(1, 40).map(float),
    ),
    max_size=40,
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(DEEDS, st.integers(0, 3), st.integers(0, 3))
def test_after_any_losses_all_that_has_room_flows_again_and_the_budget_was_never_exceeded(
    deeds: list[object], by_tick: int, depth: int
) -> None:
    account = Account(Budget(lines=3, by_tick=by_tick, depth=depth))
    account.want(*ALL)
    for deed in deeds:
        _happen(account, deed)
    account.want(*ALL)
    account.drop()
    account.connect()
    account.wait(20 * 60, step=10)
    ticks = [want for want in ALL if want.source in {BID_ASK, LAST}][:by_tick]
    books = [want for want in ALL if want.source == DEPTH][:depth]
    assert account.live() == {Want(1, L1), Want(2, L1), Want(3, L1), *ticks, *books}
    assert set(account.polls.values()) <= {False}


@settings(max_examples=100, derandomize=True, deadline=None)
@given(DEEDS)
def test_it_needs_no_new_connection_for_that(deeds: list[object]) -> None:
    account = running(*ALL, budget=Budget(lines=3))
    for deed in deeds:
        _happen(account, deed)
    account.want(*ALL)
    if not account.subscriptions.is_connected:
        account.connect()
    account.error(1102)
    account.wait(35 * 60, step=10)
    assert account.live() >= {Want(1, L1), Want(2, L1), Want(3, L1)}
    assert len(account.live()) == 3 + 3 + 3


def _happen(account: Account, deed: object) -> None:
    match deed:
        case "drop":
            account.drop()
        case "connect" if not account.subscriptions.is_connected:
            account.connect()
        case "flow":
            account.flow()
        case "silence":
            account.wait(15, flows=False)
        case "want less":
            account.want(*ALL[3:5])
        case "want all":
            account.want(*ALL)
        case int():
            account.error(deed)
        case float():
            account.wait(deed)
        case ("broken", at) if ids := list(account.held):
            account.do(account.subscriptions.on_notice(ids[at % len(ids)], Notice.BROKEN, 0, account.now))
        case (int() as code, at) if ids := list(account.held):
            account.error(code, ids[at % len(ids)])


def test_a_line_comes_first_and_tick_by_tick_replaces_its_quotes_then_its_prints() -> None:
    account = Account()
    account.want(Want(1, BID_ASK), Want(1, LAST))
    account.connect()
    assert [start.source for start in account.starts] == [L1, BID_ASK]
    line = account.id_of(1, L1)
    account.flow()
    assert account.emits[line] == PRINTS | RT_VOLUME
    account.wait(18)
    assert account.emits[line] == RT_VOLUME
    assert account.starts[-1].source == LAST
    assert account.states(1) == [("l1-250ms", "live"), ("tick-by-tick", "live"), ("tick-by-tick", "live")]


def test_what_tick_by_tick_refuses_the_line_brings_at_once() -> None:
    account = running(Want(1, BID_ASK))
    line = account.id_of(1, L1)
    done = account.error(10189, account.id_of(1, BID_ASK))
    assert Emit(line, QUOTES | PRINTS | RT_VOLUME) in done
    assert account.states(1)[-1] == ("tick-by-tick", "refused")


def test_a_lost_data_connection_has_everything_asked_for_again_under_new_ids() -> None:
    account = running(Want(1, BID_ASK), Want(2, DEPTH))
    before = set(account.held)
    account.error(1100)
    assert {("l1-250ms", "silent"), ("tick-by-tick", "silent")} <= set(account.states(1))
    account.error(1101)
    account.wait(20)
    assert not before & set(account.held)
    assert len(account.held) == len(before)
    assert {1, 2} <= set(account.gaps)
    assert account.live() == {Want(1, L1), Want(2, L1), Want(1, BID_ASK), Want(2, DEPTH)}


def test_a_kept_connection_is_believed_when_data_flows_and_asked_for_again_when_not() -> None:
    believed, doubted = running(Want(1, DEPTH)), running(Want(1, DEPTH))
    for account in (believed, doubted):
        account.error(1100)
        account.error(1102)
    before = set(believed.held)
    believed.wait(30)
    assert set(believed.held) == before
    doubted.wait(25, flows=False)
    assert not before & set(doubted.held)


def test_a_message_that_was_under_way_when_the_line_broke_does_not_make_a_stream_live() -> None:
    account = running(Want(1, DEPTH))
    account.error(1100)
    account.flow()
    assert account.live() == set()


def test_a_farm_that_comes_back_has_asked_for_again_what_was_silent_meanwhile_and_no_other() -> None:
    account = running(Want(1, DEPTH), Want(2, DEPTH))
    before = dict(account.held)
    account.error(2103)
    for _ in range(5):
        account.now += SECOND
        account.do([deed for req, (c, _) in before.items() if c == 2 for deed in account.subscriptions.on_data(req, account.now)])
        account.do(account.subscriptions.advance(account.now))
    assert {state for _, state in account.states(1)[-2:]} == {"silent"}
    account.error(2104)
    kept = {req for req, (contract, _) in before.items() if contract == 2}
    assert set(account.held) & set(before) == kept


def test_a_stream_asked_for_while_its_farm_is_broken_is_asked_for_again_when_it_is_back() -> None:
    account = running(Want(1, DEPTH))
    account.error(2103)
    account.wait(14, flows=False)
    deaf = account.id_of(1, DEPTH)
    account.error(2104)
    account.wait(15)
    assert account.id_of(1, DEPTH) != deaf
    assert account.live() == {Want(1, L1), Want(1, DEPTH)}


def test_a_stream_that_never_answers_beside_a_live_line_is_asked_for_again_ever_more_seldom() -> None:
    account = Account()
    account.want(Want(1, LAST))
    account.connect()
    for _ in range(30 * 60):
        account.now += SECOND
        account.flow(L1)
        account.do(account.subscriptions.advance(account.now))
    assert 3 <= sum(start.source == LAST for start in account.starts) <= 7
    assert account.gaps == []


def test_an_outage_is_one_gap_a_contract_and_reason() -> None:
    account = running(Want(1, BID_ASK), Want(1, LAST), Want(1, DEPTH))
    account.drop()
    assert account.gaps == [1]


def test_a_farm_message_at_connect_means_nothing() -> None:
    account = running(Want(1, DEPTH))
    assert account.error(2104) == []


def test_three_failures_in_a_row_have_history_polled_until_the_line_flows() -> None:
    account = Account()
    account.want(Want(1, L1))
    account.connect()
    account.wait(120, flows=False)
    assert account.polls == {1: True}
    assert sum(start.source == L1 for start in account.starts) >= FAILURES
    account.wait(70)
    assert account.polls == {1: False}


def test_the_least_wanted_steps_down_for_what_is_wanted_more_and_hears_why() -> None:
    account = running(Want(2, DEPTH), Want(3, DEPTH), budget=Budget(depth=2))
    account.want(Want(1, DEPTH), Want(2, DEPTH), Want(3, DEPTH))
    account.wait(5)
    assert {contract for contract, source in account.held.values() if source == DEPTH} == {1, 2}
    assert account.states(3)[-1] == ("depth", "degraded")


def test_a_smaller_budget_than_thought_is_believed_and_tried_again_later() -> None:
    account = running(Want(1, DEPTH), Want(2, DEPTH))
    account.error(309, account.id_of(2, DEPTH))
    account.wait(60)
    assert account.live() == {Want(1, L1), Want(2, L1), Want(1, DEPTH)}
    account.wait(16 * 60, step=10)
    assert Want(2, DEPTH) in account.live()


def test_delayed_data_is_told_and_its_prints_come_from_the_last_price() -> None:
    account = running(Want(1, L1))
    line = account.id_of(1, L1)
    account.do(account.subscriptions.on_notice(line, Notice.DELAYED, 1, account.now))
    assert account.states(1)[-1] == ("delayed", "degraded")
    assert account.emits[line] == QUOTES | PRINTS
    account.do(account.subscriptions.on_notice(line, Notice.DELAYED, 0, account.now))
    assert account.states(1)[-1] == ("delayed", "ended")


def test_a_line_that_never_changes_its_quote_is_not_stale_while_its_contract_is_closed() -> None:
    account = running(Want(1, L1))
    account.wait(600, flows=False)
    assert account.states(1) == [("l1-250ms", "live")]
    account.subscriptions.on_phase(1, True, 0)
    account.wait(1, flows=False)
    assert account.states(1)[-1] == ("l1-250ms", "silent")
    assert account.gaps


def test_the_silence_of_closed_time_is_none_when_a_contract_opens() -> None:
    account = running(Want(1, L1))
    account.subscriptions.on_phase(1, False, account.now)
    account.wait(3_600, flows=False)
    account.subscriptions.on_phase(1, True, account.now)
    account.wait(29, flows=False)
    assert account.states(1) == [("l1-250ms", "live")] and not account.gaps
    account.wait(3, flows=False)
    assert account.states(1)[-1] == ("l1-250ms", "silent") and account.gaps


def test_where_another_stream_than_its_line_is_lost_the_line_is_well() -> None:
    account = running(Want(1, Source.LAST))
    account.error(10182, account.id_of(1, Source.LAST))
    assert account.told_gaps == [Gap(1, True)]
    account.error(10182, account.id_of(1, L1))
    assert account.told_gaps[1:] == [Gap(1, False)]


def test_a_book_that_was_reset_is_emptied_and_one_that_lost_a_row_is_asked_for_again() -> None:
    account = running(Want(1, DEPTH))
    book = account.id_of(1, DEPTH)
    account.error(317, book)
    assert account.books == [book]
    account.do(account.subscriptions.on_notice(book, Notice.BROKEN, 0, account.now))
    assert account.id_of(1, DEPTH) != book


def test_what_is_wanted_no_more_is_cancelled_and_told() -> None:
    account = running(Want(1, DEPTH), Want(2, DEPTH))
    account.want(Want(1, DEPTH))
    assert {contract for contract, _ in account.held.values()} == {1}
    assert account.states(2)[-1] == ("depth", "ended")


@pytest.mark.parametrize("code", [100, 420])
def test_a_gateway_that_finds_us_too_fast_is_given_a_pause(code: int) -> None:
    account = Account()
    account.want(Want(1, L1))
    account.subscriptions.is_connected = True
    account.error(100)
    assert account.do(account.subscriptions.advance(account.now)) == []
    account.wait(3)
    assert account.held
    account.error(code, account.id_of(1, L1))
    account.wait(5)
    assert account.live() == {Want(1, L1)}
