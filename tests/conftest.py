"""What holds for every test: the same examples on every run, nobody's settings, no word to another machine, no stale code. No fixtures."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

from workbench.commands.warm import drop_stale

KEPT = ("WORKBENCH_SHARED_DATA",)
LOOPBACK = ("127.", "::1", "localhost")

# the same examples every time; a noisy machine fails no test; the night looks further
settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.register_profile("nightly", derandomize=False, deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith(("WORKBENCH_", "IBKR_", "EXECUTION_MODE")) and name not in KEPT]:
        del os.environ[name]
    if not hasattr(config, "workerinput"):
        drop_stale()  # a test never runs code that was compiled from older sources
    sys.addaudithook(_stay_at_home)


def _stay_at_home(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple) and not str(args[1][0]).startswith(LOOPBACK):
        raise PermissionError(f"a test wants to reach {args[1][0]}; tests speak to this machine only")
