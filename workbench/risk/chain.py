"""The gate: a proposal becomes `Approved` here or nowhere. Sizing, then every limit in order. Pure; no state, no I/O."""

from __future__ import annotations

from workbench.domain.decisions import Approved, Proposal, Refused
from workbench.domain.orders import Key
from workbench.domain.views import View
from workbench.risk.constitution import Constitution, micros
from workbench.risk.limits import CHECKS, Case, Standing, Terms
from workbench.risk.sizing import contracts_for_risk


def judge(key: Key, wish: Proposal, view: View, terms: Terms, now: Standing, law: Constitution) -> Approved | Refused:
    """Size a proposal and hold it against every limit; the first objection decides.

    A limit that cannot be computed (nan) refuses: not known is not allowed.
    """
    one = terms.contract.cost_micros(abs(wish.entry_px - wish.stop_px))
    qty = 0
    if one > 0:
        qty = contracts_for_risk(risk_micros=micros(law.risk.max_loss_per_trade_usd), one_contract_micros=one)
        qty = min(qty, max(1, _room(wish, terms, now, law, one)))
    case = Case(key, wish, view, terms, now, qty, qty * one)
    for reason, check in CHECKS:
        value, threshold = check(case, law)
        if not value <= threshold:
            return Refused(key, wish, reason, float(value), float(threshold))
    return Approved(key, wish, qty, case.risk_micros)


def _room(wish: Proposal, terms: Terms, now: Standing, law: Constitution, one_micros: int) -> int:
    """Give the contracts for which size, notional, margin and heat leave room; where that is none, their check says so."""
    risk, equity = law.risk, now.equity_micros or 0
    notional = terms.contract.cost_micros(abs(wish.entry_px))
    margin, free = terms.margin(1, wish.entry_px), equity - now.margin_micros
    rooms = [risk.max_contracts_per_order, risk.max_contracts_per_account - now.n_contracts]
    if notional > 0:
        rooms.append(micros(risk.max_notional_usd) // notional)
    if margin > 0:
        fits = free // margin
        rooms.append(fits - (terms.margin(fits, wish.entry_px) > free))  # a share of notional is rounded down for one, not for all
    rooms.append((int(risk.max_heat_frac * equity) - now.heat_micros) // one_micros)
    return min(rooms)
