"""The law a run trades by, found by its digest among the files that could hold it. Reads TOML; a law that is not found is not known."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from workbench.domain.errors import ConfigError
from workbench.risk.constitution import Constitution, parse

SHIPPED: Final = Path(__file__).parents[1] / "constitutions"


def law_of(profile: str, digest: str | None, workspace: Path | None = None) -> Constitution | None:
    """Find the constitution with this digest; where none is said, the one of that name.

    A file that cannot be read is passed over: the run that trades has refused it already.

    Examples
    --------
    >>> law_of("demo", None).profile, law_of("demo", "of another law")
    ('demo', None)
    """
    for path in _files(profile, workspace):
        try:
            law = parse(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ConfigError):
            continue
        if law.digest == digest or (digest is None and law.profile == profile):
            return law
    return None


def _files(profile: str, workspace: Path | None) -> Iterator[Path]:
    if workspace is not None:
        for folder in (workspace, workspace / "constitutions"):
            yield from sorted(folder.glob("*.toml"), key=lambda path: (path.stem not in (profile, "constitution"), path.name))
    yield from sorted(SHIPPED.glob("*.toml"), key=lambda path: (path.stem != profile, path.name))
