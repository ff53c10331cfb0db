"""``workbench replay --wire``: a recorded socket played again, for a person and for a script. Arguments and printing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from workbench.runtime.flight.differences import Divergence, Verdict
    from workbench.runtime.flight.rebuilt import Recorded


def replay_the_wire(day: int, run: str | None, data: Path | None, *, as_json: bool) -> NoReturn:
    """Play the bytes of a day again, say what came of it, and end with 0 where all is as it was, else with 1."""
    from workbench.commands.playing import folder_of
    from workbench.config import load_settings
    from workbench.runtime.flight.rebuilt import open_recording, replay_wire

    settings = load_settings()
    folder = folder_of(data, settings.data_path)
    found = open_recording(settings, folder, day, run)
    console = Console(quiet=as_json, highlight=False, soft_wrap=True)
    _announce(console, found)
    verdict = replay_wire(folder, found)
    if as_json:
        typer.echo(json.dumps(numbers(found, verdict)))
    else:
        _show(console, verdict)
    raise typer.Exit(0 if verdict.divergence is None else 1)


def _announce(console: Console, found: Recorded) -> None:
    tape, first = found.tape, found.then[0]
    names = ", ".join(each.manifest.run for each in found.then)
    console.print(f"[bold]workbench replay --wire[/] · {escape(names)} · {first.manifest.mode} · server version {tape.version}")
    console.print(f"  from {_time(first.begin_ns)} to {_time(tape.last_ns)} UTC, {len(tape.sent)} connections")
    for ending in tape.endings:
        console.print(f"  [yellow]{escape(ending)}[/]")
    if found.changed:
        what = ", ".join(found.changed)
        console.print(f"  [yellow]{escape(what)} changed since[/]: a difference below reports that change, it breaks no promise")


def _show(console: Console, verdict: Verdict) -> None:
    console.print(
        f"  held against the log: {verdict.n_records:,} records, {verdict.n_events:,} events, {verdict.n_commands:,} commands, "
        f"{verdict.n_frames:,} frames that left"
    )
    if verdict.n_retimed:
        most = f"{verdict.most_ns / 1e6:.3f} ms at most"
        console.print(
            f"  {verdict.n_retimed:,} records bear another time, by {most}: a timer made them, or they waited for a frame of ours"
        )
    if verdict.divergence is None:
        console.print("[bold]Wire[/] the same records, events, commands and frames")
        return
    said = verdict.divergence
    field = f".{said.field}" if said.field else ""
    console.print(
        f"[bold red]DIVERGED[/] at {_time(said.at_ns)} UTC: [bold]{escape(said.message)}{escape(field)}[/], by the {said.component}"
    )
    console.print(f"  ours {escape(said.ours)}")
    console.print(f"  then {escape(said.then)}")
    if said.why:
        console.print(f"  {escape(said.why)}")


def numbers(found: Recorded, verdict: Verdict) -> dict[str, Any]:
    """Give it for a script."""
    return {
        "session": found.run.sessions[-1],
        "runs": [each.manifest.run for each in found.then],
        "changed": list(found.changed),
        "endings": list(verdict.endings),
        "records": verdict.n_records,
        "events": verdict.n_events,
        "commands": verdict.n_commands,
        "frames": verdict.n_frames,
        "retimed": verdict.n_retimed,
        "dropped": verdict.n_dropped,
        "same": verdict.divergence is None,
        "divergence": _divergence(verdict.divergence),
    }


def _divergence(said: Divergence | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"at": _time(said.at_ns), **said._asdict()}


def _time(ns: int) -> str:
    moment = datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{moment}.{ns % 1_000_000_000:09}"
