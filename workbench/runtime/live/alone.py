"""One runner a data folder, and one that trades an account a machine: locks of the kernel, which lets go when their holder dies.

A file that only says who runs would outlive a killed process; a lock does not. A copy of the folder has no lock of its own account: the
second lock, of the account, is the machine's. On another machine the client id is what is taken: TWS answers 326, and the run waits.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from workbench.runtime.live.doors import SIMULATED
from workbench.store.whole import only_one

NAME = "runner.lock"


@contextmanager
def alone(data: Path, account: str, *, trades: bool) -> Iterator[Callable[[], bool]]:
    """Hold folder and account while the block runs; yield what says whether the folder's lock is still ours.

    Raises
    ------
    StoreError
        Another process runs there, or trades the account.
    """
    path = data / NAME
    with ExitStack() as held:
        held.enter_context(only_one(path, f"another run works in {data}: end it first, or name another folder with --data"))
        if trades and not account.startswith(SIMULATED):
            busy = f"another run on this machine trades {account}, in another data folder: two would not know of one another's orders"
            held.enter_context(only_one(account_lock(account), busy))
        inode = path.stat().st_ino

        def is_ours() -> bool:
            try:
                return path.stat().st_ino == inode
            except OSError:
                return False

        yield is_ours


def account_lock(account: str) -> Path:
    """Name the machine's lock of an account: one for each user, for a lock of somebody else could not be opened."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"workbench-{user}" / f"{account}.lock"
