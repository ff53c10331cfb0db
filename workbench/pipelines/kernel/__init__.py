"""The kernel a page runs in: what it may touch, what it may use up, and what it says of itself. Runs no page; see `runner`.

A page's kernel is a process of its own, ``python -m workbench.pipelines.kernel``: an ordinary one, with a guard (`guard`) that knows what
``pipeline.toml`` declares, limits (`budget`), and an end to its output (`output`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from workbench.domain.errors import ConfigError

OWN: Final = "PAGE_OWN_FOLDER"  # WORKBENCH_ is the prefix of settings


def own_folder() -> Path:
    """Give the folder that a page may write to, from within a page: what ``[writes] files`` names lies below it.

    It becomes visible together with the page, when the run has succeeded: nobody ever sees half of it.

    Raises
    ------
    ConfigError
        Outside of a run: a notebook that is tried out says itself where it writes.

    Examples
    --------
    In the cell `outputs`: ``(own_folder() / "model.msgpack").write_bytes(model)``.
    """
    if OWN not in os.environ:
        raise ConfigError("a page has a folder of its own only while `workbench run` runs it")
    return Path(os.environ[OWN])
