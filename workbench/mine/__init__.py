"""Your own things by their names: ``from workbench.mine.features.gap import Gap``. No file of yours lies here, and none of ours.

The folders ``features``, ``strategies`` and ``models`` of the workspace around the working folder are importable below this name, from a
notebook, a test or one another, wherever Python was started in the workspace. Outside of one there is nothing here.
"""

from __future__ import annotations

from pathlib import Path

from workbench.config.place import workspace_of


def look_in(folder: Path | None) -> None:
    """Make this name stand for another workspace, or for none."""
    __path__[:] = [str(folder.absolute())] if folder is not None else []


look_in(workspace_of())
