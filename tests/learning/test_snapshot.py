"""What is restored was ours, whole, and of this environment; a pickle that names anything else is not loaded."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.errors import StoreError
from workbench.learning.snapshot import Snapshot, load_pickle, seal, unseal

BLOB = seal("recipe", 1, b"state", [1.5, "model"])


def altered(**change: object) -> bytes:
    return msgspec.msgpack.encode(msgspec.structs.replace(msgspec.msgpack.decode(BLOB, type=Snapshot), **change))


def test_what_was_sealed_comes_back() -> None:
    assert unseal(BLOB, "recipe", 1, frozenset()) == (b"state", [1.5, "model"])


@pytest.mark.parametrize(
    ("blob", "text"),
    [
        (altered(version=2), "of format 2, this is 1"),
        (altered(recipe="other"), "of recipe other, this is recipe"),
        (altered(contract=2), "of contract 2, this is 1"),
        (altered(river="0.22.0"), "of River 0.22.0"),
        (altered(python="3.10"), "of Python 3.10"),
        (altered(state=b"forged"), "sha256 does not fit"),
        (altered(models=pickle.dumps([2.5, "model"])), "sha256 does not fit"),
        (b"", "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason_and_a_remedy(blob: bytes, text: str) -> None:
    with pytest.raises(StoreError, match=text) as refused:
        unseal(blob, "recipe", 1, frozenset())
    assert "replay the log" in str(refused.value)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.integers(0, len(BLOB) - 1), st.integers(1, 255))
def test_no_flipped_byte_is_believed(at: int, flip: int) -> None:
    damaged = bytearray(BLOB)
    damaged[at] ^= flip
    with pytest.raises(StoreError):
        unseal(bytes(damaged), "recipe", 1, frozenset())


class Evil:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


POISON = {
    "a command": pickle.dumps(Evil(os.system, "true")),
    "code": pickle.dumps(Evil(eval, "1 + 1")),
    "getattr": pickle.dumps(Evil(getattr, [], "append")),
    "a dotted walk": b"\x80\x04\x8c\x0bcollections\x94\x8c\x19OrderedDict.__class__.mro\x94\x93\x94.",
    "a class beside the allowed": pickle.dumps(Evil(frozenset, ())),
    "an old protocol": b"cposix\nsystem\n(S'true'\ntR.",
    "a persistent id": b"\x80\x04\x8c\x01a\x94Q.",
    "an extension code": b"\x80\x02\x82\x01.",
    "no pickle": b"hello",
    "a cut one": pickle.dumps(OrderedDict(a=1))[:-5],
}


@pytest.mark.parametrize("pickled", POISON.values(), ids=POISON)
def test_a_poisoned_pickle_is_not_run(pickled: bytes) -> None:
    with pytest.raises(StoreError):
        load_pickle(pickled, frozenset({"collections.OrderedDict"}))


def test_an_allowed_class_is_loaded() -> None:
    assert load_pickle(pickle.dumps(OrderedDict(a=1)), frozenset({"collections.OrderedDict"})) == OrderedDict(a=1)
