"""What a person should look at first besides the trading state, the worst on top. Pure; it names things and repairs none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.dashboard.limits import NEAR_FRAC
from workbench.dashboard.picture import BAD, WARN, Card, Limit, Line, Note, Runner
from workbench.dashboard.words import count, span
from workbench.domain.records import is_open
from workbench.research.board import Board

FEED_STALE_S = 10.0  # TIME records come each second of log time, whatever the market does


def notes(board: Board, card: Card, runner: Runner, lines: Sequence[Line], limits: Sequence[Limit]) -> tuple[Note, ...]:
    """List what needs attention; nothing of a run that is over but what it left behind."""
    found = [*_broken(board), *_exposed(lines)]
    if not card.is_over:
        found += [*_silent(runner, lines), *_poor(lines)]
        found += [Note(WARN, f"{each.name}: {each.used} of {each.most} used") for each in limits if each.is_risk and each.frac >= NEAR_FRAC]
    elif held := [line.root for line in lines if line.position is not None]:
        found.append(Note(WARN, f"The run ended with open brackets in {', '.join(held)}"))
    return tuple(sorted(found, key=lambda note: note.level != BAD))


def _broken(board: Board) -> Iterator[Note]:
    if board.parity is not None:
        yield Note(BAD, f"Parity is broken: recorded {board.parity.recorded}, made again {board.parity.made}")
    for each in board.quarantined.values():
        yield Note(WARN, f"The {each.kind} {each.name} is quarantined: {each.error}, at {each.where}. It is asked nothing until a new run")
    if board.connection is not None and not board.connection.up:
        yield Note(BAD, f"The venue is not connected: {board.connection.why}")
    if board.account and board.equity_micros is None and board.n_entries > 1:
        yield Note(BAD, "The venue has not said the account's equity: nothing may be risked")


def _exposed(lines: Sequence[Line]) -> Iterator[Note]:
    for line in lines:
        held = line.position
        if held is not None and held.protection == "exposed":
            yield Note(BAD, f"{line.root}: {held.qty:,} {'long' if held.side > 0 else 'short'} without a confirmed stop")


def _silent(runner: Runner, lines: Sequence[Line]) -> Iterator[Note]:
    is_holding = any(line.position is not None for line in lines)
    if runner.word in ("silent", "stopped"):
        ago = f" for {span(runner.age_s)}" if runner.age_s is not None else ""
        stays = "; what is open keeps its stops at the venue" if is_holding else ""
        yield Note(BAD if is_holding else WARN, f"The runner has said nothing{ago}: it was stopped, or hangs{stays}")
    elif runner.feed_age_s is not None and runner.feed_age_s > FEED_STALE_S:
        yield Note(BAD if is_holding else WARN, f"No record has come for {span(runner.feed_age_s)}")


def _poor(lines: Sequence[Line]) -> Iterator[Note]:
    poor = [line for line in lines if line.is_quality_low and line.phase is not None and is_open(line.phase)]
    if poor:
        yield Note(WARN, f"Data quality is low in {count(len(poor), 'root')}: {', '.join(line.root for line in poor)}")
