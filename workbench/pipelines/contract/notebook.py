"""A notebook file, read with care: what is none is refused in a sentence, whatever it holds. Reads one file; starts nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract.cells import Cell, cell_of

MOST_MB: Final = 64  # a notebook is text and a few pictures; reading more takes seconds and gigabytes
KINDS_OF_CELL: Final = ("code", "markdown", "raw")


def load(path: Path) -> tuple[dict[str, Any], list[Cell]]:
    """Read a notebook as it is stored, and its cells.

    Raises
    ------
    ConfigError
        If there is none, or it is no notebook of Python in nbformat 4 of at most 64 MB.
    """
    try:
        size_mb = path.stat().st_size / 1e6
        if size_mb > MOST_MB:
            raise ConfigError(f"{path} has {size_mb:.0f} MB, and {MOST_MB} are the most: clear its outputs")
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"{path} is no notebook: {error if isinstance(error, OSError) else _why(error)}") from error
    if not isinstance(body, dict) or not isinstance(body.get("nbformat", 4), int):
        raise ConfigError(f"{path} is no notebook: it holds something else than cells")
    if body.get("nbformat", 4) != 4 or "worksheets" in body:
        raise ConfigError(f"{path} is of nbformat {body.get('nbformat')}, and 4 is read: open it in JupyterLab and save it")
    language = _language(body)
    if language != "python":
        raise ConfigError(f"{path} is a notebook of {language}, not of Python")
    try:
        cells = [cell_of(at, cell) for at, cell in enumerate(body["cells"], 1)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is no notebook: a cell lacks what it must have ({type(error).__name__} {error})") from error
    if odd := next((cell for cell in cells if cell.kind not in KINDS_OF_CELL), None):
        raise ConfigError(f"{path} is no notebook: cell {odd.at} is of kind {odd.kind!r}, and there are {', '.join(KINDS_OF_CELL)}")
    return body, cells


def _why(error: BaseException) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    return "it is no JSON" if isinstance(error, ValueError) else "it is nested too deep"


def _language(body: dict[str, Any]) -> str:
    metadata = body.get("metadata")
    for section, key in (("kernelspec", "language"), ("language_info", "name")):
        named = metadata.get(section) if isinstance(metadata, dict) else None
        if isinstance(named, dict) and isinstance(named.get(key), str):
            return str(named[key]).lower()
    return "python"
