"""What the fortnight's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def unhurried() -> Iterator[None]:
    """Let nobody look four times a second for what nobody asks: that is most of what a virtual day costs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.runtime.live.venue.LOOK_S", 60.0)
        patch.setattr("workbench.runtime.live.asking.LOOK_S", 60.0)
        yield
