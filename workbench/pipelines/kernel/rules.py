"""What one run of a page may touch, as plain values that travel to its kernel. Rules alone; enforces nothing."""

from __future__ import annotations

import fnmatch
import os
import re
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

import workbench

MB: Final = 1 << 20
OUTPUT_MB: Final = 16  # of one run; the fullest shipped page has 0.2, a notebook of three interactive plots 5
CODE: Final = (".py", ".pyc", ".pyi", ".so", ".toml", ".nbi", ".nbc", ".pth")  # what code is made of, wherever Python looks for it
# Below a data folder: tables by place, as `[reads] tables` names them; and what is about the folder and open to everybody.
PLACES: Final[Mapping[str, str]] = {
    "recordings": "recordings", "tail": "recordings", "runs": "journal", "bars": "bars", "history": "history", "missing.msgpack": "history",
    "models": "models", "pages": "pages", "status": "status", "notices": "status", "preflight": "status",
}  # fmt: skip
OPEN: Final = ("contracts.jsonl", "contracts.lock", "epoch", "epoch.lock", "made-by", "cache")
SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt", "/proc", "/sys", "/dev/null", "/dev/urandom", "/dev/random"),
    *("/etc/localtime", "/etc/timezone", "/etc/fonts", "/etc/ssl", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/mime.types"),
    *("/etc/os-release", "/etc/nsswitch.conf", "/System", "/Library", "/var/cache/fontconfig", "/etc/matplotlibrc", "/etc/ipython"),
)
SESSION: Final = re.compile(r"(?<!\d)20\d{6}(?!\d)")  # as runs, partitions, segments and files of bars are named
SECRETS: Final = ("/proc/*/environ", "/proc/*/mem", "/proc/*/cmdline")


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may touch. Places are folders or files, without links in them.

    ``tables`` of the folders ``data``, and ``files``, are declared; ``read``, ``code`` and ``write`` is what every kernel
    needs; ``as_of`` is the last session of which anything may be known (0: all); ``sample`` is written by what makes it; ``own`` is the
    page's own folder, and ``writes`` what it may write there; ``told`` is the file in which the kernel says what it opened.
    """

    tables: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    sample: tuple[str, ...] = ()
    as_of: int = 0
    own: str = ""
    connections: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    output_bytes: int = OUTPUT_MB * MB
    file_bytes: int = 512 * MB
    told: str = ""

    def may_read(self, path: str) -> bool:
        """Say whether a path without links in it may be read by whoever wishes to."""
        if any(fnmatch.fnmatch(path, each) for each in SECRETS):
            return False
        is_code = path.endswith(CODE) and _below(path, self.code)
        return is_code or _below(path, self.read) or _below(path, self.write) or _declared(path, self.files) or self.may_write(path)

    def may_write(self, path: str) -> bool:
        """Say whether a path may be written: what any program leaves behind, or a declared file below the page's own folder."""
        if "__pycache__" in path.split(os.sep) and _below(path, (*self.code, *self.read)):
            return True
        if path == self.own:  # made before the page began; who makes a folder with those above it asks all the same
            return True
        return _below(path, self.write) or (_below(path, (self.own,)) and _declared(os.path.relpath(path, self.own), self.writes))

    def table(self, path: str) -> str | None:
        """Name the table that a path below a data folder belongs to; empty if it is open to everybody, `None` if it is in none."""
        for folder in self.data:
            if _below(path, (folder,)):
                first = os.path.relpath(path, folder).split(os.sep)[0]
                return "" if first in OPEN or first == "." else PLACES.get(first)
        return None

    def later(self, named: str) -> int:
        """Give the session that a part of a table is of, where it is later than what may be known; 0: it is not."""
        session = max((int(each) for each in SESSION.findall(named)), default=0)
        return session if self.as_of and session > self.as_of else 0


def _below(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in places if place)


def _declared(path: str, files: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(path, each) or path.startswith(each.rstrip(os.sep) + os.sep) for each in files)


def usual_places() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Give what every kernel needs: places to read, places with code, and caches that libraries write."""
    paths = sysconfig.get_paths()
    package = Path(workbench.__file__).parent
    read = {*SYSTEM, sys.prefix, sys.base_prefix, *paths.values(), str(package), str(Path(sys.executable).resolve().parents[1])}
    code = {*(each for each in sys.path if each), str(package.parent), os.getcwd()}
    home = Path.home()
    caches = [os.environ.get("XDG_CACHE_HOME", home / ".cache"), os.environ.get("MPLCONFIGDIR", home / ".config" / "matplotlib")]
    caches += [os.environ.get("NUMBA_CACHE_DIR", ""), home / ".matplotlib", home / ".fontconfig", home / "Library" / "Caches", "/dev/null"]
    caches += [home / ".config" / "matplotlib", home / ".cache"]
    return _real(read), _real(code), _real(caches)


def _real(places: object) -> tuple[str, ...]:
    """Give places both as they are named and without links: compiled code is found by either."""
    named = [str(each) for each in places if str(each)]  # type: ignore[attr-defined]
    return tuple(sorted({*map(os.path.abspath, named), *map(os.path.realpath, named)}))
