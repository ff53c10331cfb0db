"""How fast a broker may be asked for the past. Time is handed in; nothing sleeps here.

Source: IB, "Historical Data Limitations": of bars of 30 s or less at most 60 questions in ten minutes, six about one contract in two
seconds, none alike within 15 s. A question for bid and ask counts
twice. For longer bars those limits are lifted and a "soft" one holds that IB does not number. Of ticks IB says nothing: they are asked for
as the smallest bars are.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from workbench.venues.history import BarsAsked, TicksAsked

WINDOW_S: Final = 600.0
MOST_IN_WINDOW: Final = 55  # five less than IB allows: a person may be looking at a chart
BURST_S, MOST_IN_BURST = 2.5, 5  # IB says 2 s and the sixth; a line may bring two questions closer together than they left
ALIKE_S: Final = 16.0
SMALL_S: Final = 30  # bars up to this length are limited hard
SOFT_S: Final = 1.0  # between two questions of longer bars
PENALTY_S: Final = 60.0  # after a refusal for pace, doubled each time in a row
MOST_PENALTY_S: Final = 600.0


class Pace:
    """Says when the next question may leave.

    Parameters
    ----------
    most
        Questions for short bars in ten minutes; fewer where others are counted with them.

    >>> from workbench.domain.contracts import Contract, ContractType
    >>> es = Contract(id=1, root="ES", symbol="ESZ6", type=ContractType.FUTURE, exchange="CME", currency="USD", expiry="2026-12-18",
    ...               calendar="CME Globex Equity", multiplier="50", price_quantum="0.25", order_increment="0.25")
    >>> pace, asked = Pace(), BarsAsked(es, 0, 1, 60)
    >>> pace.wait_s(asked, 0.0), pace.sent(asked, 0.0), pace.wait_s(asked._replace(start_ns=1), 0.25)
    (0.0, None, 0.75)
    """

    def __init__(self, most: int = MOST_IN_WINDOW) -> None:
        self._most, self._small = most, deque[float]()
        self._of_contract: dict[str, deque[float]] = {}
        self._alike: dict[tuple[str, str], float] = {}
        self._last_s, self._not_before_s, self._penalty_s = float("-inf"), float("-inf"), PENALTY_S

    def wait_s(self, asked: BarsAsked | TicksAsked, now_s: float) -> float:
        """Give the seconds until this question may leave, 0 if now."""
        alike_s = self._alike.get((asked.of, asked.key), float("-inf")) + ALIKE_S
        earliest = max(self._not_before_s, alike_s, self._last_s + self._step_s(asked))
        if asked.length_s <= SMALL_S:
            earliest = max(earliest, _free_at(self._small, self._most, WINDOW_S, asked.weight))
        earliest = max(earliest, _free_at(self._of_contract.get(asked.of, deque()), MOST_IN_BURST, BURST_S, asked.weight))
        return max(0.0, earliest - now_s)

    def sent(self, asked: BarsAsked | TicksAsked, now_s: float) -> None:
        """Count a question that left."""
        self._last_s = now_s
        if asked.length_s <= SMALL_S:
            _count(self._small, now_s, self._most, asked.weight)
        _count(self._of_contract.setdefault(asked.of, deque()), now_s, MOST_IN_BURST, asked.weight)
        self._alike = {each: at for each, at in self._alike.items() if at + ALIKE_S > now_s} | {(asked.of, asked.key): now_s}

    def refused(self, now_s: float) -> None:
        """Hear that we were too fast: be quiet for a while, longer each time in a row."""
        self._not_before_s = now_s + self._penalty_s
        self._penalty_s = min(2 * self._penalty_s, MOST_PENALTY_S)

    def answered(self) -> None:
        """Hear that we were not."""
        self._penalty_s = PENALTY_S

    @staticmethod
    def _step_s(asked: BarsAsked | TicksAsked) -> float:
        return 0.0 if asked.length_s <= SMALL_S else SOFT_S


def estimate_s(n_small: int, n_long: int, answer_s: float = 0.5) -> float:
    """Say how long so many questions take at least, seconds; one at a time, each answered after `answer_s`.

    >>> round(estimate_s(0, 500) / 60), round(estimate_s(500, 0) / 60)
    (8, 90)
    """
    windows = max(0, (n_small - 1) // MOST_IN_WINDOW)
    small_s = windows * WINDOW_S + (n_small - windows * MOST_IN_WINDOW) * answer_s
    return small_s + n_long * max(SOFT_S, answer_s)


def _free_at(sent: deque[float], most: int, window_s: float, weight: int) -> float:
    """Give the moment from which on `weight` more fit: when as many of the oldest as stand over have left the window."""
    over = len(sent) + weight - most
    return sent[over - 1] + window_s if over > 0 else float("-inf")


def _count(sent: deque[float], now_s: float, most: int, weight: int) -> None:
    sent.extend([now_s] * weight)
    while len(sent) > most:
        sent.popleft()
