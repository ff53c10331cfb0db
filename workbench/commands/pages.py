"""What a summary looks like in a terminal. Text only; every number comes in ready."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from workbench.domain.units import MICROS
from workbench.research.evaluate import Forecasts, Summary


def show_summary(console: Console, summary: Summary, symbols: Mapping[int, str], *, what: str) -> None:
    """Print round trips, refusals and forecasts; `what` is said beside every P&L (``generated data``)."""
    show_trips(console, summary, symbols, what)
    show_refusals(console, summary)
    for each in summary.forecasts:
        show_forecasts(console, each)
    for state, why in summary.states:
        console.print(f"  trading state became [bold]{state}[/]: {why}")


def show_trips(console: Console, summary: Summary, symbols: Mapping[int, str], what: str) -> None:
    """Print round trips by contract and strategy, with a total."""
    if not summary.trips:
        console.print("\nNo round trip was closed.")
        return
    table = Table(title=f"Round trips, P&L after costs ({what})", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name, right in (("contract", False), ("strategy", False), ("trips", True), ("won", True), ("mean R", True), ("minutes", True)):
        table.add_column(name, justify="right" if right else "left")
    for name in ("fees USD", "worst USD", "P&L USD"):
        table.add_column(name, justify="right")
    for each in summary.trips:
        table.add_row(
            symbols.get(each.contract, str(each.contract)),
            each.strategy,
            f"{each.n}",
            f"{each.n_won}",
            f"{each.mean_r:+.2f}",
            f"{each.mean_minutes:.1f}",
            _usd(each.fees_micros),
            _usd(each.worst_micros),
            _signed(each.pnl_micros),
        )
    n_won = sum(each.n_won for each in summary.trips)
    total = (f"{summary.n_trips}", f"{n_won}", "", "", _usd(summary.fees_micros), "", _signed(summary.pnl_micros))
    table.add_row("[bold]all[/]", "", *total, style="bold")
    console.print()
    console.print(table)


def show_refusals(console: Console, summary: Summary) -> None:
    """Print what risk refused, by reason."""
    if not summary.refusals:
        return
    total = sum(n for _, n in summary.refusals)
    parts = " · ".join(f"{reason} {n:,}" for reason, n in summary.refusals[:9])
    console.print(f"\n[bold]Refused by risk[/] {total:,} wishes: {parts}", highlight=False)


def show_forecasts(console: Console, each: Forecasts) -> None:
    """Print how good one recipe's forecasts were, and its reliability table."""
    if each.hit_frac is None or each.margin is None:
        console.print(f"\n[bold]Forecasts of {each.name}[/]: {each.n_made:,} made, no outcome known yet", highlight=False)
        return
    console.print(
        f"\n[bold]Forecasts of {each.name}[/]: {each.n_made:,} made, {each.n_known:,} outcomes known, {each.n_void:,} void; "
        f"{each.hit_frac:.1%} ± {each.margin:.1%} pointed the right way; Brier {each.brier:.4f} (a coin 0.2500), "
        f"calibration error {each.ece:.3f}, drift {each.n_drifts} times",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("  said p(up)", justify="right")
    table.add_column("n", justify="right")
    table.add_column("was up", justify="right")
    table.add_column("")
    for row in each.bins:
        freq = row.freq or 0.0
        style = "dim" if row.n < 30 else ""
        table.add_row(f"{row.lo:.3g} to {row.hi:.3g}", f"{row.n:,}", f"{freq:.1%}", "▇" * round(freq * 30), style=style)
    console.print(table)


def _usd(micros: int) -> str:
    return f"{micros / MICROS:,.2f}"


def _signed(micros: int) -> str:
    color = "green" if micros > 0 else "red" if micros < 0 else ""
    text = f"{micros / MICROS:+,.2f}"
    return f"[{color}]{text}[/]" if color else text
