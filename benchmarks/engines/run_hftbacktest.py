"""hftbacktest with the rule of `benchmarks.rule`: a program for its own environment; it imports nothing of the workbench.

``python run_hftbacktest.py events.npy days rule``; then each line on stdin is one run, answered by one line of JSON. The whole run is
compiled; the strategy sees every feed event, as ours does. It has no stop orders: the rule watches the quote and leaves at market.
"""

import gc
import json
import sys
import time

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    GTC,
    LIMIT,
    LOCAL_EVENT,
    MARKET,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
    event_dtype,
)
from numba import njit

BAR_NS = 5_000_000_000
DAY_NS = 86_400_000_000_000
HOLD_NS = 600_000_000_000
AWAY, QTY, N_MOVE, N_FLOW = 8, 3.0, 12, 20
LATENCY_NS = 30_000_000
QUANTUM = 0.25
FREE, ENTERING, HOLDING, LEAVING = 0, 1, 2, 3
END, FEED = 1, 2


@njit
def enter(hbt, side, ref, bid, ask):
    if side > 0:
        hbt.submit_buy_order(0, ref, ask * QUANTUM, QTY, GTC, MARKET, False)
    else:
        hbt.submit_sell_order(0, ref, bid * QUANTUM, QTY, GTC, MARKET, False)


@njit
def leave(hbt, side, ref, held, bid, ask):
    hbt.cancel(0, ref + 1, False)
    if side > 0:
        hbt.submit_sell_order(0, ref + 2, bid * QUANTUM, abs(held), GTC, MARKET, False)
    else:
        hbt.submit_buy_order(0, ref + 2, ask * QUANTUM, abs(held), GTC, MARKET, False)


@njit
def rule(hbt):
    depth = hbt.depth(0)
    closes = np.zeros(N_MOVE + 1)
    n_bars = n_feeds = n_brackets = 0
    next_ns = state = side = ref = opened_ns = 0
    stop = mean_flow = flow = 0.0
    bid, ask, bid_size, ask_size, close = 0, 0, 0.0, 0.0, 0.0
    while True:
        told = hbt.wait_next_feed(True, DAY_NS)
        if told == END:
            return n_feeds, n_brackets, n_bars
        now = hbt.current_timestamp
        held = hbt.position(0)
        if told == FEED:
            n_feeds += 1
            if now >= next_ns:
                if next_ns and now - next_ns < DAY_NS // 24 and close > 0:
                    while now >= next_ns:
                        next_ns += BAR_NS
                        n_bars += 1
                        mean_flow += (1.0 / n_bars if n_bars <= N_FLOW else 2.0 / (N_FLOW + 1)) * (flow - mean_flow)
                        flow = 0.0
                        closes[n_bars % (N_MOVE + 1)] = close
                        if state == HOLDING and now - opened_ns >= HOLD_NS:
                            leave(hbt, side, ref, held, bid, ask)
                            state = LEAVING
                        elif state == FREE and n_bars >= N_FLOW:
                            move = (close - closes[(n_bars + 1) % (N_MOVE + 1)]) / QUANTUM
                            side = 1 if move > 1.5 and mean_flow > 0 else -1 if move < -1.5 and mean_flow < 0 else 0
                            if side:
                                ref += 3
                                n_brackets += 1
                                enter(hbt, side, ref, bid, ask)
                                stop = (ask if side > 0 else bid) - AWAY * side
                                state = ENTERING
                next_ns = now - now % BAR_NS + BAR_NS
            trades = hbt.last_trades(0)
            if len(trades):
                close = trades[-1].px
                hbt.clear_last_trades(0)
            b, a, bs, az = depth.best_bid_tick, depth.best_ask_tick, depth.best_bid_qty, depth.best_ask_qty
            if b != bid or bs != bid_size:
                flow += (bs if b >= bid else 0.0) - (bid_size if b <= bid else 0.0)
            if a != ask or az != ask_size:
                flow -= (az if a <= ask else 0.0) - (ask_size if a >= ask else 0.0)
            bid, ask, bid_size, ask_size = b, a, bs, az
        if state == ENTERING and held != 0.0:
            target = (stop + 2 * AWAY * side) * QUANTUM
            if side > 0:
                hbt.submit_sell_order(0, ref + 1, target, abs(held), GTC, LIMIT, False)
            else:
                hbt.submit_buy_order(0, ref + 1, target, abs(held), GTC, LIMIT, False)
            state, opened_ns = HOLDING, now
        elif state == HOLDING and held != 0.0 and ((side > 0 and bid <= stop) or (side < 0 and ask >= stop)):
            leave(hbt, side, ref, held, bid, ask)
            state = LEAVING
        elif state >= HOLDING and held == 0.0:
            state = FREE
            hbt.clear_inactive_orders(0)


def feed(day: np.ndarray) -> np.ndarray:
    """Turn quotes into changes of two levels, the new one first, and prints into trades."""
    both = EXCH_EVENT | LOCAL_EVENT
    rows, last = [], {1: None, -1: None}
    for ns, is_quote, px, sz, px2, sz2, side in day.tolist():
        if not is_quote:
            rows.append(
                ((BUY_EVENT if side > 0 else SELL_EVENT if side < 0 else 0) | TRADE_EVENT | both, ns, ns, px * QUANTUM, sz, 0, 0, 0)
            )
            continue
        for of, event, level in ((1, BUY_EVENT, (px, sz)), (-1, SELL_EVENT, (px2, sz2))):
            old = last[of]
            if level != old:
                rows.append((event | DEPTH_EVENT | both, ns, ns, level[0] * QUANTUM, level[1], 0, 0, 0))
                if old is not None and old[0] != level[0]:
                    rows.append((event | DEPTH_EVENT | both, ns, ns, old[0] * QUANTUM, 0, 0, 0, 0))
                last[of] = level
    return np.array(rows, event_dtype)


def play(data: np.ndarray, n_events: int, low: float, high: float) -> dict:
    asset = (
        BacktestAsset().data(data).linear_asset(50.0).constant_order_latency(LATENCY_NS, LATENCY_NS).risk_adverse_queue_model()
        .no_partial_fill_exchange().flat_per_trade_fee_model(2.25, 2.25).tick_size(QUANTUM).lot_size(1.0).roi_lb(low).roi_ub(high)
        .last_trades_capacity(64)
    )  # fmt: skip
    hbt = ROIVectorMarketDepthBacktest([asset])
    gc.collect()
    gc.freeze()
    gc.disable()
    wall, cpu = time.perf_counter(), time.process_time()
    n_feeds, n_brackets, n_bars = rule(hbt)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    gc.enable()
    gc.unfreeze()
    n_trades = int(hbt.state_values(0).num_trades)
    hbt.close()
    return {
        "wall_s": wall,
        "cpu_s": cpu,
        "n_events": n_events,
        "n_brackets": n_brackets,
        "n_feeds": n_feeds,
        "n_bars": n_bars,
        "n_trades": n_trades,
    }


def main(path: str, days: str, _: str) -> None:
    day = np.load(path)
    rows = feed(day)
    data = np.tile(rows, int(days))
    for field in ("exch_ts", "local_ts"):
        data[field] += np.repeat(np.arange(int(days)), len(rows)) * DAY_NS
    span = float(day[:, 2].min()) * QUANTUM - 50.0, float(day[:, 2].max()) * QUANTUM + 50.0
    n_events = len(day) * int(days)
    play(data[: len(rows)].copy(), len(day), *span)  # compile
    print(json.dumps({"ready": n_events}), flush=True)
    for _line in sys.stdin:
        print(json.dumps(play(data, n_events, *span)), flush=True)


main(*sys.argv[1:])
