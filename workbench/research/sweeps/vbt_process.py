"""The program in which vectorbt runs: a question a line, an answer a line, arrays in a file. `vbt` starts it and knows what is asked.

Prices come as the worth of one contract in USD, sizes are whole contracts, signals stand on the row where they are filled.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import vectorbt as vbt

from workbench.research.sweeps.kernels import BUY, LEAVE_LONG, LEAVE_SHORT, SELL

NOTHING = 1e-6  # USD; a trip that made no more than this made nothing
Arrays = Mapping[str, npt.NDArray[Any]]


def portfolio(rows: Arrays, question: Mapping[str, Any]) -> Any:
    """Trade the signals of each column."""
    acts, price, qty = rows["acts"], rows["price"][:, None], question["qty"]
    slip, fee = question["slip_usd"], question["fee_usd"]
    enters = (acts & (BUY | SELL)) != 0
    filled = price + np.where((acts & BUY) != 0, slip, -slip)  # where it enters: the side is known, the number of contracts is not
    return vbt.Portfolio.from_signals(
        pd.DataFrame(np.broadcast_to(rows["close"][:, None], acts.shape), index=pd.to_datetime(rows["times"])),
        (acts & BUY) != 0,
        (acts & LEAVE_LONG) != 0,
        short_entries=(acts & SELL) != 0,
        short_exits=(acts & LEAVE_SHORT) != 0,
        price=price,
        slippage=slip / price,
        size=qty,
        fees=np.where(enters, fee / filled, 0.0),  # a part of the worth: so by the contract, also where a reversal is two of them
        fixed_fees=np.where(enters, 0.0, fee * qty),  # where it can only leave: so many contracts, whichever side
        upon_opposite_entry="reverse",
        init_cash=np.inf,
        max_orders=int((acts != 0).sum()) + 1,  # of all columns; its own guess is one a row and column
    )


def numbers(rows: Arrays, question: Mapping[str, Any]) -> list[list[float | None]]:
    """Give of each column: trips, part of them that won, P&L, fees, drawdown, mean over spread of the P&L of a bar."""
    made = portfolio(rows, question)
    orders, trades = made.orders.records, made.trades.records
    if len(cut := orders["size"][(orders["size"] % question["qty"]) != 0]):
        raise ValueError(f"an order of {cut.iloc[0]} contracts in place of {question['qty']}")
    flow, worth = np.asarray(made.cash_flow(), float), np.asarray(made.asset_value(), float)
    n = rows["acts"].shape[1]
    equity = (np.cumsum(flow.reshape(-1, n), axis=0) + worth.reshape(-1, n))[rows["is_last"]]
    bars = np.diff(equity, axis=0, prepend=0.0)
    spread = bars.std(axis=0)
    fell = (equity - np.maximum.accumulate(np.maximum(equity, 0.0), axis=0)).min(axis=0)
    told: list[list[float | None]] = []
    for column in range(n):
        of = trades[(trades["col"] == column) & (trades["status"] == 1)]
        won = float((of["pnl"] > NOTHING).mean()) if len(of) else None
        fees = float(orders["fees"][orders["col"] == column].sum())
        sharpe = float(bars[:, column].mean() / spread[column]) if spread[column] > 0 else None
        told.append([len(of), won, float(equity[-1, column]), fees, float(fell[column]), sharpe])
    return told


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Do what is asked."""
    with np.load(question["rows"]) as arrays:
        rows = dict(arrays)
    if question["do"] == "page":
        figure = portfolio(rows, question)[0].plot(subplots=["orders", "trade_pnl"])
        figure.write_html(question["path"], include_plotlyjs=True)
        return {"done": True}
    return {"numbers": numbers(rows, question)}


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:  # noqa: BLE001 - told to whoever asked, who raises it
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)  # noqa: T201 - the answer
