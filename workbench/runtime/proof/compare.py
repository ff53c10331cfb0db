"""Two tours, theirs and the simulated gateway's: which messages, which fields, how written, in which order in an order's life. Pure.

What depends on the hour or on what somebody owns (which ticks come in six seconds, positions, values of an account) is no difference when
it does not come; that it comes and the gateway does not know it, is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from workbench import wire
from workbench.runtime.proof.forms import flat, form
from workbench.runtime.proof.talk import Conversation, Frame
from workbench.wire import WireError, catalogue, encode, fields

BY: Final = {  # what tells messages of one class apart
    "TickPrice": "tick_type", "TickSize": "tick_type", "TickGeneric": "tick_type", "TickString": "tick_type",
    "AccountValue": "key", "AccountSummary": "tag", "ErrorMessage": "code",
}  # fmt: skip
WORDS: Final = frozenset(  # fields that hold one of a few words
    "status order_type action tif sec_type side kind operation tick_type price_magnifier multiplier currency right exchange".split()
)
BY_CHANCE: Final = frozenset(
    "TickPrice TickSize TickGeneric TickString TickReqParams MarketDataType TickByTickLast TickByTickBidAsk Depth DepthL2 "
    "PortfolioValue Position ExecutionData CommissionReport AccountValue AccountSummary AccountUpdateTime HistoricalTicksLast "
    "HistoricalTicksBidAsk OrderBound".split()
)
NOTICES: Final = range(2100, 2200)
OF_THE_USER: Final = frozenset(
    ("Position", "PortfolioValue", "ExecutionData", "CommissionReport", "CompletedOrder")
)  # not this tour's doing
FREE: Final = frozenset(("req_id", "text", "local_symbol", "long_name", "value", "why_held"))  # no form to agree on
MOST_EXAMPLE: Final = 60


class Difference(NamedTuple):
    """One difference: in which part, of which message and field, what they sent and what the gateway would have."""

    stop: str
    message: str
    field: str
    theirs: str
    ours: str

    @property
    def line(self) -> str:
        """Say it."""
        where = f"{self.message}.{self.field}" if self.field else self.message
        return f"{where}: {self.theirs}; the gateway: {self.ours}"


def differences(theirs: Conversation, ours: Conversation) -> list[Difference]:
    """Name every difference once, part by part."""
    found: list[Difference] = []
    for stop in dict.fromkeys([*ours.stops, *theirs.stops]):
        there, here = _sifted(theirs, stop), _sifted(ours, stop)
        found += _unread(stop, there, theirs.version)
        found += _classes(stop, there, here)
        found += _forms(stop, there, here)
    found += _lives(theirs, ours)
    return list(dict.fromkeys(found))


def missing(theirs: Conversation, ours: Conversation) -> list[str]:
    """Name what only the gateway sent, of what comes by chance: not seen yet, so not proven."""
    told = []
    for stop in ours.stops:
        there = {each.name for each in theirs.answers(stop)}
        told += [
            f"{stop}: {name}" for name in dict.fromkeys(each.name for each in ours.answers(stop)) if name in BY_CHANCE and name not in there
        ]
    return told


def _sifted(talk: Conversation, stop: str) -> list[Frame]:
    """Leave out notices of farms, and what belongs to orders that are not the tour's."""
    own = set(talk.orders.values())
    return [each for each in talk.answers(stop) if not _is_notice(each) and not _is_foreign(each, own)]


def _is_notice(each: Frame) -> bool:
    return isinstance(each.message, wire.ErrorMessage) and each.message.code in NOTICES


def _is_foreign(each: Frame, own: set[int]) -> bool:
    match each.message:
        case wire.OpenOrder(order=order):
            return order.order_id not in own
        case wire.OrderStatus(order_id=order_id):
            return order_id not in own
    return False


def _unread(stop: str, there: list[Frame], version: int) -> Iterator[Difference]:
    """What the codec cannot read, or would write otherwise."""
    for each in there:
        if each.message is None:
            yield Difference(stop, each.name, "", f"cannot be read: {without_values(each.problem)}", "never sends it")
            continue
        try:
            again = encode(each.message, version)
        except WireError as error:
            yield Difference(stop, each.name, "", f"cannot be written again: {without_values(str(error))}", "")
            continue
        if again != each.payload:
            yield from _written(stop, each, fields(again), version)


def _written(stop: str, each: Frame, ours: list[str], version: int) -> Iterator[Difference]:
    theirs = fields(each.payload)
    if len(theirs) != len(ours):
        yield Difference(stop, each.name, "", f"{len(theirs)} fields", f"{len(ours)} fields")
        return
    names = catalogue.sent(type(each.message), version) if each.message is not None else ()
    head = len(theirs) - len(names)
    for at, (one, other) in enumerate(zip(theirs, ours, strict=True)):
        if one != other:
            name = names[at - head] if 0 <= at - head < len(names) and 0 < head <= 2 else f"field {at}"
            yield Difference(stop, each.name, name, f"written {_shown(one)}", f"written {_shown(other)}")


def _classes(stop: str, there: list[Frame], here: list[Frame]) -> Iterator[Difference]:
    theirs, ours = {_kind(each) for each in there if each.message}, {_kind(each) for each in here if each.message}
    known = {name for name, _ in ours}
    for name, which in sorted(theirs - ours, key=str):
        if name not in known:
            what = f"{which} came" if which else "came"
            if name not in OF_THE_USER:
                yield Difference(stop, name, BY.get(name, ""), what, "sends none here")
        elif which:
            yield Difference(stop, name, BY[name], f"{which} came", "knows no such")
    for name, which in sorted(ours - theirs, key=str):
        if name not in BY_CHANCE and (name not in OF_THE_USER):
            yield Difference(stop, name, BY.get(name, ""), "did not come", f"sends {which or 'it'} here")


def _forms(stop: str, there: list[Frame], here: list[Frame]) -> Iterator[Difference]:
    theirs, ours = _seen(there), _seen(here)
    for kind, places in theirs.items():
        for place, (forms, words) in places.items():
            if kind not in ours or place not in ours[kind]:
                continue
            own_forms, own_words = ours[kind][place]
            if (more := _telling(forms) - _telling(own_forms)) and own_forms:
                yield Difference(stop, kind[0], place, " or ".join(sorted(more)), " or ".join(sorted(own_forms)))
            if (more := words - own_words) and own_words:
                yield Difference(stop, kind[0], place, _few(more), _few(own_words))


def _seen(frames: list[Frame]) -> dict[tuple[str, str], dict[str, tuple[set[str], set[str]]]]:
    """Give, by kind of message and place, the forms and the words that came."""
    found: dict[tuple[str, str], dict[str, tuple[set[str], set[str]]]] = defaultdict(dict)
    for each in frames:
        for place, value in flat(each.message) if each.message is not None else ():
            name = place.rpartition(".")[2]
            forms, words = found[_kind(each)].setdefault(place, (set(), set()))
            if name not in FREE:
                forms.add(form(value))
            if name in WORDS and value not in (None, "") and each.name not in OF_THE_USER:
                words.add(str(value))
    return found


def _telling(forms: set[str]) -> set[str]:
    """Take digits for text where both may stand: a name may be all digits."""
    return forms - {"digits"} | ({"text"} if "digits" in forms else set())


def _lives(theirs: Conversation, ours: Conversation) -> Iterator[Difference]:
    for name, order_id in theirs.orders.items():
        there, here = life(theirs, order_id), life(ours, ours.orders[name]) if name in ours.orders else []
        if there != here and here:
            yield Difference(
                name if name in theirs.stops else "bracket", f"life of the {name}", "", " > ".join(there) or "nothing", " > ".join(here)
            )


def life(talk: Conversation, order_id: int) -> list[str]:
    """Tell an order's life as its reports told it: changes of its open order, of its status, and codes, in the order they came."""
    told: list[str] = []
    last: dict[str, str] = {}
    for each in talk.answers():
        match each.message:
            case wire.OpenOrder(order=order, state=state) if order.order_id == order_id:
                channel, word = "open", f"open {state.status}"
            case wire.OrderStatus(order_id=number, status=status) if number == order_id:
                channel, word = "status", status
            case wire.ErrorMessage(req_id=number, code=code) if number == order_id and code not in NOTICES:
                channel, word = f"code {code}", str(code)
            case _:
                continue
        if last.get(channel) != word:
            told.append(word)
        last[channel] = word
    return told


def _kind(each: Frame) -> tuple[str, str]:
    which: Any = getattr(each.message, BY[each.name], "") if each.name in BY else ""
    return each.name, str(which)


def _few(words: set[str]) -> str:
    return ", ".join(sorted(words))[:MOST_EXAMPLE]


def without_values(text: str) -> str:
    """Take what was quoted and counted out of a sentence of the codec: it may be anybody's.

    >>> without_values("OrderStatus.filled: 'U1234567' is no number")
    'OrderStatus.filled: # is no number'
    """
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "#", text)


def _shown(text: str) -> str:
    """Show how something is written, and not what: digits as 9, letters as a.

    >>> _shown("1234.50"), _shown(""), _shown("1.8E308")
    ("'9999.99'", 'as nothing', "'9.9a999'")
    """
    masked = "".join("9" if each.isdigit() else "a" if each.isalpha() else each for each in text)
    return repr(masked)[:MOST_EXAMPLE] if text else "as nothing"
