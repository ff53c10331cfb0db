"""What was earned and lost: realised P&L, fees and counters a day. Integer money; no I/O, no clock.

Money is micros of the account's currency. Contracts in another currency are refused until a recorded rate exists (`risk.chain`).
"""

from __future__ import annotations

import msgspec

from workbench.domain.orders import Key


class Day(msgspec.Struct):
    """Counters of one account on one account day."""

    day: int = 0
    realised_micros: int = 0  # round trips, after fees
    fees_micros: int = 0  # of those round trips
    n_entries: int = 0
    n_round_trips: int = 0

    @property
    def before_costs_micros(self) -> int:
        """Realised P&L as if nothing had cost anything."""
        return self.realised_micros + self.fees_micros


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

    def enter(self, account: str) -> None:
        """Count an entry."""
        self.day(account).n_entries += 1

    def close(self, key: Key, *, pnl_micros: int, fees_micros: int) -> None:
        """Book a finished round trip: P&L after fees, and the fees."""
        account = key.account
        today = self.day(account)
        today.realised_micros += pnl_micros
        today.fees_micros += fees_micros
        today.n_round_trips += 1
        self._add(key, pnl_micros)
        self.losses[account] = self.losses.get(account, 0) + 1 if pnl_micros < 0 else 0

    def charge(self, key: Key, fee_micros: int) -> None:
        """Book a fee of a round trip that is over already."""
        today = self.day(key.account)
        today.realised_micros -= fee_micros
        today.fees_micros += fee_micros
        self._add(key, -fee_micros)

    def correct(self, key: Key, pnl_micros: int) -> None:
        """Book what a round trip that is over earned more than was known: the exchange corrected a price. Who lost in a row stays."""
        self.day(key.account).realised_micros += pnl_micros
        self._add(key, pnl_micros)

    def _add(self, key: Key, micros: int) -> None:
        self.realised_micros[key.account] = self.realised_micros.get(key.account, 0) + micros
        name = f"{key.account}|{key.contract}|{key.strategy}"
        self.by_key[name] = self.by_key.get(name, 0) + micros

    def losses_in_row(self, account: str) -> int:
        """Give how many round trips in a row lost, newest first."""
        return self.losses.get(account, 0)

    def equity(self, account: str) -> int | None:
        """Give equity in micros as the venue last said it, `None` while it has not."""
        return self.equity_micros.get(account)
