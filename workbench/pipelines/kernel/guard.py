"""The guard in a page's kernel: what pipeline.toml does not declare stops the run at the cell that touches it. A rail, not a jail.

It hears Python's own events (`sys.addaudithook`): files, folders, connections, processes, databases, compiled libraries; what the store's
doors say (`workbench.store.opened`), since Delta Lake and Parquet are read by compiled code; and what compiled readers and writers are
asked for (`compiled`). It listens while a cell runs, before that and afterwards the kernel is its own.

Limits, known and left:

- Compiled code that opens files by itself and is none of `compiled` is not heard, nor is an SQLite ``ATTACH``; what it reads or writes is
  bounded by the limits of `budget` alone. Whoever wishes to get around a guard of Python's within Python can.
- A process that was allowed has no guard of its own; its environment is scrubbed, and the limits hold for it.
- Paths are judged as they lie when they are opened: a link that changes between the look and the opening is not noticed.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import workbench
from workbench.pipelines.kernel.rules import Rules
from workbench.store import opened

STDLIB: Final = os.path.realpath(sysconfig.get_path("stdlib"))
PACKAGE: Final = str(Path(workbench.__file__).parent)
STORE: Final = os.path.join(PACKAGE, "store") + os.sep
MAKER: Final = os.path.join(PACKAGE, "research", "sample.py")
READERS: Final = ("os", "_collections_abc", "collections")  # through which a look at the environment comes
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
HARMLESS: Final = frozenset({"uname", "fc-list", "ldconfig", "ld", "gcc", "cc", "objdump", "lsb_release", "sw_vers", "system_profiler"})
CELL: Final = "cell"


class Undeclared(BaseException):  # no Exception: a cell's own `except Exception` must not swallow it
    """What a page touched without having declared it; the text says what, and which line of pipeline.toml would allow it."""


class Guard:
    """One kernel's guard. `install` it once; `is_on` while a cell runs.

    Attributes
    ----------
    breach
        The first thing that was touched and is not declared; empty if nothing was.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules, self.is_on, self.breach = rules, False, ""
        self._told: set[tuple[str, ...]] = set()
        self._file = os.open(rules.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if rules.told else None
        self._known: dict[tuple[str, bool], bool] = {}
        self._asks: Mapping[str, Callable[..., None]] = {
            "open": self._open,
            "sqlite3.connect": self._database,
            "socket.connect": lambda _, address: self._connects(address),
            "socket.sendto": lambda _, address: self._connects(address),
            "socket.bind": lambda _, address: self._connects(address),
            "socket.getaddrinfo": lambda host, port, *_: self._connects((host, port)),
            "socket.gethostbyname": lambda host: self._connects((host, "")),
            "socket.gethostbyaddr": lambda host: self._connects((host, "")),
            "subprocess.Popen": lambda name, words, *_: self._starts(name or words),
            "os.posix_spawn": lambda path, *_: self._starts(path),
            "os.spawn": lambda _, path, *__: self._starts(path),
            "os.exec": lambda path, *_: self._starts(path),
            "os.system": self._starts,
            "os.fork": lambda: self._starts("python"),
            "os.forkpty": lambda: self._starts("python"),
            "os.startfile": lambda path, *_: self._starts(path),
            "os.kill": self._kills,
            "os.killpg": lambda group, _: self._kills(-group, 0),
            "ctypes.dlopen": self._library,
            "ctypes.dlsym": lambda _, name: self._library(name),
            "os.mkdir": lambda path, _, place: self._changes(path, place, is_new=True),
            "os.rename": self._renames,
            "os.remove": self._changes,
            "os.rmdir": self._changes,
            "os.truncate": lambda path, _: self._changes(path),
            "os.chmod": lambda path, _, place=-1: self._changes(path, place),
            "os.chown": lambda path, _, __, place=-1: self._changes(path, place),
            "os.link": lambda _, new, __, place=-1: self._changes(new, place),
            "os.symlink": lambda _, new, place=-1: self._changes(new, place),
            "shutil.rmtree": lambda path, place=None: self._changes(path, -1 if place is None else place),
            opened.READS: self._table,
            opened.WRITES: lambda where: self.touches(where, is_written=True),
        }

    def install(self) -> None:
        """Begin to listen; nothing takes a hook away again."""
        sys.addaudithook(self._hear)

    def touches(self, path: str, *, is_written: bool) -> None:
        """Judge a path that compiled code is about to read or write."""
        if self.is_on and "://" not in path:
            (self._changes if is_written else self._reads)(path)

    def looks_up(self, name: str) -> None:
        """Judge a look at a variable of the environment: libraries may, a cell may not."""
        if self.is_on and _nearest(READERS) == CELL and _names_environment():
            self._stop(f"reads the environment variable {name}", "nothing in pipeline.toml does: make it a parameter, or a setting")

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.is_on and (ask := self._asks.get(event)) is not None:
            ask(*args)

    def _stop(self, touched: str, remedy: str) -> None:
        sentence = f"this page {touched}, which its pipeline.toml does not declare; to allow it: {remedy}"
        if not self.breach:
            self.breach = sentence
            self._tell("breach", sentence)
        raise Undeclared(sentence)

    def _tell(self, *what: str) -> None:
        if self._file is not None and what not in self._told:
            self._told.add(what)
            os.write(self._file, json.dumps(what).encode() + b"\n")

    # ------------------------------------------------------------------------------------------------ files
    def _open(self, path: object, mode: str | None, flags: int) -> None:
        if isinstance(path, int) or path is None:
            return
        is_written = bool(flags & WRITING) if mode is None else any(letter in mode for letter in "wax+")
        if mode is None and not is_written and sys._getframe(2).f_code.co_name.startswith(("_rmtree", "_fwalk")):
            return  # by a handle of the folder above, whose path this event does not know; what is removed is heard by itself
        (self._changes if is_written else self._reads)(_path(path))

    def _reads(self, path: str) -> None:
        real = os.path.realpath(path)
        if self._is_fine(real, is_written=False) or self._is_of_sample(real):
            return
        table = self.rules.table(real)
        if table == "" or (table is not None and _nearest_own().startswith(STORE)):  # what the store opens its doors tell of
            return
        if table is not None and table in self.rules.tables:
            self._is_known(table, os.path.basename(real), real)
            return
        if table is not None:
            self._stop(f"reads {path}", f'[reads] tables = [..., "{table}"]')
        here = os.path.relpath(real)
        remedy = f'[reads] files = ["{here}"]'
        if here.startswith(".."):
            remedy = f'bring it below the workspace, and declare [reads] files = ["{os.path.basename(real)}"]'
        self._stop(f"reads {path}", remedy)

    def _changes(self, path: object, place: int | None = -1, *, is_new: bool = False) -> None:
        if isinstance(path, int):
            return
        named = _path(path)
        if place is not None and place >= 0 and not os.path.isabs(named):
            named = os.path.join(os.path.realpath(f"/proc/self/fd/{place}"), named)
        real = os.path.join(os.path.realpath(os.path.dirname(named) or "."), os.path.basename(named))
        if self._is_fine(real, is_written=True) and (not os.path.islink(real) or self._is_fine(os.path.realpath(real), is_written=True)):
            return
        if (
            self._is_of_sample(real)
            or (is_new and os.path.isdir(real))
            or (self._is_bookkeeping(real) and _nearest_own().startswith(STORE))
        ):
            return
        if self.rules.own and real.startswith(self.rules.own + os.sep):
            self._stop(f"writes {named}", f'[writes] files = ["{os.path.relpath(real, self.rules.own)}"]')
        remedy = "write it to workbench.pipelines.kernel.own_folder(), and declare"
        self._stop(f"writes {named}", f'{remedy} [writes] files = ["{os.path.basename(real)}"]')

    def _renames(self, old: object, new: object, place: int, other: int) -> None:
        self._changes(old, place)
        self._changes(new, other)

    def _is_fine(self, real: str, *, is_written: bool) -> bool:
        key = (real, is_written)
        if key not in self._known:
            self._known[key] = self.rules.may_write(real) if is_written else self.rules.may_read(real)
        return self._known[key]

    def _is_of_sample(self, real: str) -> bool:
        """Say whether the sample is being made, by what makes it: a page on its defaults may be the first that asks for it."""
        is_there = any(real == each or real.startswith(each + os.sep) for each in self.rules.sample)
        return is_there and any(frame.f_code.co_filename == MAKER for frame in _frames())

    def _is_bookkeeping(self, real: str) -> bool:
        """Say whether a path is what the store itself writes when it is only read: a lock, a session as the engine eats it."""
        return self.rules.table(real) is not None and (real.endswith(".lock") or f"{os.sep}cache{os.sep}" in real + os.sep)

    def _database(self, name: object) -> None:
        text = _path(name)
        if not text or ":memory:" in text:
            return
        parts = urlsplit(text) if text.startswith("file:") else None
        path = text if parts is None else unquote(parts.path)
        if parts is not None and ("mode=ro" in parts.query or "immutable=1" in parts.query):
            self._reads(path)
        else:
            self._changes(path)

    def _table(self, table: str, where: str, what: str) -> None:
        real = os.path.realpath(where)
        if self._is_of_sample(real):
            return
        is_temporary = self._is_fine(real, is_written=False)  # the page made it itself
        if "://" not in where and self.rules.table(real) is None and not is_temporary:
            self._stop(f"opens {table} in {where}", "name the data folder as the page's parameter data")
        if table not in self.rules.tables and not is_temporary:
            self._stop(f"opens the table {table}", f'[reads] tables = [..., "{table}"]')
        if not is_temporary:
            self._is_known(table, what, real)
        self._tell("opened", table, where, what)

    def _is_known(self, table: str, what: str, where: str) -> None:
        """Judge whether a part of a table was there at the close that counts."""
        folder = next((each for each in self.rules.data if where.startswith(each + os.sep)), "")
        if session := self.rules.later(f"{what} {where.removeprefix(folder)}"):
            touched = f"opens {table} of session {session}, later than the close of {self.rules.as_of}"
            self._stop(touched, '[reads] as_of = "now"')

    # ------------------------------------------------------------------------------------------------ beyond files
    def _connects(self, address: object) -> None:
        if not isinstance(address, tuple):
            named = _path(address)
        else:
            named = ":".join(_path(each) for each in address[:2] if each not in (None, ""))
        host = named.rpartition(":")[0] or named
        if not any(each in (named, host) for each in self.rules.connections):
            self._stop(f"connects to {named}", f'[reads] connections = ["{named}"]')

    def _starts(self, words: object) -> None:
        first = words[0] if isinstance(words, list | tuple) and words else words
        text = _path(first)
        name = os.path.basename(text.split()[0]) if text.split() else text
        name = "python" if name.startswith("python") else name
        if name not in self.rules.programs and not (name in HARMLESS and _nearest(("subprocess", "os")) != CELL):
            self._stop(f"starts {text[:80]}", f'[reads] programs = ["{name}"]')

    def _kills(self, pid: int, signal: int) -> None:
        if pid != os.getpid() and signal:
            self._stop(f"sends a signal to the process {pid}", "nothing does")

    def _library(self, name: object) -> None:
        if _nearest(("ctypes",)) == CELL:
            self._stop(f"calls compiled code ({name}) by ctypes", "nothing in pipeline.toml does: such a call belongs into the package")


def watch_environment(guard: Guard) -> None:
    """Have every look at ``os.environ`` judged by a guard."""
    kind: Any = type(os.environ)
    get, walk = kind.__getitem__, kind.__iter__

    def __getitem__(self: object, key: str) -> str:  # noqa: N807  it takes the place of the one of the class
        guard.looks_up(key)
        return str(get(self, key))

    def __iter__(self: object) -> Any:  # noqa: N807 - becomes a method
        guard.looks_up("(all of them)")
        return walk(self)

    kind.__getitem__, kind.__iter__ = __getitem__, __iter__


def _path(path: object) -> str:
    return os.fsdecode(path) if isinstance(path, bytes | os.PathLike) else str(path)


def _frames() -> Any:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _nearest(through: tuple[str, ...] = ()) -> str:
    """Say who asks: ``cell``, or the file of the nearest code that is neither the guard's nor of these modules of the standard library."""
    for frame in _frames():
        name: str = frame.f_code.co_filename
        module = str(frame.f_globals.get("__name__"))
        is_stdlib = name.startswith("<frozen") or (name.startswith(STDLIB) and "site-packages" not in name)
        if name == __file__ or (is_stdlib and not module.startswith("importlib") and (not through or module.split(".")[0] in through)):
            continue
        return CELL if module == "__main__" else name
    return ""


def _names_environment() -> bool:
    """Say whether the cell itself speaks of the environment: compiled libraries that look at it leave no frame between."""
    frame = next(each for each in _frames() if each.f_globals.get("__name__") == "__main__")
    named = frame.f_code.co_names
    return not {"environ", "environb", "getenv"}.isdisjoint(named) or any(frame.f_globals.get(each) is os.environ for each in named)


def _nearest_own() -> str:
    """Name the file of the nearest code that is the workbench's own, or ``cell``."""
    for frame in _frames():
        name: str = frame.f_code.co_filename
        if name.startswith(PACKAGE) and name != __file__:
            return name
        if frame.f_globals.get("__name__") == "__main__":
            return CELL
    return ""
