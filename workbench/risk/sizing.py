"""How many contracts a proposal may risk. Pure integer arithmetic; no state, no I/O."""

from __future__ import annotations


def contracts_for_risk(*, risk_micros: int, one_contract_micros: int) -> int:
    """Size a trade so that being stopped out costs at most `risk_micros`; rounds down.

    Parameters
    ----------
    risk_micros
        Most that may be lost between entry and stop, fees excluded. Not negative.
    one_contract_micros
        What one contract loses between entry and stop. Positive.

    Examples
    --------
    Twelve ticks of MES risk 15 USD a contract:

    >>> contracts_for_risk(risk_micros=45_000_000, one_contract_micros=15_000_000)
    3
    >>> contracts_for_risk(risk_micros=14_990_000, one_contract_micros=15_000_000)
    0
    """
    if one_contract_micros <= 0 or risk_micros < 0:
        raise ValueError(f"cannot size: {risk_micros=} {one_contract_micros=}")
    return risk_micros // one_contract_micros
