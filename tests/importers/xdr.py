"""Just enough of R's file format for one saved object: its values, and the attributes that hang on them. Not a reader of R.

R Internals, "Serialization Formats": after ``RDX2\\nX\\n`` and three versions, items of a flag word and a body, big-endian.
"""

from __future__ import annotations

import gzip
import struct
from typing import Any

import numpy as np

NIL, SYMBOL, PAIRS, CHARS, INTS, REALS, STRINGS, ITEMS, END, REFERENCE = 0, 1, 2, 9, 13, 14, 16, 19, 254, 255
HAS_ATTRIBUTES, HAS_TAG = 0x200, 0x400


class _Body:
    def __init__(self, body: bytes) -> None:
        self.body, self.at, self.symbols = body, 0, []

    def word(self) -> int:
        (value,) = struct.unpack_from(">i", self.body, self.at)
        self.at += 4
        return value

    def array(self, kind: str) -> np.ndarray:
        n, width = self.word(), np.dtype(kind).itemsize
        self.at += n * width
        return np.frombuffer(self.body, kind, n, self.at - n * width)

    def item(self) -> Any:
        """Read one item; an attributed one comes as (value, attributes)."""
        flags = self.word()
        kind = flags & 0xFF
        if kind == PAIRS:
            return self.pairs(flags)
        if kind == SYMBOL:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind == REFERENCE:
            return self.symbols[(flags >> 8) - 1]
        if kind in (NIL, END):
            return None
        value = self.value(kind)
        return (value, self.item()) if flags & HAS_ATTRIBUTES and kind != CHARS else value

    def value(self, kind: int) -> Any:
        if kind == CHARS:
            return self.array("S1").tobytes().decode()
        if kind in (INTS, REALS):
            return self.array(">i4" if kind == INTS else ">f8")
        assert kind in (STRINGS, ITEMS), f"an item of type {kind} was not expected"
        return [self.item() for _ in range(self.word())]

    def pairs(self, flags: int) -> dict[str, Any]:
        """Read a list of tags and values to its end."""
        found = {}
        while flags & 0xFF == PAIRS:
            if flags & HAS_ATTRIBUTES:
                self.item()
            tag = self.item() if flags & HAS_TAG else str(len(found))
            found[tag] = self.item()
            flags = self.word()
        return found


def read_rdata(path) -> dict[str, Any]:
    """Give the objects of an ``.RData`` file by name."""
    body = gzip.decompress(path.read_bytes())
    assert body.startswith(b"RDX2\nX\n")
    reader = _Body(body)
    reader.at = len(b"RDX2\nX\n") + 12
    return reader.item()
