"""The demo's minutes over TCP: begun beside the day, and what they came to, for a person and for a script. Printing; no work of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from workbench.domain.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.runtime.rehearsal import Wired


@contextmanager
def over_the_wire(
    data: Path, seed: int, minutes: float | None, step: Callable[..., Any]
) -> Iterator[Callable[[], Wired | WorkbenchError | None]]:
    """Run the minutes beside what is done within; yield what waits for them and gives what they came to, or why they failed.

    `None` minutes are none. Whatever ends the block ends the processes.
    """
    from workbench.config import load_settings
    from workbench.runtime.demonstration import SESSION, WIRE_FOLDER
    from workbench.runtime.rehearsal import Rehearsal, told_until_heard

    if minutes is None:
        yield lambda: None
        return
    with step(f"trade {minutes:g} minutes over TCP", round(minutes * 60)) as tell, told_until_heard() as heard:
        rehearsal = Rehearsal(load_settings(), data / WIRE_FOLDER, seed=seed, session=SESSION, minutes=minutes, tell=tell)

        def result() -> Wired | WorkbenchError:
            rehearsal.wait()
            with step("replay what went over TCP", None):
                try:
                    return rehearsal.result()
                except WorkbenchError as error:
                    return error

        try:
            rehearsal.start()
            yield result
        finally:
            heard()
            rehearsal.end()


def show_wire(console: Console, wired: Wired | WorkbenchError | None) -> bool:
    """Show it, and say whether all is as it must be."""
    if wired is None:
        return True
    console.print("\n[bold]Over TCP[/], a simulated TWS and a process that trades through it")
    if isinstance(wired, WorkbenchError):
        console.print(f"  [bold red]failed[/]: {escape(str(wired))}", soft_wrap=True)
        return False
    symbols = ", ".join(contract.symbol for contract in wired.logged.contracts)
    at = f"{wired.minutes:.1f} minutes of {symbols} at x{wired.speed}"
    console.print(f"  {at}; history fetched and connected after {_seconds(wired.connected_s)}, ready after {_seconds(wired.ready_s)}")
    console.print(
        f"  {wired.n_brackets} brackets sent, {wired.n_exits} exits, {wired.n_fills} fills, {wired.n_round_trips} round trips; "
        f"P&L {wired.pnl_usd:+,.2f} USD of no meaning: strategy {_strategies(wired)} has no idea of the market"
    )
    _show_truth(console, wired)
    if wired.difference is not None or not wired.is_same_state:
        console.print(f"  [bold red]PARITY BROKEN[/]: {escape(str(wired.difference or 'the final states differ'))}", soft_wrap=True)
    else:
        again = f"the replay issued the very same {wired.n_commands:,} commands"
        console.print(f"  [green]{again}[/], and ended in the same state; digest {wired.commands_digest[:16]}…")
    return wired.is_good


def _show_truth(console: Console, wired: Wired) -> None:
    truth = wired.truth
    if truth.differences:
        console.print("  [bold red]our books are not the gateway's[/]:")
        for each in truth.differences:
            console.print(f"    {escape(each)}", soft_wrap=True)
        return
    later = f"; {truth.n_later} more after the run had ended, by stops and targets left at work" if truth.n_later else ""
    console.print(f"  [green]our books are the gateway's[/]: {truth.n_executions} executions with price and fee, and all positions{later}")


def wire_numbers(wired: Wired | WorkbenchError | None) -> dict[str, Any] | None:
    """Give it for a script."""
    if wired is None or isinstance(wired, WorkbenchError):
        return None if wired is None else {"good": False, "failure": str(wired)}
    return {
        "good": wired.is_good,
        "failure": None,
        "run": wired.logged.run.run,
        "speed": wired.speed,
        "minutes": round(wired.minutes, 3),
        "records": len(wired.logged.records),
        "connected_s": wired.connected_s,
        "ready_s": wired.ready_s,
        "brackets": wired.n_brackets,
        "exits": wired.n_exits,
        "fills": wired.n_fills,
        "round_trips": wired.n_round_trips,
        "pnl_usd": wired.pnl_usd,
        "books_equal": not wired.truth.differences,
        "executions": wired.truth.n_executions,
        "executions_later": wired.truth.n_later,
        "differences": list(wired.truth.differences),
        "commands": wired.n_commands,
        "commands_digest": wired.commands_digest,
        "same": wired.difference is None and wired.is_same_state,
        "journal": str(wired.logged.journal),
    }


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"


def _strategies(wired: Wired) -> str:
    return ", ".join(name for name, _ in wired.logged.run.traders)
