"""Sweeps of tests count their trials where nobody else does."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Stand in an empty folder, which is the workspace then."""
    monkeypatch.chdir(tmp_path)
