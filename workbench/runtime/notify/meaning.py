"""Which entries of a journal are worth a word to a person, and which words. Pure: entries in, notices out.

Rules
-----
1. What a person did himself (a halt, a resume) is told without asking for an answer.
2. What ends by itself and leaves nothing at stake (a link, a stream, the second factor) has a subject, and is settled by its end.
3. What is told of an order names bracket and leg; texts of the broker are given in its own words, account numbers shortened.
4. What no rule names is not told: a forecast, a refusal, a fill are for the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from workbench.domain.decisions import (
    Adopted,
    AnyFact,
    BracketMoved,
    ForeignSeen,
    Latched,
    ParityBroken,
    Quarantined,
    Reason,
    Refused,
    RollEnded,
    RollPlanned,
    StateChanged,
    TradingState,
    ViolationSeen,
)
from workbench.domain.events import (
    AnyEvent,
    BrokerSaid,
    ConnectionChanged,
    OperatorAction,
    OperatorSaid,
    OrderRejected,
    StreamChanged,
    TradingPaused,
)
from workbench.domain.orders import Leg
from workbench.domain.units import MICROS
from workbench.runtime.notify.notice import About, Notice, Severity
from workbench.runtime.notify.standing import Standing
from workbench.store.entries import Entry

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
STATE, LINK = "state", "link"  # subjects
FILE: Final = "HALT file: "  # how a halt's reason begins that the file caused; behind it, as in all of them, who laid it down
BY_A_PERSON: Final = ("operator", "notifier", FILE)  # who needs not be asked for an answer: he halted, or was told by us before
GUARDIAN: Final = "guardian"
FACTOR: Final = ("second factor", "log in", "does not answer")  # how the connection's reason reads when a login waits for a person
LOSS: Final = re.compile(r"(day|week|month) loss\b")  # how the reason of a halt begins that a loss limit caused
ACCOUNT: Final = re.compile(r"\b([DUFI]{1,2})\d{4,}(\d\d)\b")
LINK_CAUSE: Final = "connection"  # a state that the link caused is told by the link
USUAL: Final = ("not connected yet", "resyncing", "taken up", "ended by hand", "contracts changed")  # how runs begin and end
RESTART: Final = "daily restart"
SAID: Final = {  # kinds of the broker's messages that a person can do something about
    "unknown": WARNING,
    "config": WARNING,
    "id_in_use": WARNING,
    "session_competing": WARNING,
    "fatal": WARNING,
    "clock": WARNING,
}


def notices_of(entry: Entry, symbols: Mapping[int, str], standing: Standing) -> Iterator[Notice]:
    """Give what one entry has to tell, and take it into what stands.

    >>> halted = Entry(9, 41, 0, 7, (StateChanged(TradingState.HALTED, "day loss of DUSIM1"),))
    >>> [(each.about.value, each.severity.value, each.text) for each in notices_of(halted, {}, Standing())]
    [('loss limit', 'critical', 'HALTED: day loss of DUSIM1')]

    Parameters
    ----------
    symbols
        Names of contracts, by id.
    standing
        What earlier entries of the run have left.
    """
    content = entry.content
    if isinstance(content, tuple):
        for fact in content:
            standing.take(fact)
        moved = {fact.why for fact in content if isinstance(fact, StateChanged)}
        found = [_of_fact(fact, symbols, entry.id) for fact in content if not (isinstance(fact, Latched) and fact.cause in moved)]
    else:
        found = [_of_event(content, symbols, standing, entry.id)]
    for notice in found:
        if notice is not None:
            yield msgspec.structs.replace(notice, at_ns=entry.recv_ns, text=masked(notice.text))


def masked(text: str) -> str:
    """Shorten account numbers: a notice goes over networks of others.

    >>> masked("day loss of U1234567"), masked("day loss of DUSIM1, bracket 12")
    ('day loss of U••67', 'day loss of DUSIM1, bracket 12')
    """
    return ACCOUNT.sub("\\1\N{BULLET}\N{BULLET}\\2", text)


def _of_fact(fact: AnyFact, symbols: Mapping[int, str], n: int) -> Notice | None:
    match fact:
        case StateChanged():
            return _of_state(fact)
        case Latched(cause=cause, state=state):  # beside another one, which moved the state before
            return _of_state(StateChanged(state, cause))
        case ParityBroken(recorded=recorded, made=made):
            text = f"PARITY BROKEN: the log holds {_short(recorded)}, made again it is {_short(made)}. Entries are shut."
            return Notice(about=About.BREAK, severity=CRITICAL, key=f"parity:{recorded}", text=text)
        case BracketMoved(ref=ref, on="uncovered"):
            text = f"Bracket {ref}: its stop is gone or too small at the broker; it is put back, or the position is left."
            return Notice(about=About.PROTECTION, severity=WARNING, key=f"uncovered:{ref}", text=text)
        case Quarantined(kind=kind, name=name, where=where, error=error):
            text = f"{kind} {name} failed at {where} ({_short(error)}) and is asked nothing any more."
            return Notice(about=About.QUARANTINE, severity=WARNING, key=f"quarantine:{kind}:{name}", text=text)
        case ViolationSeen(kind=kind, value=value, threshold=threshold):
            text = f"Violation: {kind}, {value:g} against {threshold:g}. As many as the law allows in a few minutes halt it."
            return Notice(about=About.VIOLATION, severity=WARNING, key=f"violation:{kind}:{n}", text=text)
        case ForeignSeen(contract=contract, policy=policy, qty=qty, why=why):
            text = f"{_name(symbols, contract)}: somebody else holds or trades it ({qty:+d}); policy {policy}. {why}"
            return Notice(about=About.FOREIGN, severity=WARNING, key=f"foreign:{contract}:{policy}:{qty}", text=text)
        case Adopted(ref=ref, key=key, qty=qty):
            text = f"{_name(symbols, key.contract)}: {qty:+d} adopted as bracket {ref}; it has our stop now."
            return Notice(about=About.FOREIGN, severity=INFO, key=f"adopted:{ref}", text=text)
        case Refused(key=key, reason=Reason.ROLL_DUE):
            text = f"{_name(symbols, key.contract)}: its roll is due, nothing is entered in it any more."
            return Notice(about=About.ROLL, severity=WARNING, key=f"roll due:{key.contract}", text=text)
        case RollPlanned(ref=ref, to_contract=to, qty=qty, cost_micros=cost):
            text = f"A roll is due: {qty} of bracket {ref} go into {_name(symbols, to)}, for about {cost / MICROS:,.2f} USD."
            return Notice(about=About.ROLL, severity=WARNING, key=f"roll:{ref}:{to}", text=text)
        case RollEnded(ref=ref, to_ref=to, why=why):
            text = f"The roll of bracket {ref} is over: {'flat' if to is None else f'now bracket {to}'}. {why}".rstrip()
            return Notice(about=About.ROLL, severity=WARNING if to is None else INFO, key=f"rolled:{ref}", text=text)
        case _:
            return None


def _of_state(fact: StateChanged) -> Notice | None:
    why = fact.why
    if fact.state is not TradingState.HALTED and why in (LINK_CAUSE, f"{LINK_CAUSE} is over"):
        return None
    if fact.state is TradingState.ACTIVE:
        return Notice(about=About.ACTIVE, severity=INFO, key=f"state:active:{why}", text=f"ACTIVE again: {why}")
    if fact.state is TradingState.REDUCING:
        text = f"REDUCING: {why}. Entries are shut; exits leave, stops stand."
        return Notice(about=About.REDUCING, severity=WARNING, key=f"state:reducing:{why}", text=text)
    is_guardian = why.removeprefix(FILE).startswith(GUARDIAN)
    about = About.GUARDIAN if is_guardian else About.LOSS_LIMIT if LOSS.match(why) else About.HALT
    severity = WARNING if why.startswith(BY_A_PERSON) and not is_guardian else CRITICAL
    return Notice(about=about, severity=severity, key=f"state:halted:{why}", text=f"HALTED: {why}", subject=STATE)


def _of_event(event: AnyEvent, symbols: Mapping[int, str], standing: Standing, n: int) -> Notice | None:
    match event:
        case OrderRejected():
            return _of_a_rejected(event, standing, n)
        case OperatorSaid() if _is_worth(event):
            return _of_operator(event, n)
        case ConnectionChanged(up=True, why=why):
            return Notice(
                about=About.CONNECTION, severity=INFO, key=f"link:up:{n}", text=f"Connected again: {why}", settles=LINK, is_quiet=True
            )
        case ConnectionChanged(up=False, why=why):
            return _of_a_lost_link(why)
        case StreamChanged():
            return _of_stream(symbols, event, standing)
        case BrokerSaid(code=code, kind=kind, text=said) if kind in SAID:
            return Notice(about=About.BROKER, severity=SAID[kind], key=f"broker:{kind}:{code}", text=f"The broker says ({code}): {said}")
        case TradingPaused(contract=contract, is_paused=is_paused, why=why):
            text = f"{_name(symbols, contract)}: trading {'stopped at the exchange' if is_paused else 'goes on'}. {why}".rstrip()
            return Notice(about=About.BROKER, severity=WARNING, key=f"paused:{contract}:{is_paused}", text=text)
        case _:
            return None


def _is_worth(said: OperatorSaid) -> bool:
    """Whether a word is told by itself: a halt is told by the state that follows it."""
    return said.action is not OperatorAction.HALT or said.why.removeprefix(FILE).startswith(GUARDIAN)


def _of_operator(event: OperatorSaid, n: int) -> Notice:
    is_guardian = event.why.removeprefix(FILE).startswith(GUARDIAN)
    if event.action is OperatorAction.RESUME:
        text = f"Resumed by hand: {event.why}"
        return Notice(about=About.ACTIVE, severity=INFO, key=f"said:{n}", text=text, settles=STATE)
    text = f"{'The guardian' if is_guardian else 'A person'} said {event.action.value}: {event.why}"
    severity = CRITICAL if is_guardian else INFO
    return Notice(about=About.GUARDIAN if is_guardian else About.HALT, severity=severity, key=f"said:{event.why}", text=text)


def _of_a_lost_link(why: str) -> Notice | None:
    if why.startswith(USUAL):
        return None
    if RESTART in why:
        text = f"Not connected: {why}. It comes back by itself."
        return Notice(about=About.CONNECTION, severity=INFO, key="link:restart", text=text, subject=LINK, is_quiet=True)
    if any(word in why for word in FACTOR):
        text = f"TWS waits for a login (second factor): {why}. Entries are shut, stops stand at the broker."
        return Notice(about=About.SECOND_FACTOR, severity=CRITICAL, key="link:factor", text=text, subject=LINK, halts=False)
    text = f"REDUCING, not connected: {why.rstrip('.')}. Stops stand at the broker."
    return Notice(about=About.CONNECTION, severity=WARNING, key="link:down", text=text, subject=LINK)


def _of_a_rejected(event: OrderRejected, standing: Standing, n: int) -> Notice | None:
    """Tell that a stop, an exit or a target was refused; it is critical where something is held that it was for.

    For what our own door kept back, where nothing may leave (observe), nobody waits.
    """
    if event.leg is Leg.ENTRY or not event.was_sent:
        return None
    is_held = event.ref in standing.held
    severity = CRITICAL if is_held and event.leg is not Leg.TARGET else WARNING if is_held else INFO
    what = "Look whether the position is covered." if is_held else "Nothing is held."
    text = f"The broker refused the {event.leg.name.lower()} of bracket {event.ref}: {event.text.rstrip('.')}. {what}"
    return Notice(about=About.PROTECTION, severity=severity, key=f"rejected:{event.ref}:{event.leg.name}:{n}", text=text)


def _of_stream(symbols: Mapping[int, str], event: StreamChanged, standing: Standing) -> Notice | None:
    gap, subject, name = standing.gap(event), f"gap:{event.contract}", _name(symbols, event.contract)
    if gap is None:
        return None
    if not gap:
        text = f"{name} is recorded again, every stream of it."
        return Notice(about=About.RECORDING, severity=INFO, key=f"{subject}:over", text=text, settles=subject, is_quiet=True)
    text = f"Gap in the recording: {name}, {event.stream} is {event.state}. {event.why}".rstrip()
    return Notice(about=About.RECORDING, severity=WARNING, key=subject, text=text, subject=subject)


def _name(symbols: Mapping[int, str], contract: int) -> str:
    return symbols.get(contract, f"contract {contract}")


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
