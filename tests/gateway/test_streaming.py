"""Which streams a client has: asked, ended, refused, gone."""

from __future__ import annotations

from tests.gateway.raw import Raw
from tests.gateway.worlds import es, settings, tape
from workbench import wire
from workbench.gateway import build

ES = wire.ContractFields(symbol="ES", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")
NONE = wire.ContractFields(symbol="NONE", sec_type="FUT", exchange="CME", currency="USD")


def test_streams_are_those_asked_for_and_not_ended_refused_or_over():
    gateway = build.gateway(settings(), tape(), [es()])
    raw = Raw(gateway)
    raw.ask(wire.ReqMktData(req_id=1, contract=ES), wire.ReqDepth(req_id=2, contract=ES, n_rows=3))
    raw.ask(wire.ReqMktData(req_id=3, contract=ES, snapshot=True), wire.ReqHistoricalData(req_id=4, contract=ES))
    raw.ask(wire.ReqHistoricalData(req_id=5, contract=ES, keep_up_to_date=True), wire.ReqMktData(req_id=6, contract=NONE))
    raw.ask(wire.ReqRealtimeBars(req_id=7, contract=ES), wire.CancelRealtimeBars(7), wire.CancelDepth(1))
    assert gateway.streams.of(raw.session) == (1, 2, 5)
    assert [type(each) for each in gateway.streams.ends(raw.session)] == [wire.CancelMktData, wire.CancelDepth, wire.CancelHistoricalData]
    session = raw.session
    raw.leave()
    assert gateway.streams.of(session) == ()
