"""What our brackets can hold at most, by the broker's positions: what a hand in TWS closed, no execution of ours ever tells. Sends nothing.

Rules
-----
1. IB tells executions of other clients, and those typed in TWS, to its master client alone. To all others a position that falls is the only
   word. An exit of ours over what is gone would open a position the other way round (RELIABILITY I8).
2. So what is held counts as no more than the broker's position in that direction, oldest brackets first to lose. Price and time of what is
   gone are not known here: the books keep it open until an execution is told, or a person enters it.
3. A position lags behind a fill. It is believed only where whole answers came and no fill of ours lies within `QUIET_TICKS`.
4. Where the owner has foreign quantities ignored, the net position says nothing of ours; nothing is taken from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from workbench.domain.contracts import Contract
from workbench.domain.events import BrokerSaid
from workbench.venues.ib.book import Life

CLOSED_BY_HAND: Final = "closed-by-hand"  # kind of what is said then
QUIET_TICKS: Final = 2  # seconds since the last fill of ours in a contract


class Holding:
    """Watches fills by the second, and takes from brackets what the broker does not hold.

    Parameters
    ----------
    ignored
        Contract ids whose foreign quantities are counted apart.

    Attributes
    ----------
    is_unsettled
        A whole answer was not what brackets hold, and a fill was too near to believe it: ask again.
    """

    def __init__(self, ignored: Collection[int] = ()) -> None:
        self._ignored = ignored
        self._filled: dict[int, int] = {}  # by contract: executions of ours, as counted last
        self._held: dict[int, list[int]] = {}  # by contract: what our executions made of it in the last seconds
        self._changed: dict[int, int] = {}  # by contract: in which tick that changed
        self.is_unsettled = False
        self._n = 0

    def tick(self, lives: Iterable[Life], n: int) -> None:
        """Note which contracts had a fill since the last second, the n-th."""
        counted: dict[int, int] = {}
        held: dict[int, int] = {}
        for life in lives:
            contract = life.submit.key.contract
            counted[contract] = counted.get(contract, 0) + sum(part.filled for part in life.parts)
            held[contract] = held.get(contract, 0) + life.open + life.by_hand
        self._held = {contract: [*self._held.get(contract, [])[-QUIET_TICKS:], qty] for contract, qty in held.items()}
        self._n = n
        for contract, filled in counted.items():
            if self._filled.get(contract) != filled:
                self._changed[contract] = n
        self._filled = counted

    def settled(self, n: int) -> list[int]:
        """Give contracts whose last fill is just so long ago, in the n-th second, that positions must hold it."""
        return [contract for contract, at in self._changed.items() if n - at == QUIET_TICKS]

    def hold(self, lives: Iterable[Life], told: Mapping[int, int], contracts: Mapping[int, Contract], n: int) -> list[Life]:
        """Take from brackets what a whole answer of the broker does not show; give those that changed.

        Parameters
        ----------
        told
            Positions by conId, bought above 0; a contract that is not in it is flat.
        contracts
            By conId.
        n
            The tick in which the questions were asked.
        """
        changed: list[Life] = []
        self.is_unsettled = False
        for contract, mine, room in self._rooms(lives, told, contracts):
            if n - self._changed.get(contract, n) >= QUIET_TICKS:
                changed += _share(mine, room)
            elif sum(life.open for life in mine) != room:
                self.is_unsettled = True
                changed += _share(mine, self._at_most(contract, mine, room, n), is_sure=False)
        return changed

    def lacks(self, lives: Iterable[Life], told: Mapping[int, int], contracts: Mapping[int, Contract], contract: int | None = None) -> bool:
        """Tell whether the broker was heard to hold less of a contract (`None`: of any) than brackets do, be it for a fill not heard."""
        rooms = self._rooms(lives, told, contracts)
        return any(sum(life.open for life in mine) > room for at, mine, room in rooms if contract in (None, at))

    def _rooms(
        self, lives: Iterable[Life], told: Mapping[int, int], contracts: Mapping[int, Contract]
    ) -> Iterator[tuple[int, list[Life], int]]:
        """Go through the contracts that are held: id, whose brackets hold it, and what the broker has told of it in their direction."""
        positions = {contracts[con_id].id: qty for con_id, qty in told.items() if con_id in contracts}
        held: dict[int, list[Life]] = {}
        for life in lives:
            if life.open + life.by_hand > 0 and life.submit.key.contract not in self._ignored:
                held.setdefault(life.submit.key.contract, []).append(life)
        for contract, mine in held.items():
            yield contract, mine, max(0, mine[0].submit.side * positions.get(contract, 0))

    def _at_most(self, contract: int, mine: list[Life], room: int, n: int) -> int:
        """Give the most that can be held of a contract in which fills are so near that what was told may lack them."""
        held = sum(life.open + life.by_hand for life in mine)
        since = self._held.get(contract, [])
        if self._n - n >= QUIET_TICKS or len(since) <= QUIET_TICKS:
            return held  # what was told is older than what is remembered
        return room + held - min(held, *since)

    @staticmethod
    def take(life: Life, qty: int, traded: int) -> None:
        """Take that somebody else closed a bracket down to `qty`.

        What our own executions show beyond that may be a fill that the engine has not heard of yet: no more can have been closed by hand
        than foreign executions made, `traded`. What is taken here is given back by `hold` alone, on the broker's word.
        """
        life.by_hand = max(life.by_hand, min(life.open + life.by_hand - qty, traded))

    @staticmethod
    def word(life: Life) -> BrokerSaid:
        """Say what was taken from a bracket."""
        ref, contract = life.submit.ref, life.submit.key.contract
        text = f"{life.by_hand} of bracket {ref} are not at the broker: its exits are over the {max(0, life.held)} that are"
        return BrokerSaid(0, CLOSED_BY_HAND, text, ref, contract)


def _share(mine: list[Life], room: int, *, is_sure: bool = True) -> list[Life]:
    """Share what the broker holds among the brackets of a contract, which all are on one side; the newest keep first.

    What is not sure, for it may lack a fill, gives nothing back.
    """
    changed = list[Life]()
    for life in reversed(mine):
        raw = life.open + life.by_hand
        keeps = min(raw, room)
        room -= keeps
        if raw - keeps > life.by_hand or (is_sure and raw - keeps != life.by_hand):
            life.by_hand = raw - keeps
            changed.append(life)
    return changed
