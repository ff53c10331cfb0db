"""A feature's, recipe's or strategy's promotion: promote, demote, take back. The record hangs on its source; nothing is enabled by it.

A record is ``promoted/<kind>-<name>.json`` in the workspace: the digests of every file the thing is made of (its own, and those of the
features, models and recipes of the user's that it uses), and of the notebook that made it. When a file changes it is promoted no more.
The notebook may go on: a copy of it, as it was, lies with the evidence. What is shipped hangs on the source that decides, all of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workbench.domain.errors import ConfigError
from workbench.pipelines.promotion import evidence
from workbench.pipelines.promotion.gates import Candidate, Gate
from workbench.pipelines.promotion.of_pages import Back, Outcome, Tell, Told, ask, before_of
from workbench.pipelines.promotion.record import SHORT, Kind, Promoted, digest_over, minute, now, read_record, written
from workbench.research.proving import fell, showing_of
from workbench.store.digests import code_digest, deciding_digest, digest_of
from workbench.store.whole import only_one, sync_folder, trouble, write_whole
from workbench.strategies.base import Strategy
from workbench.workspace import Kind as Of
from workbench.workspace import Thing, Things
from workbench.workspace.choosing import OWN, digests_of, pair_of

PLACE: Final = "promoted"
NOTEBOOK: Final = "notebook.ipynb"
SHIPPED: Final = "workbench"  # the one name among the files of what is shipped


def record_path(home: Path, kind: Kind, name: str) -> Path:
    """Give where a record lies in a workspace; a strategy with the recipe it follows is named ``learned:flow_1m``."""
    return home / PLACE / f"{kind}-{name.replace(':', '+')}.json"


def promoted_thing(home: Path, kind: Kind, name: str, things: Things) -> Promoted | None:
    """Say whether a thing is promoted, as its source lies there; `None` if it is not.

    Raises
    ------
    ConfigError
        It was promoted, and its source has changed since, or is gone.
    """
    record = recorded_thing(home, kind, name)
    if record is None:
        return None
    there = files_of(kind, name, things)
    if there != record.files:
        changed = sorted(each for each in there.keys() | record.files.keys() if there.get(each) != record.files.get(each))
        raise ConfigError(
            f"{kind} {name} was edited since it was promoted on {minute(record.at)}: {', '.join(changed)}. Promote it again "
            f"(workbench promote {kind} {name}), or take back what was promoted (workbench promote rollback {name})"
        )
    return record


def recorded_thing(home: Path, kind: Kind, name: str) -> Promoted | None:
    """Give what was promoted, whether or not its source has changed since."""
    path = record_path(home, kind, name)
    if not path.is_file():
        return None
    with trouble(f"reading {path}"):
        return read_record(path.read_bytes(), str(path))


def records(home: Path) -> list[Promoted]:
    """List every record of a workspace."""
    return [read_record(path.read_bytes(), str(path)) for path in sorted((home / PLACE).glob("*-*.json"))]


def files_of(kind: Kind, name: str, things: Things) -> dict[str, str]:
    """Digest every file that a thing is made of, by its name from the workspace on."""
    thing, follows = found(kind, name, things)
    used = [each for each in _used(thing, follows, things) if each.is_own]
    digests = {name.removeprefix(OWN): digest for name, digest in digests_of(used).items()}
    return digests if thing.is_own else {**digests, SHIPPED: deciding_digest()}


def found(kind: Kind, name: str, things: Things) -> tuple[Thing, str]:
    """Find a thing, and the recipe that it follows if it is named with one."""
    strategy, recipe = pair_of(name) if kind == "strategy" else (name, "")
    thing = things.find(Of(kind), strategy)
    if thing.follows and not thing.is_own and not recipe:
        raise ConfigError(f"strategy {name} follows a recipe: say {name}:RECIPE, with one of {', '.join(things.names(Of.RECIPE))}")
    return thing, recipe


def _used(thing: Thing, follows: str, things: Things) -> Iterator[Thing]:
    """Give a thing and what it uses: of a strategy its recipe, of a recipe its model, of both the features they read."""
    yield thing
    if thing.kind is Of.STRATEGY:
        made: Strategy = thing.make(follows)
        recipe = str(getattr(made, "forecast", "") or follows)
        yield from things.features_of(made.needs)
        if thing.follows and recipe:
            yield from _used(things.find(Of.RECIPE, recipe), "", things)
    elif thing.kind is Of.RECIPE:
        yield from things.features_of(thing.what.features)
        if thing.what.model in things.names(Of.MODEL):
            yield things.find(Of.MODEL, thing.what.model)


class Wanted(NamedTuple):
    """What is to be promoted: of what kind and name, made by which notebook (`None`: the one of its last promotion), in which workspace."""

    kind: Kind
    name: str
    notebook: Path | None
    home: Path
    things: Things
    owner: str = ""


def promote_thing(
    wanted: Wanted,
    data: Path,
    gates: Sequence[Gate],
    *,
    is_trial: bool = False,
    tell: Tell = lambda _: None,
    told: Told = lambda _: None,
) -> Outcome:
    """Hold a thing against the gates and, if all are passed, write down that it is promoted. See `of_pages.promote_page`."""
    kind, name, _, home, things, owner = wanted
    thing, follows = found(kind, name, things)
    there = recorded_thing(home, kind, name)
    maker = _maker(wanted, thing, there)
    files, at = files_of(kind, name, things), now()
    made_by = digest_of(maker.read_bytes()) if maker is not None else ""
    digest = digest_over({**files, NOTEBOOK: made_by})
    with evidence.gathering(data, kind, name) as part:
        folder = part / evidence.FILES
        _copy(folder, files, home, maker)
        candidate = Candidate(kind, name, folder, maker or Path(), data, part, follows=follows, thing=thing, things=things)
        answers, names = ask(candidate, gates, tell, told)
        said = _from(maker, home) if maker is not None else ""
        facts = {"source": ", ".join(files), "notebook": said, "workbench": code_digest()[:SHORT]}
        evidence.write_report(part, f"the {kind} {name}", digest, at, facts, answers, len(gates))
        is_passed = answers[-1].verdict.passed
        place = evidence.put(part, digest[:SHORT] if is_passed and not is_trial else evidence.TRIED)
        if not is_passed or is_trial:
            return Outcome(None, tuple(answers), place / "report.md")
        below = place.relative_to(data).as_posix()
        record = Promoted(
            kind=kind, name=name, digest=digest, files=files, at=at, owner=owner, evidence=below, notebook=said, notebook_digest=made_by,
            code=code_digest()[:SHORT], gates=evidence.passed_of(answers, names, below), before=before_of(there, digest),
        )  # fmt: skip
        if there is not None and there.digest != digest:
            evidence.keep_files(data, there, {})
        write_whole(record_path(home, kind, name), written(record))
    evidence.note(data, kind, name, {"at": at, "what": "promoted", "digest": digest})
    return Outcome(record, tuple(answers), place / "report.md")


def _maker(wanted: Wanted, thing: Thing, there: Promoted | None) -> Path | None:
    """Find the notebook that made a thing; what is shipped needs none."""
    maker = wanted.notebook
    if maker is None and there is not None and there.notebook:
        maker = wanted.home / there.notebook
    if thing.is_own and maker is None:
        raise ConfigError(f"which notebook made {wanted.kind} {wanted.name}? Name it with --notebook: the record ties the two together")
    if maker is not None and not maker.is_file():
        raise ConfigError(f"there is no notebook {maker}")
    return maker


def _copy(folder: Path, files: Iterable[str], home: Path, maker: Path | None) -> None:
    """Keep the source as it is, and the notebook that made it."""
    for name in files:
        if (home / name).is_file():
            write_whole(folder / name, (home / name).read_bytes())
    if maker is not None:
        write_whole(folder / NOTEBOOK, maker.read_bytes())


def _from(path: Path, home: Path) -> str:
    """Say a path from the workspace on, if it lies in it."""
    at = path.absolute()
    return at.relative_to(home.absolute()).as_posix() if at.is_relative_to(home.absolute()) else at.as_posix()


def _must_be(home: Path, kind: Kind, name: str) -> Promoted:
    record = recorded_thing(home, kind, name)
    if record is None:
        raise ConfigError(f"{kind} {name} is not promoted: workbench promote status says what is")
    return record


def reasons_to_take_back(record: Promoted, data: Path) -> list[str]:
    """Say why a recipe or a strategy should be taken back: it does worse than it did when it was promoted; empty where it does not.

    Notes
    -----
    How it did then stands in the evidence of the gate `tiers`; where that is not on this machine, nothing can be said.
    """
    path = next((data / gate.evidence for gate in record.gates if gate.name == "tiers"), None)
    if record.kind not in ("recipe", "strategy") or path is None or not path.with_suffix(".json").is_file():
        return []
    kept = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["data"]
    if "process_score" not in kept:
        return []
    since = int(record.at[:10].replace("-", "")) + 1  # the log session of that day may have begun before
    return fell(record.kind, record.name, data, showing_of(kept), since)


def demote_thing(home: Path, kind: Kind, name: str, data: Path, why: str = "") -> Promoted:
    """Let a thing be promoted no more; its source stays."""
    with only_one(evidence.home(data, kind, name) / ".lock", f"{kind} {name} is being promoted by another process"):
        record = _must_be(home, kind, name)
        path = record_path(home, kind, name)
        with trouble(f"demoting {kind} {name}"):
            path.unlink()
            sync_folder(path.parent)
    evidence.note(data, kind, name, {"at": now(), "what": "demoted", "digest": record.digest, "why": why})
    return record


def roll_back_thing(home: Path, kind: Kind, name: str, data: Path, why: str = "") -> Back:
    """Go back to the source promoted before; of what was edited since, to what was promoted. What is replaced is kept.

    File after file, then the record: who dies in between leaves a thing that is not promoted, and may call again.

    Raises
    ------
    ConfigError
        It is not promoted, it is not a file of the workspace, or there is no earlier version here.
    """
    with only_one(evidence.home(data, kind, name) / ".lock", f"{kind} {name} is being promoted by another process"):
        record = _must_be(home, kind, name)
        if any(each == SHIPPED or not each.endswith(".py") for each in record.files):
            raise ConfigError(f"{kind} {name} comes with a package: install the version that it came with")
        lying = {each: (home / each).read_bytes() for each in record.files if (home / each).is_file()}
        was_edited = {each: digest_of(each.encode(), content) for each, content in lying.items()} != record.files
        earlier = record if was_edited else evidence.before(data, record)
        if earlier is None:
            raise ConfigError(f"{kind} {name} was promoted once, on {minute(record.at)}: nothing was promoted before it; see demote")
        files = evidence.kept_files(data, earlier)
        if {each: digest_of(each.encode(), content) for each, content in files.items()} != earlier.files:
            raise ConfigError(f"what was promoted on {minute(earlier.at)} does not lie below {data} any more: promote it again")
        at = now()
        if was_edited:
            for each, content in lying.items():
                write_whole(evidence.home(data, kind, name) / evidence.EDITED / each, content)
        else:
            said = f"back since {minute(at)} instead of {record.short} of {minute(record.at)}" + (f": {why}" if why else "")
            earlier = msgspec.structs.replace(earlier, note=said, name=name)
            evidence.keep_files(data, record, lying)
        for each, content in files.items():
            write_whole(home / each, content)
        write_whole(record_path(home, kind, name), written(earlier))
    evidence.note(data, kind, name, {"at": at, "what": "taken back", "digest": earlier.digest, "from": record.digest, "why": why})
    return Back(earlier, record, was_edited)
