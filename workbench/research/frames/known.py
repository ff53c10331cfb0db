"""As of when a page's kernel sees sessions: a promise of its pipeline.toml, kept by `open_session`. Reads the environment alone."""

from __future__ import annotations

import os
from typing import Final

AS_OF: Final = "PAGE_AS_OF_NS"  # WORKBENCH_ is the prefix of settings


def as_of_ns() -> int | None:
    """Give the moment beyond which nothing is known here; `None`: all there is."""
    text = os.environ.get(AS_OF, "")
    return int(text) if text else None
