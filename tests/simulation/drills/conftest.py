"""Where drills write: in memory where there is such a place, for durable writes are proven elsewhere and cost most of a drill."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder of its own, gone afterwards."""
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)  # what it says of faults is long and known
    if not IN_MEMORY.is_dir() or shutil.disk_usage(IN_MEMORY).free < 1 << 28:
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="drill-", dir=IN_MEMORY))
    yield made
    shutil.rmtree(made, ignore_errors=True)
