"""The bracket's life, as a table. Rule: no transition is written anywhere else. No I/O.

A bracket is one entry with its stop and target. What it may be:

=========  ==========================================================================================================
PENDING    submitted; the venue has not answered
WORKING    the entry works; nothing is filled
EXPOSED    there is a position that no confirmed stop covers
PROTECTED  the whole position is covered by a confirmed stop
CLOSING    an exit at market is on its way
CLOSED     flat, and nothing works any more
VOID       over without a fill
=========  ==========================================================================================================

Rules for reports that come doubled, late or out of order
---------------------------------------------------------
1. An execution counts once, by its id, before this table is asked.
2. A fill is booked in every state, also after a cancel: quantity decides, not the order of reports.
3. ``FLAT`` is said only when nothing is open *and* the entry cannot fill any more.
4. A pair that is not in the table breaks an invariant; it is never ignored.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from workbench.domain.errors import InvariantError


class Phase(StrEnum):
    """Where a bracket stands."""

    PENDING = "pending"
    WORKING = "working"
    EXPOSED = "exposed"
    PROTECTED = "protected"
    CLOSING = "closing"
    CLOSED = "closed"
    VOID = "void"


class On(StrEnum):
    """What happened to it."""

    ACCEPTED = "accepted"  # the entry works
    FILLED = "filled"  # some of the entry
    COVERED = "covered"  # a stop over the whole position is confirmed
    UNCOVERED = "uncovered"  # the confirmed stop is gone or too small
    EXIT_SENT = "exit sent"
    EXIT_LOST = "exit lost"  # the venue refused or dropped it
    FLAT = "flat"  # nothing open, nothing can fill
    DEAD = "dead"  # the entry ended without a fill


_P = Phase
TRANSITIONS: Final[dict[Phase, dict[On, Phase]]] = {
    _P.PENDING: {On.ACCEPTED: _P.WORKING, On.FILLED: _P.EXPOSED, On.EXIT_SENT: _P.CLOSING, On.DEAD: _P.VOID},
    _P.WORKING: {On.ACCEPTED: _P.WORKING, On.FILLED: _P.EXPOSED, On.EXIT_SENT: _P.CLOSING, On.DEAD: _P.VOID},
    _P.EXPOSED: {
        On.ACCEPTED: _P.EXPOSED,
        On.FILLED: _P.EXPOSED,
        On.COVERED: _P.PROTECTED,
        On.UNCOVERED: _P.EXPOSED,
        On.EXIT_SENT: _P.CLOSING,
        On.EXIT_LOST: _P.EXPOSED,
        On.FLAT: _P.CLOSED,
    },
    _P.PROTECTED: {
        On.ACCEPTED: _P.PROTECTED,
        On.FILLED: _P.EXPOSED,
        On.COVERED: _P.PROTECTED,
        On.UNCOVERED: _P.EXPOSED,
        On.EXIT_SENT: _P.CLOSING,
        On.EXIT_LOST: _P.EXPOSED,
        On.FLAT: _P.CLOSED,
    },
    _P.CLOSING: {
        On.ACCEPTED: _P.CLOSING,
        On.FILLED: _P.CLOSING,
        On.COVERED: _P.CLOSING,
        On.UNCOVERED: _P.CLOSING,
        On.EXIT_SENT: _P.CLOSING,
        On.EXIT_LOST: _P.EXPOSED,
        On.FLAT: _P.CLOSED,
        On.DEAD: _P.VOID,
    },
    _P.CLOSED: {},
    _P.VOID: {},
}


def after(phase: Phase, on: On) -> Phase:
    """Give the phase that follows.

    >>> after(Phase.WORKING, On.FILLED).value
    'exposed'
    """
    try:
        return TRANSITIONS[phase][on]
    except KeyError:
        raise InvariantError(f"a bracket that is {phase} cannot be {on}: the venue's reports contradict our book") from None
