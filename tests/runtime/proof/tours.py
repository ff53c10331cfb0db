"""Tours of gateways that are like a TWS, and of some that are not quite."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.gateway.worlds import settings
from tests.venues.ib.checkup.room import one
from workbench.runtime.proof.reference import reference
from workbench.runtime.proof.talk import Conversation

ACCOUNT = "DUSIM7654321"


@cache
def ours() -> Conversation:
    return reference(settings(), "MES")


def theirs(faults: Any = None, *, account: str = ACCOUNT, seed: int = 11) -> Conversation:
    """Another market, another account: all that may differ between two that speak alike."""
    return reference(settings(), "MES", account=account, seed=seed, faults=faults)


def changed(on: str, fields: str, where: str = "") -> Conversation:
    return theirs(one(on, f'do = "change", fields = {{ {fields} }}', where=where))
