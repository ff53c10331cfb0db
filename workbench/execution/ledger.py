"""What was earned and lost: realised P&L, fees and counters by day, week and month. Integer money; no I/O, no clock.

Money is micros of the account's currency. Contracts in another currency are refused until a recorded rate exists (`risk.chain`).
"""

from __future__ import annotations

from datetime import date

import msgspec

from workbench.domain.orders import Key


class Day(msgspec.Struct):
    """Counters of one account on one account day."""

    day: int = 0
    realised_micros: int = 0  # round trips, after fees
    fees_micros: int = 0  # of those round trips
    n_entries: int = 0
    n_round_trips: int = 0
    entered_micros: int = 0  # notional of its entries, filled or not

    @property
    def before_costs_micros(self) -> int:
        """Realised P&L as if nothing had cost anything."""
        return self.realised_micros + self.fees_micros


class Span(msgspec.Struct, array_like=True):
    """What a week or a month of account days earned, after fees."""

    id: int = 0
    realised_micros: int = 0


class Scores(msgspec.Struct, array_like=True):
    """Round trips of one strategy, after fees; both sums not negative."""

    n: int = 0
    n_wins: int = 0
    won_micros: int = 0
    lost_micros: int = 0


def week_of(day: int) -> int:
    """Number the week, from Monday on, of an account day written 20261120.

    >>> week_of(20261120), week_of(20261122), week_of(20261123), week_of(20270101)
    (202647, 202647, 202648, 202653)
    """
    year, week, _ = date(day // 10_000, day // 100 % 100, day % 100).isocalendar() if day >= 10_000 else (0, 0, 0)
    return year * 100 + week


class Ledger(msgspec.Struct):
    """Books of one run.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger.begin_day("DUSIM1", 20261120)
    >>> ledger.close(Key("DUSIM1", 1, "vwap"), pnl_micros=-16_240_000, fees_micros=1_240_000)
    >>> day = ledger.day("DUSIM1")
    >>> day.realised_micros, day.before_costs_micros, ledger.losses_in_row("DUSIM1")
    (-16240000, -15000000, 1)
    """

    days: dict[str, Day] = msgspec.field(default_factory=dict)
    realised_micros: dict[str, int] = msgspec.field(default_factory=dict)  # by account, since the run began
    by_key: dict[str, int] = msgspec.field(default_factory=dict)  # realised micros by account|contract|strategy
    losses: dict[str, int] = msgspec.field(default_factory=dict)  # losses in a row, by account
    equity_micros: dict[str, int] = msgspec.field(default_factory=dict)  # as the venue said last
    weeks: dict[str, Span] = msgspec.field(default_factory=dict)
    months: dict[str, Span] = msgspec.field(default_factory=dict)
    scores: dict[str, Scores] = msgspec.field(default_factory=dict)  # by account|strategy

    def day(self, account: str) -> Day:
        """Give the counters of the account's day."""
        found = self.days.get(account)
        if found is None:
            found = self.days[account] = Day()
        return found

    def begin_day(self, account: str, day: int) -> None:
        """Start the counters anew when the account day has changed, losses in a row as well: a day's lock ends with the day."""
        if self.day(account).day != day:
            self.days[account] = Day(day)
            self.losses.pop(account, None)
            for spans, id_ in ((self.weeks, week_of(day)), (self.months, day // 100)):
                if account not in spans or spans[account].id != id_:
                    spans[account] = Span(id_)

    def enter(self, account: str, notional_micros: int = 0) -> None:
        """Count an entry."""
        today = self.day(account)
        today.n_entries += 1
        today.entered_micros += notional_micros

    def close(self, key: Key, *, pnl_micros: int, fees_micros: int) -> None:
        """Book a finished round trip: P&L after fees, and the fees."""
        account = key.account
        today = self.day(account)
        today.fees_micros += fees_micros
        today.n_round_trips += 1
        self._add(key, pnl_micros)
        self._score(key, pnl_micros)
        self.losses[account] = self.losses.get(account, 0) + 1 if pnl_micros < 0 else 0

    def charge(self, key: Key, fee_micros: int) -> None:
        """Book a fee of a round trip that is over already."""
        self.day(key.account).fees_micros += fee_micros
        self._add(key, -fee_micros)

    def correct(self, key: Key, pnl_micros: int) -> None:
        """Book what a round trip that is over earned more than was known: the exchange corrected a price. Who lost in a row stays."""
        self._add(key, pnl_micros)

    def _add(self, key: Key, micros: int) -> None:
        self.day(key.account).realised_micros += micros
        for spans in (self.weeks, self.months):
            if (span := spans.get(key.account)) is None:
                span = spans[key.account] = Span()
            span.realised_micros += micros
        self.realised_micros[key.account] = self.realised_micros.get(key.account, 0) + micros
        name = f"{key.account}|{key.contract}|{key.strategy}"
        self.by_key[name] = self.by_key.get(name, 0) + micros

    def _score(self, key: Key, pnl_micros: int) -> None:
        name = f"{key.account}|{key.strategy}"
        scores = self.scores.get(name)
        if scores is None:
            scores = self.scores[name] = Scores()
        scores.n += 1
        if pnl_micros > 0:
            scores.n_wins, scores.won_micros = scores.n_wins + 1, scores.won_micros + pnl_micros
        else:
            scores.lost_micros -= pnl_micros

    def score(self, key: Key) -> Scores:
        """Give what a strategy's round trips in an account earned so far."""
        return self.scores.get(f"{key.account}|{key.strategy}") or Scores()

    def week_micros(self, account: str) -> int:
        """Give realised P&L after fees since Monday's account day."""
        return self.weeks[account].realised_micros if account in self.weeks else 0

    def month_micros(self, account: str) -> int:
        """Give realised P&L after fees since the month's first account day."""
        return self.months[account].realised_micros if account in self.months else 0

    def losses_in_row(self, account: str) -> int:
        """Give how many round trips in a row lost, newest first."""
        return self.losses.get(account, 0)

    def equity(self, account: str) -> int | None:
        """Give equity in micros as the venue last said it, `None` while it has not."""
        return self.equity_micros.get(account)
