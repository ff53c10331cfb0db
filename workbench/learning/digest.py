"""Which model is this? A hash of all it learnt, in order, and of what it says to fixed questions. Knows no model's inside."""

from __future__ import annotations

import struct
from collections.abc import Callable
from hashlib import sha256
from typing import Final

Row = dict[str, float]
N_PROBES: Final = 8
_HEAD: Final = struct.Struct("<q??")  # when it was made, the outcome, whether all features were there
_ANSWER: Final = struct.Struct("<?d")


class LearnLog:
    """Hash chain over the rows a model learnt: each link is sha256 of the link before it and the packed row.

    Examples
    --------
    >>> log, again = LearnLog(("a", "b")), LearnLog(("a", "b"))
    >>> log.note(5, {"a": 1.0, "b": 2.0}, True); again.note(5, {"a": 1.0, "b": 2.0}, True)
    >>> log.link == again.link
    True
    >>> log.note(10, {"b": 2.0}, True); again.note(10, {"a": 2.0}, True)     # the same number, another feature
    >>> log.link == again.link
    False
    """

    __slots__ = ("_names", "_values", "link", "n")

    def __init__(self, features: tuple[str, ...]) -> None:
        self._names = features
        self._values = struct.Struct(f"<{len(features)}d")
        self.link = sha256("\n".join(features).encode()).digest()
        self.n = 0

    def note(self, made_ns: int, x: Row, up: bool) -> None:
        """Add one learnt row: its features in the recipe's order (those that are there), and the outcome."""
        if len(x) == len(self._names):
            packed = _HEAD.pack(made_ns, up, True) + self._values.pack(*x.values())
        else:
            there = bytes(name in x for name in self._names)
            packed = _HEAD.pack(made_ns, up, False) + there + struct.pack(f"<{len(x)}d", *x.values())
        self.link = sha256(self.link + packed).digest()
        self.n += 1

    def mark(self, what: str) -> None:
        """Add that something else happened to the model: it was replaced."""
        self.link = sha256(self.link + what.encode()).digest()


def probes(features: tuple[str, ...]) -> list[Row]:
    """Give the fixed questions: numbers of several sizes and signs, some features missing. They mean nothing and never change.

    >>> probes(("a", "b"))[1]
    {'a': -1.0, 'b': 1.5}
    """
    return [
        {name: ((17 * i + 31 * j) % 13 - 6) * 10.0 ** (i % 4 - 1) / 2 for j, name in enumerate(features) if (i + j) % 5 or not i}
        for i in range(N_PROBES)
    ]


def model_digest(log: LearnLog, answer: Callable[[Row], float | None], features: tuple[str, ...]) -> str:
    """Hash a learn log together with the model's answers to the probes, bit for bit.

    Two models with equal digests learnt the same rows in the same order and say the same.
    """
    digest = sha256(log.link)
    for x in probes(features):
        p_up = answer(x)
        digest.update(_ANSWER.pack(p_up is not None, 0.0 if p_up is None else p_up))
    return digest.hexdigest()
