"""What a guardian does about what it sees: a pure step, all of it. No clock, no socket, no file.

Rules
-----
1. A runner that speaks and is ready is left alone. One that ended by itself left its stops at the broker on purpose.
2. Silent for ``silent_ns``: entries that live are cancelled; what is held without a stop of its size, in two answers `AGREE_NS` apart, is
   closed. What is protected stays as it is, and is closed after ``flat_after_ns`` without a ready runner, counted while the broker answers.
3. Nothing is done to an order before the runner can send no more: fence up, process ended, client id ours.
4. Nothing is closed before an answer, asked after the last cancel, shows none of our orders live.
5. What is closed is ours by the journal and by orderRef, and never more than the broker holds in that direction: a close makes no position.
6. No answer is no reason to trade: it is an alarm.
7. Where the process cannot be ended, or its client id is not let go of, everything is cancelled in an account that is the workbench's
   alone; in any other it is an alarm, and nothing is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workbench.domain.orders import Leg
from workbench.domain.units import SECOND
from workbench.runtime.guardian.values import (
    Action,
    Alarm,
    Cancel,
    CancelEverything,
    Close,
    Closing,
    Goal,
    Halt,
    Held,
    LetGo,
    Limits,
    Live,
    Observation,
    Reach,
    State,
    TakeOver,
    Truth,
)

AGREE_NS: Final = 2 * SECOND  # a stop that is being changed is missing for a moment
TAKE_NS: Final = 8 * SECOND  # for the process to end and TWS to let go of its client id: about half of what there is to get flat
SETTLED_NS: Final = 5 * SECOND  # nothing live, nothing held, in answers so far apart: a gateway shows orders and fills late
LOST_NS: Final = 10 * SECOND  # a closing order that a broker who answered all the while has not shown by then never arrived
AGAIN_NS: Final = 3 * SECOND  # after one that ended without closing everything
Done = tuple[State, tuple[Action, ...]]


def begun(now_ns: int) -> State:
    """Give the state of a guardian that begins: a runner has its patience from here on."""
    return State(now_ns, now_ns)


def step(state: State, seen: Observation, limits: Limits) -> Done:
    """Take one look; give what is remembered, and what is to be done now.

    Examples
    --------
    >>> from workbench.runtime.guardian.values import Runner
    >>> patience = Limits(10 * SECOND, 15 * SECOND, 120 * SECOND)
    >>> state, actions = step(begun(0), Observation(11 * SECOND, Runner(0), Truth(11 * SECOND, (Live(7, 1, Leg.ENTRY, 1, 2),))), patience)
    >>> state.goal.value, actions
    ('entries', (Halt(why='the runner is silent for 11 s and entries are live'), TakeOver()))
    """
    state = _heard(state, seen, limits)
    if state.goal is Goal.WATCH:
        goal, why = _wanted(state, seen, limits)
        if goal is Goal.WATCH:
            return _watched(state, seen, limits)
        state = state._replace(goal=goal, why=why, since_ns=seen.now_ns, acted_ns=0, calm_ns=None)
        state, actions = _act(state, seen, limits)
        return state, (Halt(why), *actions)
    return _act(state, seen, limits)


# ---------------------------------------------------------------------- what is seen
def closable(truth: Truth) -> tuple[Held, ...]:
    """Give what may be closed of what is ours: what the broker holds on the same side, and no more.

    >>> closable(Truth(0, held=(Held(1, 7, 2), Held(2, 7, 2), Held(3, 8, -1)), positions={7: 3, 8: 5}))
    (Held(ref=1, contract=7, qty=2), Held(ref=2, contract=7, qty=1))
    """
    room, found = dict(truth.positions), []
    for held in truth.held:
        there = room.get(held.contract, 0)
        qty = min(held.qty, max(there, 0)) if held.qty > 0 else max(held.qty, min(there, 0))
        room[held.contract] = there - qty
        if qty:
            found.append(held._replace(qty=qty))
    return tuple(found)


def unsafe(truth: Truth) -> tuple[int, ...]:
    """List brackets that must not stay as they are: held without a stop of that size, or with exits that could close more than is held."""
    held = {each.ref: abs(each.qty) for each in closable(truth)}
    refs = sorted(held.keys() | {each.ref for each in truth.live})
    return tuple(ref for ref in refs if not _is_safe(held.get(ref, 0), [each for each in truth.live if each.ref == ref]))


def _is_safe(held: int, live: list[Live]) -> bool:
    rest = {leg: sum(each.rest for each in live if each.leg is leg) for leg in Leg}
    is_covered = sum(each.rest for each in live if each.works and each.leg in (Leg.STOP, Leg.EXIT)) >= held
    if rest[Leg.ENTRY]:  # its children are for the whole of it
        return is_covered
    return is_covered and max(rest[Leg.STOP], rest[Leg.TARGET], rest[Leg.EXIT]) <= held


def _heard(state: State, seen: Observation, limits: Limits) -> State:
    """Take signs of life, of the runner and of the broker."""
    runner, truth = seen.runner, seen.truth
    if runner.said_ns != state.said_ns:
        alive_ns = seen.now_ns if state.has_looked else state.alive_ns  # what was said before the guardian came may be of yesterday
        state = state._replace(said_ns=runner.said_ns, alive_ns=alive_ns, ready_ns=alive_ns if runner.is_ready else state.ready_ns)
    state = state._replace(has_looked=True)
    if seen.trouble:
        return state._replace(known_ns=None)
    if truth is None:
        return state
    state = state._replace(known_ns=seen.now_ns if state.known_ns is None else state.known_ns)
    is_alone = state.goal is not Goal.WATCH or is_silent(state, seen, limits)  # a runner at work changes stops all the time
    if not (is_alone and unsafe(truth)):
        return state._replace(doubt_ns=None)
    return state._replace(doubt_ns=truth.asked_ns if state.doubt_ns is None else state.doubt_ns)


def _is_sure(state: State, truth: Truth) -> bool:
    """Whether two answers, some seconds apart, agree that something is without its stop."""
    return state.doubt_ns is not None and truth.asked_ns - state.doubt_ns >= AGREE_NS


def is_silent(state: State, seen: Observation, limits: Limits) -> bool:
    """Tell whether nobody looks after what is ours."""
    return not seen.runner.has_ended and seen.now_ns - state.alive_ns >= limits.silent_ns


def _wanted(state: State, seen: Observation, limits: Limits) -> tuple[Goal, str]:
    truth = seen.truth
    if truth is None or seen.runner.has_ended or state.known_ns is None:
        return Goal.WATCH, ""
    has_entries = any(each.leg is Leg.ENTRY for each in truth.live)
    if is_silent(state, seen, limits):
        word = f"the runner is silent for {(seen.now_ns - state.alive_ns) // SECOND} s and"
        if _is_sure(state, truth):
            return Goal.FLAT, f"{word} {_named(unsafe(truth))} without a stop of its size"
        if has_entries:
            return Goal.ENTRIES, f"{word} entries are live"
    alone_ns = seen.now_ns - max(state.ready_ns, state.known_ns)
    if alone_ns >= limits.flat_after_ns and (has_entries or closable(truth)):
        return Goal.FLAT, f"no runner is ready for {alone_ns // SECOND} s"
    return Goal.WATCH, ""


def _named(refs: tuple[int, ...]) -> str:
    return f"bracket{'s' if len(refs) > 1 else ''} {', '.join(map(str, refs))} {'are' if len(refs) > 1 else 'is'}"


# ---------------------------------------------------------------------- what is done
def _watched(state: State, seen: Observation, limits: Limits) -> Done:
    if not is_silent(state, seen, limits):
        return state._replace(told=frozenset()), ()
    if seen.trouble and seen.runner.said_ns is not None:
        return _tell(state, "blind", f"the runner is silent and the broker does not answer: {seen.trouble}")
    if seen.truth is None:
        return state, ()
    actions: tuple[Action, ...] = ()
    for left in _left(seen.truth):
        state, actions = _tell(state._replace(told=state.told - {"blind"}), left.cause, left.text)
    return (state if seen.truth.held else state._replace(told=frozenset())), actions


def _tell(state: State, cause: str, text: str) -> Done:
    if cause in state.told:
        return state, ()
    return state._replace(told=state.told | {cause}), (Alarm(cause, text),)


def _act(state: State, seen: Observation, limits: Limits) -> Done:
    """Go on with what was begun: a runner that speaks again meanwhile can send nothing."""
    if seen.now_ns - state.since_ns >= limits.flat_within_ns and state.calm_ns is None:
        within_s = limits.flat_within_ns // SECOND
        state, late = _tell(state, "late", f"not done after {within_s} s ({state.why}); it goes on")
    else:
        late = ()
    if seen.reach is Reach.TAKEN:
        state, actions = _with_truth(state, seen, limits)
    elif seen.reach is Reach.CANNOT or seen.now_ns - state.since_ns >= TAKE_NS:
        state, actions = _without_its_id(state, seen, limits)
    else:
        actions = (TakeOver(),)
    return state, (*late, *actions)


def _without_its_id(state: State, seen: Observation, limits: Limits) -> Done:
    """The runner's client id cannot be had: everything of the login, or nothing."""
    tried = (TakeOver(),)
    if seen.reach is Reach.CANNOT and not limits.is_dedicated and not is_silent(state, seen, limits):
        return state._replace(goal=Goal.WATCH, why=""), ()  # it was not touched, and is back
    if limits.is_dedicated and state.goal is Goal.FLAT:
        state, actions = _with_truth(state, seen, limits)
        return state, (*tried, *actions)
    state, told = _tell(state, "cannot", f"the runner's orders cannot be taken over ({state.why}): nothing is touched, a person must look")
    return state, (*tried, *told)


def _with_truth(state: State, seen: Observation, limits: Limits) -> Done:
    if seen.trouble:
        return _tell(state._replace(calm_ns=None), "blind", f"the broker does not answer: {seen.trouble}")
    truth = seen.truth
    if truth is None or truth.asked_ns <= state.acted_ns:
        return state, ()
    theirs = [each for each in truth.live if not each.is_mine and (state.goal is Goal.FLAT or each.leg is Leg.ENTRY)]
    if theirs:
        return _cancelled(state, seen, theirs)
    if state.goal is Goal.ENTRIES:
        return _after_entries(state, seen, truth, limits)
    return _flattened(state, seen, truth)


def _cancelled(state: State, seen: Observation, theirs: list[Live]) -> Done:
    state = state._replace(acted_ns=seen.now_ns, calm_ns=None)
    if seen.reach is not Reach.TAKEN:
        return state, (CancelEverything(),)
    cancels = tuple(Cancel(each.order_id) for each in theirs if each.is_reachable)
    foreign = [each.order_id for each in theirs if not each.is_reachable]
    if not foreign:
        return state, cancels
    state, told = _tell(state, "other id", f"orders of ours bear another client id and cannot be cancelled from here: {foreign}")
    return state, (*cancels, *told)


def _after_entries(state: State, seen: Observation, truth: Truth, limits: Limits) -> Done:
    """No entry is live: what stands is protected, or it is not."""
    if not unsafe(truth):
        return state._replace(goal=Goal.WATCH, why="", told=frozenset()), (LetGo(),)
    if not _is_sure(state, truth):
        return state, ()
    state = state._replace(goal=Goal.FLAT, why=f"{_named(unsafe(truth))} without a stop of its size", since_ns=seen.now_ns)
    return _with_truth(state, seen, limits)


def _flattened(state: State, seen: Observation, truth: Truth) -> Done:
    """None of the runner's orders is live: close what is ours, and wait until that is so."""
    lost = [each.ref for each in seen.closing if not (each.is_over or each.is_seen) and _unseen_ns(state, each, seen) >= LOST_NS]
    told: tuple[Action, ...] = ()
    if lost:
        state, told = _tell(state, "lost", f"the broker never showed the order that closes {_named(tuple(lost))}")
    closes = tuple(Close(*each) for each in closable(truth) if not _is_closing(state, each.ref, seen))
    if closes:
        return state._replace(acted_ns=seen.now_ns, calm_ns=None), (*told, *closes)
    if closable(truth) or truth.live:
        return state._replace(calm_ns=None), told
    if state.calm_ns is None:
        return state._replace(calm_ns=truth.asked_ns), told
    if truth.asked_ns - state.calm_ns < SETTLED_NS:
        return state, told
    rest = tuple(_left(truth))
    return state._replace(goal=Goal.WATCH, why="", told=frozenset(), calm_ns=None), (*told, *rest, LetGo())


def _unseen_ns(state: State, each: Closing, seen: Observation) -> int:
    """For how long a broker that answers could have shown an order: what waits in a TWS without a link to IB shows when that is back."""
    return seen.now_ns - max(each.sent_ns, seen.now_ns if state.known_ns is None else state.known_ns)


def _is_closing(state: State, ref: int, seen: Observation) -> bool:
    """Whether an order that closes this bracket may still fill, or ended so lately that its fills may be under way."""
    for each in seen.closing:
        is_late = seen.now_ns - each.sent_ns >= AGAIN_NS if each.is_over else not each.is_seen and _unseen_ns(state, each, seen) >= LOST_NS
        if each.ref == ref and not is_late:
            return True
    return False


def _left(truth: Truth) -> Iterator[Alarm]:
    """Tell of what is ours by our books and not held by the broker: somebody else closed it, and it is not traded on."""
    there = {each.ref: each.qty for each in closable(truth)}
    refs = tuple(each.ref for each in truth.held if there.get(each.ref) != each.qty)
    if refs:
        named = _named(refs).rsplit(" ", 1)[0]
        yield Alarm("differs", f"the broker does not hold what our books say of {named}: what is missing is not traded")
