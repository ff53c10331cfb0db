"""From a wish to an order: what the limits look at, the verdict, and the bracket of what was approved. No I/O, no clock."""

from __future__ import annotations

from bisect import bisect_right

from workbench.domain.decisions import Approved, Issued, Proposal, Refused
from workbench.domain.orders import AnyCommand, Cause, Key
from workbench.domain.units import HOUR, MINUTE
from workbench.engine.desk import Desk
from workbench.engine.money import at_stake
from workbench.risk.limits import Standing


def gate(desk: Desk, key: Key, wish: Proposal, now_ns: int, cause: Cause) -> AnyCommand | None:
    """Hold a wish against the law; approved, it becomes a bracket and its command."""
    place = desk.places[key.contract]
    verdict = desk.gate.judge(key, wish, place.view, place.terms, standing(desk, key, now_ns))
    desk.facts.append(verdict)
    if isinstance(verdict, Refused):
        counted = desk.memory.n_refused
        counted[verdict.reason.value] = counted.get(verdict.reason.value, 0) + 1
        return None
    return enter(desk, verdict, now_ns, cause)


def enter(desk: Desk, approved: Approved, now_ns: int, cause: Cause) -> AnyCommand:
    """Make a bracket of what was approved, and count it."""
    memory, account = desk.memory, approved.key.account
    command = desk.supervisor.submit(approved, now_ns, cause, desk.ledger.day(account).day)
    memory.orders_ns.extend((now_ns, now_ns, now_ns))
    memory.entries_ns.append(now_ns)
    memory.last_entry_ns = now_ns
    desk.ledger.enter(account)
    desk.facts.append(Issued(command))
    return command


def standing(desk: Desk, key: Key, now_ns: int) -> Standing:
    """Measure everything outside the market that a limit looks at, as of this wish."""
    memory, account = desk.memory, key.account
    _forget(memory.orders_ns, now_ns - MINUTE)
    _forget(memory.entries_ns, now_ns - HOUR)
    mine = [b for b in desk.supervisor.brackets() if b.key.account == account]
    held = [(b, abs(b.open) + b.rest) for b in mine]
    today = desk.ledger.day(account)
    return Standing(
        state=desk.breaker.state,
        is_owned=any(b.key.contract == key.contract for b in mine) or memory.referee.is_foreign(key.contract),
        n_open=len(mine),
        n_contracts=sum(qty for _, qty in held),
        heat_micros=sum(b.risk_micros * qty // b.qty for b, qty in held),
        margin_micros=sum(desk.places[b.key.contract].terms.margin(qty, b.stop_px) for b, qty in held),
        equity_micros=desk.ledger.equity(account),
        day_loss_before_costs_micros=-today.before_costs_micros + sum(at_stake(desk, b) for b in mine),
        n_entries_day=today.n_entries,
        n_entries_hour=len(memory.entries_ns),
        n_orders_minute=len(memory.orders_ns),
        ns_since_entry=None if memory.last_entry_ns is None else now_ns - memory.last_entry_ns,
        losses_in_row=desk.ledger.losses_in_row(account),
        ns_to_close=desk.ns_to_close(key.contract, now_ns),
        is_quoted=desk.places[key.contract].is_quoted,
        is_delivered=key.contract not in desk.undelivered,
    )


def _forget(times_ns: list[int], before_ns: int) -> None:
    n = bisect_right(times_ns, before_ns)
    if n:
        del times_ns[:n]
