"""Requests about what exists, and what options are worth."""

from __future__ import annotations

from typing import Annotated

from workbench.wire.contract import CONTRACT, ContractFields, NamedContract
from workbench.wire.message import Ending, Part, Request
from workbench.wire.text import Number


class ReqContractDetails(Request, frozen=True, kw_only=True):
    """All contracts that fit what is known of one."""

    msg_id = 9
    edition = "8"
    req_id: int
    contract: Annotated[ContractFields, Part(f"{CONTRACT} include_expired sec_id_type sec_id issuer_id>=176")]


class ReqOptionParams(Request, frozen=True):
    """Expiries and strikes of an underlying's options; `fut_fop_exchange` empty for all exchanges."""

    msg_id = 78
    req_id: int
    under_symbol: str
    fut_fop_exchange: str
    under_sec_type: str
    under_con_id: int


class ReqMatchingSymbols(Request, frozen=True):
    """Contracts whose names fit a pattern."""

    msg_id = 81
    req_id: int
    pattern: str


class ReqMarketRule(Request, frozen=True):
    """The price steps of a rule."""

    msg_id = 91
    rule_id: int


class CalcImpliedVolatility(Request, frozen=True, kw_only=True):
    """Ask: which volatility means this price."""

    msg_id = 54
    edition = "3"
    req_id: int
    contract: NamedContract
    option_price: Number
    under_price: Number
    n_options: int = 0  # only IB's Python client up to 10.30, and who follows it, sends a number before the options
    options: Annotated[str, Ending()] = ""


class CalcOptionPrice(Request, frozen=True, kw_only=True):
    """Ask: which price means this volatility."""

    msg_id = 55
    edition = "3"
    req_id: int
    contract: NamedContract
    volatility: Number
    under_price: Number
    n_options: int = 0  # only IB's Python client up to 10.30, and who follows it, sends a number before the options
    options: Annotated[str, Ending()] = ""


class CancelCalcImpliedVolatility(Request, frozen=True):
    """No answer needed any more."""

    msg_id = 56
    edition = "1"
    req_id: int


class CancelCalcOptionPrice(Request, frozen=True):
    """No answer needed any more."""

    msg_id = 57
    edition = "1"
    req_id: int
