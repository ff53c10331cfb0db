"""Row 2, the whole product: the default recipe in stock River at each 5 s bar, four strategies, risk, facts packed, against NautilusTrader.

The anchor is row 1's: Nautilus with the rule, and no model at all.
"""

from __future__ import annotations

import msgspec

from benchmarks.ours import Played, play
from benchmarks.peers import Peer, plain
from benchmarks.rounds import Cost, Line, alone, in_turn, many, rate, ratios
from benchmarks.rule import whole
from benchmarks.split import split, words
from benchmarks.tape import Tape, market, tape
from workbench.engine import Setup
from workbench.learning.models import DEFAULT, RECIPES
from workbench.learning.recipe import Recipe

N_DAYS = 40
N_DAYS_NAUTILUS = 5
WIDE = (  # twenty-four columns that quotes and prints fill
    *("ret_1_5s", "ret_3_5s", "ret_12_5s", "ret_60_5s", "z_60_5s", "mom_10_5s", "ema_gap_9_21_5s", "macd_hist_5s"),
    *("rsi_14_5s", "atr_14_5s", "boll_20_5s", "rv_5s", "rv_ew_5s", "range_5s", "clv_5s", "vwap_offset_5s"),
    *("volume_ratio_5s", "signed_volume_ew_5s", "n_prints_5s", "ofi_5s", "ofi_ew_5s", "spread_5s", "queue_imb_5s", "queue_imb_close_5s"),
)


def wide(columns: dict[str, int]) -> Recipe:
    """Give the default recipe with twenty-four features instead of sixteen."""
    named = [name for name in WIDE if name in columns]
    more = [name for name in columns if name.endswith("_5s") and name not in named and "leader" not in name and "depth" not in name]
    return msgspec.structs.replace(RECIPES[DEFAULT], name="wide", features=tuple((named + more)[:24]))


def measure(quick: bool) -> list[Line]:
    of = tape(N_DAYS)
    warm = play(tape(3), whole(of))
    setups = {"the default recipe": whole(of), "twenty-four features": whole(of, wide(warm.engine.bank.columns))}
    played: dict[str, Played] = {}

    def ours(name: str) -> Cost:
        played[name] = play(of, setups[name])
        return played[name].cost

    works = [lambda name=name: ours(name) for name in setups]
    if quick:
        return [_line(name, of, None, costs, played[name], setups[name]) for name, costs in zip(setups, in_turn(*works), strict=True)]
    with Peer("nautilus", plain(market()[0]), N_DAYS_NAUTILUS, "rule") as peer:
        theirs, *costs_of = in_turn(peer.run, *works)
    return [_line(name, of, theirs, costs, played[name], setups[name]) for name, costs in zip(setups, costs_of, strict=True)]


def _line(name: str, of: Tape, theirs: list[Cost] | None, ours: list[Cost], played: Played, wanted: Setup) -> Line:
    middle, worst = ratios(theirs, ours) if theirs else (None, None)
    parts, _ = split(tape(8), wanted)
    river = sum(part.us for part in parts if "River" in part.name)
    n_learnt = sum(learner.n_learnt for group in played.engine._learners for learner in group)
    notes = [
        f"brackets a day {played.n_brackets / of.n_days:.2f}; labels learnt {n_learnt:,}",
        f"{words(parts, 6)}; River alone {river:.1f}",
    ]
    if theirs:
        notes.insert(0, f"by processor time {ratios(theirs, ours, of_cpu=True)[0]:.3g} x; tape: {of.name}")
    return Line(
        row=2,
        what=f"replay, whole product, {name}",
        anchor=f"nautilus, rule: {many(rate(theirs))} events/s" if theirs else "left out",
        ours=f"{many(rate(ours))} events/s",
        ratio=middle,
        worst=worst,
        bar=5,
        goal=5,
        notes=notes,
    )


if __name__ == "__main__":
    alone(measure)
