"""`judge`: a recipe or a strategy against the tiers, by the evidence of a data folder. Reads stores, replays; promotes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from workbench.research.proving.bounds import Found, asked
from workbench.research.proving.evidence import gather, must_be
from workbench.research.proving.replaying import replayed
from workbench.research.proving.score import showing
from workbench.research.proving.thresholds import Thresholds, thresholds, thresholds_digest
from workbench.research.proving.verdict import Line, State, Verdict, state_of
from workbench.store.digests import deciding_digest
from workbench.store.drills import drills

NO_MARKET: Final = "thin evidence: sessions of no market are counted here; they show the machine at work, and nothing else"


def judge(kind: str, name: str, data: Path | str, *, generated: bool = False, rules: Thresholds | None = None) -> Verdict:
    """Judge a recipe or a strategy by its evidence.

    Parameters
    ----------
    kind
        ``recipe`` or ``strategy``.
    name
        Of the catalogue; of a strategy also with the recipe it follows: ``learned:flow_1m``.
    data
        Folder of the stores.
    generated
        Whether sessions of no market count: to see how it goes, and for tests.
    rules
        `None`: those of ``thresholds.toml``.

    Raises
    ------
    ConfigError
        What has no tiers: a page, a feature.
    StoreError
        A journal or a record of a drill is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     verdict = judge("recipe", "flow_1m", folder)
    >>> verdict.tier, verdict.state.value, verdict.lines[2].value
    ('1 day', 'not yet', '0 of 2')
    """
    folder, rules = Path(data), rules or thresholds()
    evidence = gather(must_be(kind), name, folder, generated=generated)
    came = tuple(replayed(folder, stint) for stint in evidence.stints)
    rehearsed = [(path, drill) for path, drill in drills(folder) if drill.drill == "kill"]
    found = Found(evidence.stints, came, rehearsed[-1] if rehearsed else None, deciding_digest())
    passed: list[str] = []
    lines: tuple[Line, ...] = ()
    tier = ""
    for wanted in rules.tiers.values():
        tier, lines = wanted.name, tuple(asked(found, wanted, rules.why))
        if state_of(lines) is not State.PASSED:
            break
        passed.append(tier)
    notes = (*((NO_MARKET,) if generated else ()), *(f"not counted: {left}" for left in evidence.left_out))
    seen, state = showing(evidence.stints), state_of(lines)
    return Verdict(evidence.kind, name, tier, state, lines, tuple(passed), evidence.stints, seen, notes, thresholds_digest())
