"""Arrays in a file of our own making: checked, whole or not at all, made anew whenever in doubt. Knows no calendar; raises nothing.

One file is the SHA-256 of the rest, a line of JSON that says what follows, then the arrays as they lie in memory (little-endian). Several
processes may write the same file at once: each writes beside it, and the last to be done replaces it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Kept(NamedTuple):
    """What a file holds: words that say what it is of, and arrays by name."""

    words: dict[str, str]
    arrays: dict[str, Array]


def write(path: Path, words: Mapping[str, str], arrays: Mapping[str, Array]) -> None:
    """Keep one-dimensional arrays; a folder that cannot be written to keeps nothing."""
    shapes = [(name, array.dtype.newbyteorder("<").str, len(array)) for name, array in arrays.items()]
    head = json.dumps({"words": dict(words), "arrays": shapes}).encode() + b"\n"
    body = head + b"".join(array.astype(dtype).tobytes() for (_, dtype, _), array in zip(shapes, arrays.values(), strict=True))
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def read(path: Path) -> Kept | None:
    """Give what a file holds; `None` if there is none, or if it is not as it was written."""
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        head = body[: body.index(b"\n") + 1]
        arrays: dict[str, Array] = {}
        told, at = json.loads(head), len(head)
        for name, dtype, n in told["arrays"]:
            arrays[name] = np.frombuffer(body, dtype, n, at).astype(np.dtype(dtype).newbyteorder("="))
            at += arrays[name].nbytes
        return Kept(told["words"], arrays)
    except (OSError, ValueError, KeyError, TypeError):
        return None
