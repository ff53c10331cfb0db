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
    one = terms.contract.value_micros(abs(wish.entry_px - wish.stop_px))
    qty = 0
    if one > 0:
        room = contracts_for_risk(risk_micros=micros(law.risk.max_loss_per_trade_usd), one_contract_micros=one)
        qty = min(room, law.risk.max_contracts_per_order)
    case = Case(key, wish, view, terms, now, qty, qty * one)
    for reason, check in CHECKS:
        value, threshold = check(case, law)
        if not value <= threshold:
            return Refused(key, wish, reason, float(value), float(threshold))
    return Approved(key, wish, qty, case.risk_micros)
