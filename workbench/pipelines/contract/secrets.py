"""Secrets of a page: told by reference (``env:NEWS_TOKEN``), looked up inside the kernel, shown nowhere. Keeps none and writes none.

A page takes a secret in two lines, a parameter that is declared one and the look-up in its cell `inputs`:

>>> news: str = "env:NEWS_TOKEN"  # what the news service asks for [secret]
>>> key = secret(news, {"NEWS_TOKEN": "k-5521-abc"})  # in a page: secret(news); the kernel has the variables that parameters refer to
>>> key, f"{key}"
(Secret('env:NEWS_TOKEN'), 'env:NEWS_TOKEN')
>>> key.reveal()  # where it is needed, and only there
'k-5521-abc'
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from workbench.domain.errors import ConfigError

SECRET: Final = re.compile(r"TOKEN|SECRET|PASSW|API_?KEY|PRIVATE|CREDENTIAL", re.IGNORECASE)  # names that hold one
REFERENCE: Final = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
SHORTEST: Final = 6  # characters; shorter values would strike out half a page


class Secret:
    """A value that shows only where it comes from."""

    __slots__ = ("_reference", "_value")

    def __init__(self, reference: str, value: str) -> None:
        self._reference, self._value = reference, value

    def __repr__(self) -> str:
        return f"Secret({self._reference!r})"

    def __str__(self) -> str:
        return self._reference

    def __reduce__(self) -> str:
        raise TypeError("a secret is not stored: look it up where it is needed")

    def reveal(self) -> str:
        """Give the value, to be handed on at once."""
        return self._value


def looks_secret(name: str) -> bool:
    """Say whether a thing of this name holds a secret."""
    return SECRET.search(name) is not None


def variable(reference: object) -> str | None:
    """Name the variable of the environment that a reference points at; `None` if it is no reference."""
    found = REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    return found.group(1) if found else None


def referred(values: Mapping[str, object], environ: Mapping[str, str] | None = None) -> frozenset[str]:
    """Name the variables that these values refer to: what a kernel must have, and what may be read nowhere else.

    Raises
    ------
    ConfigError
        If the environment lacks one: before a kernel starts.
    """
    names = {name: variable(value) for name, value in values.items()}
    there = os.environ if environ is None else environ
    for name, points_at in names.items():
        if points_at is not None and not there.get(points_at):
            raise ConfigError(f"parameter {name} refers to {points_at}, and the environment has no variable of that name")
    return frozenset(filter(None, names.values()))


def secret(reference: str, environ: Mapping[str, str] | None = None) -> Secret:
    """Look a secret up.

    Raises
    ------
    ConfigError
        If it is no reference, or the environment has no such variable. The message never holds the value.
    """
    name, there = variable(reference), os.environ if environ is None else environ
    if name is None:
        raise ConfigError("a secret is told by reference: env:NAME, with the name of a variable of the environment")
    if not there.get(name):
        raise ConfigError(f"the environment has no {name}, which a parameter refers to")
    return Secret(reference, there[name])
