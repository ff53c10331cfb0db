"""Check-ups of a gateway in which something is wrong: in memory, in virtual time, by the very code of `workbench connect`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.gateway.worlds import BEGIN_NS, es, settings, tape
from workbench.gateway import build
from workbench.gateway.faults import Scenario, load_scenario
from workbench.gateway.faults.scenario import parse_scenario
from workbench.gateway.gateway import Gateway
from workbench.gateway.transports import serve
from workbench.simulation.virtual import VirtualLoop, run
from workbench.venues.ib.checkup.examination import examine
from workbench.venues.ib.checkup.lines import Line

HOST, PORT, CLIENT_ID = "127.0.0.1", 7497, 31


def one(on: str, what: str, *, nth: int | None = None, where: str = "") -> Scenario:
    """A scenario of one rule."""
    parts = [f'on = "{on}"', *([f"nth = {nth}"] if nth else []), *([f"where = {{ {where} }}"] if where else [])]
    return parse_scenario(f"[[rules]]\nwhen = {{ {', '.join(parts)} }}\nwhat = [{{ {what} }}]", "mine")


def at_once(what: str) -> Scenario:
    """A scenario that strikes when the first client has started."""
    return parse_scenario(f"[[rules]]\nwhen = {{ after_s = 0 }}\nwhat = [{{ {what} }}]", "mine")


def both(*scenarios: Scenario | str) -> Scenario:
    """All their rules."""
    loaded = [load_scenario(each) if isinstance(each, str) else each for each in scenarios]
    return Scenario(rules=tuple(rule for each in loaded for rule in each.rules))


class Table:
    """The lines of a check-up, by what they are about."""

    def __init__(self, lines: Sequence[Line], gateway: Gateway, took_s: float) -> None:
        self.lines, self.gateway, self.took_s = list(lines), gateway, took_s

    def __getitem__(self, about: str) -> Line:
        found = [line for line in self.lines if line.about == about]
        assert len(found) == 1, (about, [line.about for line in self.lines])
        return found[0]

    @property
    def bad(self) -> list[str]:
        return [line.about for line in self.lines if line.verdict == "bad"]

    @property
    def not_good(self) -> list[str]:
        return [line.about for line in self.lines if line.verdict != "good"]


def look(
    faults: Scenario | str | None = None,
    *,
    roots: Sequence[str] = ("ES",),
    port: int | None = PORT,
    gateway_port: int = PORT,
    held: Sequence[int] = (),
    with_others: Any = None,
    late_s: float = 0.0,
) -> Table:
    """Examine a gateway with that scenario; ``held`` client ids are taken by something that has gone."""

    async def main(loop: VirtualLoop) -> Table:
        made = build.gateway(settings(), tape(), [es()], faults=faults)
        for each in held:
            made.hold_id(each, 3600)
        door = await serve(made, HOST, gateway_port)
        if with_others is not None:
            await with_others(made, loop)
        began = loop.time()
        known = settings().roots
        lines = [line async for line in examine(HOST, port, CLIENT_ID, roots, known, lambda: loop.wall_ns() / 1e9 + late_s)]
        took_s = loop.time() - began
        await door.close()
        assert made.mishaps == []
        return Table(lines, made, took_s)

    return run(main, epoch_ns=BEGIN_NS)
