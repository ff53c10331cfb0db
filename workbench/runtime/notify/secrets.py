"""Passwords and tokens: where they are kept, and how none gets out. A setting names the place, never the secret itself.

==========================  ============================================================================================
``keyring:SERVICE/USER``    the system's: `keyring` of Python if installed, else ``secret-tool`` (Linux) or ``security`` (macOS)
``file:PATH``               a file of ours alone (mode 0600); relative to the workspace
``env:NAME``                a variable of the environment: the last choice, for every child inherits it
==========================  ============================================================================================
"""

from __future__ import annotations

import base64
import importlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

from workbench.domain.errors import ConfigError

HIDDEN: Final = "\N{BULLET}" * 4
SHORTEST: Final = 4  # a shorter secret would hide ordinary words
SEPARATORS: Final = re.compile(r"[/?&=#]")  # between the parts of an address
ASK_S: Final = 5.0


class Secret:
    """A text that prints as nothing; `reveal` is called where it goes on the wire, and nowhere else.

    >>> secret = Secret("hunter22")
    >>> secret, f"{secret}", secret.reveal()
    (Secret(), '', 'hunter22')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret()"

    def __str__(self) -> str:
        return ""

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def resolve(named: str, setting: str, folder: Path, environment: Mapping[str, str] | None = None) -> Secret:
    """Fetch the secret that a setting names; an empty one where it names none.

    Raises
    ------
    ConfigError
        It is not there, others may read it, or the setting holds something else, which is not repeated.
    """
    if not named:
        return Secret("")
    where, _, what = named.partition(":")
    if where == "env":
        found = (os.environ if environment is None else environment).get(what, "")
    elif where == "file":
        found = _of_file(folder / Path(what).expanduser(), setting)
    elif where == "keyring" and "/" in what:
        found = _of_keyring(*what.split("/", 1))
    else:
        raise ConfigError(f"{setting}: say where the secret is kept (keyring:SERVICE/USER, file:PATH, env:NAME), never the secret itself")
    if not found:
        raise ConfigError(f"{setting}: nothing is kept under {named}")
    return Secret(found)


def _of_file(path: Path, setting: str) -> str:
    try:
        with path.open("rb") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ConfigError(f"{setting}: others may read {path}; chmod 600 it, and change the secret if this machine has other users")
            return file.read(10_000).decode("utf-8", "replace").strip()
    except OSError as error:
        raise ConfigError(f"{setting}: {path} cannot be read: {error.strerror}") from None


def _of_keyring(service: str, user: str) -> str:
    try:
        return str(importlib.import_module("keyring").get_password(service, user) or "")
    except ImportError:
        pass
    except Exception as error:  # noqa: BLE001  a back end of somebody's desktop: whatever it raises, there is no secret
        raise ConfigError(f"the keyring did not answer: {type(error).__name__}") from None
    asks = {
        "secret-tool": ["lookup", "service", service, "username", user],
        "security": ["find-generic-password", "-w", "-s", service, "-a", user],
    }
    for program, words in asks.items():
        if (path := shutil.which(program)) is not None:
            try:
                done = subprocess.run([path, *words], capture_output=True, timeout=ASK_S, check=False)  # noqa: S603  found by name
            except (OSError, subprocess.TimeoutExpired):
                return ""
            return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
    raise ConfigError("there is no keyring here: neither Python's keyring, secret-tool nor security")


class Redactor:
    """Takes secrets out of texts, in the forms in which other sides repeat them.

    >>> Redactor([Secret("hun ter/22")])("at /hun%20ter%2F22 or aHVuIHRlci8yMg==, said hun ter/22")
    'at /•••• or ••••, said ••••'
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        forms = {form for each in secrets for part in _parts(each.reveal()) for form in _forms(part)}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text


def _parts(text: str) -> Iterator[str]:
    """Give a secret, and of an address what others repeat of it: its path, and each part of that and of its query."""
    yield text
    if "://" in text:
        _, _, behind = text.partition("://")
        yield from (f"/{behind.partition('/')[2]}", *(part for part in SEPARATORS.split(behind)[1:]))


def _forms(text: str) -> set[str]:
    if len(text) < SHORTEST:
        return set()
    plain = base64.b64encode(text.encode()).decode()
    return {text, quote(text), quote(text, safe=""), quote_plus(text), plain, plain.rstrip("="), repr(text)[1:-1]}
