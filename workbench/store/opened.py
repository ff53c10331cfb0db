"""The store's doors say what passes: events that whoever runs a page may listen to (`sys.addaudithook`). Decides and keeps nothing.

Delta Lake and Parquet are read by compiled code that Python's own events know nothing of. Each door here says, before it opens, which table
it is about to open, where, and what of it. Nobody listens in a live run: an event costs less than 0.2 us then.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

READS: Final = "workbench.reads"
WRITES: Final = "workbench.writes"


def reads(table: str, where: Path | str, what: int | str = "") -> None:
    """Say that a table is about to be read.

    Parameters
    ----------
    table
        ``recordings`` (with the tail and what lies beside), ``journal`` (of a run, with its checkpoints) or ``bars``.
    where
        The folder or file; on an object store its address.
    what
        Log session, or what else names a part of it.
    """
    sys.audit(READS, table, str(where), str(what))


def writes(where: Path | str) -> None:
    """Say that a table is about to be written, by compiled code."""
    sys.audit(WRITES, str(where))
