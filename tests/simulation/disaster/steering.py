"""For each rare state, schedules that make for it: what a proof draws until the state was reached. Draws; runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from tests.simulation.disaster import faults
from tests.simulation.disaster.faults import Dice, steered, strike
from tests.simulation.disaster.machine import Death
from tests.simulation.disaster.schedule import Crash, DiskTrouble, Hand, Moment, Schedule, Stop, Strike
from workbench.gateway.faults import actions as act

FILLED: Final = ("a fill taken, not written", "a fill arrived, not read")


def die(dice: Dice, *points: str, life: int = 0, death: Death | None = None, down_s: float = 0.5) -> list[Strike]:
    """Die at the first or second time at one of these points."""
    moment = Moment(dice.choice(points), dice.randint(1, 2), life)
    return [Strike("crash", moment, (Crash(death or dice.choice((Death.KILLED, Death.RESET)), down_s, 2.0),))]


def during_recovery(dice: Dice) -> list[Strike]:
    first = die(dice, "a bracket sent", "an exit sent", *FILLED)
    return [*first, *die(dice, "a run begins", "the log was played again", life=2)]


def at_a_checkpoint(dice: Dice) -> list[Strike]:
    stop = Strike("ended by hand", Moment(at_s=round(dice.uniform(8, 25), 2)), (Stop(0.5),))
    return [stop, *die(dice, "a checkpoint about to be written", "a checkpoint written, the run not closed", life=1)]


def in_a_commit(dice: Dice) -> list[Strike]:
    return [Strike("crash", Moment("a commit under way", dice.randint(5, 60)), (Crash(Death.POWER, 0.5, 2.0),))]


def fills_unheard(dice: Dice) -> list[Strike]:
    return die(dice, "a bracket sent", down_s=round(dice.uniform(4, 9), 2))


def lost_callbacks(dice: Dice) -> list[Strike]:
    when = Moment("a bracket sent", dice.randint(1, 2))
    return [
        strike(when, act.Outage(for_s=round(dice.uniform(4, 12), 2), data="kept", reports="lost", in_s=round(dice.uniform(0.05, 1), 2)))
    ]


def late_cancels(dice: Dice) -> list[Strike]:
    return [faults.message("CancelOrder", act.Delay(for_s=round(dice.uniform(2, 8), 2)), every=1)]


def by_hand(dice: Dice) -> list[Strike]:
    return [
        strike(
            Moment(dice.choice(FILLED), dice.randint(1, 3)), Hand(dice.choice(("close", "cut", "turn")), in_s=round(dice.uniform(0, 1), 2))
        )
    ]


def by_hand_while_dead(dice: Dice) -> list[Strike]:
    return [strike(Moment(FILLED[0], dice.randint(1, 2)), Crash(down_s=4.0), Hand("close", in_s=round(dice.uniform(0.1, 3), 2)))]


def ids_rolled_back(dice: Dice) -> list[Strike]:
    return [strike(steered(dice, "a bracket sent"), act.Restart(down_s=1.0, roll_back_ids=dice.choice((5, 50))))]


def id_taken(dice: Dice) -> list[Strike]:
    return [strike(Moment("a bracket sent"), act.Disconnect(how="reset", hold_id_s=5.0))]


def disk_with_a_position(dice: Dice) -> list[Strike]:
    return [strike(Moment(FILLED[0], 1), DiskTrouble(dice.choice(("full", "broken", "read only", "slow")), for_s=6.0))]


TOWARDS: Final[dict[str, Callable[[Dice], list[Strike]]]] = {
    "unknown, with a resting order and a muted answer": faults.unknown_and_muted,
    "crash between a fill and its state": lambda dice: die(dice, *FILLED),
    "crash between a command and its order": lambda dice: die(dice, "an entry written, not sent", "an order about to leave"),
    "crash in the middle of a bracket": lambda dice: die(dice, *faults.CLOSE[5:7]),
    "crash while an order works": lambda dice: die(dice, "a bracket sent", "an acknowledgement arrived, not read", "a cancel sent"),
    "crash while a position is open": lambda dice: die(dice, "an exit sent", *FILLED),
    "crash with an entry filled in part": lambda dice: die(dice, *FILLED),
    "crash before the run before was taken up": during_recovery,
    "crash at a checkpoint": at_a_checkpoint,
    "power lost in the middle of a commit": in_a_commit,
    "a fill while nobody lived": fills_unheard,
    "a fill during an outage whose reports are lost": lost_callbacks,
    "a fill of an order whose cancel had left": late_cancels,
    "hand close with a working stop": by_hand,
    "hand close while nobody lived": by_hand_while_dead,
    "an order shown late": faults.shown_late,
    "order ids rolled back": ids_rolled_back,
    "the id still taken": id_taken,
    "a position whose stop never arrived": lambda dice: [faults.message("PlaceOrder", act.Ignore(), nth=dice.randint(1, 2), leg="S")],
    "an execution corrected": faults.corrected,
    "a disk in trouble with a position open": disk_with_a_position,
}


def towards(state: str, seed: int) -> Schedule:
    """Draw a schedule that makes for a state."""
    dice = Random(f"{state} {seed}")
    strikes = [each if each.name else each._replace(name=state) for each in TOWARDS[state](dice)]
    return Schedule(seed, tuple(strikes))
