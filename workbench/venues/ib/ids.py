"""Numbers for orders and requests that are never used twice, also not by the next process. One small file; no socket, no clock.

Rules
-----
1. An order id is used once, whatever the gateway says is free next: a gateway that was restarted has offered the ids of lost orders
   again (QuantConnect/Lean.Brokerages.InteractiveBrokers#242). The greater of its number and ours counts.
2. Ids are taken from the file in blocks, and a block is on the disk before its first id is used. What a process that died leaves of a
   block is lost: numbers are cheap.
3. Requests for data have numbers of their own, from `FIRST_REQUEST` up, since an error names either kind in the same field.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from workbench.domain.errors import StoreError
from workbench.store.whole import trouble, write_whole

NAME: Final = "order-ids"  # in the folder of the account's state
BLOCK: Final = 100  # ids made durable at once: one fsync in some thirty brackets
FIRST_REQUEST: Final = 1 << 30  # IB counts order ids up from 1 in 32 bits
LAST: Final = (1 << 31) - 2  # 2**31 - 1 is IB's word for "no number"


class Ids:
    """Gives ids.

    Parameters
    ----------
    path
        The file; made when it is not there.

    Raises
    ------
    StoreError
        If the file holds something else. It is not guessed at: a person looks at the highest order id in TWS and writes it there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     first = Ids(Path(folder, NAME))
    ...     _ = first.hear(40)                # the gateway's nextValidId
    ...     a, b = first.order(), first.order()
    ...     second = Ids(Path(folder, NAME))  # the next process
    ...     _ = second.hear(1)                # the gateway was rolled back
    ...     a, b, second.order() > b
    (40, 41, True)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = self._kept = self._read()  # all below `_kept` may have been used
        self._request = FIRST_REQUEST

    def _read(self) -> int:
        if not self._path.exists():
            return 1
        with trouble(f"reading {self._path}"):
            text = self._path.read_text(encoding="ascii", errors="replace").strip()
        if not text.isdecimal() or not 0 < int(text) < FIRST_REQUEST:
            raise StoreError(f"{self._path} should hold the first order id that was never used, not {text[:40]!r}; write it there by hand")
        return int(text)

    @property
    def first(self) -> int:
        """The next order id, as far as is known before the gateway names one."""
        return self._next

    def hear(self, next_valid_id: int) -> bool:
        """Take what the gateway says is free; False if ours is higher and stays."""
        if next_valid_id < self._next:
            return False
        self._next = next_valid_id
        return True

    def seen(self, order_id: int) -> None:
        """Take that an id is in use: an order of ours that an earlier process sent."""
        if order_id < FIRST_REQUEST:
            self._next = max(self._next, order_id + 1)

    def order(self) -> int:
        """Give an id for an order; durable before it is given."""
        if self._next >= self._kept:
            if self._next + BLOCK >= FIRST_REQUEST:
                raise StoreError(f"order ids have come to {self._next}; reset the sequence in TWS (Global Configuration, API, Settings)")
            self._kept = self._next + BLOCK
            write_whole(self._path, b"%d\n" % self._kept)
        self._next += 1
        return self._next - 1

    def request(self) -> int:
        """Give an id for a request; not kept, and unique in this process only."""
        self._request = self._request + 1 if self._request < LAST else FIRST_REQUEST
        return self._request
