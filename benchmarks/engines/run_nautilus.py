"""NautilusTrader with the rule of `benchmarks.rule`: a program for its own environment; it imports nothing of the workbench.

``python run_nautilus.py events.npy days how``; then each line on stdin is one run, answered by one line of JSON. ``how``: ``rule`` (below),
``ceiling`` (a strategy without subscriptions: what the engine can do at most). Ticks are built before; only ``engine.run()`` is timed.
"""

import gc
import json
import sys
import time
from collections import deque
from decimal import Decimal

import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import QuoteTick, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, AssetClass, BookType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import FuturesContract
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

BAR_NS = 5_000_000_000
HOLD_NS = 600_000_000_000
AWAY, QTY, N_MOVE, N_FLOW = 8, 3, 12, 20
LATENCY_NS = 30_000_000
QUANTUM = 0.25
VENUE = Venue("GLBX")
ES = InstrumentId(Symbol("ESH4"), VENUE)


class Rule(Strategy):
    """Twelve-bar move and order flow agree -> bracket; bars on the clock of the ticks, flow as Cont, Kukanov and Stoikov (2014)."""

    def __init__(self, subscribes: bool) -> None:
        super().__init__()
        self.subscribes = subscribes
        self.next_ns = 0
        self.bid = self.ask = self.bid_size = self.ask_size = self.close = None
        self.flow, self.n_flow, self.mean_flow = 0, 0, 0.0
        self.closes = deque(maxlen=N_MOVE + 1)
        self.is_owned, self.opened_ns, self.n_brackets = False, 0, 0

    def on_start(self) -> None:
        self.instrument = self.cache.instrument(ES)
        if self.subscribes:
            self.subscribe_quote_ticks(ES)
            self.subscribe_trade_ticks(ES)

    def on_trade_tick(self, tick: TradeTick) -> None:
        if tick.ts_init >= self.next_ns:
            self.roll(tick.ts_init)
        self.close = tick.price

    def on_quote_tick(self, tick: QuoteTick) -> None:
        if tick.ts_init >= self.next_ns:
            self.roll(tick.ts_init)
        bid, ask, bid_size, ask_size = tick.bid_price, tick.ask_price, tick.bid_size, tick.ask_size
        if self.bid is not None:
            if bid >= self.bid:
                self.flow += bid_size.raw
            if bid <= self.bid:
                self.flow -= self.bid_size.raw
            if ask <= self.ask:
                self.flow -= ask_size.raw
            if ask >= self.ask:
                self.flow += self.ask_size.raw
        self.bid, self.ask, self.bid_size, self.ask_size = bid, ask, bid_size, ask_size

    def roll(self, now_ns: int) -> None:
        while self.next_ns and now_ns >= self.next_ns and now_ns - self.next_ns < 3600 * 1_000_000_000:
            self.bar(now_ns)
            self.next_ns += BAR_NS
        if now_ns >= self.next_ns:  # the first tick, or the first after a night
            self.next_ns = now_ns - now_ns % BAR_NS + BAR_NS

    def bar(self, now_ns: int) -> None:
        if self.close is None or self.bid is None:
            return
        self.n_flow += 1
        weight = 1 / self.n_flow if self.n_flow <= N_FLOW else 2 / (N_FLOW + 1)
        self.mean_flow += weight * (self.flow - self.mean_flow)
        self.flow = 0
        self.closes.append(float(self.close))
        if self.is_owned:
            if self.opened_ns and now_ns - self.opened_ns >= HOLD_NS:
                self.opened_ns = 0
                self.cancel_all_orders(ES)
                self.close_all_positions(ES)
        elif self.n_flow >= N_FLOW and len(self.closes) > N_MOVE:
            quanta = (self.closes[-1] - self.closes[0]) / QUANTUM
            side = 1 if quanta > 1.5 and self.mean_flow > 0 else -1 if quanta < -1.5 and self.mean_flow < 0 else 0
            if side:
                self.enter(side)

    def enter(self, side: int) -> None:
        entry = float(self.ask if side > 0 else self.bid)
        orders = self.order_factory.bracket(
            instrument_id=ES,
            order_side=OrderSide.BUY if side > 0 else OrderSide.SELL,
            quantity=self.instrument.make_qty(QTY),
            sl_trigger_price=self.instrument.make_price(entry - side * AWAY * QUANTUM),
            tp_price=self.instrument.make_price(entry + side * AWAY * QUANTUM),
        )
        self.is_owned, self.opened_ns = True, 0
        self.n_brackets += 1
        self.submit_order_list(orders)

    def on_position_opened(self, event) -> None:
        self.opened_ns = event.ts_init

    def on_position_closed(self, event) -> None:
        self.is_owned, self.opened_ns = False, 0


def contract() -> FuturesContract:
    return FuturesContract(
        instrument_id=ES, raw_symbol=Symbol("ESH4"), asset_class=AssetClass.INDEX, currency=USD, price_precision=2,
        price_increment=Price(QUANTUM, 2), multiplier=Quantity.from_int(50), lot_size=Quantity.from_int(1), underlying="ES",
        activation_ns=0, expiration_ns=4_000_000_000_000_000_000, ts_event=0, ts_init=0,
        margin_init=Decimal("0.05"), margin_maint=Decimal("0.05"),
    )  # fmt: skip


def ticks(events: np.ndarray) -> list:
    sides = {1: AggressorSide.BUYER, -1: AggressorSide.SELLER, 0: AggressorSide.NO_AGGRESSOR}
    made = []
    for n, (ns, is_quote, px, sz, px2, sz2, side) in enumerate(events.tolist()):
        price, size = Price(px * QUANTUM, 2), Quantity.from_int(sz)
        if is_quote:
            made.append(QuoteTick(ES, price, Price(px2 * QUANTUM, 2), size, Quantity.from_int(sz2), ns, ns))
        else:
            made.append(TradeTick(ES, price, size, sides[side], TradeId(str(n)), ns, ns))
    return made


def play(data: list, how: str) -> dict:
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=VENUE, oms_type=OmsType.NETTING, account_type=AccountType.MARGIN, base_currency=USD,
        starting_balances=[Money(100_000_000, USD)],
        book_type=BookType.L1_MBP, latency_model=LatencyModel(base_latency_nanos=LATENCY_NS),
    )  # fmt: skip
    engine.add_instrument(contract())
    engine.add_data(data, sort=False)
    strategy = Rule(how == "rule")
    engine.add_strategy(strategy)
    gc.collect()
    gc.freeze()
    gc.disable()
    wall, cpu = time.perf_counter(), time.process_time()
    engine.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    gc.enable()
    gc.unfreeze()
    n_positions = len(engine.cache.position_snapshots()) + len(engine.cache.positions())
    engine.dispose()
    return {"wall_s": wall, "cpu_s": cpu, "n_events": len(data), "n_brackets": strategy.n_brackets, "n_positions": n_positions}


def main(path: str, days: str, how: str) -> None:
    day = np.load(path)
    events = np.tile(day, (int(days), 1))
    events[:, 0] += np.repeat(np.arange(int(days)), len(day)) * 86_400_000_000_000
    data = ticks(events)
    print(json.dumps({"ready": len(data)}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(play(data, how)), flush=True)


main(*sys.argv[1:])
