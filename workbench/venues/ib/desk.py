"""The desk of the live edge: commands to orders to bytes, and what an answer calls for. Order state is not here, but in the `Book`.

Rules
-----
1. All orders of a bracket are made and looked at before the first byte of one leaves.
2. An entry leaves only over a connection that is ready. What may be said twice (a cancel, a stop's level) leaves over any that stands. An
   exit leaves where it is known what is held: while TWS is cut off from IB, or orders and executions are still asked for, a stop or target
   may have filled unheard, and an exit that waits in TWS would turn the position round. It is kept in the book, the stop stands, and it
   leaves the moment all is known again.
3. What could not leave is told as rejected only where it is certain that it did not.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from workbench.domain.errors import InvariantError, VenueError
from workbench.domain.events import Answered, AnyEvent, BrokerSaid, Known, OrderRejected, Unknown
from workbench.domain.orders import Ask, Cancel, Command, Exit, Leg, Modify, Protect, Reprice, Submit
from workbench.venues.ib.account import Account, is_what_if, margin
from workbench.venues.ib.book import Life, Stage, life_of
from workbench.venues.ib.client import LaneClient
from workbench.venues.ib.connection import Connection
from workbench.venues.ib.holding import Holding
from workbench.venues.ib.orders import Cancelling, Orders, Placing, Sending
from workbench.venues.ib.questions import TIMEOUT_S, Questions
from workbench.venues.ib.reconcile import GONE, Reconciler
from workbench.venues.ib.translate import Translator
from workbench.venues.ib.validator import Validator
from workbench.wire import Answer, PlaceOrder, decode_request, fields

PLACE: Final = b"3\0"
LOOK_S: Final = 2  # ticks between two looks that something said called for
ANSWER_S: Final = 4.0  # for each question of such a look; what was asked in vain is asked again
MONEY_S: Final = 5
WHAT_IF_S: Final = 10.0


class Desk:
    """Of one venue.

    Attributes
    ----------
    account, holding, n_ticks
        Answer questions about money, and what a hand in TWS took from our brackets; seconds that were counted.
    """

    account: Account

    def __init__(
        self,
        orders: Orders,
        translator: Translator,
        client: LaneClient,
        validator: Validator,
        questions: Questions,
        reconciler: Reconciler,
        connection: Connection,
        say: Callable[[AnyEvent], None],
    ) -> None:
        self._orders, self._translator, self._client, self._validator = orders, translator, client, validator
        self._questions, self._reconciler, self._connection, self._say = questions, reconciler, connection, say
        self.holding = Holding()
        self._hung: set[int] = set()
        self.n_ticks = self._looked = self._heard = 0  # seconds, and which of them saw the last look and the last word
        self._jobs: set[asyncio.Task[None]] = set()

    @property
    def _lives(self) -> dict[int, Life]:
        return self._translator.book.lives

    # ------------------------------------------------------------------ commands
    def send(self, command: Command) -> None:
        """Let a command leave.

        Raises
        ------
        InvariantError
            What would have left is not what was commanded.
        """
        match command:
            case Submit():
                self._submit(command)
            case Modify():
                self._made(self._orders.modify(command))
            case Cancel():
                self._made(self._orders.cancel(command))
            case Exit():
                self._exit(command)
            case Protect():
                self._protect(command)
            case Reprice():
                self._made(self._orders.reprice(command))
            case _:
                raise InvariantError(f"a {type(command).__name__} is no order")

    def _submit(self, command: Submit) -> None:
        if not self._connection.is_ready:
            text = f"not sent: the connection is {self._connection.state}: {self._connection.why}"
            self._say(OrderRejected(command.ref, Leg.ENTRY, text))
            return
        made = self._orders.submit(command)
        for event in made.events:
            self._say(event)
        try:
            self._leave(made.sends)
        except (InvariantError, VenueError, ConnectionError, OverflowError) as error:
            self._give_up(self._lives[command.ref], str(error))
            if isinstance(error, InvariantError):
                raise

    def _exit(self, command: Exit) -> None:
        life = self._lives.get(command.ref)
        if life is not None and (not self._is_known() or self._is_less(life)):
            life.is_leaving = True  # leaves when it is known what is held
            self._due(life) if self._is_known() else None
            return
        self._made(self._orders.exit(command))

    def _protect(self, command: Protect) -> None:
        life = self._lives.get(command.ref)
        if life is not None and self._closed_by_hand(life, command):
            self._leave([self._orders.withdraw(part) for part in self._orders.hanging(life)] if self._client.is_ready else [])
        elif self._is_known():
            self._made(self._orders.protect(command))
        else:  # what is held may be gone unheard: a stop over nothing would open a position
            self._orders.will_protect(life or self._orders.adopt(command), command)

    def _closed_by_hand(self, life: Life, command: Protect) -> bool:
        """Take from a command that somebody else closed some of a bracket; whether that was all of it."""
        self.holding.take(life, command.qty, self._translator.foreign.traded(life.submit.key.contract, -life.submit.side))
        if command.qty:
            return False
        if not life.entry.is_over and not life.entry.is_cancelling and self._client.is_ready:
            self._leave([self._orders.withdraw(life.entry)])
        life.is_leaving = False
        return True

    def _is_known(self) -> bool:
        return self._client.is_ready and self._connection.is_known

    def _made(self, made: Any) -> None:
        for event in made.events:
            self._say(event)
        if made.sends and self._client.is_ready:
            self._leave(made.sends)

    def _leave(self, sends: Iterable[Sending]) -> None:
        """Make bytes of all, look at all, then let them go."""
        payloads = [self._client.payload_of(*each) for each in sends if isinstance(each, Placing)]
        try:
            with self._validator.looked_at(payloads):
                for payload in payloads:
                    self._client.send_payload(payload)
        except InvariantError as error:
            self._say(BrokerSaid(0, "validator", str(error), None, None))
            raise
        for each in sends:
            if isinstance(each, Cancelling) and each.order_id:
                self._client.cancelOrder(each.order_id)

    def _give_up(self, life: Life, text: str) -> None:
        """Nothing of a bracket left."""
        for part in life.parts:
            for event in self._translator.refuse(life, part, text):
                if part.leg is Leg.ENTRY:
                    self._say(event)

    # ------------------------------------------------------------------ what answers call for
    def follow(self, message: Answer) -> None:
        """See to what a message changed: cuts, further exits, cancels of what is inactive."""
        self._heard = self.n_ticks
        life = life_of(self._translator.book, message)
        if life is not None and self._is_known():
            self._due(life)

    def _is_less(self, life: Life) -> bool:
        """Whether the broker was heard to hold less than our executions make, and nobody knows yet whose trade that was: it is asked."""
        is_less = self.holding.lacks(self._lives.values(), self.account.positions, self._translator.contracts, life.submit.key.contract)
        self._translator.must_look |= is_less
        return is_less

    def _due(self, life: Life) -> None:
        if is_less := life.is_leaving and self._is_less(life):
            life.n_waited, life.is_hasty = 0, False  # an exit would close what a hand may have closed already; the stop stands
        try:
            if sends := self._orders.due(life, is_less=is_less):
                self._leave(sends)
        except (InvariantError, VenueError, ConnectionError) as error:
            self._say(BrokerSaid(0, "trouble", f"bracket {life.submit.ref}: {error}", life.submit.ref, life.submit.key.contract))

    def resume(self, asked: int) -> None:
        """All is known again, asked for in tick `asked`: send what had to wait, and what may be said twice and was not acknowledged."""
        self._hold_to_the_broker(asked)
        for life in list(self._lives.values()):
            if not life.is_over:
                self._leave(self._orders.again(life))
                self._due(life)

    def unsent(self, payloads: list[bytes]) -> None:
        """Take that these payloads never left: the socket is gone."""
        for payload in payloads:
            if payload.startswith(PLACE):
                self._never_left(payload, "the connection was lost before it left")

    def kept(self, payload: bytes, error: Exception) -> None:
        """Take that a payload was kept from leaving after it had waited."""
        self._say(BrokerSaid(0, "validator", str(error), None, None))
        if payload.startswith(PLACE):
            self._never_left(payload, str(error))

    def _never_left(self, payload: bytes, text: str) -> None:
        request = decode_request(fields(payload), self._validator.version)
        found = self._translator.book.find(request.order_id) if isinstance(request, PlaceOrder) else None
        if found is not None and not found[1].has_lived:  # else it was a change, which is sent again
            for event in self._translator.refuse(*found, text):
                self._say(event)

    # ------------------------------------------------------------------ once a second
    def is_fifth(self) -> bool:
        """Whether money is to be told now."""
        return self.n_ticks % MONEY_S == 0

    async def tidy(self) -> None:
        """Cancel what hangs or came back from the dead, leave what has waited, ask again where words left a doubt."""
        self.n_ticks += 1
        if not self._client.is_ready:
            return
        for life in self._lives.values() if self._is_known() else ():
            if self._orders.has_waited(life, self.n_ticks - self._heard):
                self._due(life)
        self._cancel_what_hangs()
        self._leave(self._orders.cuts(self._lives.values()) if self._is_known() else [])
        self.holding.tick(self._lives.values(), self.n_ticks)
        for contract in self.holding.settled(self.n_ticks):
            self._translator.compare(contract, self.account.held(contract))
        late = any(life.n_waited == 1 for life in self._lives.values())  # a word on what an exit waits for
        late |= any(part.told > part.filled or part.is_silent_exit for life in self._lives.values() for part in life.parts)
        if (self._translator.must_look or late) and self.n_ticks - self._looked >= LOOK_S and self._connection.is_ready:
            self._translator.must_look, self._looked = False, self.n_ticks
            self._job(self._look())

    def _cancel_what_hangs(self) -> None:
        hanging = [(life, part) for life in self._lives.values() for part in self._orders.hanging(life)]
        twice = [(life, part) for life, part in hanging if part.order_id in self._hung and not part.is_cancelling]
        self._hung = {part.order_id for _, part in hanging}
        self._leave([self._orders.withdraw(part) for _, part in twice])
        undead, self._translator.undead = self._translator.undead, set()
        self._leave([Cancelling(order_id) for order_id in sorted(undead)])

    async def _look(self) -> None:
        if (why := await self.look(answer_s=ANSWER_S)) is not None:
            self._translator.must_look = True
            if self.holding.lacks(self._lives.values(), self.account.positions, self._translator.contracts):
                self._connection.resync(why)  # else an exit would close what a hand may have closed already
            return
        clashed = self._without_those_alone(self._clashed())
        for ref in sorted({found[0].submit.ref for number in clashed if (found := self._translator.book.find(number))}):
            self._after_a_clash(self._lives[ref])
        for life in list(self._lives.values()):
            if not life.is_over:
                self._due(life)

    async def look(self, *, answer_s: float = TIMEOUT_S) -> str | None:
        """Ask what there is, positions too, and take from brackets what the broker does not hold; say what is not known, or `None`."""
        n = self.n_ticks
        why = await self._reconciler.quietly(answer_s=answer_s)
        if why is None and self._is_known():
            self._hold_to_the_broker(n)
        return why

    def _hold_to_the_broker(self, n: int) -> None:
        """Cut or cancel the exits of what somebody closed, and say so."""
        self.holding.tick(self._lives.values(), self.n_ticks)
        for life in self.holding.hold(self._lives.values(), self.account.positions, self._translator.contracts, n):
            self._say(self.holding.word(life))
            rests = [] if life.entry.is_over else [life.entry]  # its children are over all of it: they can be cut when it has ended
            gone = [*rests, *self._orders.hanging(life), *self._orders.beyond(life)]
            self._leave([self._orders.withdraw(part) for part in gone if not part.is_cancelling])
            self._due(life)
        self._translator.must_look |= self.holding.is_unsettled

    def _clashed(self) -> set[int]:
        """Take the numbers about which enough is known; those that whole answers have not missed often enough wait for a further look."""
        clashed, of = self._translator.clashed, self._translator
        found = {number: of.book.find(number) for number in clashed}
        of.clashed = {n for n, at in found.items() if at and not at[1].is_over and not at[1].has_lived and at[1].n_missed < GONE}
        of.must_look |= bool(of.clashed)
        return clashed - of.clashed

    def _without_those_alone(self, clashed: set[int]) -> set[int]:
        """Refuse what hangs on no entry and whose number was taken: who wants a stop there says so again, and it gets another one."""
        found = {number: self._translator.book.find(number) for number in sorted(clashed)}
        for each in found.values():
            if each is not None and each[1].is_alone:
                for event in self._translator.refuse(*each, "103: its number was taken"):
                    self._say(event)
        return {number for number, each in found.items() if each is None or not each[1].is_alone}

    def _after_a_clash(self, life: Life) -> None:
        """An order's number was taken: place it anew, when a whole answer shows none with its orderRef, and nothing else ended it."""
        newest, text = life.parts[-1], "103: its number was taken"
        if newest.leg is Leg.EXIT:
            if newest.has_lived or newest.is_over:
                return
            if newest.wanted.qty <= life.held:
                self._leave(self._orders.renumber(life))
                return
            for event in self._translator.refuse(life, newest, f"{text}, and less is held by now"):
                self._say(event)
        elif any(part.has_lived for part in life.parts):
            self._leave([self._orders.withdraw(part) for part in life.parts if part.has_lived and not part.is_over])
            self._give_up(life, f"{text}, and others of its bracket were placed; they are cancelled")
        elif life.entry.is_over:
            self._give_up(life, f"{text}, and its entry was refused")  # told as such: whoever opened it is done with it
        else:
            self._leave(self._orders.renumber(life))

    def _job(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    def subscribe(self) -> None:
        """Ask for the account's profit and loss, from now on."""
        self._client.reqPnL(self._questions.number(), self.account.name, "")

    # ------------------------------------------------------------------ questions
    def ask(self, command: Ask) -> None:
        """Answer a question of the engine's, now or later."""
        match command.question:
            case "account":
                self._job(self._answer(command, self._account()))
            case "bracket":
                self._job(self._answer(command, self._bracket(command.ref)))
            case "margin":
                self._job(self._answer(command, self._margin(command)))
            case "positions":
                known = self._connection.is_ready
                held = {str(con_id): qty for con_id, qty in self.account.positions.items()}
                self._tell(command, Known(held) if known else Unknown(f"the connection is {self._connection.state}"))
            case _:
                self._tell(command, Unknown(f"the live edge does not know the question {command.question!r}"))

    async def _answer(self, command: Ask, work: Any) -> None:
        self._tell(command, await work)

    def _tell(self, command: Ask, answer: Known | Unknown) -> None:
        self._say(Answered(command.ref, command.question, answer))

    async def _account(self) -> Known | Unknown:
        """Wait for the first download, as long as a question may take."""
        for _ in range(100):
            if isinstance(answer := self.account.answer(), Known):
                return answer
            await asyncio.sleep(0.1)
        return self.account.answer()

    async def _bracket(self, ref: int) -> Known | Unknown:
        """Say whether the entry, and any exit, ever reached the broker: after two whole answers where one did not."""
        life = self._lives.get(ref)
        if life is None:
            return Unknown(f"no bracket {ref} is known")
        if not life.entry.has_lived or any(not part.has_lived and not part.is_over for part in life.parts):
            why = await self._reconciler.orders()
            if why is not None:
                return Unknown(why)
        sent = [part for part in life.parts if not part.has_lived and part.stage is Stage.SENT and part.leg in (Leg.ENTRY, Leg.EXIT)]
        if any(part.n_missed < GONE for part in sent):
            return Unknown(f"what was sent of bracket {ref} may still be under way")
        said = {
            "entry": life.entry.has_lived or life.entry.told > 0,
            "exit": any(part.has_lived for part in life.parts if part.leg is Leg.EXIT),
        }
        gone = life.parts if life.entry in sent else sent
        for part in gone:
            self._translator.refuse(life, part, "it never reached the broker")  # if it is shown after all, it is cancelled
        return Known(said)

    async def _margin(self, command: Ask) -> Known | Unknown:
        """Ask what an order would cost; ``detail`` is its signed quantity, ``+2``."""
        try:
            qty = int(command.detail)
            placing = self._orders.what_if(command.key.contract, qty, command.key.account)
        except (ValueError, VenueError) as error:
            return Unknown(f"the question names no order: {error}")
        if not qty or not self._client.is_ready:
            return Unknown("the question names no order" if not qty else "not connected")
        payload = self._client.payload_of(*placing)
        answer = await self._questions.numbered(
            lambda _: self._client.send_payload(payload), number=placing.order.orderId, timeout_s=WHAT_IF_S, is_answer=is_what_if
        )
        return margin(answer.value) if isinstance(answer, Known) else answer
