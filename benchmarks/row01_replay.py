"""Row 1, replay with an equal rule: NautilusTrader and hftbacktest against ours, ES quotes and prints.

All: brackets eight quanta wide, simulated fills 30 ms away. Ours does more: all features at three lengths, every risk check, facts
packed, journal. An event is a quote or a print; the TIME records of our tape are work, not events.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack

from benchmarks.ours import Played, play
from benchmarks.peers import Peer, plain
from benchmarks.rounds import Cost, Line, alone, in_turn, many, rate, ratios
from benchmarks.rule import setup
from benchmarks.tape import Tape, market, tape

N_DAYS = 280  # 8.0 M events, 10 M records
DAYS_OF = {"nautilus": 5, "hftbacktest": 20}


def measure(quick: bool) -> list[Line]:
    of = tape(N_DAYS)
    rule = setup(of)
    played: list[Played] = []

    def ours() -> Cost:
        played.append(play(of, rule))
        return played[-1].cost

    play(tape(5), rule)  # warm
    with ExitStack() as stack:
        peers = {} if quick else {name: peer for name in DAYS_OF if (peer := _peer(stack, name))}
        costs = in_turn(*(peer.run for peer in peers.values()), ours)
    lines = [_line(name, of, peer, costs[at], costs[-1], played) for at, (name, peer) in enumerate(peers.items())]
    return lines or [_alone(of, costs[-1], played)]


def _peer(stack: ExitStack, name: str) -> Peer | None:
    try:
        return stack.enter_context(Peer(name, plain(market()[0]), DAYS_OF[name], "rule"))
    except RuntimeError as error:
        print(f"row 1: without {name}: {error}")
        return None


def _line(name: str, of: Tape, peer: Peer, theirs: list[Cost], ours: list[Cost], played: list[Played]) -> Line:
    middle, worst = ratios(theirs, ours)
    of_cpu, _ = ratios(theirs, ours, of_cpu=True)
    is_nautilus = name == "nautilus"
    return Line(
        row=1,
        what=f"replay, equal rule, beside {name}",
        anchor=f"{many(rate(theirs))} events/s",
        ours=f"{many(rate(ours))} events/s",
        ratio=middle,
        worst=worst,
        bar=25 if is_nautilus else None,
        goal=40 if is_nautilus else 1,
        notes=[
            f"by processor time {of_cpu:.3g} x; tape: {of.name}; {_work(of, ours, played)}",
            f"brackets a day: theirs {peer.last['n_brackets'] / DAYS_OF[name]:.2f}, ours {played[-1].n_brackets / of.n_days:.2f}",
        ],
    )


def _alone(of: Tape, ours: list[Cost], played: list[Played]) -> Line:
    return Line(
        row=1,
        what="replay, equal rule",
        anchor="left out",
        ours=f"{many(rate(ours))} events/s",
        notes=[f"tape: {of.name}; {_work(of, ours, played)}"],
    )


def _work(of: Tape, ours: list[Cost], played: list[Played]) -> str:
    n_bars = played[-1].engine.n_barriers
    cpu = statistics.median(c.cpu_s for c in ours)
    return f"{many(len(of.records))} records, {n_bars:,} barriers, {cpu / n_bars * 1e6:.1f} us of processor a barrier"


if __name__ == "__main__":
    alone(measure)
