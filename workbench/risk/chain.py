"""The gate: a proposal becomes `Approved` here or nowhere. Sizing, then every limit in order. Pure; no state, no I/O."""

from __future__ import annotations

from workbench.domain.decisions import Approved, Proposal, Refused
from workbench.domain.orders import Key
from workbench.domain.views import View
from workbench.risk.constitution import Constitution, micros
from workbench.risk.limits import Case, Standing, Terms, bound
from workbench.risk.sizing import contracts_for_risk


class Gate:
    """The chain under one law.

    A limit that cannot be computed (nan) refuses: not known is not allowed.
    """

    def __init__(self, law: Constitution) -> None:
        self._law, self._limits = law, bound(law)
        self._risk_micros = micros(law.risk.max_loss_per_trade_usd)
        self._notional_micros = micros(law.risk.max_notional_usd)

    def judge(self, key: Key, wish: Proposal, view: View, terms: Terms, now: Standing) -> Approved | Refused:
        """Size a proposal and hold it against every limit; the first objection decides."""
        contract = terms.contract
        away = abs(wish.entry_px - wish.stop_px)
        one, qty = contract.cost_micros(away), 0
        if one > 0:
            qty = contracts_for_risk(risk_micros=self._risk_micros, one_contract_micros=one)
            qty = min(qty, max(1, self._room(wish, terms, now, one)))
        tick = contract.tick
        case = Case(key, wish, view, terms, now, self._law, qty, qty * one, view.bar.cells, tick, away // tick)
        for measure, threshold, reason in self._limits:
            value = measure(case)
            if not value <= threshold:
                return Refused(key, wish, reason, float(value), float(threshold))
        return Approved(key, wish, qty, case.risk_micros)

    def _room(self, wish: Proposal, terms: Terms, now: Standing, one_micros: int) -> int:
        """Give the contracts for which size, notional, margin and heat leave room; where that is none, their check says so."""
        risk, equity, px = self._law.risk, now.equity_micros or 0, abs(wish.entry_px)
        room = min(
            risk.max_contracts_per_order,
            risk.max_contracts_per_account - now.n_contracts,
            (int(risk.max_heat_frac * equity) - now.heat_micros) // one_micros,
        )
        if (notional := terms.contract.cost_micros(px)) > 0:
            room = min(room, self._notional_micros // notional)
        if (margin := terms.margin(1, px)) > 0:
            free = equity - now.margin_micros
            fits = free // margin
            room = min(room, fits - (terms.margin(fits, px) > free))  # a share of notional is rounded down for one, not for all
        return room


def judge(key: Key, wish: Proposal, view: View, terms: Terms, now: Standing, law: Constitution) -> Approved | Refused:
    """Judge one proposal under a law that is not at hand as a `Gate`: for notebooks and tests."""
    return Gate(law).judge(key, wish, view, terms, now)
