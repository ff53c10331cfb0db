"""Where the workspace is: the folder with a ``workbench.toml``, here or above. Looks at names of files; reads none of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

WORKSPACE_FILE: Final = "workbench.toml"


def workspace_of(start: Path | str = ".") -> Path | None:
    """Find the workspace around a folder: itself, or the nearest one above it that holds a ``workbench.toml``.

    Returns
    -------
    Path or None
        As short as it can be said from the working folder (``.``, ``..``); `None` if there is no workspace.
    """
    here = Path(start).absolute()
    for folder in (here, *here.parents):
        if (folder / WORKSPACE_FILE).is_file():
            return _shortly(folder)
    return None


def _shortly(folder: Path) -> Path:
    near = Path(os.path.relpath(folder))
    return near if set(near.parts) <= {".."} or ".." not in near.parts else folder
