from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.gateway.streams.draws import books
from tests.gateway.streams.world import ES_ASKED, NQ_ASKED, SPY, SPY_ASKED, Heard, Stage, quote, row, tape
from workbench.domain.records import Kind, Records
from workbench.gateway.streams import DepthMoves, Entitlement, StreamSettings
from workbench.gateway.streams.market import Market, rows_of
from workbench.wire import Answer, CancelDepth, ContractFields, Depth, DepthL2, ErrorMessage, ReqDepth

Rows = tuple[list[tuple[Decimal, object]], list[tuple[Decimal, object]]]
THREE = [row(Kind.DEPTH_INSERT, side, at, 24000 - side * (1 + at), 5 + at) for side in (1, -1) for at in range(3)]


def depth(req_id: int = 6, contract: ContractFields = ES_ASKED, n_rows: int = 5, is_smart: bool = False) -> ReqDepth:
    return ReqDepth(req_id=req_id, contract=contract, n_rows=n_rows, is_smart=is_smart)


class Ladder:
    """What a client makes of depth messages; `shifts`: it reads inserts and deletes as documented, else row by row like ib_async."""

    def __init__(self, shifts: bool) -> None:
        self.shifts = shifts
        self.sides: tuple[dict[int, object], dict[int, object]] = ({}, {})
        self.lists: Rows = ([], [])

    def take(self, messages: list[Answer]) -> None:
        for message in messages:
            if isinstance(message, ErrorMessage) and message.code == 317:
                self.__init__(self.shifts)
            if not isinstance(message, Depth | DepthL2):
                continue
            side, at, level = message.side, message.position, (message.price, message.size)
            rows, by_row = self.lists[side], self.sides[side]
            if message.operation == 0:
                assert at <= len(rows)
                rows.insert(at, level)
                by_row[at] = level
            elif message.operation == 1:
                rows[at] = by_row[at] = level
            else:
                del rows[at]
                by_row.pop(at, None)

    @property
    def rows(self) -> Rows:
        if self.shifts:
            return self.lists
        return tuple([side[at] for at in sorted(side)] for side in self.sides)


def tapes_rows(market: Market, n: int) -> Rows:
    units = market.units
    asks, bids = ([(units.price(px), units.size(sz)) for px, sz in side[:n]] for side in market.book.sides)
    return asks, bids


@how(derandomize=True, deadline=None, max_examples=60)
@given(
    books(), st.integers(1, 10), st.sampled_from([(DepthMoves.ROWS, True), (DepthMoves.ROWS, False), (DepthMoves.SHIFT, True)]), st.data()
)
def test_the_book_a_client_rebuilds_is_the_tapes_at_every_record(
    records: Records, n: int, how_read: tuple[DepthMoves, bool], data: st.DataObject
) -> None:
    moves, shifts = how_read
    stage, client, ladder = Stage(records, StreamSettings(depth_moves=moves)), Heard(), Ladder(shifts)
    truth, joins = Market(stage.world.contracts[0]), data.draw(st.integers(0, len(records)))
    for at in range(len(records) + 1):
        if at == joins:
            stage.data.answer(client, depth(n_rows=n))
        if at >= joins:
            ladder.take(client.take())
            assert ladder.rows == tapes_rows(truth, n)
        if at < len(records):
            stage.play(1)
            truth.take(rows_of(records[at : at + 1])[0])


@how(derandomize=True, deadline=None, max_examples=40)
@given(books(), st.integers(1, 10))
def test_a_smart_book_is_the_tapes_too_and_names_an_exchange_in_every_row(records: Records, n: int) -> None:
    records["contract"] = SPY.id
    records["px"] *= 100
    stage, client, ladder, truth = Stage(records), Heard(), Ladder(shifts=True), Market(SPY)
    stage.data.answer(client, depth(contract=SPY_ASKED, n_rows=n, is_smart=True))
    for each in rows_of(records):
        stage.play(1)
        truth.take(each)
        messages = client.take()
        assert all(
            message.is_smart_depth and (message.market_maker or message.operation == 2)
            for message in messages
            if isinstance(message, DepthL2)
        )
        ladder.take(messages)
        assert ladder.rows == tapes_rows(truth, n)


def test_rows_are_inserted_before_any_is_updated() -> None:
    stage, client = Stage(tape([*THREE, row(Kind.DEPTH_UPDATE, 1, 0, 23999, 9)])), Heard()
    stage.play(6)
    stage.data.answer(client, depth())
    assert [(m.operation, m.side, m.position) for m in client.of(Depth)] == [(0, side, at) for side in (0, 1) for at in range(3)]
    client.take()
    stage.play()
    assert client.take() == [Depth(6, 0, 1, 1, Decimal("5999.75"), 9)]


@pytest.mark.parametrize(("asked", "told"), [(0, 5), (-3, 5), (2, 2), (10, 10), (99, 10)])
def test_as_many_rows_are_shown_as_were_asked_for_at_most_ten(asked: int, told: int) -> None:
    stage, client = Stage(tape([row(Kind.DEPTH_INSERT, 1, at, 24000 - at, 1) for at in range(12)])), Heard()
    stage.data.answer(client, depth(n_rows=asked))
    stage.play()
    assert len({m.position for m in client.of(Depth)}) == told


def test_a_reset_is_error_317_and_then_all_rows_anew() -> None:
    stage, client = Stage(tape([*THREE, row(Kind.DEPTH_RESET, 0, 0), *THREE])), Heard()
    stage.data.answer(client, depth())
    stage.play(6)
    client.take()
    stage.play(1)
    (error,) = client.take()
    assert isinstance(error, ErrorMessage) and (error.req_id, error.code) == (6, 317) and "RESET" in error.text
    stage.play()
    assert [m.operation for m in client.of(Depth)] == [0] * 6


def test_a_contract_without_depth_shows_its_quote_until_the_first_row_comes() -> None:
    stage, client = Stage(tape([quote(24000, 5, 24001, 7), quote(24000, 6, None, 0), *THREE[:1]])), Heard()
    stage.play(1)
    stage.data.answer(client, depth())
    ladder = Ladder(shifts=True)
    ladder.take(client.take())
    assert ladder.rows == ([(Decimal("6000.25"), 7)], [(Decimal("6000.0"), 5)])
    stage.play(1)
    ladder.take(client.take())
    assert ladder.rows == ([], [(Decimal("6000.0"), 6)])
    stage.play(1)
    ladder.take(client.messages)
    assert client.codes == [317] and ladder.rows == ([], [(Decimal("5999.75"), 5)])


def test_a_share_has_a_smart_book_a_makers_book_and_plain_ones() -> None:
    stage, client = Stage(tape([row(Kind.DEPTH_INSERT, 1, 0, 6_000_000, 5, contract=SPY.id)])), Heard()
    stage.play()
    stage.data.answer(client, depth(1, SPY_ASKED, is_smart=True))
    stage.data.answer(client, depth(2, replace(SPY_ASKED, exchange="ISLAND")))
    stage.data.answer(client, depth(3, replace(SPY_ASKED, exchange="ARCA")))
    smart, makers, plain = client.messages
    assert isinstance(smart, DepthL2) and smart.is_smart_depth and smart.market_maker
    assert isinstance(makers, DepthL2) and not makers.is_smart_depth and makers.market_maker == "NSDQ"
    assert isinstance(plain, Depth)


def test_a_smart_book_asked_for_as_a_plain_one_is_error_10092() -> None:
    stage, client = Stage(tape(THREE)), Heard()
    stage.data.answer(client, depth(contract=SPY_ASKED))
    assert client.codes == [10092]


def test_depth_that_the_account_has_not_is_error_354() -> None:
    stage, client = Stage(tape(THREE), StreamSettings(entitlements={"NQZ6": Entitlement(depth=False)})), Heard()
    stage.data.answer(client, depth(contract=NQ_ASKED))
    assert client.codes == [354]


def test_an_unknown_id_of_depth_is_error_310() -> None:
    stage, client = Stage(tape(THREE)), Heard()
    stage.data.answer(client, depth())
    stage.data.answer(client, CancelDepth(6))
    stage.data.answer(client, CancelDepth(6))
    assert client.codes == [310]
