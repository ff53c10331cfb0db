"""What we write, ib_async reads to the same values; what it writes, we read. Its real decoder, wrapper and client; no socket.

Versions between 157 and 178 are those that change a layout.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import inspect
import math

import msgspec
import pytest
from ib_async import (
    IB,
    Client,
    ExecutionCondition,
    ExecutionFilter,
    MarginCondition,
    Order,
    OrderComboLeg,
    PercentChangeCondition,
    PriceCondition,
    ScannerSubscription,
    SoftDollarTier,
    TagValue,
    TimeCondition,
    VolumeCondition,
    WshEventData,
    util,
)
from ib_async import ComboLeg as IbLeg
from ib_async import Contract as IbContract
from ib_async import DeltaNeutralContract as IbDeltaNeutral
from ib_async.decoder import Decoder
from ib_async.wrapper import Wrapper

from tests.wire.making import canonical
from tests.wire.meeting import filled, index_call, strays
from workbench.wire import ANSWERS, Execution, ExecutionData, PlaceOrder, Reader, TickByTickLast, decode_request, encode, fields

# ib_async makes objects of the bits, or passes them over
UNSEEN = {"mask", "attr_mask", "execution.time", "shares_allocation", "md_size_multiplier", "professional_customer"}
SILENT = ("DisplayGroup", "Reroute", "ReplaceFaEnd", "Verify")  # its wrapper has no method for these


def noted(version, message):
    """Calls of the wrapper that ib_async makes of a message: name -> arguments."""
    calls = []

    class Noting(Wrapper):
        defaultTimezone = dt.UTC  # noqa: N815  (ib_async's name)

        def __getattribute__(self, name):
            real = super().__getattribute__(name)
            if name in PASSED or not callable(real):
                return real
            return lambda *args: calls.append((getattr(Wrapper, name), args))

    decoder = Decoder(Noting(IB()), version)
    calls.clear()  # those of its birth
    decoder.interpret(fields(encode(message, version)))
    return calls


def sample(cls, version):
    if cls is TickByTickLast:
        return filled(cls, version, tick_type=2)
    if cls is ExecutionData:
        return msgspec.structs.replace(
            filled(cls, version), execution=filled(Execution, version, seed=500, time="20260405 12:00:00 US/Eastern")
        )
    return filled(cls, version)


PASSED = {"ib", "defaultTimezone", "__class__"}


@pytest.mark.parametrize("version", [157, 163, 164, 170, 178])
@pytest.mark.parametrize("cls", [each for each in ANSWERS if each.msg_id != 108], ids=lambda cls: cls.__name__)
def test_an_answer_is_read_by_ib_async_to_the_same_values(cls, version):
    message = canonical(sample(cls, version), version)
    calls = noted(version, message)
    if cls.__name__.startswith(SILENT):
        assert not calls
        return
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

    def sendMsg(self, data):  # noqa: N802  (ib_async's name)
        self.sent.append(data)


def client(version):
    made = Client(None)
    made.conn = Wire()
    made.connState = Client.CONNECTED
    made._serverVersion = version
    made.MaxRequests = 0
    return made


def contract(**more):
    made = IbContract("BAG", 11, "sy", "20261218", 12.25, "C", "50", "SMART", "px", "USD", "ls", "tc", True, "ISIN", "si", "de", "is")
    made.comboLegs = [IbLeg(21, 22, "BUY", "e1", 23, 24, "dl1", 25), IbLeg(31, 32, "SELL", "e2", 33, 34, "dl2", 35)]
    made.deltaNeutralContract = IbDeltaNeutral(41, 42.25, 43.25)
    return util.dataclassUpdate(made, **more)


def order(**more):
    """An order with another value in every field."""
    made = Order()
    for n, field in enumerate(dataclasses.fields(Order), 100):
        default = getattr(made, field.name)
        if isinstance(default, bool):
            setattr(made, field.name, True)
        elif isinstance(default, int):
            setattr(made, field.name, n)
        elif isinstance(default, float):
            setattr(made, field.name, n + 0.25)
        elif isinstance(default, str):
            setattr(made, field.name, f"t{n}")
    made.softDollarTier = SoftDollarTier("t301", "t302", "t303")
    made.algoParams, made.smartComboRoutingParams = [TagValue("t304", "t305")], [TagValue("t306", "t307"), TagValue("t308", "t309")]
    made.orderComboLegs = [OrderComboLeg(310.25), OrderComboLeg(311.25)]
    made.conditions = [
        PriceCondition(1, "a", True, 401.25, 402, "t403", 404),
        TimeCondition(3, "o", True, "t405"),
        MarginCondition(4, "a", True, 406),
        ExecutionCondition(5, "a", "t407", "t408", "t409"),
        VolumeCondition(6, "a", True, 410, 411, "t412"),
        PercentChangeCondition(7, "a", True, 413.25, 414, "t415"),
    ]
    return util.dataclassUpdate(made, **more)


REQUESTS_OF = {
    "reqMktData": (1, contract(), "233,236", True, True, []),
    "cancelMktData": (1,),
    "cancelOrder": (7, "20261120-10:00:00"),
    "reqOpenOrders": (),
    "reqAccountUpdates": (True, "DU1"),
    "reqExecutions": (1, ExecutionFilter(5, "DU1", "20261120-10:00:00", "ES", "FUT", "CME", "BUY")),
    "reqIds": (3,),
    "reqContractDetails": (1, contract()),
    "reqMktDepth": (1, contract(), 10, True, []),
    "cancelMktDepth": (1, True),
    "reqNewsBulletins": (True,),
    "cancelNewsBulletins": (),
    "setServerLogLevel": (4,),
    "reqAutoOpenOrders": (True,),
    "reqAllOpenOrders": (),
    "reqManagedAccts": (),
    "requestFA": (2,),
    "replaceFA": (1, 3, "<xml/>"),
    "reqHistoricalData": (1, contract(), "20261120-10:00:00", "2 D", "1 min", "TRADES", True, 2, True, []),
    "exerciseOptions": (1, contract(), 2, 3, "DU1", 4),
    "reqScannerSubscription": (
        1,
        ScannerSubscription(
            2, "STK", "LOC", "SCAN", 3.25, 4.25, 5, 6.25, 7.25, "a", "b", "c", "d", "e", "f", 8.25, 9.25, True, 12, "pairs", "ALL"
        ),
        [],
        [],
    ),
    "cancelScannerSubscription": (1,),
    "reqScannerParameters": (),
    "cancelHistoricalData": (1,),
    "reqCurrentTime": (),
    "reqRealTimeBars": (1, contract(), 6, "TRADES", True, []),
    "cancelRealTimeBars": (1,),
    "reqFundamentalData": (1, contract(), "ReportSnapshot", []),
    "cancelFundamentalData": (1,),
    "calculateImpliedVolatility": (1, contract(), 2.25, 3.25, []),
    "calculateOptionPrice": (1, contract(), 2.25, 3.25, []),
    "cancelCalculateImpliedVolatility": (1,),
    "cancelCalculateOptionPrice": (1,),
    "reqGlobalCancel": (),
    "reqMarketDataType": (3,),
    "reqPositions": (),
    "reqAccountSummary": (1, "All", "NetLiquidation"),
    "cancelAccountSummary": (1,),
    "cancelPositions": (),
    "verifyRequest": ("name", "1.0"),
    "verifyMessage": ("data",),
    "queryDisplayGroups": (1,),
    "subscribeToGroupEvents": (1, 2),
    "updateDisplayGroup": (1, "8314@SMART"),
    "unsubscribeFromGroupEvents": (1,),
    "startApi": (),
    "verifyAndAuthRequest": ("name", "1.0", "key"),
    "verifyAndAuthMessage": ("data", "response"),
    "reqPositionsMulti": (1, "DU1", "model"),
    "cancelPositionsMulti": (1,),
    "reqAccountUpdatesMulti": (1, "DU1", "model", True),
    "cancelAccountUpdatesMulti": (1,),
    "reqSecDefOptParams": (1, "ES", "CME", "FUT", 5),
    "reqSoftDollarTiers": (1,),
    "reqFamilyCodes": (),
    "reqMatchingSymbols": (1, "ES"),
    "reqMktDepthExchanges": (),
    "reqSmartComponents": (1, "a6"),
    "reqNewsArticle": (1, "BRFG", "id", []),
    "reqNewsProviders": (),
    "reqHistoricalNews": (1, 2, "BRFG", "from", "to", 9, []),
    "reqHeadTimeStamp": (1, contract(), "TRADES", True, 2),
    "reqHistogramData": (1, contract(), True, "3 days"),
    "cancelHistogramData": (1,),
    "cancelHeadTimeStamp": (1,),
    "reqMarketRule": (26,),
    "reqPnL": (1, "DU1", "model"),
    "cancelPnL": (1,),
    "reqPnLSingle": (1, "DU1", "model", 11),
    "cancelPnLSingle": (1,),
    "reqHistoricalTicks": (1, contract(), "from", "to", 900, "BID_ASK", True, True, []),
    "reqTickByTickData": (1, contract(), "AllLast", 4, True),
    "cancelTickByTickData": (1,),
    "reqCompletedOrders": (True,),
    "reqWshMetaData": (1,),
    "cancelWshMetaData": (1,),
    "reqWshEventData": (1, WshEventData(5, "filter", True, True, True, "from", "to", 9)),
    "cancelWshEventData": (1,),
    "reqUserInfo": (1,),
}
ORDERS = {
    "all": (contract(), order(orderType="VOL", exemptCode=-1)),
    "none": (IbContract(), Order(orderType="MKT")),
    "benchmark": (IbContract(conId=5), order(orderType="PEG BENCH", volatility=None)),
    "best": (IbContract(exchange="IBKRATS"), order(orderType="PEG BEST", competeAgainstBestOffset=math.inf, volatility=None)),
    "mid": (
        IbContract(),
        order(orderType="PEG MID", volatility=None, scalePriceIncrement=util.UNSET_DOUBLE, hedgeType="", algoStrategy=""),
    ),
}
BY_VERSION = pytest.mark.parametrize("version", range(157, 179))


def read(made, version):
    (data,) = made.conn.sent
    (payload,) = Reader().feed(data)
    return decode_request(fields(payload), version), payload


@pytest.mark.parametrize("name", REQUESTS_OF)
@pytest.mark.usefixtures("loop")
def test_a_request_of_ib_async_is_read_to_the_same_values(name):
    for version in range(157, 179):
        made = client(version)
        getattr(made, name)(*REQUESTS_OF[name])
        request, payload = read(made, version)
        theirs = index_call(getattr(Client, name), REQUESTS_OF[name])
        assert (
            strays(request, theirs, {"n_options", "client_id"} if name in COUNTED else {"client_id"} if name == "startApi" else set()) == []
        )
        assert fields(encode(request, version)) == fields(payload)


COUNTED = {"reqFundamentalData", "calculateImpliedVolatility", "calculateOptionPrice"}


@BY_VERSION
@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.usefixtures("loop")
def test_an_order_of_ib_async_is_read_to_the_same_values(kind, version):
    made = client(version)
    made.placeOrder(77, *ORDERS[kind])
    request, payload = read(made, version)
    assert isinstance(request, PlaceOrder)
    assert strays(request, index_call(Client.placeOrder, (77, *ORDERS[kind])), set()) == []
    assert fields(encode(request, version)) == fields(payload)


def test_every_request_of_ib_async_is_here():
    writing = {name for name, each in inspect.getmembers(Client, inspect.isfunction) if "self.send(" in inspect.getsource(each)}
    assert writing - {"send"} == {*REQUESTS_OF, "placeOrder"}


@pytest.fixture
def loop():
    """A loop that is never run: ib_async asks it for the time."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    made.close()
