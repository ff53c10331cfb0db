"""A page's way onto the schedule and off it: promote, demote, take back. Each changes ``pipelines/<name>/`` whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import read
from workbench.pipelines.promotion import evidence, keeping
from workbench.pipelines.promotion.candidates import Source
from workbench.pipelines.promotion.gates import Answer, Candidate, Gate, go_through
from workbench.pipelines.promotion.record import SHORT, Promoted, minute, now
from workbench.store.digests import code_digest, digest_of
from workbench.store.whole import write_whole

Tell = Callable[[Gate], None]
Told = Callable[[Answer], None]


class Outcome(NamedTuple):
    """What became of a wish to be promoted: the record if it is, what the gates said, and where that can be read."""

    record: Promoted | None
    answers: tuple[Answer, ...]
    report: Path

    @property
    def refusal(self) -> Answer | None:
        """The gate that refused, if one did."""
        return next((each for each in self.answers if not each.verdict.passed), None)


class Back(NamedTuple):
    """What was taken back: what counts again, and what does no more."""

    now: Promoted
    instead_of: Promoted
    was_edited: bool


def promote_page(
    source: Source,
    data: Path,
    gates: Sequence[Gate],
    *,
    is_trial: bool = False,
    tell: Tell = lambda _: None,
    told: Told = lambda _: None,
) -> Outcome:
    """Hold a notebook against the gates and, if all are passed, let it be a page on the schedule.

    Parameters
    ----------
    data
        Folder of the recorded sessions; evidence goes below it.
    is_trial
        Ask the gates and change nothing.
    tell, told
        Called before a gate looks, and with its answer.

    Raises
    ------
    StoreError
        Another process promotes it, or a disk complains. As with a refusal, or a kill at any moment, the page is what it was.
    """
    digests = {name: digest_of(content) for name, content in source.files.items()}
    digest, at = keeping.digest_of_page(source.files), now()
    with evidence.gathering(data, "page", source.name) as part:
        folder = part / evidence.FILES
        for name, content in source.files.items():
            write_whole(folder / name, content)
        candidate = Candidate("page", source.name, folder, source.notebook, data, part, schedule=source.schedule)
        answers, names = ask(candidate, gates, tell, told)
        facts = {"notebook": source.notebook.name, "schedule": source.schedule, "workbench": code_digest()[:SHORT]}
        evidence.write_report(part, f"the page {source.name}", digest, at, facts, answers, len(gates))
        is_passed = answers[-1].verdict.passed
        place = evidence.put(part, digest[:SHORT] if is_passed and not is_trial else evidence.TRIED)
        report = place / "report.md"
        if not is_passed or is_trial:
            return Outcome(None, tuple(answers), report)
        below = place.relative_to(data).as_posix()
        with keeping.alone(source.folder):
            there = keeping.recorded(source.folder)
            record = Promoted(
                kind="page", name=source.name, digest=digest, files=digests, at=at, owner=read(place / evidence.FILES).owner,
                schedule=source.schedule, evidence=below, code=code_digest()[:SHORT], gates=evidence.passed_of(answers, names, below),
                before=before_of(there, digest),
            )  # fmt: skip
            _install(source.folder, source.files, record, data)
    evidence.note(data, "page", source.name, {"at": at, "what": "promoted", "digest": digest, "schedule": source.schedule})
    return Outcome(record, tuple(answers), report)


def ask(candidate: Candidate, gates: Sequence[Gate], tell: Tell, told: Told) -> tuple[list[Answer], list[str]]:
    """Go through the gates, writing down each answer as it comes; give the answers and the names of their files."""
    answers, names = [], []
    for n, answer in enumerate(go_through(candidate, gates, tell), 1):
        names.append(evidence.write_answer(candidate.evidence, n, answer))
        answers.append(answer)
        told(answer)
    return answers, names


def before_of(there: Promoted | None, digest: str) -> str:
    """Say what a new record takes the place of: what is there, or of the same promoted again what that took the place of."""
    if there is None:
        return ""
    return there.short if there.digest != digest else there.before


def demote_page(folder: Path, data: Path, why: str = "") -> Promoted:
    """Take a page off the schedule. It stays in `pipelines/`, and can be run by hand.

    Raises
    ------
    ConfigError
        It is not promoted.
    """
    with keeping.alone(folder):
        record = _must_be(folder)
        keeping.forget(folder)
    evidence.note(data, "page", record.name, {"at": now(), "what": "demoted", "digest": record.digest, "why": why})
    return record


def roll_back_page(folder: Path, data: Path, why: str = "") -> Back:
    """Go back to the version promoted before; of a page that was edited since, to what was promoted. What is replaced is kept.

    Raises
    ------
    ConfigError
        It is not promoted, or there is no earlier version here.
    """
    with keeping.alone(folder):
        record = _must_be(folder)
        lying = keeping.files_of(folder)
        was_edited = keeping.digest_of_page(lying) != record.digest
        earlier = record if was_edited else evidence.before(data, record)
        if earlier is None:
            raise ConfigError(f"{record.name} was promoted once, on {minute(record.at)}: nothing was promoted before it; see demote")
        files = evidence.kept_files(data, earlier)
        if keeping.digest_of_page(files) != earlier.digest:
            place = evidence.home(data, "page", record.name) / earlier.short / evidence.FILES
            raise ConfigError(f"what was promoted on {minute(earlier.at)} does not lie in {place} any more: promote it again")
        at = now()
        if was_edited:
            for name, content in lying.items():
                write_whole(evidence.home(data, "page", record.name) / evidence.EDITED / name, content)
        else:
            said = f"back since {minute(at)} instead of {record.short} of {minute(record.at)}" + (f": {why}" if why else "")
            earlier = msgspec.structs.replace(earlier, note=said)
        _install(folder, files, earlier, data)
    evidence.note(data, "page", record.name, {"at": at, "what": "taken back", "digest": earlier.digest, "from": record.digest, "why": why})
    return Back(earlier, record, was_edited)


def _must_be(folder: Path) -> Promoted:
    record = keeping.recorded(folder)
    if record is None:
        there = f"{folder.name} is not promoted" if (folder / keeping.PARTS[0]).is_file() else f"there is no page {folder.name}"
        raise ConfigError(f"{there}: workbench notebook status says what is")
    return record


def _install(folder: Path, files: dict[str, bytes], record: Promoted, data: Path) -> None:
    """Keep what is there, then put the new one in its place. Call alone."""
    there = keeping.recorded(folder)
    if there is not None and there.digest != record.digest:
        lying = keeping.files_of(folder)
        evidence.keep_files(data, there, lying if keeping.digest_of_page(lying) == there.digest else {})
    keeping.install(folder, files, record)
