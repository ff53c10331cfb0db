"""The gate: a proposal becomes `Approved` here or nowhere. Sizing, then every limit in order. Pure; no state, no I/O."""

from __future__ import annotations

from operator import le

from workbench.domain.decisions import Approved, Proposal, Refused
from workbench.domain.errors import InvariantError
from workbench.domain.orders import Key
from workbench.domain.views import View
from workbench.risk.constitution import Constitution, micros
from workbench.risk.limits import LIMITS, Standing, Terms, measure
from workbench.risk.sizing import contracts_for_risk


class Gate:
    """The chain under one law.

    A limit that cannot be computed (nan) refuses: not known is not allowed.
    """

    def __init__(self, law: Constitution) -> None:
        self._law, self._thresholds = law, tuple(float(threshold(law)) for _, _, threshold in LIMITS)
        self._risk_micros = micros(law.risk.max_loss_per_trade_usd)
        self._notional_micros = micros(law.risk.max_notional_usd)

    def judge(self, key: Key, wish: Proposal, view: View, terms: Terms, now: Standing) -> Approved | Refused:
        """Size a proposal and hold it against every limit; the first objection decides."""
        one, qty = terms.contract.cost_micros(abs(wish.entry_px - wish.stop_px)), 0
        if one > 0:
            qty = contracts_for_risk(risk_micros=self._risk_micros, one_contract_micros=one)
            qty = min(qty, max(1, self._room(wish, terms, now, one)))
        values = measure(wish, view, terms, now, self._law, qty, one)
        if all(map(le, values, self._thresholds)):  # a nan is above everything
            return Approved(key, wish, qty, qty * one)
        for value, threshold, (_, reason, _) in zip(values, self._thresholds, LIMITS, strict=True):
            if not value <= threshold:
                return Refused(key, wish, reason, float(value), threshold)
        raise InvariantError("a limit was exceeded and then was not")

    def _room(self, wish: Proposal, terms: Terms, now: Standing, one_micros: int) -> int:
        """Give the contracts for which size, notional, margin and heat leave room; where that is none, their measure says so."""
        risk, equity, px = self._law.risk, now.equity_micros or 0, abs(wish.entry_px)
        room = (int(risk.max_heat_frac * equity) - now.heat_micros) // one_micros
        if room > risk.max_contracts_per_order:
            room = risk.max_contracts_per_order
        if room > (left := risk.max_contracts_per_account - now.n_contracts):
            room = left
        if room * (notional := terms.contract.cost_micros(px)) > self._notional_micros:
            room = self._notional_micros // notional
        free = equity - now.margin_micros
        if room > 0 and terms.margin(room, px) > free:
            room = free // terms.margin(1, px)
            room -= terms.margin(room, px) > free  # a share of notional is rounded down for one, not for all
        return room


def judge(key: Key, wish: Proposal, view: View, terms: Terms, now: Standing, law: Constitution) -> Approved | Refused:
    """Judge one proposal under a law that is not at hand as a `Gate`: for notebooks and tests."""
    return Gate(law).judge(key, wish, view, terms, now)
