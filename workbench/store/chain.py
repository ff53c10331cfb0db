"""The hash chain of a journal: each row's digest covers the row and the digest before it. Arithmetic on rows; no file is opened."""

from __future__ import annotations

import hashlib
import struct
from typing import Final, NamedTuple

from workbench.domain.errors import StoreError

GENESIS: Final = hashlib.sha256(b"workbench journal").digest()  # stands before the first row
_numbers: Final = struct.Struct("<6q")

Row = tuple[int, int, int, int, str, int, bytes, bytes]  # id, after_seq, n, recv_ns, what, v, body, hash


class Head(NamedTuple):
    """Where a chain ends: the id of its last row (0: it is empty) and that row's digest. Kept elsewhere, it shows what is cut off."""

    id: int
    digest: bytes


EMPTY: Final = Head(0, GENESIS)


def digest(before: bytes, row_id: int, after_seq: int, n: int, recv_ns: int, what: str, v: int, body: bytes) -> bytes:
    """Give the digest of a row that follows one with the digest `before`: SHA-256 over numbers, lengths and contents.

    >>> digest(GENESIS, 1, 0, 1, 5, "event", 1, b"body").hex()[:16]
    '3c04d8f3be8d2d53'
    """
    name = what.encode()
    return hashlib.sha256(before + _numbers.pack(row_id, after_seq, n, recv_ns, v, len(name)) + name + body).digest()


def follow(head: Head, row: Row) -> Head:
    """Check that `row` is the one that follows `head`, unchanged.

    Raises
    ------
    StoreError
        Naming the first row that is missing, moved or changed.
    """
    row_id, after_seq, n, recv_ns, what, v, body, found = row
    if row_id != head.id + 1:
        raise StoreError(f"the journal is damaged: entry {head.id + 1} is missing, entry {row_id} stands in its place")
    try:
        made = digest(head.digest, row_id, after_seq, n, recv_ns, what, v, body)
    except (struct.error, TypeError, AttributeError) as error:
        raise StoreError(f"the journal is damaged: entry {row_id} holds something else than an entry ({error})") from error
    if made != found:
        raise StoreError(f"the journal is damaged: entry {row_id} is not what was written, or does not follow entry {head.id}")
    return Head(row_id, made)
