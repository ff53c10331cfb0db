"""What is told of a failure inside a strategy, a feature or a model: file and line, without a word of the machine. Pure; no I/O.

The same failure is told the same in every replay, on any machine: paths by their last parts, no addresses, no source text (which would have
to be read from the disk).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import TracebackType
from typing import Final, NamedTuple

from workbench.domain.decisions import Adjust, ExitWish
from workbench.domain.views import PositionView, View
from workbench.strategies.base import Strategy, nonsense

MAX_CALLS: Final = 20  # of a trace that are kept: the first half and the last half
MAX_TEXT: Final = 500  # characters of an error
_OURS: Final = tuple(f"{__file__.rpartition('/engine/')[0]}/{floor}/" for floor in ("engine", "features", "learning"))
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{4,}")


class Told(NamedTuple):
    """A failure: where, what, and the calls that led there."""

    where: str
    error: str
    trace: tuple[str, ...]


def of_error(error: Exception) -> Told:
    """Tell of what was raised: the place is the last line of the first file that is not the engine's own.

    >>> def propose():
    ...     return 1 / 0
    >>> try:
    ...     propose()
    ... except ZeroDivisionError as error:
    ...     told = of_error(error)
    >>> told.error, told.trace[-1].endswith(" in propose")
    ('ZeroDivisionError: division by zero', True)
    """
    calls = list(_calls(error.__traceback__))
    theirs = [call for call in calls if not call[0].startswith(_OURS)] or calls
    file = theirs[0][0] if theirs else ""
    text = _ADDRESS.sub("0x...", f"{type(error).__name__}: {_text(error)}")[:MAX_TEXT]
    if isinstance(error, RecursionError):  # how deep it came, and the words for it, hang on who called the engine
        theirs, text = theirs[:MAX_CALLS], "RecursionError: maximum recursion depth exceeded"
    line = next((line for name, line, _ in reversed(theirs) if name == file), 0)
    trace = [f"{_short(name)}:{at} in {call}" for name, at, call in theirs]
    if len(trace) > MAX_CALLS:
        trace = [*trace[: MAX_CALLS // 2], "...", *trace[-MAX_CALLS // 2 :]]
    return Told(f"{_short(file)}:{line}", text, tuple(trace))


def of_answer(thing: object, verb: str, said: str) -> Told:
    """Tell of an answer that is none: the place is where the verb is defined."""
    code = getattr(getattr(type(thing), verb, None), "__code__", None)
    where = f"{_short(code.co_filename)}:{code.co_firstlineno}" if code is not None else type(thing).__qualname__
    return Told(where, _ADDRESS.sub("0x...", f"{verb} answers nonsense: {said}")[:MAX_TEXT], (f"{where} in {verb}",))


def asked_about(strategy: Strategy, view: View, position: PositionView) -> Adjust | ExitWish | Told | None:
    """Ask a strategy about its position; what it raises, or an answer that is none, is told."""
    try:
        said = strategy.manage(view, position)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a strategy raises ends it, and nothing else
        return of_error(error)
    if said is None:
        return None
    wrong = nonsense("manage", said)
    return said if wrong is None else of_answer(strategy, "manage", wrong)


def _calls(trace: TracebackType | None) -> Iterator[tuple[str, int, str]]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield code.co_filename.replace("\\", "/"), trace.tb_lineno, code.co_name
        trace = trace.tb_next


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an error that cannot even be said is still told by its class
        return ""


def _short(name: str) -> str:
    return "/".join(name.replace("\\", "/").split("/")[-2:])
