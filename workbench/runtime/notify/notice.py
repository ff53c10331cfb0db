"""A notice: one thing a person should know, in words. Values; no I/O, no clock."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class Severity(StrEnum):
    """How loud it is. A critical one wants an answer: unacknowledged it halts."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class About(StrEnum):
    """What it is about."""

    HALT = "halt"
    REDUCING = "reducing"
    ACTIVE = "active again"
    LOSS_LIMIT = "loss limit"
    BREAK = "break"  # replay and log, or our books and the broker's, differ
    PROTECTION = "protection"  # a stop or an exit that the broker refused, or a stop that is gone
    GUARDIAN = "guardian"
    RUNNER = "runner"
    CONNECTION = "connection"
    SECOND_FACTOR = "second factor"
    RECORDING = "recording"
    ROLL = "roll"
    BROKER = "broker"
    VIOLATION = "violation"
    FOREIGN = "foreign"
    QUARANTINE = "quarantine"
    SUMMARY = "summary"
    CHANNEL = "channel"
    PAGE = "page"  # one that runs by itself failed, was missed, or does not run any more
    PROMOTED = "promoted"  # a recipe or strategy that does worse than when it was promoted
    TEST = "test"


RANK: Final = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing worth a word.

    Parameters
    ----------
    about, severity
        What and how loud.
    key
        What makes it the same as another: told once while it repeats.
    text
        For a person; one or a few lines, no secret.
    at_ns
        When it happened, on the clock of what it is about; 0: not known.
    subject
        What it leaves open, until a later notice that ``settles`` the subject; empty: only a person's acknowledgement ends it.
    settles
        The subject of which it is the end; empty: of none.
    halts
        Whether to halt when nobody acknowledges it, if it is critical. False where entries are shut anyway and nothing is at stake.
    is_quiet
        Whether it is told only if it settles something that was told.
    channels
        Over which it goes, beside the log, however quiet it is; none, or none that there is: all that want one so loud.
    """

    about: About
    severity: Severity
    key: str
    text: str
    at_ns: int = 0
    subject: str = ""
    settles: str = ""
    halts: bool = True
    is_quiet: bool = False
    channels: tuple[str, ...] = ()


def is_at_least(severity: Severity, least: Severity) -> bool:
    """Compare loudness.

    >>> is_at_least(Severity.CRITICAL, Severity.WARNING), is_at_least(Severity.INFO, Severity.WARNING)
    (True, False)
    """
    return RANK[severity] >= RANK[least]
