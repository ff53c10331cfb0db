"""A session in a few lines, for the notice at its end. Pure: facts in, text out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from workbench.domain.decisions import AnyFact, Approved, FeeCharged, Latched, Refused, RoundTripClosed, StateChanged, TradingState
from workbench.domain.units import MICROS
from workbench.runtime.notify.notice import About, Notice, Severity


class Tally(msgspec.Struct):
    """What is counted of a run, fact by fact.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.take([StateChanged(TradingState.HALTED, "day loss")])
    >>> print(tally.text("20261119-paper-3", "paper"))
    Session over (paper, run 20261119-paper-3): no round trip.
    Entries approved 0, refused 0. Halted: day loss.
    """

    n_trips: int = 0
    n_won: int = 0
    pnl_micros: int = 0
    fees_micros: int = 0
    worst_micros: int = 0
    n_approved: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    halts: list[str] = msgspec.field(default_factory=list)

    def take(self, facts: Iterable[AnyFact]) -> None:
        """Count."""
        for fact in facts:
            match fact:
                case RoundTripClosed(pnl_micros=pnl, fees_micros=fees):
                    self.n_trips += 1
                    self.n_won += pnl > 0
                    self.pnl_micros += pnl
                    self.fees_micros += fees
                    self.worst_micros = min(self.worst_micros, pnl)
                case FeeCharged(fee_micros=fee):
                    self.pnl_micros -= fee
                    self.fees_micros += fee
                case Approved():
                    self.n_approved += 1
                case Refused(reason=reason):
                    self.refused[reason.value] = self.refused.get(reason.value, 0) + 1
                case StateChanged(state=TradingState.HALTED, why=why):
                    self.halts.append(why)
                case Latched(state=TradingState.HALTED, cause=cause) if cause not in self.halts[-1:]:
                    self.halts.append(cause)
                case _:
                    pass

    def text(self, run: str, mode: str) -> str:
        """Say it."""
        head = f"Session over ({mode}, run {run}): "
        trips = "no round trip." if not self.n_trips else (
            f"{self.n_trips} round trips, {self.n_won} won; P&L after costs {self.pnl_micros / MICROS:+,.2f} USD "
            f"(costs {self.fees_micros / MICROS:,.2f}{f', worst {self.worst_micros / MICROS:+,.2f}' if self.worst_micros else ''})."
        )  # fmt: skip
        reasons = ", ".join(f"{reason} {n}" for reason, n in Counter(self.refused).most_common(3))
        refused = f"Entries approved {self.n_approved}, refused {sum(self.refused.values())}{f' ({reasons})' if reasons else ''}."
        return f"{head}{trips}\n{refused}{f' Halted: {self.halts[-1]}.' if self.halts else ''}"

    def notice(self, run: str, mode: str) -> Notice:
        """Give it as a notice."""
        return Notice(about=About.SUMMARY, severity=Severity.INFO, key=f"summary:{run}", text=self.text(run, mode))
