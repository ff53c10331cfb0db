"""Where the real recordings lie that tests may read; a test that needs one is skipped, visibly, where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("WORKBENCH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


def shared(path: str) -> Path:
    """Give the path of a real recording, or skip the calling test."""
    found = ROOT / path
    if not found.exists():
        pytest.skip(f"real data absent: {path} (set WORKBENCH_SHARED_DATA to the folder that holds it)")
    return found
