"""What is written down of a promotion: of what, when, on which evidence, by which digest. One small JSON text; no folder here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from workbench.clock import SystemClock
from workbench.domain.errors import ConfigError
from workbench.domain.units import SECOND
from workbench.store.digests import digest_of

FORMAT: Final = 1
SHORT: Final = 12  # characters of a digest that a person is shown, and a folder is called after
Kind = Literal["page", "feature", "recipe", "strategy"]


class Passed(msgspec.Struct, frozen=True):
    """One gate: whether it was passed, in whose words, and the file below the data folder that tells more; or that it does not apply."""

    name: str
    passed: bool
    text: str
    evidence: str = ""
    applies: bool = True


class Promoted(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion.

    Parameters
    ----------
    digest
        Of all that was promoted; while what lies there has another one, nothing is promoted.
    files
        Name to digest of each file it is made of, so that a person is told which one was edited.
    schedule
        When it runs, as written: ``close+30m``; of a page alone.
    at
        When it was promoted, UTC, as ISO 8601 with microseconds: texts sort as moments do.
    evidence
        Folder below the data folder in which the gates' evidence lies.
    notebook, notebook_digest
        Of a feature, recipe or strategy: the notebook that made it.
    code
        Digest of the package by which the gates were passed.
    before
        Short digest of what it took the place of.
    note
        What happened to it later: ``back since ... instead of ...``.
    """

    format: int = FORMAT
    kind: Kind
    name: str
    digest: str
    files: dict[str, str]
    at: str
    owner: str = ""
    schedule: str = ""
    evidence: str = ""
    notebook: str = ""
    notebook_digest: str = ""
    code: str = ""
    before: str = ""
    note: str = ""
    gates: tuple[Passed, ...] = ()

    @property
    def short(self) -> str:
        """The digest as a person is shown it."""
        return self.digest[:SHORT]

    @property
    def is_thin(self) -> bool:
        """Whether a gate had less to look at than it asks for."""
        return any("thin evidence" in gate.text for gate in self.gates)


def now() -> str:
    """Say the moment as `Promoted.at` is written."""
    ns = SystemClock().now_ns()
    return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ns % SECOND // 1_000:06d}Z"


def minute(at: str) -> str:
    """Say such a moment to a person.

    >>> minute("2026-11-21T05:06:07.000001Z")
    '2026-11-21 05:06 UTC'
    """
    return f"{at[:10]} {at[11:16]} UTC"


def digest_over(files: dict[str, str]) -> str:
    """Digest files of which name and digest are known, in the order of their names.

    >>> digest_over({"a": "1", "b": "2"}) == digest_over({"b": "2", "a": "1"}) != digest_over({"a": "2", "b": "1"})
    True
    """
    return digest_of(*(part.encode() for name in sorted(files) for part in (name, files[name])))


def written(record: Promoted) -> bytes:
    """Give the text of a record."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def read_record(content: bytes, where: str) -> Promoted:
    """Read such a text.

    Raises
    ------
    ConfigError
        It is none, or of another format.
    """
    try:
        record = msgspec.json.decode(content, type=Promoted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where} is no record of a promotion ({error}): promote it again") from error
    if record.format != FORMAT:
        raise ConfigError(f"{where} is of format {record.format}; this version reads {FORMAT}: promote it again")
    return record
