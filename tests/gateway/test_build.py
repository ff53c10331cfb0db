"""A gateway out of its parts: what is refused, what everybody may ask, who answers what."""

from __future__ import annotations

import pytest

from tests.gateway.raw import Raw, codes
from tests.gateway.worlds import BEGIN_NS, es, settings, tape
from workbench import wire
from workbench.domain.errors import ConfigError, DataError
from workbench.domain.records import empty
from workbench.domain.units import SECOND
from workbench.gateway import build
from workbench.gateway.base import AccountSetup, Service


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ConfigError, match="at most 20"):
        build.gateway(settings(), tape(5), [es()], speed=40)
    with pytest.raises(ConfigError, match="DUSIM"):
        build.gateway(settings(), tape(5), [es()], accounts=["U123"])
    with pytest.raises(ConfigError, match="each name once"):
        build.gateway(settings(), tape(5), [es()], accounts=["DUSIM1", "DUSIM1"])
    with pytest.raises(DataError, match="no records"):
        build.gateway(settings(), empty(0), [es()])


def test_every_request_of_the_wire_is_answered_or_refused_and_nothing_of_ours_breaks():
    gateway = build.gateway(settings(), tape(5), [es()])
    answered = {request for service in gateway.services for request in service.requests}
    assert all(isinstance(service, Service) for service in gateway.services)
    unanswered = {each.__name__ for each in wire.REQUESTS} - {each.__name__ for each in answered}
    assert {"PlaceOrder", "ReqMktData", "ReqHistoricalData", "ReqContractDetails", "ReqIds"} & unanswered == set()
    assert unanswered >= {"StartApi", "ReqCurrentTime"}


def test_small_questions_are_answered():
    gateway = build.gateway(settings(), tape(5), [es()], accounts=["DUSIM1", AccountSetup(name="DUSIM2", currency="EUR", cash="5000")])
    raw = Raw(gateway)
    raw.take()
    assert raw.ask(wire.ReqManagedAccounts()) == [wire.ManagedAccounts("DUSIM1,DUSIM2")]
    assert raw.ask(wire.ReqFamilyCodes())[0].codes[1].account == "DUSIM2"
    assert raw.ask(wire.ReqSoftDollarTiers(3)) == [wire.SoftDollarTiers(3)]
    assert raw.ask(wire.SetServerLogLevel(5)) == []
    assert "ScanParameterResponse" in raw.ask(wire.ReqScannerParameters())[0].xml
    assert codes(raw.ask(wire.RequestFa(1), wire.ReplaceFa(1, "<x/>", 9))) == [321, 321]
    assert codes(raw.ask(wire.ReqWshMetaData(5), wire.ReqWshEventData(6))) == [10279, 10282]
    assert (
        not raw.ask(wire.VerifyRequest("it", "1"))[0].is_successful
        and not raw.ask(wire.VerifyAndAuthRequest("it", "1", "k"))[0].is_successful
    )
    option = wire.ContractFields(symbol="SPY", sec_type="OPT", last_trade="20261218", strike=600, right="C", exchange="SMART")
    assert codes(raw.ask(wire.ExerciseOptions(req_id=8, contract=option, action=1, quantity=1, account="DUSIM1", override=0))) == [322]
    assert gateway.mishaps == []


def test_the_end_of_what_is_not_running_is_no_error():
    raw = Raw(build.gateway(settings(), tape(5), [es()]))
    raw.take()
    ends = (wire.CancelCalcImpliedVolatility, wire.CancelCalcOptionPrice, wire.CancelFundamentalData, wire.CancelScannerSubscription)
    assert raw.ask(*[end(4) for end in (*ends, wire.CancelWshMetaData, wire.CancelWshEventData)], wire.CancelNewsBulletins()) == []


def test_what_came_before_the_start_is_there_to_be_seen():
    gateway = build.gateway(settings(), tape(60), [es()], start_ns=BEGIN_NS + 30 * SECOND)
    raw = Raw(gateway)
    contract = wire.ContractFields(symbol="ES", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")
    first = raw.ask(wire.ReqMktData(req_id=1, contract=contract))
    assert {each.tick_type for each in first if isinstance(each, wire.TickPrice)} >= {1, 2, 4}
