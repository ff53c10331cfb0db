"""A raw client's tour through a whole gateway: streams, history, account, orders; and what it saw."""

from __future__ import annotations

from tests.gateway.raw import Raw, codes, of
from tests.gateway.worlds import es, settings, tape
from workbench import wire
from workbench.gateway import build
from workbench.gateway.faults import Scenario

ES = wire.ContractFields(symbol="ES", sec_type="FUT", last_trade="202612", exchange="CME", currency="USD")


class Knob:
    """A door without a wall: what a fault did to it."""

    port = 7497

    def __init__(self) -> None:
        self.done: list[str | int | None] = []

    def shut(self) -> None:
        self.done.append("shut")

    def reopen(self, port: int | None = None) -> None:
        self.done.append(port or "open")


class Tour:
    """The client, what it heard by parts of the tour, and the gateway. `a` before anything of second 20 happens, `b` until 80 s."""

    def __init__(self, scenario: Scenario | str | None) -> None:
        self.gateway = build.gateway(settings(), tape(), [es()], faults=scenario)
        self.door = self.gateway.faults.door = Knob()
        self.raw = Raw(self.gateway, 1)
        self.began_ns = self.gateway.now_ns
        self.heard = self.raw.heard
        self._stream()
        self._look()
        self._trade()
        self.raw.wait(18 - self.at_s)
        self.n_early = len(self.raw.heard)
        self.raw.wait(4)
        self.n_struck = len(self.raw.heard)
        self.is_connected_at_22 = self.raw.line.ended is None
        self.raw.ask(wire.ReqCurrentTime(), wire.ReqContractDetails(req_id=40, contract=ES), wire.ReqHistoricalData(req_id=41, contract=ES))
        self.raw.wait(13)
        self.n_during = len(self.raw.heard)
        self.raw.wait(45)

    @property
    def at_s(self) -> float:
        return (self.gateway.now_ns - self.began_ns) / 1e9

    def _stream(self) -> None:
        raw = self.raw
        raw.ask(wire.ReqContractDetails(req_id=10, contract=ES))
        raw.ask(wire.ReqMktData(req_id=11, contract=ES))
        raw.ask(wire.ReqMktData(req_id=18, contract=ES))
        raw.ask(wire.ReqTickByTick(req_id=12, contract=ES, tick_type="AllLast"))
        raw.ask(wire.ReqDepth(req_id=13, contract=ES, n_rows=5))
        raw.ask(wire.ReqRealtimeBars(req_id=14, contract=ES))
        raw.ask(wire.ReqHistoricalData(req_id=15, contract=ES, duration="1800 S"))
        raw.ask(wire.ReqHistoricalData(req_id=16, contract=ES, duration="1800 S", keep_up_to_date=True))
        raw.wait(1)
        raw.ask(wire.CancelMktData(18))

    def _look(self) -> None:
        raw = self.raw
        raw.ask(wire.ReqAccountSummary(req_id=20, group="All", tags="NetLiquidation"))
        self.positions = raw.ask(wire.ReqPositions())
        raw.ask(wire.ReqCurrentTime())

    def order(self, order_id: int, side: str, order_type: str, price: float | None = None) -> wire.PlaceOrder:
        """An order of one contract."""
        fields = wire.OrderFields(
            action=side,
            total_quantity=1,
            order_type=order_type,
            tif="DAY",
            order_ref=f"WB:r:{order_id}:{'S' if order_type == 'STP' else 'E'}",
            lmt_price=price if order_type == "LMT" else None,
            aux_price=price if order_type == "STP" else None,
        )
        return wire.PlaceOrder(order_id=order_id, contract=ES, order=fields)

    def _trade(self) -> None:
        raw = self.raw
        raw.ask(self.order(101, "BUY", "LMT", 6700.0))
        raw.ask(self.order(101, "BUY", "LMT", 6701.0))
        raw.ask(self.order(102, "SELL", "STP", 6600.0))
        raw.wait(1)
        raw.ask(self.order(103, "BUY", "MKT"))
        raw.wait(1)
        self.open_orders = raw.ask(wire.ReqOpenOrders())
        raw.wait(1)
        raw.ask(self.order(104, "BUY", "LMT", 6702.0))
        raw.ask(wire.CancelOrder(104))
        raw.wait(6)
        self.executions = raw.ask(wire.ReqExecutions(req_id=30))
        self.later_open_orders = raw.ask(wire.ReqOpenOrders())

    # ---- what was seen ---------------------------------------------------------------------------------------------------------------
    def codes(self) -> list[int]:
        return codes(self.heard)

    def of(self, kind: type[wire.Answer]) -> list[wire.Answer]:
        return of(kind, self.heard)

    def errors(self, req_id: int) -> list[int]:
        return [each.code for each in self.heard if isinstance(each, wire.ErrorMessage) and each.req_id == req_id]

    def statuses(self, order_id: int) -> list[str]:
        return [each.status for each in self.of(wire.OrderStatus) if each.order_id == order_id]

    def quotes(self, start: int, stop: int | None = None) -> int:
        """Prices of the first stream among heard[start:stop]."""
        return sum(isinstance(each, wire.TickPrice) and each.req_id == 11 for each in self.heard[start:stop])

    @property
    def broker(self):
        from workbench.simulation.broker import Broker

        return self.gateway.world.known(Broker)

    def again(self, client_id: int = 1) -> Raw:
        """Connect anew."""
        return Raw(self.gateway, client_id)
