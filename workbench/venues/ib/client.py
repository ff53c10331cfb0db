"""ib_async's client as the live edge uses it: the tap on what comes in, the lane in front of what leaves. Decides nothing.

ib_async connects, and writes requests. Frames do not go on to its wrapper: what that keeps of orders is wrong after a reconnect and never
freed (110 MB in 10,000 orders), and our own questions have answers it knows nothing of.
"""

# mypy: disable-error-code="no-untyped-call"
# half of the library has no types

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ib_async import Contract as IbContract
from ib_async import Order

from workbench.venues.ib.hot import Hot
from workbench.venues.ib.lane import Lane
from workbench.venues.ib.raw import TapClient
from workbench.wire import frame


class LaneClient(TapClient):
    """The client of one process.

    Attributes
    ----------
    check
        Looks at every payload the moment before it leaves; what it raises keeps it.
    on_kept
        Hears of a payload that `check` kept after it had waited.
    on_closed
        Hears that there is no connection any more, and ib_async's word for why.
    """

    def __init__(self, wrapper: Any, hot: Hot) -> None:
        self.check: Callable[[bytes], None] = lambda payload: None
        self.on_kept: Callable[[bytes, Exception], None] = lambda payload, error: None
        self.on_closed: Callable[[str], None] = lambda why: None
        self._caught: list[str] | None = None
        super().__init__(wrapper, hot)

    def _hand_on(self, fields: list[str]) -> None:
        try:
            self.on_frame(fields)
        except Exception as error:  # noqa: BLE001  one frame that we cannot read must not close the socket; it is told
            self._trouble(f"{type(error).__name__}: {error}", "|".join(fields))

    def _onSocketDisconnected(self, msg: str) -> None:  # noqa: N802  name of the library
        super()._onSocketDisconnected(msg)
        self.on_closed(msg)

    async def open(self, host: str, port: int, client_id: int) -> None:
        """Open the socket and say hello; what the server answers comes as frames.

        Raises
        ------
        OSError
            Nobody listens there.
        """
        self.host, self.port, self.clientId = host, port, client_id
        self.connState = self.CONNECTING
        self.lane = Lane(
            self.write,
            asyncio.get_running_loop(),
            check=lambda payload: self.check(payload),
            refused=lambda payload, error: self.on_kept(payload, error),
        )
        await self.conn.connectAsync(host, port)
        self.conn.sendMsg(b"API\0" + frame(b"v%d..%d" % (self.MinClientVersion, self.MaxClientVersion)))

    @property
    def is_ready(self) -> bool:
        """Whether the server knows us and has named accounts and the next order id."""
        return bool(self._apiReady) and self.isConnected()

    @property
    def accounts(self) -> list[str]:
        """Accounts of this login; none while they were not named."""
        return list(self._accounts)

    def payload_of(self, contract: IbContract, order: Order) -> bytes:
        """Give the bytes of an order without sending them."""
        self._caught = []
        try:
            self.placeOrder(order.orderId, contract, order)
            return self._caught[0].encode()
        finally:
            self._caught = None

    def sendMsg(self, msg: str | None) -> None:  # noqa: N802  name of the library
        """Take a payload from one of the library's requests; the lane knows when it leaves."""
        if self._caught is not None and msg:
            self._caught.append(msg)
        elif self.lane is None:
            raise ConnectionError("not connected")
        else:
            super().sendMsg(msg)

    def hold(self) -> None:
        """Take that TWS calls us too fast: for a second it hears no question."""
        if isinstance(self.lane, Lane):
            self.lane.hold()

    def send_payload(self, payload: bytes) -> None:
        """Send what `payload_of` gave."""
        if self.lane is None or not self.isConnected():
            raise ConnectionError("not connected")
        self.lane.offer(payload)
