"""From a wish to an order: what the limits look at, the verdict, and the bracket of what was approved. No I/O, no clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter

from workbench.domain.decisions import Approved, Issued, Proposal, Refused
from workbench.domain.orders import AnyCommand, Cause, Key
from workbench.domain.units import HOUR, MICROS, MINUTE
from workbench.engine import margin
from workbench.engine.desk import Desk
from workbench.engine.exposure import alike, exposure, group
from workbench.engine.money import at_stake
from workbench.execution.bracket import Bracket
from workbench.execution.exits import days_between
from workbench.risk.limits import Record, Standing
from workbench.risk.standing import INF
from workbench.risk.tables import Tier

RANGE = "atr_14_5m"  # the column that sizing by range looks at, in points
_START = itemgetter(0)


def gate(desk: Desk, key: Key, wish: Proposal, now_ns: int, cause: Cause, *, at_most: int | None = None) -> AnyCommand | None:
    """Hold a wish against the law; approved, it becomes a bracket and its command. One that lacks an answer alone is a question.

    `at_most`: contracts, where it is for no more.
    """
    place = desk.places[key.contract]
    verdict = desk.gate.judge(key, wish, place.view, place.terms, standing(desk, key, now_ns), at_most=at_most)
    desk.facts.append(verdict)
    if isinstance(verdict, Refused):
        counted = desk.memory.n_refused
        counted[verdict.reason.value] = counted.get(verdict.reason.value, 0) + 1
        return margin.ask(desk, verdict, now_ns, cause) if desk.setup.law.risk.ask_margin else None
    return enter(desk, verdict, now_ns, cause)


def enter(desk: Desk, approved: Approved, now_ns: int, cause: Cause) -> AnyCommand:
    """Make a bracket of what was approved, and count it."""
    memory, account = desk.memory, approved.key.account
    command = desk.supervisor.submit(approved, now_ns, cause, desk.ledger.day(account).day)
    memory.orders_ns.extend((now_ns, now_ns, now_ns))
    memory.entries_ns.append(now_ns)
    memory.last_entry_ns = now_ns
    wish = approved.proposal
    desk.ledger.enter(account, desk.contract(approved.key).cost_micros(max(abs(wish.entry_px), abs(wish.worst_px)) * approved.qty))
    desk.facts.append(Issued(command))
    return command


def standing(desk: Desk, key: Key, now_ns: int) -> Standing:
    """Measure everything outside the market that a limit looks at, as of this wish."""
    memory, account, contract, ledger = desk.memory, key.account, key.contract, desk.ledger
    _forget(memory.orders_ns, now_ns - MINUTE)
    _forget(memory.entries_ns, now_ns - HOUR)
    mine = [b for b in desk.supervisor.brackets() if b.key.account == account]
    held = [(b, abs(b.open) + b.rest) for b in mine]
    today, equity, stake = ledger.day(account), ledger.equity(account), sum(at_stake(desk, b) for b in mine)
    now = Standing(
        state=desk.breaker.state,
        is_owned=any(b.key.contract == contract for b in mine),
        n_open=len(mine),
        n_contracts=sum(qty for _, qty in held),
        heat_micros=sum(b.risk_micros * qty // b.qty for b, qty in held),
        margin_micros=sum(desk.places[b.key.contract].terms.margin(qty, b.stop_px) for b, qty in held),
        equity_micros=equity,
        day_loss_before_costs_micros=-today.before_costs_micros + stake,
        n_entries_day=today.n_entries,
        n_entries_hour=len(memory.entries_ns),
        n_orders_minute=len(memory.orders_ns),
        ns_since_entry=None if memory.last_entry_ns is None else now_ns - memory.last_entry_ns,
        losses_in_row=ledger.losses_in_row(account),
        ns_to_close=desk.ns_to_close(contract, now_ns),
        is_quoted=desk.places[contract].is_quoted,
        is_delivered=contract not in desk.undelivered,
        is_law_known=desk.gate.law is desk.setup.law,
        is_paused=contract in memory.paused,
        is_in_window=_is_in_window(desk, now_ns),
        is_foreign=memory.referee.is_foreign(contract),
        is_barred=desk.is_out("strategy", key.strategy),
        day_notional_micros=today.entered_micros,
        margins=margin.known(desk, contract),
        execution_quality=memory.quality.value(contract),
    )
    return _with_books(desk, key, mine, stake, _with_contract(desk, contract, now_ns, _with_tier(desk, key, now)))


def _with_tier(desk: Desk, key: Key, now: Standing) -> Standing:
    tier = tier_of(desk.setup.law.sessions.tiers, (now.equity_micros or 0) / MICROS)
    if tier is None:
        return now
    return now._replace(is_tier_barred=bool(tier.strategies) and key.strategy not in tier.strategies, tier_stop_ticks=tier.max_stop_ticks)


def tier_of(tiers: Sequence[Tier], equity_usd: float) -> Tier | None:
    """Give the tier of an account; one in debt is in the first.

    >>> tiers = (Tier("S", 0.0), Tier("A", 2_500.0))
    >>> [tier_of(tiers, usd).name for usd in (-1.0, 2_499.99, 2_500.0)], tier_of((), 1.0)
    (['S', 'S', 'A'], None)
    """
    return next((tier for tier in reversed(tiers) if tier.from_equity_usd <= max(0.0, equity_usd)), None)


def _with_contract(desk: Desk, contract: int, now_ns: int, now: Standing) -> Standing:
    """Say what the contract itself says: until when it trades, how much of it, how wild it is."""
    memory, place = desk.memory, desk.places[contract]
    days = days_between(desk.ledger.day(desk.setup.account).day, place.contract.expiry)
    open_interest, volume = memory.markets.get(contract, (None, None))
    lock = memory.tally.locks.get(contract)
    return now._replace(
        days_to_expiry=INF if days is None else days,
        lock_left_s=0.0 if lock is None else lock.left_s(now_ns),
        open_interest=open_interest,
        volume=volume,
        range_pts=place.view[RANGE] if desk.setup.law.risk.sizing == "atr" and RANGE in place.view else None,
    )


def _with_books(desk: Desk, key: Key, mine: Sequence[Bracket], stake: int, now: Standing) -> Standing:
    """Say what the books say: weeks, months, the strategy's record, and what is bound."""
    ledger, account, scores = desk.ledger, key.account, desk.ledger.score(key)
    spent = stake + sum(b.fees_micros for b in mine)
    bound = exposure(desk, mine)
    longs, shorts = alike(desk, key.contract, mine)
    return now._replace(
        week_loss_micros=spent - ledger.week_micros(account),
        month_loss_micros=spent - ledger.month_micros(account),
        record=Record(scores.n, scores.n_wins, scores.won_micros, scores.lost_micros),
        notional_micros=bound.notional_micros,
        group_micros=bound.by_group.get(group(desk, key.contract), 0),
        longs=longs,
        shorts=shorts,
    )


def _is_in_window(desk: Desk, now_ns: int) -> bool:
    windows = desk.setup.no_entry
    at = bisect_right(windows, now_ns, key=_START) - 1
    return at >= 0 and now_ns < windows[at][1]


def _forget(times_ns: list[int], before_ns: int) -> None:
    n = bisect_right(times_ns, before_ns)
    if n:
        del times_ns[:n]
