"""How many contracts a proposal may risk. Pure arithmetic; no state, no I/O.

Three ways. *fixed*: the budget over what a contract loses at its stop. *atr*: the same, but a contract is taken to lose at least some
average true ranges, so that a tight stop in a wild market buys no more. *kelly*: a share of the Kelly fraction of equity as the budget, if
that is less. Both of the others only ever make the fixed size smaller, and fall back to it where they know too little.
"""

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


def range_micros(range_pts: float | None, n_ranges: float, one_point_micros: float) -> int:
    """What a contract loses over so many average true ranges, in micros, rounded up; 0 where the range is not known.

    >>> range_micros(2.5, 2.0, 5_000_000.0), range_micros(None, 2.0, 5_000_000.0)      # MES: 5 USD a point
    (25000000, 0)
    """
    if range_pts is None or not 0 < range_pts < 1e12:
        return 0
    return -int(-range_pts * n_ranges * one_point_micros // 1)


def kelly_micros(n: int, n_wins: int, won_micros: int, lost_micros: int, *, share: float, at_least: int, equity_micros: int) -> int | None:
    """Give a share of the Kelly fraction of equity as the budget of a trade; `None` where too little is known to say one.

    ``f = p - (1 - p) / b`` with ``p`` the share of round trips that won and ``b`` the average win over the average loss; below 0 it is 0.
    Source: Kelly (1956), A New Interpretation of Information Rate.

    Parameters
    ----------
    n, n_wins
        Round trips of the strategy, and those of them that won.
    won_micros, lost_micros
        What those that won earned, and what the others lost, both not negative.
    at_least
        Round trips before it is believed.

    Examples
    --------
    Half of forty win twice what the others lose: f is 0.25, a quarter of it 6.25 % of 100,000 USD.

    >>> kelly_micros(40, 20, 4_000, 2_000, share=0.25, at_least=30, equity_micros=100_000_000_000)
    6250000000
    >>> kelly_micros(40, 10, 1_000, 3_000, share=0.25, at_least=30, equity_micros=100_000_000_000)
    0
    >>> kelly_micros(29, 20, 4_000, 2_000, share=0.25, at_least=30, equity_micros=100_000_000_000) is None
    True
    """
    n_losses = n - n_wins
    if n < at_least or not n_wins or not n_losses or lost_micros <= 0 or won_micros <= 0:
        return None
    p, b = n_wins / n, (won_micros / n_wins) / (lost_micros / n_losses)
    return int(max(0.0, p - (1 - p) / b) * share * max(0, equity_micros))
