"""The catalogue of what goes wrong, and how a seed draws from it. A fault is a function of a dice: it gives strikes.

Half of all strikes are steered: they fall right behind a named point of the program (`points`), where its next step matters most.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from tests.simulation.disaster.machine import Death
from tests.simulation.disaster.points import POINTS
from tests.simulation.disaster.schedule import Crash, Deed, DiskTrouble, Hand, Moment, Schedule, Stall, Stop, Strike
from workbench.gateway.faults import When
from workbench.gateway.faults import actions as act

Dice = Random
Fault = Callable[[Dice], list[Strike]]
CATALOGUE: Final[dict[str, tuple[int, Fault]]] = {}
FREQUENT: Final = {  # how often about a life of forty seconds stands there; all others: a few times
    "records written, not synced": 100,
    "records synced, the journal not": 60,
    "an event taken, not written": 60,
    "a commit under way": 70,
    "an event written, nothing sent": 60,
    "an acknowledgement arrived, not read": 25,
    "a fill arrived, not read": 10,
    "a run begins": 1,
    "the log was played again": 1,
}
A_FEW: Final = 4
CLOSE: Final = (
    "a fill taken, not written",
    "a command decided, not written",
    "an entry written, not sent",
    "a command written, not sent",
    "an order about to leave",
    "the entry of a bracket sent, no stop yet",
    "entry and stop sent, no target yet",
    "a bracket sent",
    "an exit sent",
    "a cancel sent",
    "a fill arrived, not read",
)
LAST_S: Final = 38.0  # faults begin no later
CONFIRMS: Final = ("OpenOrder", "OrderStatus")


def fault(weight: int = 1) -> Callable[[Fault], Fault]:
    """Enter a function into the catalogue; `weight` says how often it is drawn beside the others."""

    def entered(function: Fault) -> Fault:
        CATALOGUE[function.__name__] = (weight, function)
        return function

    return entered


def steered(dice: Dice, *points: str) -> Moment:
    """Right behind one of these points, or of all: most often where an order is on its way."""
    point = dice.choice(points or (*POINTS, *CLOSE, *CLOSE))
    most = FREQUENT.get(point, A_FEW)
    return Moment(point, nth=min(most, 1 + int(dice.expovariate(3 / most))), life=dice.choice((0, 0, 1, 1, 2)))


def somewhen(dice: Dice) -> Moment:
    """Behind any point, or at any second."""
    return steered(dice) if dice.random() < 0.5 else Moment(at_s=round(dice.uniform(2.0, LAST_S), 3))


def at_trade(dice: Dice) -> Moment:
    """While orders are on their way or a position has just come to be."""
    return steered(
        dice, "a bracket sent", "an exit sent", "a change of an order sent", "a fill arrived, not read", "a fill taken, not written"
    )


def draw(seed: int) -> Schedule:
    """Draw what befalls the run of a seed: some faults, some crashes."""
    dice, strikes = Random(f"disaster {seed}"), list[Strike]()
    names, weights = list(CATALOGUE), [weight for weight, _ in CATALOGUE.values()]
    for name in dice.choices(names, weights, k=dice.choice((1, 2, 2, 3, 3, 4))):
        strikes += [_named(name, each) for each in CATALOGUE[name][1](dice)]
    for _ in range(dice.choice((0, 1, 1, 2, 2, 3))):
        strikes += crashes(dice)
    return Schedule(seed, tuple(_ordered(strikes)))


def _ordered(strikes: list[Strike]) -> list[Strike]:
    """Let crashes stand last: what strikes at the same point as one strikes first."""
    return sorted(strikes, key=lambda each: any(isinstance(deed, Crash) for deed in each.what))


def _named(name: str, strike: Strike) -> Strike:
    return strike if strike.name else strike._replace(name=name.replace("_", " "))


def strike(when: Moment | When, *what: Deed) -> Strike:
    """Make a strike that bears the name of its fault."""
    return Strike("", when, what)


def message(on: str, *what: act.Action, nth: int | None = None, every: int | None = None, times: int | None = None, **where: str) -> Strike:
    """Strike a message on its way; all of them that fit, if neither `nth` nor `every` is said."""
    return Strike("", When(on=on, where=dict(where), nth=nth, every=every, times=times), what)


def crashes(dice: Dice) -> list[Strike]:
    """Die at a point. At a checkpoint there must be one: the run is ended by hand first."""
    moment = steered(dice)
    death = dice.choice((Death.KILLED, Death.KILLED, Death.RESET, Death.POWER))
    crash = Crash(
        death, down_s=round(dice.choice((0.1, 1.0, 3.0, 8.0)) * dice.uniform(0.5, 1.5), 2), hold_s=round(dice.uniform(0.5, 12), 2)
    )
    made = [Strike("crash", moment, (crash,))]
    if "checkpoint" in moment.point:
        made = [
            Strike("ended by hand", Moment(at_s=round(dice.uniform(8, 30), 2)), (Stop(0.5),)),
            Strike("crash", Moment(moment.point), (crash,)),
        ]
    return made


# ---- the connection -------------------------------------------------------------------------------------------------------------------
@fault(3)
def cut(dice: Dice) -> list[Strike]:
    return [strike(somewhen(dice), act.Disconnect(how=dice.choice(("close", "reset")), hold_id_s=dice.choice((0, 0, 6))))]


@fault(2)
def half_open(dice: Dice) -> list[Strike]:
    return [strike(somewhen(dice), act.Disconnect(how="half_open", hold_id_s=round(dice.uniform(1, 15), 2)))]


@fault(2)
def stall(dice: Dice) -> list[Strike]:
    return [strike(somewhen(dice), Stall(round(dice.uniform(0.5, 9), 2)))]


@fault(2)
def half_a_frame(dice: Dice) -> list[Strike]:
    return [message(dice.choice(("OrderStatus", "ExecutionData", "OpenOrder")), act.HalfFrame(), nth=dice.randint(1, 12))]


@fault(2)
def outage_data_lost(dice: Dice) -> list[Strike]:
    return [strike(somewhen(dice), act.Outage(for_s=round(dice.uniform(0.5, 15), 2), data="lost", reports=dice.choice(("late", "lost"))))]


@fault(4)
def outage_callbacks_lost(dice: Dice) -> list[Strike]:
    """1100, then 1102: nothing seems to have happened, and what filled meanwhile was never told."""
    return [strike(at_trade(dice), act.Outage(for_s=round(dice.uniform(0.5, 15), 2), data="kept", reports="lost"))]


@fault(2)
def gateway_restarts(dice: Dice) -> list[Strike]:
    down_s = round(dice.uniform(1, 12), 2)
    return [strike(somewhen(dice), act.Restart(down_s=down_s, roll_back_ids=dice.choice((0, 5, 50)), hold_id_s=dice.choice((0, 0, 8))))]


@fault(1)
def second_factor(dice: Dice) -> list[Strike]:
    return [strike(somewhen(dice), act.Silence(for_s=round(dice.uniform(2, 15), 2)))]


# ---- answers --------------------------------------------------------------------------------------------------------------------------
@fault(3)
def answers_muted(dice: Dice) -> list[Strike]:
    """Positions, open orders or executions (61, 7, 16) are asked for and not answered, for a while."""
    kinds = dice.choice((("Position", "PositionEnd"), ("OpenOrder", "OpenOrderEnd"), ("ExecutionData", "ExecutionDataEnd")))
    return [
        strike(Moment("open orders asked for", dice.randint(1, 3)), act.Mute(what=kinds, for_s=round(dice.uniform(2, 15), 2))),
        strike(somewhen(dice), act.Disconnect()),
    ]


@fault(4)
def unknown_and_muted(dice: Dice) -> list[Strike]:
    """An entry rests at the broker, no word of it came, the connection breaks, and the question about it is not answered."""
    nth, for_s = dice.randint(1, 3), round(dice.uniform(3, 14), 2)
    whole = act.Mute(what=("OpenOrder", "OpenOrderEnd", "OrderStatus", "ExecutionData", "ExecutionDataEnd"), for_s=for_s)
    deed: Deed = dice.choice((act.Disconnect(in_s=0.5), Crash(Death.KILLED, 0.3), act.Disconnect(how="reset", in_s=0.2)))
    return [strike(Moment("a bracket sent", nth), whole, deed)]


@fault(3)
def shown_late(dice: Dice) -> list[Strike]:
    """An order is at the broker and is not among the open ones for some seconds."""
    hold = act.Hold(what=CONFIRMS, for_s=round(dice.uniform(0.5, 4), 2), of_subject=True)
    made = [message("PlaceOrder", hold, nth=dice.randint(1, 9))]
    return made + ([strike(Moment("a bracket sent", dice.randint(1, 3)), act.Disconnect(in_s=0.1))] if dice.random() < 0.5 else [])


@fault(2)
def placed_late(dice: Dice) -> list[Strike]:
    return [message("PlaceOrder", act.Delay(for_s=round(dice.uniform(0.2, 4), 2)), nth=dice.randint(1, 9))]


@fault(2)
def an_order_lost(dice: Dice) -> list[Strike]:
    return [message("PlaceOrder", act.Ignore(), nth=dice.randint(1, 9))]


@fault(2)
def acknowledgements_lost(dice: Dice) -> list[Strike]:
    return [message(dice.choice(CONFIRMS), act.Lose(), every=dice.randint(1, 3), times=dice.randint(2, 12))]


@fault(2)
def duplicated(dice: Dice) -> list[Strike]:
    kind = dice.choice(("ExecutionData", "OrderStatus", "OpenOrder", "CommissionReport"))
    return [message(kind, act.Duplicate(times=dice.randint(1, 2), apart_s=dice.choice((0.0, 0.7))), every=dice.randint(1, 4))]


@fault(2)
def reordered(dice: Dice) -> list[Strike]:
    first, then = dice.choice((("ExecutionData", "OrderStatus"), ("OrderStatus", "ExecutionData"), ("OpenOrder", "OrderStatus")))
    return [message(first, act.Reorder(behind=then, within_s=round(dice.uniform(0.1, 3), 2)), every=dice.randint(1, 3))]


@fault(1)
def commissions_late_or_early(dice: Dice) -> list[Strike]:
    if dice.random() < 0.5:
        return [message("CommissionReport", act.Delay(for_s=round(dice.uniform(0.2, 12), 2)), every=dice.randint(1, 3))]
    return [message("ExecutionData", act.Reorder(behind="CommissionReport", within_s=3.0), every=dice.randint(1, 3))]


# ---- orders ---------------------------------------------------------------------------------------------------------------------------
@fault(2)
def an_entry_rejected(dice: Dice) -> list[Strike]:
    return [message("PlaceOrder", act.Refuse(code=dice.choice((201, 110, 10329)), why="drawn"), nth=dice.randint(1, 4), leg="E")]


@fault(2)
def a_stop_rejected(dice: Dice) -> list[Strike]:
    return [message("PlaceOrder", act.Refuse(code=201, why="drawn"), nth=dice.randint(1, 3), leg="S")]


@fault(1)
def an_exit_rejected(dice: Dice) -> list[Strike]:
    return [message("PlaceOrder", act.Refuse(code=201, why="drawn"), nth=dice.randint(1, 2), leg="X")]


@fault(1)
def a_number_taken(dice: Dice) -> list[Strike]:
    return [message("PlaceOrder", act.Refuse(code=103), nth=dice.randint(1, 9))]


@fault(2)
def corrected(dice: Dice) -> list[Strike]:
    return [
        message("ExecutionData", act.Correct(in_s=round(dice.uniform(0.1, 4), 2), ticks=dice.choice((-2, 1, 3))), nth=dice.randint(1, 5))
    ]


@fault(2)
def a_cancel_refused(dice: Dice) -> list[Strike]:
    return [message("CancelOrder", act.Refuse(code=dice.choice((161, 10147, 10148))), nth=dice.randint(1, 3))]


@fault(2)
def a_cancel_late(dice: Dice) -> list[Strike]:
    """So that the order fills meanwhile."""
    return [message("CancelOrder", act.Delay(for_s=round(dice.uniform(0.3, 5), 2)), every=dice.randint(1, 2))]


@fault(1)
def a_preset_notice(dice: Dice) -> list[Strike]:
    return [message("PlaceOrder", act.Say(code=dice.choice((10349, 399, 2109)), to="subject"), every=dice.randint(1, 3))]


# ---- others in the account ------------------------------------------------------------------------------------------------------------
@fault(1)
def somebody_else_trades(dice: Dice) -> list[Strike]:
    foreign = act.ForeignOrder(client_id=dice.choice((0, 0, 77)), side=dice.choice(("same", "other")), quantity=1)
    return [message("PlaceOrder", foreign, nth=dice.randint(1, 9))]


@fault(3)
def closed_by_hand(dice: Dice) -> list[Strike]:
    """What we hold is closed, cut or turned at the screen of TWS while our stop works."""
    what = dice.choice(("close", "close", "cut", "turn"))
    return [strike(steered(dice, "a fill taken, not written", "a fill arrived, not read", "an event written, nothing sent"), Hand(what))]


@fault(1)
def a_stop_cancelled_by_hand(dice: Dice) -> list[Strike]:
    return [strike(steered(dice, "a fill taken, not written", "a fill arrived, not read"), Hand("cancel"))]


# ---- the machine ----------------------------------------------------------------------------------------------------------------------
@fault(2)
def a_disk_in_trouble(dice: Dice) -> list[Strike]:
    kind = dice.choice(("full", "broken", "read only", "slow"))
    return [strike(steered(dice), DiskTrouble(kind, for_s=round(dice.uniform(0.5, 8), 2)))]


@fault(1)
def ended_by_hand(dice: Dice) -> list[Strike]:
    return [strike(Moment(at_s=round(dice.uniform(3, 30), 2)), Stop(round(dice.uniform(0.2, 4), 2)))]


@fault(1)
def a_market_that_stands(dice: Dice) -> list[Strike]:
    deed = dice.choice((act.Freeze(for_s=6.0), act.Halt(for_s=5.0), act.Compete(for_s=5.0), act.Farm(for_s=4.0)))
    return [strike(somewhen(dice), deed)]


@fault(1)
def a_clock_that_is_wrong(dice: Dice) -> list[Strike]:
    return [strike(somewhen(dice), act.Skew(by_s=dice.choice((-7.0, -1.5, 1.5, 4.0))), act.Skew(by_s=0.0, in_s=6.0))]
