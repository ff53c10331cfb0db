"""The shadow slot's book: who decides beside the live run, since when, of what source. A file a name; starts nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.whole import trouble, write_whole

NAME: Final = re.compile(r"[\w-]{1,60}(:[\w-]{1,60})?")
PREFIX: Final = "shadow:"  # of the account of everything a shadow decides: no broker has one that begins so


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One stay in the slot.

    Parameters
    ----------
    strategy, recipe
        As the catalogues name them; ``recipe`` empty for a plain rule.
    profile
        Constitution it decides by.
    entered_ns, left_ns
        Of the wall clock; ``left_ns`` `None` while it is in.
    digests
        Of a user's own source, as it entered: edited, it is somebody else.
    """

    strategy: str
    recipe: str
    profile: str
    entered_ns: int
    left_ns: int | None = None
    digests: dict[str, str] = {}

    @property
    def name(self) -> str:
        """What it is called: ``learned:flow_1m``."""
        return named(self.strategy, self.recipe)

    @property
    def account(self) -> str:
        """Whose its orders are: nobody's at a broker."""
        return f"{PREFIX}{self.name}"

    def held(self, from_ns: int) -> bool:
        """Whether it was in the slot before a moment, and still is or was when that came."""
        return self.entered_ns <= from_ns and (self.left_ns is None or from_ns < self.left_ns)


def named(strategy: str, recipe: str) -> str:
    """Write a pair as people do.

    >>> named("learned", "flow_1m"), named("vwap_reversion", "")
    ('learned:flow_1m', 'vwap_reversion')
    """
    return f"{strategy}:{recipe}" if recipe else strategy


def is_shadow(account: str) -> bool:
    """Tell whether an account is a shadow's.

    >>> is_shadow("shadow:learned:flow_1m"), is_shadow("DU1234567")
    (True, False)
    """
    return account.startswith(PREFIX)


def put_slot(data: Path, slot: Slot) -> Path:
    """Write a slot down, in the place of the last stay of the same name."""
    path = _path(data, slot.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, msgspec.json.format(msgspec.json.encode(slot), indent=1) + b"\n")
    return path


def slots(data: Path) -> list[Slot]:
    """Read all of them, by name.

    Raises
    ------
    StoreError
        A file is none.
    """
    return [_read(path) for path in sorted(Folders(data).shadow.glob("*.json"))]


def slot(data: Path, name: str) -> Slot | None:
    """Give the last stay of a name; `None` if it never was in."""
    path = _path(data, name)
    return _read(path) if path.exists() else None


def _path(data: Path, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise StoreError(f"{name[:60]!r} is no name of a candidate: STRATEGY or STRATEGY:RECIPE")
    return Folders(data).shadow / f"{name.replace(':', '+')}.json"


def _read(path: Path) -> Slot:
    with trouble(f"reading {path}"):
        content = path.read_bytes()
    try:
        return msgspec.json.decode(content, type=Slot)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is no slot of a shadow: {error}") from error
