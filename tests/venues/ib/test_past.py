"""What a process knows of the ones before it: brackets that are left on, orders that outlive theirs, executions nobody tells any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.venues.ib.hand import ACCOUNT, BY_CON_ID, BY_ID, CLIENT, ENTRY, EXIT, RUN, STOP, SUBMIT, TARGET, execution, open_order, told
from tests.venues.ib.test_venue import BEGIN_NS, broker, edge, leave, submit
from workbench.domain.events import OrderFilled, PositionTold
from workbench.execution.book import Booked
from workbench.simulation.broker.orders import Order, Type
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.book import Book, Stage
from workbench.venues.ib.ids import NAME, Ids
from workbench.venues.ib.orders import Cancelling, Orders, Placing
from workbench.venues.ib.past import Past, count_untold, recover
from workbench.venues.ib.translate import Translator

BOUGHT = {"a.01": Booked(7, ENTRY, 1, 2, 24_000)}


def recovered(past: Past) -> Translator:
    book = Book(RUN)
    recover(book, past)
    return Translator(book, BY_CON_ID, client_id=CLIENT)


def test_an_execution_of_another_day_counts_though_nobody_tells_it_again() -> None:
    of = recovered(Past([(SUBMIT, 23_980)], BOUGHT))
    life = of.book.lives[7]
    count_untold(of.book)
    count_untold(of.book)
    assert (life.held, life.entry.stage, life.leg(STOP).wanted.px) == (2, Stage.FILLED, 23_980)
    assert told(of, [execution(ENTRY, "a.01", 2, 6000.0)]) == [] and life.held == 2


def test_an_exit_of_another_day_counts_for_no_order_that_lives() -> None:
    sold = {"b.01": Booked(7, EXIT, 1, 1, 24_000)}
    of = recovered(Past([(SUBMIT, 23_960)], BOUGHT | sold))
    count_untold(of.book)
    assert of.book.lives[7].held == 1 and of.book.lives[7].leaving_qty == 0


def test_what_a_correction_replaced_counts_no_more() -> None:
    of = recovered(Past([(SUBMIT, 23_960)], {"a.01": Booked(7, ENTRY, 1, 0, 0), "a.02": Booked(7, ENTRY, 1, 1, 24_000)}))
    count_untold(of.book)
    assert of.book.lives[7].held == 1


def test_an_exit_known_by_a_part_of_it_still_works_when_the_broker_shows_it() -> None:
    of = recovered(Past([(SUBMIT, 23_960)], BOUGHT, leaving={7}))
    count_untold(of.book)
    assert isinstance(told(of, [execution(EXIT, "b.01", 1, 6000.0)])[0], OrderFilled)
    told(of, [open_order(EXIT)])
    assert of.book.lives[7].leaving_qty == of.book.lives[7].held == 1


def test_an_order_that_outlived_its_bracket_is_to_be_cancelled_when_it_shows() -> None:
    of = recovered(Past(executions=BOUGHT | {"b.01": Booked(7, TARGET, 1, 2, 24_080)}, over=[SUBMIT]))
    count_untold(of.book)
    life = of.book.lives[7]
    assert life.is_over and told(of, [open_order(STOP)]) == [] and of.undead == {life.leg(STOP).order_id}


def test_what_was_being_left_waits_until_no_exit_can_be_under_way(tmp_path: Path) -> None:
    of = recovered(Past([(SUBMIT, 23_960)], BOUGHT, leaving={7}))
    orders, life = Orders(of.book, BY_ID, Ids(tmp_path / NAME)), of.book.lives[7]
    count_untold(of.book)
    told(of, [open_order(STOP), open_order(TARGET)])
    assert orders.due(life) == []
    life.is_doubtful = False
    assert orders.due(life) == [Cancelling(life.leg(STOP).order_id), Cancelling(life.leg(TARGET).order_id)]
    life.leg(STOP).stage = life.leg(TARGET).stage = Stage.CANCELLED
    (exit_,) = orders.due(life)
    assert isinstance(exit_, Placing) and (exit_.order.account, exit_.order.totalQuantity) == (ACCOUNT, 2)


@pytest.mark.parametrize("heard", [{}, {1: 2}], ids=["no position was ever written", "one was"])
def test_what_went_flat_while_nobody_ran_is_told_flat(tmp_path: Path, heard: dict[int, int]) -> None:
    """I26: the broker names what is flat no more, and a bracket that nobody says anything about is open for ever."""
    opened = submit(1, qty=2)

    async def main(loop: VirtualLoop) -> None:
        async with edge(loop, tmp_path) as first:
            fills = await first.opened(opened)
            await first.venue.close()
            sold = Order(client_id=0, order_id=0, account="DUSIM1", contract=1, side=-1, qty=2, type=Type.MARKET)
            broker(first).place_by_hand(sold, first.gateway.now_ns)
            await first.until(lambda: broker(first).position("DUSIM1", 1).qty == 0)
            async with first.followed(tmp_path, loop, Past([(opened, opened.stop_px)], fills), heard) as second:
                assert [event.qty for event in second.of(PositionTold)] == [0]

    run(main, epoch_ns=BEGIN_NS)


@pytest.mark.parametrize("is_left", [False, True], ids=["before the exit left", "behind it"])
def test_a_process_that_died_while_it_left_a_bracket_is_followed_by_one_that_leaves_it(tmp_path: Path, is_left: bool) -> None:
    opened = submit(1, qty=2)

    async def main(loop: VirtualLoop) -> None:
        async with edge(loop, tmp_path) as first:
            fills = await first.opened(opened)
            if is_left:
                await first.venue.send(leave(1))
                await first.until(lambda: any(part.leg is EXIT for part in first.venue.book.lives[1].parts))
            await first.venue.close()
            async with first.followed(tmp_path, loop, Past([(opened, opened.stop_px)], fills, leaving={1})) as second:
                await second.until(lambda: broker(first).position("DUSIM1", 1).qty == 0 and not broker(first).orders())
                sold = [each for each in broker(first).executions() if each.order_ref.endswith(":X")]
                assert sum(each.qty for each in sold) == 2

    run(main, epoch_ns=BEGIN_NS)
