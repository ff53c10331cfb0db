"""Our orders as IB has them: which number is which leg of which bracket, and how far each is. Plain values; no rule of what to send.

ib_async's Trade objects are not used: they end on notices, count corrections twice and are wiped by a reconnect (ib_async 2.1, nine ways).
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from workbench.domain.orders import Leg, OrderType, Submit
from workbench.wire import Answer, OpenOrder

LETTERS: Final = {Leg.ENTRY: "E", Leg.STOP: "S", Leg.TARGET: "T", Leg.EXIT: "X"}
LEGS: Final = {letter: leg for leg, letter in LETTERS.items()}
MAX_RUN: Final = 16  # letters of a run's name in an orderRef; IB documents no limit, 40 is what others stay under
MAX_OVER: Final = 500  # brackets that are over and still known by their numbers
MAX_EXECUTIONS: Final = 50_000  # as many as the supervisor keeps
MAX_EARLY: Final = 1_000  # commissions whose execution did not come yet; most are of foreign orders
_REF: Final = re.compile(r"WB:([A-Za-z0-9_.-]{1,16}):(\d{1,18}):([ESTX])", re.ASCII)


class OrderRef(NamedTuple):
    """What an orderRef of ours says."""

    run: str
    ref: int
    leg: Leg


def short_run(run: str) -> str:
    """Give what stands for a run in an orderRef: its name, or where that does not fit the digest of it.

    >>> short_run("20261120-a"), short_run("a run with a very long name")
    ('20261120-a', '65b73d4c85d26fb4')
    """
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,16}", run, re.ASCII):
        return run
    return hashlib.blake2b(run.encode(), digest_size=MAX_RUN // 2).hexdigest()


def write_ref(run: str, ref: int, leg: Leg) -> str:
    """Write the orderRef of one leg.

    >>> read_ref(write_ref("r1", 7, Leg.STOP))
    OrderRef(run='r1', ref=7, leg=<Leg.STOP: 1>)
    """
    return f"WB:{short_run(run)}:{ref}:{LETTERS[leg]}"


def read_ref(text: str) -> OrderRef | None:
    """Read an orderRef; `None` for one that no workbench wrote."""
    found = _REF.fullmatch(text)
    return OrderRef(found[1], int(found[2]), LEGS[found[3]]) if found else None


class Stage(StrEnum):
    """How far an order is, by evidence."""

    SENT = "sent"  # the broker has shown no sign of it, or not for a while
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


OVER: Final = frozenset({Stage.FILLED, Stage.CANCELLED, Stage.REJECTED})


class Before(NamedTuple):
    """An execution that the engine has of an earlier process, as it was corrected last."""

    exec_id: str
    ref: int
    leg: Leg
    qty: int


class Terms(NamedTuple):
    """What of an order can change: its quantity, and its limit or stop level (`None`: at market)."""

    qty: int
    px: int | None


class Part(msgspec.Struct):
    """One order of ours. `order_id` 0: sent by a process that is no more, its number not heard yet."""

    order_id: int
    leg: Leg
    side: int  # +1 buys
    type: OrderType
    wanted: Terms  # as sent last
    known: Terms | None = None  # as the broker showed it last
    before: Terms | None = None  # as it showed it before that
    perm_id: int = 0
    stage: Stage = Stage.SENT
    filled: int = 0  # by executions
    told: int = 0  # the most the broker ever called filled
    refusal: str = ""  # words of an error that refuses orders
    has_lived: bool = False  # the broker showed it working or filled
    is_inactive: bool = False
    is_cancelling: bool = False
    n_missed: int = 0  # answers about open orders in which it was not
    missed_s: float = 0.0  # since when the broker would have shown it: an answer to what was asked behind it had come; by the loop's time
    lacked_s: float = 0.0  # when the last answer that lacks it was asked for
    behind_s: float | None = None  # when the first answer came to a question that was asked behind it, over the link that stands
    group: str = ""  # OCA group
    is_alone: bool = False  # a stop or target that hangs on no entry: put over what is held, in the place of a child
    is_recalled: bool = False  # of an earlier process, and not shown yet: the broker knows its group and parent

    @property
    def is_over(self) -> bool:
        """Whether it can do nothing more, as far as we know."""
        return self.stage in OVER

    @property
    def is_silent_exit(self) -> bool:
        """Whether it was sent to leave a position that nothing else protects, and the broker has not said a word."""
        return self.leg is Leg.EXIT and self.stage is Stage.SENT and not self.has_lived

    @property
    def rest(self) -> int:
        """What may still fill."""
        return 0 if self.is_over else max(0, (self.known or self.wanted).qty - max(self.filled, self.told))


class Life(msgspec.Struct):
    """One bracket: what was commanded, and its orders."""

    submit: Submit
    stop_px: int  # as commanded last
    parts: list[Part]
    is_leaving: bool = False
    is_doubtful: bool = False  # exits of an earlier process may be under way: none leaves before two whole answers
    n_waited: int = 0  # seconds that an exit has waited for the end of stop and target
    is_hasty: bool = False  # it has waited for long enough
    n_exits: int = 0
    entry_px: int | None = None  # as moved last; `None`: as submitted
    target_px: int | None = None  # as protected last; `None`: as submitted
    cover_qty: int = 0  # so much was to be covered anew, and is not yet; 0: nothing waits
    by_hand: int = 0  # contracts of ours that somebody else closed: no execution of this bracket shows it

    def leg(self, leg: Leg) -> Part:
        """Give an order of the bracket: of several the newest that lives, else the newest."""
        mine = [part for part in reversed(self.parts) if part.leg is leg]
        return next((part for part in mine if not part.is_over), mine[0])

    @property
    def limit_px(self) -> int:
        """Where the entry was commanded to rest."""
        return self.submit.entry_px if self.entry_px is None else self.entry_px

    @property
    def aim_px(self) -> int:
        """Where the target was commanded to rest."""
        return self.submit.target_px if self.target_px is None else self.target_px

    @property
    def entry(self) -> Part:
        """The entry."""
        return self.parts[0]

    @property
    def exits(self) -> list[Part]:
        """All orders that can only close."""
        return self.parts[1:]

    @property
    def open(self) -> int:
        """Contracts held now, by executions."""
        return self.entry.filled - sum(part.filled for part in self.exits) - self.by_hand

    @property
    def held(self) -> int:
        """Contracts held now at least: what a status called filled and no execution told yet may be gone already."""
        return self.entry.filled - sum(max(part.filled, part.told) for part in self.exits) - self.by_hand

    @property
    def leaving_qty(self) -> int:
        """What exits at market may still close."""
        return sum(part.rest for part in self.parts if part.leg is Leg.EXIT)

    @property
    def is_over(self) -> bool:
        """Whether nothing is held and nothing can happen any more."""
        return self.open == 0 and all(part.is_over for part in self.parts)


def which(parts: list[Part], order_id: int, perm_id: int) -> Part | None:
    """Give the order with these numbers: by permId, by its own, else the one whose numbers are not known yet."""
    if perm_id and (found := next((part for part in parts if part.perm_id == perm_id), None)) is not None:
        return found
    free = [part for part in parts if not perm_id or not part.perm_id]
    return next((part for part in free if order_id and part.order_id == order_id), None) or next(
        (part for part in free if not part.order_id or not order_id), None
    )


class Done(msgspec.Struct):
    """One execution, as it was told last. `order_id` and `ref` are 0 for a foreign one."""

    exec_id: str
    qty: int
    ref: int
    order_id: int
    fee: int | None = None


class Book(msgspec.Struct):
    """All of it: a plain value, so that a copy of it is its encoding."""

    run: str
    lives: dict[int, Life] = msgspec.field(default_factory=dict)  # by ref
    by_id: dict[int, int] = msgspec.field(default_factory=dict)  # order id -> ref
    by_perm: dict[int, int] = msgspec.field(default_factory=dict)  # permId -> ref
    executions: dict[str, Done] = msgspec.field(default_factory=dict)  # by the id without its correction number
    fees_early: dict[str, int] = msgspec.field(default_factory=dict)
    known_before: dict[str, Before] = msgspec.field(default_factory=dict)  # that the engine has: as `executions`, of earlier processes

    def add(self, life: Life) -> None:
        """Take a bracket in; the oldest that are over are let go."""
        self.lives[life.submit.ref] = life
        for part in life.parts:
            self.number(life, part, part.order_id)
        if len(self.lives) > 2 * MAX_OVER:
            over = [ref for ref, each in self.lives.items() if each.is_over]
            for ref in over[:-MAX_OVER]:
                self._let_go(self.lives.pop(ref))

    def number(self, life: Life, part: Part, order_id: int, perm_id: int = 0) -> None:
        """Learn an order's numbers; 0 says nothing."""
        if order_id:
            part.order_id = order_id
            self.by_id[order_id] = life.submit.ref
        if perm_id:
            part.perm_id = perm_id
            self.by_perm[perm_id] = life.submit.ref

    def find(self, order_id: int, perm_id: int = 0) -> tuple[Life, Part] | None:
        """Give the order with a number: its permId if that is known, else its own."""
        if perm_id in self.by_perm:
            life = self.lives[self.by_perm[perm_id]]
            return next(((life, part) for part in life.parts if part.perm_id == perm_id), None)
        ref = self.by_id.get(order_id) if order_id > 0 else None
        if ref is None:
            return None
        life = self.lives[ref]
        return next(((life, part) for part in life.parts if part.order_id == order_id and (not perm_id or not part.perm_id)), None)

    def forget_oldest(self) -> None:
        """Keep the newest executions and early fees."""
        while len(self.executions) > MAX_EXECUTIONS:
            del self.executions[next(iter(self.executions))]
        while len(self.fees_early) > MAX_EARLY:
            del self.fees_early[next(iter(self.fees_early))]

    def _let_go(self, life: Life) -> None:
        for part in life.parts:
            self.by_id.pop(part.order_id, None)
            self.by_perm.pop(part.perm_id, None)


def life_of(book: Book, message: Answer) -> Life | None:
    """Give the bracket that a message is about."""
    if isinstance(message, OpenOrder):
        found = book.find(message.order.order_id, message.order.perm_id)
    else:
        execution = getattr(message, "execution", None)
        number = getattr(message, "order_id", getattr(message, "req_id", 0))
        found = book.find(number, getattr(execution or message, "perm_id", 0))
    return found[0] if found else None


def split_exec_id(exec_id: str) -> tuple[str, int]:
    """Split an execution's id into what it keeps when it is corrected, and the number of the correction.

    >>> split_exec_id("0000e0d5.69e02bfb.01.02"), split_exec_id("late-exec-13")
    (('0000e0d5.69e02bfb.01', 2), ('late-exec-13', 0))
    """
    root, dot, last = exec_id.rpartition(".")
    return (root, int(last)) if dot and root and last.isdecimal() and len(last) <= 4 else (exec_id, 0)
