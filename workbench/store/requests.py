"""What a person, a page, the guardian or the notifier asks of the runner: the HALT file, and one file a request. Asks; does nothing itself.

Rules
-----
1. Whoever asks writes a file that is there whole or not at all; the runner alone takes it, and writes its answer beside it.
2. The HALT file halts as long as it lies there, whatever is in it: ``touch data/HALT`` is enough. Its first line says why.
3. A request is not an order. The runner makes an event of it, and the engine decides what follows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

import msgspec

from workbench.domain.errors import StoreError
from workbench.store.folders import Folders
from workbench.store.versions import FORMATS, refuse_newer
from workbench.store.whole import trouble, write_whole

WAITS: Final = ".request"
ANSWERED: Final = ".answer"
MAX_BYTES: Final = 1 << 20  # a Flex statement's rows fit; more is no request

Action = Literal["flatten", "resume", "adopt", "enter", "roll"]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wish. ``why`` is a person's reason, ``by`` who asks: ``operator``, ``guardian``, ``notifier``.

    ``details`` is what the action needs more, as text by name: ``{"root": "ES", "stop": "5000"}``.
    """

    format: int = FORMATS["request"]
    action: Action
    why: str
    by: str
    asked_ns: int
    details: dict[str, str] = {}


class Waiting(msgspec.Struct, frozen=True):
    """A request that was not taken yet, and where it lies."""

    path: Path
    request: Request


def raise_halt(data: Path, why: str, by: str) -> Path:
    """Lay the HALT file down; one that lies there keeps its reason.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data = Path(folder)
    ...     path = raise_halt(data, "smoke in the room", "operator")
    ...     print(halted(data), lift_halt(data), halted(data))
    operator: smoke in the room True None
    """
    path = Folders(data).halt
    if not path.exists():
        write_whole(path, f"{by}: {' '.join(why.split())}\n".encode())
    return path


def halted(data: Path) -> str | None:
    """Give why the HALT file lies there, in its own first line; `None` if it does not."""
    path = Folders(data).halt
    try:
        with path.open("rb") as file:
            first = file.read(500).decode("utf-8", "replace").strip().splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"the HALT file cannot be read: {error.strerror}"  # it is there: that is what counts
    return first[0] if first else "no reason given"


def lift_halt(data: Path) -> bool:
    """Take the HALT file away; False if there was none. A halt that it caused stands until a person resumes."""
    with trouble("taking the HALT file away"):
        try:
            Folders(data).halt.unlink()
        except FileNotFoundError:
            return False
    return True


def put(data: Path, request: Request) -> Path:
    """Ask; give where the request lies. Names rise with time, so that requests are taken in the order in which they were asked."""
    path = Folders(data).requests / f"{request.asked_ns:020d}-{uuid4().hex[:8]}{WAITS}"
    content = msgspec.json.encode(request)
    if len(content) > MAX_BYTES:
        raise StoreError(f"a request of {len(content):,} bytes is none: {MAX_BYTES:,} are the most")
    write_whole(path, content)
    return path


def waiting(data: Path) -> list[Waiting]:
    """List the requests not taken yet, the oldest first; one that cannot be read is answered so, and not listed."""
    found = []
    for path in sorted(Folders(data).requests.glob(f"[!.]*{WAITS}")):
        try:
            with trouble(f"reading {path}"):
                if path.stat().st_size > MAX_BYTES:
                    raise StoreError("it is larger than any request")
                request = msgspec.json.decode(path.read_bytes(), type=Request)
            refuse_newer("request", request.format, path)
        except (msgspec.MsgspecError, UnicodeDecodeError, StoreError) as error:
            done(path, f"refused: no request can be read there: {error}")
        else:
            found.append(Waiting(path, request))
    return found


def done(path: Path, text: str) -> None:
    """Answer a request: it waits no more."""
    write_whole(path.with_suffix(ANSWERED), text.encode())
    with trouble(f"taking {path}"):
        path.unlink(missing_ok=True)


def answer_of(path: Path) -> str | None:
    """Give what became of a request; `None` while it waits."""
    try:
        return path.with_suffix(ANSWERED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def forget_answers(data: Path, keep: int = 1_000) -> None:
    """Delete the oldest answers."""
    for path in sorted(Folders(data).requests.glob(f"*{ANSWERED}"))[:-keep]:
        path.unlink(missing_ok=True)
