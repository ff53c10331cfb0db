"""What has no place in a page: clocks, draws without a seed, other machines, files in the wrong cell. Reads code; runs none of it.

Each is a `Finding` with its remedy. Names are followed home first (`workbench.pipelines.contract.origins`), so that another name for a
thing fools nobody; what a thing may not do is in the tables of `workbench.pipelines.contract.rules`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from workbench.pipelines.contract import rules
from workbench.pipelines.contract.cells import MOST_FIGURES, Cell, Finding
from workbench.pipelines.contract.origins import PATH, Event, Reader, folded
from workbench.pipelines.contract.secrets import SHORTEST, looks_secret, variable
from workbench.pipelines.contract.settings import PipelineSettings
from workbench.pipelines.contract.syntax import read_code

MODE = re.compile(r"[rwaxbtU+]{1,4}")


def findings(cells: Sequence[Cell], settings: PipelineSettings | None = None) -> list[Finding]:
    """Find what has no place in a page, in the order of its cells; `settings` are those of its ``pipeline.toml``, if there is one yet."""
    declared = _declared(settings)
    code = [cell for cell in cells if cell.kind == "code"]
    reader = Reader()
    for cell in code:
        reader.read(cell.at, read_code(cell.source).tree)
    tags = {cell.at: cell.tag for cell in code}
    seeded: set[str] = set()
    found: dict[tuple[int, int, str], Finding] = {}
    for event in reader.events:
        for rule, thing in _judged(event, seeded):
            if rule == "write" and tags[event.at] == "outputs":
                rule = "effect"
            if rule in declared or (rule == "read" and tags[event.at] == "inputs"):
                continue
            at, line = event.at, event.node.lineno
            found.setdefault((at, line, rule), Finding(at, line, rule, f"{thing} {rules.RULES[rule].does}", rules.RULES[rule].remedy))
    told = [*found.values(), *_loops(code), *_figures(reader.events, tags), *_parameters(reader.events, code)]
    return sorted(told, key=lambda each: (each.at or 10**6, each.line))


def _declared(settings: PipelineSettings | None) -> set[str]:
    """Name the rules that what was declared lifts; without settings nobody can say yet that `outputs` may not write."""
    if settings is None:
        return {"effect"}
    lifted = {"effect": settings.effects != "none", "network": settings.reads.connections, "process": settings.reads.programs}
    return {rule for rule, is_lifted in lifted.items() if is_lifted}


def order(cells: Sequence[Cell]) -> Iterator[Finding]:
    """Find cells whose stored counts say that they were executed in another order than they stand in, or not at all."""
    code = [cell for cell in cells if cell.kind == "code" and cell.source.strip()]
    last: Cell | None = None
    if not any(cell.ran for cell in code):
        return
    for cell in code:
        remedy = "restart the kernel, run all cells, and store that"
        if cell.ran is None:
            yield Finding(cell.at, 0, "order", "it was not executed, and others were: they may work without it by chance", remedy)
        elif last is not None and cell.ran <= (last.ran or 0):
            text = f"its execution count is {cell.ran}, and that of cell {last.at} above it {last.ran}: the order was another"
            yield Finding(cell.at, 0, "order", text, remedy)
        last = cell if cell.ran is not None else last


def _judged(event: Event, seeded: set[str]) -> Iterator[tuple[str, str]]:
    """Say which rules an event breaks: (rule, thing)."""
    match event.kind:
        case "imported":
            yield from _of_module(event.origin)
            yield from (each for each in _of_thing(event.origin) if each[0] not in ("read", "write"))  # they may be meant for another cell
        case "named":
            yield from _of_thing(event.origin)
            yield from _of_draw(event.origin, seeded)
            last = event.origin.rpartition(".")[2]
            if rules.MANY.fullmatch(last):
                yield "many", last
            if rules.ROWS.fullmatch(last):
                yield "loop", last
        case "called" if isinstance(event.node, ast.Call):
            yield from _of_call(event.origin, event.node, seeded)
        case "text":
            yield from _of_text(event.origin)
        case "assigned" if isinstance(event.node, ast.Assign):
            yield from _of_secret(event.origin, event.node.value)


def _of_module(origin: str) -> Iterator[tuple[str, str]]:
    parts = origin.split(".")
    for n in range(len(parts), 0, -1):
        if rule := rules.MODULES.get(".".join(parts[:n])):
            if origin not in rules.HARMLESS:
                yield rule, origin
            return


def _of_thing(origin: str) -> Iterator[tuple[str, str]]:
    if rule := rules.THINGS.get(origin):
        yield rule, origin
        return
    for pattern, rule in rules.PATTERNS:
        if pattern.fullmatch(origin):
            yield rule, origin
    parts = origin.split(".")
    if len(parts) > 2 and (rule := rules.THINGS.get(".".join(parts[:2]))) in ("environment", "dynamic", "network", "place"):
        yield rule or "", ".".join(parts[:2])


def _of_draw(origin: str, seeded: set[str]) -> Iterator[tuple[str, str]]:
    if (shared := rules.SHARED.fullmatch(origin)) and origin not in rules.SHARED_OK and shared[1] not in seeded:
        yield "random", origin


def _of_call(origin: str, node: ast.Call, seeded: set[str]) -> Iterator[tuple[str, str]]:
    last = origin.rpartition(".")[2]
    named = {each.arg: each.value for each in node.keywords}
    home, _, thing = origin.removeprefix("river.").partition(".")
    is_river = origin.startswith("river.") and thing in rules.RIVER.get(home, "").split()
    if origin in rules.SEEDED or is_river or rules.RANDOM_STATE.fullmatch(origin):
        given = named.get("seed", named.get("random_state", named.get("x", named.get("a", named.get("entropy")))))
        given = node.args[0] if given is None and origin in rules.SEEDED and node.args else given
        is_unseeded = given is None or (isinstance(given, ast.Constant) and given.value is None)
        if is_unseeded and None not in named:
            yield "seed", origin
        elif origin.endswith(".seed"):
            seeded.add(origin.removesuffix(".seed"))
    if last in ("sample", "shuffle") and "." in origin and not rules.NO_FRAME.match(origin) and not _has_seed(named):
        is_frame = bool(named.keys() & {"n", "frac", "fraction"}) or len(node.args) == (1 if last == "sample" else 0)
        if is_frame:
            yield "seed", f"{last}()"
    if last == "rvs" and not _has_seed(named):
        yield "seed", "rvs()"
    if last == "apply" and isinstance(axis := named.get("axis"), ast.Constant) and axis.value in (1, "columns"):
        yield "loop", "apply(axis=1)"
    if origin in rules.OF_NOW and node.args and folded(node.args[0]) in rules.NOW:
        yield "clock", f"{origin}('{folded(node.args[0])}')"
    if origin == "time.strftime" and len(node.args) == 1:
        yield "clock", origin
    yield from _of_files(origin, last, node, named)
    if origin in ("importlib.import_module", "builtins.__import__", "builtins.getattr") and _is_unread(origin, node):
        yield "dynamic", origin
    for name, value in named.items():
        yield from _of_secret(name or "", value)


def _has_seed(named: Mapping[str | None, ast.expr]) -> bool:
    """Say whether a draw is given a seed by name, `None` being none; or words of which nobody can tell."""
    given = [named[name] for name in ("seed", "random_state", None) if name in named]
    return any(not (isinstance(each, ast.Constant) and each.value is None) for each in given)


def _is_unread(origin: str, node: ast.Call) -> bool:
    """Say whether nobody can tell what is looked up: a name put together as the page runs."""
    at = 1 if origin == "builtins.getattr" else 0
    return len(node.args) > at and folded(node.args[at]) is None


def _of_files(origin: str, last: str, node: ast.Call, named: dict[str | None, ast.expr]) -> Iterator[tuple[str, str]]:
    is_method = isinstance(node.func, ast.Attribute)
    texts = [folded(each) for each in (*node.args, *named.values())]
    opener = origin if origin in rules.OPENERS else "pathlib.Path().open" if is_method and last == "open" and _has_mode(node) else ""
    if opener:
        at = rules.OPENERS[opener]
        mode = named.get("mode", node.args[at] if len(node.args) > at else None)
        is_read = mode is None or (folded(mode) is not None and not set(folded(mode) or "") & set("wax+"))
        yield ("read" if is_read and opener != "shelve.open" else "write"), (origin if origin[0] != "?" else "open()")
    if origin == "sqlite3.connect" and (place := next(iter(texts), None)) != ":memory:":
        yield ("read" if place and "mode=ro" in place else "write"), origin
    if is_method and rules.WRITING.fullmatch(last):
        yield "write", last
    if is_method and rules.WRITING_IF_TOLD_WHERE.fullmatch(last) and (node.args or named.keys() & {"path_or_buf", "path", "file", "buf"}):
        yield "write", last
    if is_method and rules.READING.fullmatch(last):
        yield "read", last
    if origin == f"{PATH}.{last}" and last in rules.OF_PATHS and not opener:
        yield ("write" if last in ("rename", "replace", "chmod") else "read"), f"Path.{last}"
    opens = opener or rules.READING.fullmatch(last) or origin in ("pathlib.Path", "pathlib.PurePath", "os.path.join") or "read" in last
    if opens or rules.WRITING.fullmatch(last) or "scan" in last:
        yield from (("path", repr(text)) for text in texts if text and re.fullmatch(r"/[\w.-]*", text))
        yield from (("network", repr(text)) for text in texts if text and rules.ADDRESS.match(text))


def _has_mode(node: ast.Call) -> bool:
    mode = next((each.value for each in node.keywords if each.arg == "mode"), node.args[0] if node.args else None)
    return (text := folded(mode)) is not None and MODE.fullmatch(text) is not None


def _of_text(text: str) -> Iterator[tuple[str, str]]:
    if rules.ABSOLUTE.fullmatch(text):
        yield "path", repr(text)
    if rules.KEYS.match(text):
        yield "secret", "a text that looks like a key"


def _of_secret(name: str, value: ast.expr) -> Iterator[tuple[str, str]]:
    text = folded(value)
    if looks_secret(name) and text and len(text) >= SHORTEST and variable(text) is None:
        yield "secret", name


def _loops(code: Sequence[Cell]) -> Iterator[Finding]:
    """Find loops that do not look like one: a list, or a `map`, made for what happens on the way."""
    for cell in code:
        for node in ast.walk(read_code(cell.source).tree):
            if not isinstance(node, ast.Call | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                continue
            if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id == "map"):
                continue
            named = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
            if done := sorted(named & rules.ON_THE_WAY):
                yield Finding(cell.at, node.lineno, "loop", f"it loops for the sake of {done[0]}", rules.RULES["loop"].remedy)


def _figures(events: Sequence[Event], tags: dict[int, str]) -> Iterator[Finding]:
    drawn = [event for event in events if event.kind == "called" and rules.FIGURES.fullmatch(event.origin) and tags[event.at] == "figures"]
    if len(drawn) > MOST_FIGURES:
        last = drawn[MOST_FIGURES]
        text = f"{len(drawn)} figures are drawn, and {MOST_FIGURES} are the most"
        yield Finding(last.at, last.node.lineno, "figures", text, "keep those that answer the question of the title")


def _parameters(events: Sequence[Event], code: Sequence[Cell]) -> Iterator[Finding]:
    """Find parameters that change nothing: never used, or given something else before they are."""
    at = next((cell.at for cell in code if cell.tag == "parameters"), 0)
    given = {event.origin: event.node for event in events if event.at == at and event.kind == "assigned"}
    trees = {cell.at: read_code(cell.source).tree for cell in code if cell.at != at}
    used = {node.id for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for name, node in given.items() if at and not any(read_code(cell.source).wrong for cell in code) else ():
        if name not in used:
            remedy = "use it or take it out: whoever gives it changes nothing"
            yield Finding(at, node.lineno, "unused", f"no cell uses the parameter {name}", remedy)
    for event in events:
        if event.kind == "assigned" and event.at != at and event.origin in given and isinstance(event.node, ast.Assign):
            mentioned = {node.id for node in ast.walk(event.node.value) if isinstance(node, ast.Name)}
            if not mentioned & given.keys():
                text = f"{event.origin} is a parameter, and what was given is lost here"
                yield Finding(event.at, event.node.lineno, "lost", text, "choose another name")
