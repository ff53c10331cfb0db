"""The gate: a proposal becomes `Approved` here or nowhere. Soundness, sizing, then every limit in order. No I/O.

What was measured last of each key is kept to be shown (`Gate.rows`); no verdict depends on it.
"""

from __future__ import annotations

from operator import le
from typing import Any, Final, NamedTuple

from workbench.domain.chase import Chase
from workbench.domain.decisions import Approved, Proposal, Reason, Refused
from workbench.domain.errors import InvariantError
from workbench.domain.orders import Key, OrderType, Side
from workbench.domain.views import View
from workbench.risk.constitution import Constitution, micros
from workbench.risk.limits import LIMITS, Standing, Terms, measure, thresholds
from workbench.risk.sizing import contracts_for_risk, kelly_micros, range_micros

LARGEST: Final = 1 << 62  # no price and no time is further from 0


class Row(NamedTuple):
    """One limit as it was held against a proposal."""

    name: str
    reason: Reason
    value: float
    threshold: float

    @property
    def is_kept(self) -> bool:
        """Whether the proposal is within it; a value that is no number never is."""
        return self.value <= self.threshold


class Gate:
    """The chain under one law.

    A limit that cannot be computed (nan) refuses: not known is not allowed.
    """

    def __init__(self, law: Constitution) -> None:
        self.law, self.thresholds = law, thresholds(law)
        risk = law.risk
        self._risk_micros, self._notional_micros = micros(risk.max_loss_per_trade_usd), micros(risk.max_notional_usd)
        self._day_notional_micros = micros(risk.max_notional_per_day_usd)
        self._is_plain = risk.sizing == "fixed" and not risk.max_loss_per_trade_frac
        self._is_levered = bool(risk.max_leverage or risk.max_group_leverage or risk.max_notional_per_day_usd)
        self._measured: dict[Key, tuple[int, tuple[float, ...]]] = {}

    def judge(self, key: Key, wish: Proposal, view: View, terms: Terms, now: Standing, *, at_most: int | None = None) -> Approved | Refused:
        """Size a proposal, for `at_most` contracts where that is said, and hold it against every limit; the first objection decides."""
        if not is_whole(wish):
            return Refused(key, wish, Reason.MALFORMED, 1.0, 0.0)
        one = terms.contract.cost_micros(abs(wish.worst_px - wish.stop_px))
        qty = self._size(wish, terms, now, one) if one > 0 else 0
        if at_most is not None and qty > at_most:
            qty = at_most
        values = measure(wish, view, terms, now, self.law, qty, one)
        self._measured[key] = qty, values
        if all(map(le, values, self.thresholds)):  # a nan is above everything
            return Approved(key, wish, qty, qty * one)
        for value, threshold, (_, reason, _) in zip(values, self.thresholds, LIMITS, strict=True):
            if not value <= threshold:
                return Refused(key, wish, reason, float(value), threshold)
        raise InvariantError("a limit was exceeded and then was not")

    def rows(self, key: Key) -> tuple[Row, ...]:
        """Give every limit as it was held against the last proposal of a key that could be measured; none: nothing was."""
        _, values = self._measured.get(key, (0, ()))
        held = zip(LIMITS, values, self.thresholds, strict=False)
        return tuple(Row(name, reason, float(value), threshold) for (name, reason, _), value, threshold in held)

    def qty(self, key: Key) -> int:
        """Give the size that was measured then."""
        return self._measured.get(key, (0, ()))[0]

    # ------------------------------------------------------------------ size
    def _size(self, wish: Proposal, terms: Terms, now: Standing, one_micros: int) -> int:
        budget, least = self._risk_micros, one_micros
        if not self._is_plain:
            budget, least = self._budget(budget, now), self._least(terms, now, one_micros)
        qty = contracts_for_risk(risk_micros=budget, one_contract_micros=least)
        return min(qty, max(1, self._room(wish, terms, now, one_micros)))

    def _budget(self, most_micros: int, now: Standing) -> int:
        """Give what may be lost at the stop: the tightest of the law's figures and, where it sizes so, of Kelly's."""
        risk, equity = self.law.risk, max(0, now.equity_micros or 0)
        if risk.max_loss_per_trade_frac:
            most_micros = min(most_micros, int(risk.max_loss_per_trade_frac * equity))
        if risk.sizing == "kelly":
            kelly = kelly_micros(*now.record, share=risk.kelly_share, at_least=risk.kelly_min_trades, equity_micros=equity)
            most_micros = most_micros if kelly is None else min(most_micros, kelly)
        return most_micros

    def _least(self, terms: Terms, now: Standing, one_micros: int) -> int:
        """Give what a contract is taken to lose: at its stop, or over some average ranges where the law sizes so."""
        if self.law.risk.sizing != "atr":
            return one_micros
        num, den = terms.contract.worth
        point = num / den / float(terms.contract.quantum)
        return max(one_micros, range_micros(now.range_pts, self.law.risk.atr_stops, point))

    def _room(self, wish: Proposal, terms: Terms, now: Standing, one_micros: int) -> int:
        """Give the contracts for which size, notional, margin and heat leave room; where that is none, their measure says so."""
        risk, equity, px = self.law.risk, now.equity_micros or 0, max(abs(wish.entry_px), abs(wish.worst_px))
        room = (int(risk.max_heat_frac * equity) - now.heat_micros) // one_micros
        if room > risk.max_contracts_per_order:
            room = risk.max_contracts_per_order
        if room > (left := risk.max_contracts_per_account - now.n_contracts):
            room = left
        if room * (notional := terms.contract.cost_micros(px)) > self._notional_micros:
            room = self._notional_micros // notional
        if self._is_levered and notional and room > 0:
            room = min(room, self._levered(now, equity) // notional)
        free = equity - now.margin_micros
        if room > 0 and terms.margin(room, px) > free:
            room = free // terms.margin(1, px)
            room -= terms.margin(room, px) > free  # a share of notional is rounded down for one, not for all
        return room

    def _levered(self, now: Standing, equity: int) -> int:
        """Give the notional that leverage, of all and of the group, and the day's entries leave."""
        risk = self.law.risk
        left = self._day_notional_micros - now.day_notional_micros if self._day_notional_micros else LARGEST
        if risk.max_leverage:
            left = min(left, int(risk.max_leverage * equity) - now.notional_micros)
        if risk.max_group_leverage:
            left = min(left, int(risk.max_group_leverage * equity) - now.group_micros)
        return left


def is_whole(wish: Proposal) -> bool:
    """Tell whether a proposal can be reckoned with: whole numbers of Python's own, a known side and type, a confidence that is a share.

    The engine has asked a strategy's answer the same (`strategies.base.nonsense`); the gate believes nobody.
    """
    side, kind, entry, stop, target, hold_ns, confidence, *_ = given = tuple(wish)  # whatever it says
    return (
        len(given) >= 7
        and (type(side) is int or type(side) is Side)
        and (side == 1 or side == -1)
        and type(kind) is OrderType
        and type(entry) is type(stop) is type(target) is type(hold_ns) is int
        and -LARGEST < entry < LARGEST
        and -LARGEST < stop < LARGEST
        and -LARGEST < target < LARGEST
        and -LARGEST < hold_ns < LARGEST
        and (confidence is None or _is_share(confidence))
        and (wish.chase is None or _is_chase(wish.chase))
    )


def _is_chase(value: Any) -> bool:
    return type(value) is Chase and all(type(each) is int and -LARGEST < each < LARGEST for each in value)


def _is_share(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and not (value < 0 or value > 1)  # nan is for its limit to refuse


def judge(key: Key, wish: Proposal, view: View, terms: Terms, now: Standing, law: Constitution) -> Approved | Refused:
    """Judge one proposal under a law that is not at hand as a `Gate`: for notebooks and tests."""
    return Gate(law).judge(key, wish, view, terms, now)
