"""``workbench halt | flatten | resume | adopt | roll | fills``: what a person says to a run, from any shell. Writes requests, waits."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from workbench.commands.playing import AsJson, DataFolder, folder_of
from workbench.domain.errors import ConfigError

ANSWER_S: Final = 10.0
ALIVE_S: Final = 10.0  # a run that said nothing for longer is none
POLL_S: Final = 0.1
BY: Final = "operator"
HALT_HELP: Final = """Halt: no entries from within a second on, stops and exits go on.

The file data/HALT is all there is to it, `touch` does the same. It halts as long as it lies there, also a run that begins later. It touches
no position: see workbench flatten. Lift it with workbench resume --lift.

  workbench halt --why "news at two"
"""
FLATTEN_HELP: Final = """Leave positions now: entries are withdrawn, what is held is closed at the market.

The run is halted from then on, until workbench resume.

  workbench flatten --all --why "leaving the house" --yes

  workbench flatten --root ES --why "rolled by hand" --yes      (the others keep their stops; the run is halted all the same)

Where no run answers within ten seconds the HALT file is laid down instead, and nothing is flattened later behind your back: do it in TWS.
"""
RESUME_HELP: Final = """Lift every halt that waits for a person.

By hand, after a loss, after a fill that nobody could explain, after a message of the broker that nobody knows.

What still holds comes back by itself. A run that lost up to a limit wants words typed, so that nobody lifts it in passing:

  workbench resume --why "looked at TWS, flat"

  workbench resume --why "a new day" --words "resume after a loss"

  workbench resume --lift --why "news is over"      (takes data/HALT away first; while it lies there nothing is resumed)
"""
ADOPT_HELP: Final = """Hand a position over that is not ours, bought in TWS or by another program.

It gets a real stop and a target at the broker, an end by time, and is looked after and booked like any other, as strategy "adopted".

  workbench adopt ES --stop 5000

  workbench adopt ESZ6 --stop 5000 --target 5080 --hold 240 --qty 1

Prices in points. Without --target one stands twice as far from the market as the stop; without --hold it ends after a day.
"""
ROLL_HELP: Final = """Move positions of a root into the month that leads, now: out first, then in again through every limit.

The stop keeps its distance from the market, what was left of the time goes over, each month is booked by itself. What the limits refuse
over there stays flat. Without this command the constitution says whether and when positions are moved (sessions.roll).

  workbench roll ES --preview                          (what it would be and cost; nothing happens)

  workbench roll ES --why "December is over" --yes
"""
FILLS_HELP: Final = """Enter executions that the broker tells no more: IB tells those of about a week, a weekend and a reset may hide some.

Only what fits the difference between the broker's position and our books is taken; nothing is guessed.
"""
IMPORT_HELP: Final = """Enter the executions of a Flex query in XML.

Its section Trades needs ibExecID, orderReference, conid, quantity, tradePrice and ibCommission. Rows are ours by their order reference;
those booked already are passed over, and each is told what became of it.

  workbench fills import FLEX.xml --why "Friday's statement"
"""
TYPE_HELP: Final = """Enter one execution by hand, from what TWS shows: bracket, leg (entry, stop, target, exit), quantity, price in points.

  workbench fills type 17 stop 2 5000.25 --why "TWS trade log, 15:59:58"
"""
Why = Annotated[str, typer.Option("--why", help="Your reason; it stands in the log.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for name, text, command in (
        ("halt", HALT_HELP, halt),
        ("flatten", FLATTEN_HELP, flatten),
        ("resume", RESUME_HELP, resume),
        ("adopt", ADOPT_HELP, adopt),
        ("roll", ROLL_HELP, roll),
    ):
        app.command(name, help=_lines(text))(command)
    fills = typer.Typer(help=_lines(FILLS_HELP), no_args_is_help=True, rich_markup_mode=None)
    fills.command("import", help=_lines(IMPORT_HELP))(fills_import)
    fills.command("type", help=_lines(TYPE_HELP))(fills_type)
    app.add_typer(fills, name="fills")


def _lines(text: str) -> str:
    return "\n\n".join(part if part.startswith(" ") else part.replace("\n", " ") for part in text.split("\n\n"))


# ---------------------------------------------------------------------- the commands
def halt(why: Why = "no reason given", data: DataFolder = None, as_json: AsJson = False) -> None:
    """Lay the HALT file down, and see that a run heard of it."""
    from workbench.store.requests import raise_halt

    folder = _data(data)
    path = raise_halt(folder, why, BY)
    until = time.monotonic() + ANSWER_S
    while (state := _state(folder)) not in (None, "halted") and time.monotonic() < until:
        time.sleep(POLL_S)
    if state is None:
        _end({"good": True, "is_running": False, "answer": f"nobody runs here; {path} lies there, and the next start is halted"}, as_json)
    heard = state == "halted"
    text = (
        "halted: no entries; stops and exits go on" if heard else f"{path} lies there, and the run has not said that it halted: look at it"
    )
    _end({"good": heard, "is_running": True, "answer": text}, as_json)


def flatten(
    why: Why,
    every: Annotated[bool, typer.Option("--all", help="Every position.")] = False,
    root: Annotated[str | None, typer.Option("--root", help="Positions of one root, ES; the run is halted as a whole.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Leave positions."""
    from workbench.store.requests import raise_halt

    if every == (root is not None):
        raise ConfigError("say what to leave: --all, or --root ES")
    _must_mean_it(yes, f"Leave {'every position' if every else f'positions of {root}'} at the market, and halt?")
    folder = _data(data)
    told = _ask(folder, "flatten", why, {} if root is None else {"root": root})
    if told["answer"] is None:
        path = raise_halt(folder, f"flatten was asked and nobody answered: {why}", BY)
        told["answer"] = f"nobody answers; {path} lies there, the next start is halted. Nothing was closed: do it in TWS, stops stand there"
    _end(told, as_json)


def resume(
    why: Why,
    words: Annotated[str | None, typer.Option("--words", help='After a loss: "resume after a loss".')] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Take the HALT file away first.")] = False,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Lift what waits for a person."""
    from workbench.store.requests import lift_halt

    folder = _data(data)
    lifted = lift and lift_halt(folder)
    told = _ask(folder, "resume", why, {} if words is None else {"words": words})
    if told["answer"] is None:
        told["answer"] = "nobody runs here: start the run, then resume it" + ("; the HALT file was taken away" if lifted else "")
    _end(told, as_json)


def adopt(
    root: Annotated[str, typer.Argument(help="Root or symbol, ES or ESZ6.")],
    stop: Annotated[str, typer.Option("--stop", help="Where its stop is to stand, in points.")],
    target: Annotated[str | None, typer.Option("--target", help="And its target.")] = None,
    hold: Annotated[float | None, typer.Option("--hold", min=0.1, help="Minutes until it is left by time.")] = None,
    qty: Annotated[int | None, typer.Option("--qty", min=1, help="Contracts, if not all that is foreign.")] = None,
    why: Why = "handed over",
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Hand a position over."""
    given = {"target": target, "hold_s": None if hold is None else str(hold * 60), "qty": None if qty is None else str(qty)}
    details = {"root": root, "stop": stop, **{name: value for name, value in given.items() if value is not None}}
    _end(_or_nobody(_ask(_data(data), "adopt", why, details)), as_json)


def roll(
    root: Annotated[str, typer.Argument(help="ES.")],
    preview: Annotated[bool, typer.Option("--preview", help="Say what it would be; do nothing.")] = False,
    why: Why = "rolled",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Move a root's positions."""
    if not preview:
        _must_mean_it(yes, f"Leave what is held in {root}, and enter the month that leads?")
    _end(_or_nobody(_ask(_data(data), "roll", why, {"root": root, **({"preview": "yes"} if preview else {})})), as_json)


def fills_import(
    file: Annotated[Path, typer.Argument(help="A Flex query's XML.", exists=True, dir_okay=False)],
    why: Why = "",
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Enter a statement's executions."""
    from workbench.importers.flex import read_flex, unbooked

    folder = _data(data)
    statement = read_flex(file)
    new, said = unbooked(folder, statement)
    answers = list(said)
    is_good, running = True, True
    for row in new:
        told = _or_nobody(_ask(folder, "enter", why or f"Flex statement {file.name}", {"rows": json.dumps([row])}))
        answers.append(f"{row['exec_id']}: {told['answer']}")
        is_good, running = is_good and told["good"], told["is_running"]
        if not running:
            break
    _end({"good": is_good, "is_running": running, "answer": "\n".join(answers) or "nothing of ours is in it", "entered": len(new)}, as_json)


def fills_type(
    ref: Annotated[int, typer.Argument(help="The bracket's number.")],
    leg: Annotated[str, typer.Argument(help="entry, stop, target or exit.")],
    qty: Annotated[int, typer.Argument(min=1)],
    price: Annotated[str, typer.Argument(help="In points.")],
    why: Why,
    fee: Annotated[str | None, typer.Option("--fee", help="Commission, in the contract's currency.")] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Enter one execution."""
    row = {"ref": ref, "leg": leg, "qty": qty, "px": price, "exec_id": f"typed-{ref}-{leg}-{qty}-{price}", "fee": fee}
    _end(_or_nobody(_ask(_data(data), "enter", why, {"rows": json.dumps([row])})), as_json)


# ---------------------------------------------------------------------- pieces
def _data(given: Path | None) -> Path:
    from workbench.config import load_settings

    return folder_of(given, load_settings().data_path)


def _must_mean_it(yes: bool, question: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("this sends orders: add --yes")
    typer.confirm(question, abort=True)


def _state(folder: Path) -> str | None:
    """Give the trading state of the run that works here, `None` if none does."""
    from workbench.clock import SystemClock
    from workbench.domain.units import SECOND
    from workbench.runtime.heartbeat import PROCESS
    from workbench.store.status import word_of

    word = word_of(folder, PROCESS)
    is_alive = word is not None and SystemClock().now_ns() - word.said_ns < ALIVE_S * SECOND
    return word.state if word is not None and is_alive else None


def _ask(folder: Path, action: str, why: str, details: dict[str, str]) -> dict[str, Any]:
    """Put a request, and wait for its answer; one that nobody takes is withdrawn: nothing happens later behind a person's back."""
    import msgspec

    from workbench.clock import SystemClock
    from workbench.store.requests import Request, put

    if not why.strip():
        raise ConfigError("say why: --why TEXT stands in the log")
    given = {"action": action, "why": why, "by": BY, "asked_ns": SystemClock().now_ns(), "details": details}
    path = put(folder, msgspec.convert(given, Request))
    try:
        answer = _wait(path, ANSWER_S)
    except BaseException:  # Ctrl-C while it waits: who left has not asked
        path.unlink(missing_ok=True)
        raise
    if answer is None:
        path.unlink(missing_ok=True)
        answer = _wait(path, 5 * POLL_S)  # it may just have been taken
    return {"good": answer is not None and not _is_refused(answer), "is_running": answer is not None, "answer": answer}


def _wait(path: Path, for_s: float) -> str | None:
    from workbench.store.requests import answer_of

    until = time.monotonic() + for_s
    while (answer := answer_of(path)) is None and time.monotonic() < until:
        time.sleep(POLL_S)
    return answer


def _is_refused(answer: str) -> bool:
    return any(line.startswith("refused") for line in answer.splitlines())


def _or_nobody(told: dict[str, Any]) -> dict[str, Any]:
    if told["answer"] is None:
        told["answer"] = "nobody runs here: start the run first; the request was withdrawn"
    return told


def _end(told: dict[str, Any], as_json: bool) -> None:
    """Print what became of it, and end by it: 0 done, 1 refused or not heard."""
    typer.echo(json.dumps(told) if as_json else told["answer"])
    raise typer.Exit(0 if told["good"] else 1)
