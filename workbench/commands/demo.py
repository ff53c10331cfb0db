"""``workbench demo``: one generated trading day from the market to the proof. Arguments and printing; the work is `runtime`'s."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from workbench.domain.errors import WorkbenchError

ROOTS: Final = ("ES", "NQ", "RTY", "SPY", "QQQ", "IWM")
SESSION: Final = 20261119
ACCOUNT: Final = "DUSIM-DEMO"
WHAT: Final = "generated data"
HELP: Final = """Generate a trading day, trade it on paper, prove the replay, and tell what came of it.

Six contracts (ES NQ RTY futures, SPY QQQ IWM) of a seeded market are recorded and traded by the whole engine with a River model under the
profile `demo`; then the day is read back from the recordings and played again: every command must be the same. No account, no server.

Everything is kept in data/demo; the next demo begins anew.
"""


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command("demo", help=HELP)(demo)


def demo(
    data: Annotated[Path, typer.Option(help="Folder the demo writes to; what an earlier demo left there is deleted.")] = Path("data/demo"),
    seed: Annotated[int, typer.Option(help="Of the generated market: another seed is another day.")] = 7,
    activity: Annotated[float, typer.Option(help="How much happens in it; 1 is about 1.5 million records.", min=0.01, max=3)] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run the demo; exit code 1 if a command differed in the replay."""
    console = Console(quiet=as_json, highlight=False)
    title = f"profile [bold]demo[/] · {WHAT}, seed {seed} · log session {SESSION} · paper account {ACCOUNT}"
    console.print(f"[bold]workbench demo[/] · {title}\n")
    _clear(data)
    result = play(data, seed=seed, activity=activity, console=console)
    if as_json:
        typer.echo(json.dumps(result.facts))
    raise typer.Exit(0 if result.is_same else 1)


def _clear(data: Path) -> None:
    marker = data / "this-is-a-demo"
    if data.exists() and not data.is_dir():
        raise WorkbenchError(f"{data} is a file: name a folder (--data)")
    if data.exists() and any(data.iterdir()) and not marker.exists():
        raise WorkbenchError(f"{data} is not empty and was not made by the demo: name another folder (--data)")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    marker.write_text("made by `workbench demo`, which deletes this folder when it runs again\n", encoding="utf-8")


class Result:
    """What the demo came to: the numbers for a script, and whether the replay was the same."""

    def __init__(self, facts: dict[str, Any], is_same: bool) -> None:
        self.facts, self.is_same = facts, is_same


def play(data: Path, *, seed: int, activity: float, console: Console) -> Result:
    """Generate, trade, seal, replay, print."""
    from workbench.config import load_settings
    from workbench.learning.models import DEFAULT
    from workbench.runtime import build
    from workbench.runtime.generated import generated
    from workbench.runtime.logged import open_log
    from workbench.runtime.paper import paper
    from workbench.runtime.replay import first_difference, issued, replay
    from workbench.simulation.market import MarketSettings
    from workbench.store.sealer import seal

    settings = load_settings()
    with steps(console) as step:
        with step("generate the market", None):
            made = generated(settings, ROOTS, SESSION, seed=seed, market=MarketSettings(activity=activity))
        law = build.constitution("demo")
        setup = build.setup(
            settings, made.contracts, [SESSION], law, account=ACCOUNT, strategies=[("learned", DEFAULT), ("vwap_reversion", "")]
        )
        n = len(made.records)
        began = time.perf_counter()
        with step(f"trade {n:,} records on paper", n) as tell:
            done = asyncio.run(
                paper(
                    data,
                    SESSION,
                    made.contracts,
                    made.records,
                    setup,
                    build.fills(settings),
                    digests={"settings": settings.digest},
                    source=f"{WHAT}, seed {seed}",
                    progress=tell,
                )
            )
        traded_s = time.perf_counter() - began
        with step("seal the tail into recordings", None):
            seal(data)
        with step("read the day back", None):
            logged = open_log(data, SESSION)
            recorded = list(logged.facts())
        began = time.perf_counter()
        with step("replay it from the recordings", None):
            again = asyncio.run(replay(setup, logged.records, logged.arrivals))
        replayed_s = time.perf_counter() - began
    difference = first_difference(issued(recorded), issued(again.facts))
    return _tell(console, data, logged, recorded, difference, done, again, (traded_s, replayed_s))


def _tell(console: Console, data: Path, logged: Any, recorded: list[Any], difference: Any, done: Any, again: Any, seconds: Any) -> Result:
    from workbench.commands.pages import show_summary
    from workbench.research.evaluate import summarise

    traded_s, replayed_s = seconds
    summary = summarise(recorded)
    symbols = {contract.id: contract.symbol for contract in logged.contracts}
    show_summary(console, summary, symbols, what=WHAT)
    is_same = difference is None and again.commands_digest == done.commands_digest and again.state_digest == done.state_digest
    n = len(logged.records)
    console.print("\n[bold]Parity[/]")
    if is_same:
        console.print(f"  [green]the replay issued the very same {again.n_commands:,} commands[/]; digest {again.commands_digest[:16]}…")
        console.print(f"  and ended in the same state, models and books included; digest {again.state_digest[:16]}…")
    else:
        console.print(f"  [bold red]PARITY BROKEN[/]: {difference or 'the final states differ'}")
    console.print("\n[bold]Speed[/]")
    console.print(f"  paper, durable before each order {n / traded_s:>10,.0f} records/s")
    console.print(f"  replay from the recordings       {n / replayed_s:>10,.0f} records/s")
    console.print("\n[bold]Where[/]")
    console.print(f"  recordings {data / 'recordings'}", soft_wrap=True)
    console.print(f"  journal    {logged.journal}", soft_wrap=True)
    facts = {
        "profile": "demo",
        "data": WHAT,
        "session": SESSION,
        "records": n,
        "round_trips": summary.n_trips,
        "pnl_usd": summary.pnl_micros / 1e6,
        "fees_usd": summary.fees_micros / 1e6,
        "refusals": dict(summary.refusals),
        "hit_frac": {each.name: each.hit_frac for each in summary.forecasts},
        "commands": again.n_commands,
        "commands_digest": again.commands_digest,
        "state_digest": again.state_digest,
        "same": is_same,
        "paper_records_per_s": round(n / traded_s),
        "replay_records_per_s": round(n / replayed_s),
        "journal": str(logged.journal),
    }
    return Result(facts, is_same)


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
