"""Records for the tests of the stores: like a market's, every field in use, and each a function of its `seq`. No real data."""

from __future__ import annotations

import numpy as np

from workbench.domain.contracts import Contract, ContractType
from workbench.domain.records import RECORD, Kind, Records
from workbench.domain.units import SECOND
from workbench.store.epochs import first_seq

SESSION = 20261120
START_NS = 1_795_100_400 * SECOND
KINDS = np.array([Kind.QUOTE, Kind.QUOTE, Kind.QUOTE, Kind.PRINT, Kind.DEPTH_UPDATE, Kind.TIME], "u1")


def tape(n: int, *, epoch: int = 1, start: int = 0, contracts: tuple[int, ...] = (1, 2)) -> Records:
    """Make the records numbered `start` to `start + n` of an epoch; the same ones whatever else is made."""
    i = np.arange(start, start + n, dtype="i8")
    noise = (i * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) >> 33  # a linear congruential step, wrapping
    records = np.zeros(n, RECORD)
    records["seq"] = first_seq(epoch) + i
    records["recv_ns"] = START_NS + i * 1_000_003
    records["event_ns"] = records["recv_ns"] - (noise & 0xFFFFF)
    records["px"] = 24_000 + (noise & 63) - 4_000 * (i % 97 == 0)  # 20,000 now and then: jumps are packed too
    records["px2"] = records["px"] + 1 - (i % 11 == 0)
    records["sz"], records["sz2"] = noise & 255, (noise >> 8) & 255
    records["kind"] = KINDS[i % len(KINDS)]
    records["contract"] = np.where(records["kind"] == Kind.TIME, 0, np.array(contracts)[i % len(contracts)])
    records["side"] = (noise % 3 - 1).astype("i1")
    records["level"] = i % 10
    records["flags"] = noise & 63
    return records


def contract(contract_id: int = 1, **changes: object) -> Contract:
    """Make a contract, ES unless changed."""
    fields = {
        "root": "ES", "symbol": f"ES{contract_id}", "type": ContractType.FUTURE, "exchange": "CME", "currency": "USD",
        "calendar": "CME Globex Equity", "multiplier": "50", "price_quantum": "0.25", "order_increment": "0.25",
    }  # fmt: skip
    return Contract(id=contract_id, **(fields | changes))
