"""A learner's state as bytes and back: ours as msgpack, River's as a pickle that may hold named classes only. No file, no store."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Set
from hashlib import sha256
from typing import Any, Final

import msgspec

from workbench.domain.errors import StoreError

VERSION: Final = 1
REMEDY: Final = "replay the log to make it again"


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """The envelope: what it was made with, the digest of what it holds, and what it holds."""

    version: int
    recipe: str
    contract: int
    river: str
    python: str
    sha256: bytes
    state: bytes
    models: bytes


def river_version() -> str:
    """Version of the River that is installed; its pickles fit no other."""
    from river.__version__ import __version__

    return str(__version__)


def python_version() -> str:
    """Major and minor version of this Python."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def seal(recipe: str, contract: int, state: bytes, models: object) -> bytes:
    """Put a state and River's objects into one envelope."""
    pickled = pickle.dumps(models, protocol=5)
    snapshot = Snapshot(VERSION, recipe, contract, river_version(), python_version(), _digest(state, pickled), state, pickled)
    return msgspec.msgpack.encode(snapshot)


def unseal(blob: bytes, recipe: str, contract: int, classes: Set[str]) -> tuple[bytes, Any]:
    """Give back the state and River's objects.

    Parameters
    ----------
    blob
        What `seal` gave.
    recipe, contract
        Whose state it must be: the recipe's digest and the contract's id.
    classes
        All that the pickle may name, as ``module.class``.

    Raises
    ------
    StoreError
        If it is damaged, was made with another recipe, contract, River or Python, or names a class that is not allowed.
    """
    try:
        snapshot = msgspec.msgpack.decode(blob, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"a learner's snapshot cannot be read ({error}): {REMEDY}") from error
    for what, held, wanted in (
        ("format", snapshot.version, VERSION),
        ("recipe", snapshot.recipe, recipe),
        ("contract", snapshot.contract, contract),
        ("River", snapshot.river, river_version()),
        ("Python", snapshot.python, python_version()),
    ):
        if held != wanted:
            raise StoreError(f"a learner's snapshot is of {what} {held}, this is {wanted}: {REMEDY}")
    if snapshot.sha256 != _digest(snapshot.state, snapshot.models):
        raise StoreError(f"a learner's snapshot is damaged: its sha256 does not fit; {REMEDY}")
    return snapshot.state, load_pickle(snapshot.models, classes)


def load_pickle(pickled: bytes, classes: Set[str]) -> Any:
    """Load a pickle that names no class but `classes`; `StoreError` otherwise.

    Examples
    --------
    >>> load_pickle(pickle.dumps([1.5]), frozenset())
    [1.5]
    >>> load_pickle(pickle.dumps(print), frozenset())
    Traceback (most recent call last):
    workbench.domain.errors.StoreError: a snapshot names builtins.print, which its model may not hold: replay the log to make it again
    """
    try:
        return _Unpickler(io.BytesIO(pickled), classes).load()
    except StoreError:
        raise
    except Exception as error:  # unpickling damaged bytes raises nearly anything
        raise StoreError(f"a snapshot's models cannot be loaded ({type(error).__name__}: {error}): {REMEDY}") from error


class _Unpickler(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, classes: Set[str]) -> None:
        super().__init__(source)
        self._classes = classes

    def find_class(self, module: str, name: str) -> Any:
        # the whole name must be listed: a prefix like "river." would let dotted names walk to anything River imports
        if f"{module}.{name}" not in self._classes:
            raise StoreError(f"a snapshot names {module}.{name}, which its model may not hold: {REMEDY}")
        return super().find_class(module, name)


def _digest(state: bytes, pickled: bytes) -> bytes:
    return sha256(len(state).to_bytes(8) + state + pickled).digest()
