"""Ctrl-C and SIGTERM as exceptions, so that what is cleaned up at an exception is cleaned up. In the main thread only.

An exception out of a signal may be lost: it is raised wherever the main thread happens to be, and what it interrupts there may swallow it
(an import, a callback of a compiled library) or be left with a lock taken. `told_until_heard` says it again until somebody has heard.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

AGAIN_S: Final = 2.0  # after which an end that nobody has heard is told again


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Make SIGTERM an exception."""
    with _exceptions((signal.SIGTERM,), lambda _: None):
        yield


@contextlib.contextmanager
def told_until_heard() -> Iterator[Callable[[], None]]:
    """Make SIGTERM and Ctrl-C exceptions that come again, `AGAIN_S` apart, until what is yielded is called: do so when you clean up."""
    told: list[int] = []
    heard = threading.Event()
    main = threading.main_thread().ident

    def again() -> None:
        before = 0  # an end is told again at the second look, so never at once
        while not heard.wait(AGAIN_S):
            if before and main is not None:
                signal.pthread_kill(main, told[-1])
            before = len(told)

    teller = threading.Thread(target=again, name="told again", daemon=True)
    with _exceptions((signal.SIGTERM, signal.SIGINT), told.append):
        teller.start()
        try:
            yield heard.set
        finally:
            heard.set()


@contextlib.contextmanager
def _exceptions(numbers: tuple[signal.Signals, ...], hears: Callable[[int], object]) -> Iterator[None]:
    def end(number: int, _: FrameType | None) -> None:
        hears(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # who has it answers for signals
        yield
        return
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
