"""``workbench demo``: one generated trading day from the market to the proof. Arguments and printing; the work is `runtime`'s."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from workbench.commands.notebooks import CHECKOUT
from workbench.commands.pages import show_summary
from workbench.commands.wired import over_the_wire, show_wire, wire_numbers
from workbench.domain.errors import ConfigError, WorkbenchError
from workbench.domain.units import MICROS
from workbench.research.evaluate import Summary, summarise

if TYPE_CHECKING:
    from workbench.pipelines.runner import Page
    from workbench.runtime.demonstration import Demonstration

WHAT: Final = "generated data"
USUAL_PACE: Final = 60.0  # a minute a second
HELP: Final = """Generate a trading day, trade it on paper, prove the replay, and tell what came of it.

Six contracts (ES NQ RTY futures, SPY QQQ IWM) of a seeded market are recorded and traded by the whole engine with a River model under the
profile `demo`; then the day is read back from the recordings and played again: every command must be the same.

Beside it, `workbench paper` trades ten minutes over TCP against `workbench gateway`, a simulated TWS, at twenty times the wall clock, as it
would trade through Interactive Brokers: what it booked must be what the gateway holds, and its replay must issue the same commands.
--no-wire leaves that out. No account, no server.

Everything is kept in data/demo, the day's report among it; the next demo begins anew.

Exit code 1 when anything differs or fails.

To watch it trade, give it a pace, and open the page in a second terminal:

  workbench demo --pace 60 --from 09:25

  workbench dashboard --data data/demo
"""


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("demo", help=HELP)(demo)


def demo(
    data: Annotated[Path, typer.Option(help="Folder the demo writes to; what an earlier demo left there is deleted.")] = Path("data/demo"),
    seed: Annotated[int, typer.Option(help="Of the generated market: another seed is another day.")] = 7,
    activity: Annotated[float, typer.Option(help="How much happens in it; 1 is about 1.5 million records.", min=0.01, max=3)] = 1.0,
    pace: Annotated[
        float | None, typer.Option(help="Log time runs so many times as fast as the wall clock; else as fast as it goes.", min=1)
    ] = None,
    watch_from: Annotated[
        str | None, typer.Option("--from", help="Time of day in New York, 09:25: the pace holds from there on, what is before goes fast.")
    ] = None,
    is_wired: Annotated[bool, typer.Option("--wire/--no-wire", help="Also trade some minutes over TCP.")] = True,
    wire_minutes: Annotated[float, typer.Option(help="How many, of the session; twenty pass in one of yours.", min=0.1, max=60)] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run the demo; exit code 1 if anything differs or fails."""
    from workbench.runtime.demonstration import ACCOUNT, PROFILE, SESSION, demonstrate, moment

    from_ns = None if watch_from is None else moment(SESSION, _time_of_day(watch_from))
    pace = USUAL_PACE if pace is None and from_ns is not None else pace
    console = Console(quiet=as_json, highlight=False)
    title = f"profile [bold]{PROFILE}[/] · {WHAT}, seed {seed} · log session {SESSION} · paper account {ACCOUNT}"
    console.print(f"[bold]workbench demo[/] · {title}\n")
    if pace is not None:
        console.print(f"  {pace:g} x the wall clock; watch it: [bold]workbench dashboard --data {data}[/]\n", soft_wrap=True)
    _clear(data)
    with steps(console) as step, over_the_wire(data, seed, wire_minutes if is_wired else None, step) as wire:
        source = f"{WHAT}, seed {seed}"
        done = demonstrate(data, seed=seed, activity=activity, source=source, step=step, speed=pace, watched_from_ns=from_ns)
        with step("write the day's report", None):
            page = _report(data, done)
        wired = wire()
    summary = summarise(done.facts)
    show_summary(console, summary, {contract.id: contract.symbol for contract in done.logged.contracts}, what=WHAT)
    _show_parity(console, done)
    is_wire_good = show_wire(console, wired)
    _show_speed(console, data, done)
    _show_report(console, page)
    if as_json:
        told = {"wire": wire_numbers(wired), "report": str(page.html) if page is not None else None}
        typer.echo(json.dumps(_numbers(done, summary) | told))
    raise typer.Exit(0 if done.is_same and is_wire_good and (page is None or page.failure is None) else 1)


def _report(data: Path, done: Demonstration) -> Page | None:
    """Run the shipped page on the day; `None` where the workbench was installed without its pages."""
    from workbench.pipelines.contract import read
    from workbench.pipelines.runner import run

    folder = CHECKOUT / "pipelines" / "daily_report"
    if not folder.is_dir():
        return None
    given = {"session": done.logged.session, "data": str(data), "replayed": done.replayed.commands_digest}
    return run(read(folder), given, data / "pages")


def _time_of_day(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--from {text!r}: write a time of day as 09:25") from None


def _clear(data: Path) -> None:
    marker = data / "this-is-a-demo"
    if data.exists() and not data.is_dir():
        raise WorkbenchError(f"{data} is a file: name a folder (--data)")
    if data.exists() and any(data.iterdir()) and not marker.exists():
        raise WorkbenchError(f"{data} is not empty and was not made by the demo: name another folder (--data)")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    marker.write_text("made by `workbench demo`, which deletes this folder when it runs again\n", encoding="utf-8")


def _show_parity(console: Console, done: Demonstration) -> None:
    console.print("\n[bold]Parity[/]")
    if not done.is_same:
        console.print(f"  [bold red]PARITY BROKEN[/]: {done.difference or 'the final states differ'}")
        return
    again = done.replayed
    console.print(f"  [green]the replay issued the very same {again.n_commands:,} commands[/]; digest {again.commands_digest[:16]}…")
    console.print(f"  and ended in the same state, models and books included; digest {again.state_digest[:16]}…")


def _show_speed(console: Console, data: Path, done: Demonstration) -> None:
    n = len(done.logged.records)
    console.print("\n[bold]Speed[/]")
    console.print(f"  paper, durable before each order {n / done.trading_s:>10,.0f} records/s")
    console.print(f"  replay from the recordings       {n / done.replaying_s:>10,.0f} records/s")
    console.print("\n[bold]Where[/]")
    console.print(f"  recordings {data / 'recordings'}", soft_wrap=True)
    console.print(f"  journal    {done.logged.journal}", soft_wrap=True)


def _show_report(console: Console, page: Page | None) -> None:
    if page is None:
        return
    if page.failure is not None:
        console.print(f"  [bold red]the report failed[/] in {escape(str(page.failure))}")
    console.print(f"  report     {page.html}", soft_wrap=True)


def _numbers(done: Demonstration, summary: Summary) -> dict[str, Any]:
    """The result for a script."""
    n = len(done.logged.records)
    return {
        "profile": done.logged.run.profile,
        "data": WHAT,
        "session": done.logged.session,
        "records": n,
        "round_trips": summary.n_trips,
        "pnl_usd": summary.pnl_micros / MICROS,
        "fees_usd": summary.fees_micros / MICROS,
        "refusals": dict(summary.refusals),
        "hit_frac": {each.name: each.hit_frac for each in summary.forecasts},
        "commands": done.replayed.n_commands,
        "commands_digest": done.replayed.commands_digest,
        "state_digest": done.replayed.state_digest,
        "same": done.is_same,
        "paper_records_per_s": round(n / done.trading_s),
        "replay_records_per_s": round(n / done.replaying_s),
        "journal": str(done.logged.journal),
    }


@contextmanager
def steps(console: Console) -> Iterator[Callable[..., Any]]:
    """Show steps as lines, those with a size as bars."""
    bars = Progress(
        TextColumn("  {task.description:<34}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=False,
    )

    @contextmanager
    def step(name: str, size: int | None) -> Iterator[Callable[[int], None]]:
        task = bars.add_task(name, total=size)
        yield lambda at: bars.update(task, completed=at)
        bars.update(task, total=size or 1, completed=size or 1)

    with bars:
        yield step
