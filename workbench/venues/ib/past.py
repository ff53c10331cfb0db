"""What earlier processes of a run did, as the `Book` must know it before the broker is asked. Sends nothing, asks nothing.

Rules
-----
1. What was sent has no numbers here: it gets them with its order, by orderRef.
2. An execution that the engine has is told to nobody again. It counts for the order that it is told of; where a whole answer of the broker
   does not tell it (IB tells those of a day), for its leg.
3. Of a bracket that is over all orders are: what the broker shows of them is cancelled.
4. A bracket that was being left is left on. Nobody knows how many exits left for it: the next one waits for two whole answers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from workbench.domain.events import ForeignOrderSeen
from workbench.domain.orders import Leg, OrderType, Submit
from workbench.execution.adoption import ADOPTED
from workbench.execution.book import Booked
from workbench.venues.ib.book import Before, Book, Done, Life, Part, Stage, Terms, short_run, split_exec_id

CLOSES: Final = {Leg.STOP: OrderType.STOP, Leg.TARGET: OrderType.LIMIT, Leg.EXIT: OrderType.MARKET}
NOBODY: Final[Mapping[int, int]] = {}


class Past(NamedTuple):
    """What earlier processes of a run did.

    ``lives`` are the brackets that are not over: the command, and where their stop was commanded to last (px); ``executions`` are those the
    engine has, by id; ``by_hand`` is how many contracts of a bracket somebody else has closed; ``leaving`` are the refs of those that are
    being left; ``over`` are brackets that are over and may live at the broker all the same; ``foreign`` are orders of others that worked
    when last they were told.
    """

    lives: Iterable[tuple[Submit, int]] = ()
    executions: Mapping[str, Booked] = {}
    by_hand: Mapping[int, int] = NOBODY
    leaving: Collection[int] = ()
    over: Iterable[Submit] = ()
    foreign: Iterable[ForeignOrderSeen] = ()


def recover(book: Book, past: Past) -> None:
    """Know brackets and executions of earlier processes."""
    for submit in past.over:
        life = _life(book, submit, submit.stop_px)
        for part in life.parts:
            part.stage = Stage.CANCELLED
        life.by_hand = past.by_hand.get(submit.ref, 0)
        book.add(life)
    for submit, stop_px in past.lives:
        life = _life(book, submit, stop_px)
        life.by_hand = past.by_hand.get(submit.ref, 0)
        life.is_leaving = life.is_doubtful = submit.ref in past.leaving
        entry = life.entry
        if submit.key.strategy == ADOPTED:  # bought by somebody else: no execution of ours will tell it
            entry.known, entry.stage, entry.filled, entry.has_lived = Terms(submit.qty, None), Stage.FILLED, submit.qty, True
        book.add(life)
    for exec_id, booked in past.executions.items():
        root, number = split_exec_id(exec_id)
        known = book.known_before.get(root)
        if known is None or split_exec_id(known.exec_id)[1] <= number:
            book.known_before[root] = Before(exec_id, booked.ref, booked.leg, booked.qty)


def _life(book: Book, submit: Submit, stop_px: int) -> Life:
    qty, side, group = submit.qty, submit.side, f"WB:{short_run(book.run)}:{submit.ref}"
    px = None if submit.entry_type is OrderType.MARKET else submit.entry_px
    parts = [
        Part(0, Leg.ENTRY, side, submit.entry_type, Terms(qty, px)),
        Part(0, Leg.STOP, -side, OrderType.STOP, Terms(qty, stop_px), group=group, is_recalled=True),
        Part(0, Leg.TARGET, -side, OrderType.LIMIT, Terms(qty, submit.target_px), group=group, is_recalled=True),
    ]
    return Life(submit, stop_px, parts)


def count_untold(book: Book) -> None:
    """Count executions that the engine has and a whole answer of the broker did not tell."""
    for root, before in book.known_before.items():
        life = book.lives.get(before.ref)
        if life is None or root in book.executions:
            continue
        if before.leg is Leg.EXIT and not any(part.leg is Leg.EXIT for part in life.parts):
            gone = Part(0, Leg.EXIT, -life.submit.side, OrderType.MARKET, Terms(before.qty, None), stage=Stage.FILLED)
            life.parts.append(gone)
        part = life.leg(before.leg)
        part.filled, part.has_lived = part.filled + before.qty, True
        if part.stage is Stage.SENT and part.filled >= (part.known or part.wanted).qty:
            part.stage = Stage.FILLED
        book.executions[root] = Done(before.exec_id, before.qty, before.ref, part.order_id)
