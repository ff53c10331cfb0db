"""When what was promoted is taken back: it trades worse than it did when it was let in. Reads journals; takes nothing back itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from workbench.research.proving.evidence import gather, must_be
from workbench.research.proving.score import Showing, showing
from workbench.research.proving.thresholds import Rollback, thresholds

ROUNDING: Final = 1e-9  # 0.90 - 0.85 is a little more than 0.05 in floats


def should_roll_back(before: Showing, now: Showing, rules: Rollback | None = None) -> list[str]:
    """Give the reasons to take back what was promoted; none: it stays.

    Parameters
    ----------
    before
        How it traded over the evidence it was promoted on.
    now
        How it has traded since, its drawdown over at most as many round trips (`showing(..., last_trips=before.n_trips)`).
    rules
        `None`: those of `thresholds.toml`.

    Examples
    --------
    >>> before = Showing(0.90, {}, 4.0, 30, ())
    >>> should_roll_back(before, before._replace(process_score=0.86, drawdown_r=4.7))
    []
    >>> for why in should_roll_back(before, before._replace(process_score=0.84, drawdown_r=4.9)): print(why)
    the process score fell from 0.90 to 0.84, by more than 0.05
    the worst drawdown is 4.9 R, it was 4.0 R: worse by more than 20 %
    """
    rules = rules or thresholds().rollback
    if now.n_trips < rules.round_trips:
        return []
    reasons = []
    was, is_now = before.process_score, now.process_score
    if was is not None and is_now is not None and was - is_now > rules.process_score + ROUNDING:
        reasons.append(f"the process score fell from {was:.2f} to {is_now:.2f}, by more than {rules.process_score:g}")
    held_r = max(before.drawdown_r, rules.drawdown_floor_r)
    if now.drawdown_r > held_r * (1 + rules.drawdown_frac) + ROUNDING:
        told = f"is {now.drawdown_r:.1f} R, it was {before.drawdown_r:.1f} R"
        reasons.append(f"the worst drawdown {told}: worse by more than {100 * rules.drawdown_frac:g} %")
    return reasons


def fell(kind: str, name: str, data: Path | str, before: Showing, since: int, *, generated: bool = False) -> list[str]:
    """Look whether what was promoted has to be taken back: the check of a scheduled page. Reads journals; takes nothing back itself.

    Parameters
    ----------
    kind, name
        As `judge`.
    before
        As it was promoted: ``verdict.showing``, or `showing_of` what was kept of it.
    since
        The first log session after it was promoted, 20261120; paper, live and shadow sessions from there on count.
    """
    evidence = gather(must_be(kind), name, Path(data), generated=generated, modes=("paper", "live"))
    now = showing([stint for stint in evidence.stints if stint.session >= since], last_trips=before.n_trips)
    return should_roll_back(before, now)


def showing_of(kept: Mapping[str, Any]) -> Showing:
    """Read how something traded back from `Verdict.as_dict`.

    >>> showing_of({"process_score": 0.9, "drawdown_r": 4.0, "round_trips": 30}).n_trips
    30
    """
    runs = tuple(str(each["run"]) for each in kept.get("evidence", ()))
    return Showing(kept["process_score"], dict(kept.get("parts", {})), float(kept["drawdown_r"]), int(kept["round_trips"]), runs)
