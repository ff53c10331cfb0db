"""What leaves: orders and cancels first, data requests when there is room, never more than IB bears. Decides no order; opens no socket.

IB answers code 100 above 50 messages a second and may cut the socket. ib_async's own throttle puts a cancel behind every request that
waits (200 of them: 4.0 s, measured), and forgets what waits when the socket drops; it is switched off and this stands in its place.

Rules
-----
1. At most `MOST` messages in any second, of which data requests get `DATA`, spread evenly: an order finds room at once, and in a burst
   the next room is at most 1 / (`MOST` - `DATA`) s away.
2. Urgent messages leave in their order, before anything else that waits.
3. When the socket is lost, what never left is given back, so that nobody waits for its answer.
4. Who is told that it was too fast (`hold`) asks nothing for a second: it would be lost, and its answer waited for. Orders leave.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

MOST: Final = 45  # messages a second; IB bears 50
DATA: Final = 25  # of these for requests that are no orders
BURST: Final = 5  # data requests that may leave at once after a pause
ORDERS: Final = (b"3\0", b"4\0", b"58\0")  # place, cancel, global cancel
URGENT: Final = (*ORDERS, b"49\0", b"71\0")  # the heartbeat's question, startApi
TOO_FAST: Final = 100
HOLD_S: Final = 1.25  # IB counts a second; and the ways there and back
MAX_WAITING: Final = 10_000  # data requests; more is a loop that went wrong


class Loop(Protocol):
    """What is needed of an asyncio loop: its time in seconds, and a call later."""

    def time(self) -> float:
        """Seconds, never falling."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> object:
        """Call `callback` at loop time `when`."""


class Lane:
    """Two queues in front of a socket.

    Parameters
    ----------
    write
        Puts a payload on the wire, framed.
    loop
        Gives the time.
    check
        Looks at each payload the moment before it leaves; what it raises goes to who offered it, or to `refused` if it had waited.
    refused
        Told of a payload that `check` refused after it had waited.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        loop: Loop,
        *,
        check: Callable[[bytes], None] | None = None,
        refused: Callable[[bytes, Exception], None] | None = None,
    ) -> None:
        self._write, self._loop, self._check, self._refused = write, loop, check, refused
        self._urgent: deque[bytes] = deque()
        self._data: deque[bytes] = deque()
        self._sent: deque[float] = deque()  # when the last MOST messages left
        self._tokens, self._filled_at = float(BURST), loop.time()
        self._held_until = loop.time()
        self._is_waiting = False

    @property
    def n_waiting(self) -> int:
        """Messages that have not left."""
        return len(self._urgent) + len(self._data)

    def hold(self, for_s: float = HOLD_S) -> None:
        """Let nothing but orders leave for a while."""
        self._held_until = self._loop.time() + for_s

    @property
    def _is_held(self) -> bool:
        return self._loop.time() < self._held_until

    def offer(self, payload: bytes) -> None:
        """Send a payload now, or as soon as its turn comes.

        Raises
        ------
        OverflowError
            More data requests wait than anybody can mean; nothing was queued.
        InvariantError
            From `check`: nothing was sent.
        """
        if self._is_held and payload.startswith(URGENT) and not payload.startswith(ORDERS):
            self._data.appendleft(payload)
        elif payload.startswith(URGENT):
            if not self._urgent and self._has_room():
                self._send(payload)
                return
            if self._check is not None:
                self._check(payload)  # who offered it hears of it; it is looked at again when it leaves
            self._urgent.append(payload)
        elif len(self._data) >= MAX_WAITING:
            raise OverflowError(f"{MAX_WAITING} requests wait already")
        else:
            self._data.append(payload)
        self._flow()

    def drop(self) -> list[bytes]:
        """Forget all that waits, and give it back: the socket is gone."""
        lost = [*self._urgent, *self._data]
        self._urgent.clear()
        self._data.clear()
        self._sent.clear()
        self._tokens, self._filled_at = float(BURST), self._loop.time()
        return lost

    def _has_room(self) -> bool:
        now, sent = self._loop.time(), self._sent
        while sent and now - sent[0] >= 1.0:
            sent.popleft()
        return len(sent) < MOST

    def _send(self, payload: bytes) -> None:
        if self._check is not None:
            self._check(payload)
        self._sent.append(self._loop.time())
        self._write(payload)

    def _flow(self) -> None:
        """Let leave what may, and come back for the rest."""
        while self._urgent and self._has_room():
            payload = self._urgent.popleft()
            try:
                self._send(payload)
            except Exception as error:  # noqa: BLE001  whatever is wrong with one order, the cancels behind it must leave
                if self._refused is not None:
                    self._refused(payload, error)
        self._refill()
        while self._data and not self._urgent and not self._is_held and self._tokens >= 1 and self._has_room():
            self._tokens -= 1
            self._send(self._data.popleft())
        if self.n_waiting and not self._is_waiting:
            self._is_waiting = True
            self._loop.call_at(self._next_at(), self._again)

    def _again(self) -> None:
        self._is_waiting = False
        self._flow()

    def _refill(self) -> None:
        now = self._loop.time()
        self._tokens = min(float(BURST), self._tokens + (now - self._filled_at) * DATA)
        self._filled_at = now

    def _next_at(self) -> float:
        now = self._loop.time()
        window = self._sent[0] + 1.0 if len(self._sent) >= MOST else now
        tokens = 0.0 if self._urgent else (1 - self._tokens) / DATA
        held = 1 / DATA if self._is_held and not self._urgent else 0.0  # no longer: an order may come that finds no room at once
        return max(window, now + tokens, now + held, now + 0.001)
