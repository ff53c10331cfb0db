"""What we write, IB's own client of 2020 (version 157) reads to the same values; what it writes, we read. Its real decoder and client."""

from __future__ import annotations

import inspect

import pytest
from ibapi import order_condition as conditions
from ibapi.client import EClient
from ibapi.common import UNSET_DOUBLE
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.decoder import Decoder
from ibapi.order import Order, OrderComboLeg
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

from tests.wire import test_catalogue_ib_async as other
from tests.wire.making import canonical
from tests.wire.meeting import filled, index_call, strays
from workbench.wire import ANSWERS, PlaceOrder, Reader, TickByTickLast, TickPrice, decode_request, encode, fields

VERSION = 157
# made objects of bits, passed over, or of a later version than its
UNSEEN = {"mask", "attr_mask", "shares_allocation", "conjunction"}
LATER = {"HistoricalDataEnd", "HistoricalSchedule", "UserInfo", "WshEventData", "WshMetaData"}


def noted(message):
    calls = []

    class Noting(EWrapper):
        def __getattribute__(self, name):
            if not hasattr(EWrapper, name) or name.startswith("__"):
                return super().__getattribute__(name)
            return lambda *args: calls.append((getattr(EWrapper, name), args))

    decoder = Decoder(Noting(), VERSION)
    calls.clear()
    decoder.interpret(tuple(field.encode() for field in fields(encode(message, VERSION))))
    return calls


@pytest.mark.parametrize("cls", [each for each in ANSWERS if each.__name__ not in LATER], ids=lambda cls: cls.__name__)
def test_an_answer_is_read_by_ibapi_to_the_same_values(cls):
    known = {"tick_type": 1} if cls in (TickByTickLast, TickPrice) else {}
    message = canonical(filled(cls, VERSION, **known), VERSION)
    calls = noted(message)
    assert calls
    theirs = {}
    for function, args in calls:
        for value, names in index_call(function, args).items():
            theirs.setdefault(value, set()).update(names)
    assert strays(message, theirs, UNSEEN) == []


class Wire:
    """A connection that keeps what is sent."""

    def __init__(self):
        self.sent = []

    def isConnected(self):  # noqa: N802  (ibapi's name)
        return True

    def sendMsg(self, data):  # noqa: N802  (ibapi's name)
        self.sent.append(data)


def client():
    made = EClient(EWrapper())
    made.conn, made.serverVersion_, made.clientId = Wire(), VERSION, 5
    made.extraAuth = True
    made.setConnState(EClient.CONNECTED)
    return made


def theirs(value):
    """The same object as one of ibapi's, where it has such a class; the two clients name their attributes alike."""
    classes = {"Contract": Contract, "ComboLeg": ComboLeg, "DeltaNeutralContract": DeltaNeutralContract, "Order": Order}
    classes |= {"OrderComboLeg": OrderComboLeg, "TagValue": TagValue}
    name = type(value).__name__
    if name in CONDITIONS:
        return CONDITIONS[name](value)
    if name == "SoftDollarTier":
        return SoftDollarTier(value.name, value.val, value.displayName)
    if isinstance(value, list):
        return [theirs(each) for each in value]
    if name not in classes:
        return value
    made = classes[name]()
    for attribute in vars(made):
        if getattr(value, attribute, None) is not None:
            setattr(made, attribute, theirs(getattr(value, attribute)))
    return made


CONDITIONS = {
    "PriceCondition": lambda it: conditions.PriceCondition(it.triggerMethod, it.conId, it.exch, it.isMore, it.price),
    "TimeCondition": lambda it: conditions.TimeCondition(it.isMore, it.time),
    "MarginCondition": lambda it: conditions.MarginCondition(it.isMore, it.percent),
    "ExecutionCondition": lambda it: conditions.ExecutionCondition(it.secType, it.exch, it.symbol),
    "VolumeCondition": lambda it: conditions.VolumeCondition(it.conId, it.exch, it.isMore, it.volume),
    "PercentChangeCondition": lambda it: conditions.PercentChangeCondition(it.conId, it.exch, it.isMore, it.changePercent),
}
REQUESTS_OF = {name: args for name, args in other.REQUESTS_OF.items() if hasattr(EClient, name)} | {"cancelOrder": (7,)}


def read(made):
    (data,) = made.conn.sent
    (payload,) = Reader().feed(data)
    return decode_request(fields(payload), VERSION), payload


@pytest.mark.parametrize("name", REQUESTS_OF)
def test_a_request_of_ibapi_is_read_to_the_same_values(name):
    made = client()
    args = tuple(theirs(each) for each in REQUESTS_OF[name])
    getattr(made, name)(*args)
    request, payload = read(made)
    unseen = {"n_options", "client_id"} if name in {*other.COUNTED, "startApi"} else set()
    assert strays(request, index_call(getattr(EClient, name), args), unseen) == []
    assert fields(encode(request, VERSION)) == fields(payload)


@pytest.mark.parametrize("kind", other.ORDERS)
def test_an_order_of_ibapi_is_read_to_the_same_values(kind):
    made = client()
    args = (77, *(theirs(each) for each in other.ORDERS[kind]))
    made.placeOrder(*args)
    request, payload = read(made)
    assert isinstance(request, PlaceOrder)
    assert strays(request, index_call(EClient.placeOrder, args), {"conjunction"}) == []
    unset = {str(UNSET_DOUBLE)}  # written out in some fields of an order, where ours stay empty
    assert fields(encode(request, VERSION)) == ["" if field in unset else field for field in fields(payload)]


def test_every_request_of_ibapi_is_here():
    writing = {name for name, each in inspect.getmembers(EClient, inspect.isfunction) if "self.sendMsg(" in inspect.getsource(each)}
    assert writing == {*REQUESTS_OF, "placeOrder"}
