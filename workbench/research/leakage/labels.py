"""Findings in source about labels: they may look ahead, and must not stand among the features; nor may a position earn its own bar."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from workbench.research.leakage.leak import Leak
from workbench.research.leakage.reading import Reading, is_answer, keyword, last_of, text_of, texts_in, under, whole
from workbench.research.leakage.windows import is_ahead

INPUTS: Final = re.compile(r"(x|xs|x_\w+|\w*(feature|input|predictor|regressor|col)s?(_\w+)?|\w+_(cols|columns|features))", re.IGNORECASE)
LEARNS: Final = frozenset(
    {"fit", "partial_fit", "learn_one", "fit_transform", "cross_val_score", "cross_validate", "cross_val_predict", "DMatrix", "Dataset"}
)
HOLDS: Final = re.compile(
    r"(signal|position|pos|side|weight|holding|exposure|bet|direction|entries|entry|trade|long|short|sig)s?(_\w+)?", re.IGNORECASE
)
EARNS: Final = re.compile(r"((log_?)?(ret|return|pnl|move|change|profit|gain)s?(_?\d+|_pts|_usd|_pct)?)", re.IGNORECASE)
MOVES: Final = frozenset({"pct_change", "diff", "log_return", "returns"})
KEEP_OUT = "name the features one by one, and the label not among them"
NEXT_BAR = "hold from the next bar on: shift the position by 1"


def labels(of: Reading) -> Iterator[Leak]:
    """Labels, and what is made of them, among what a model learns from."""
    ahead = _ahead(of)
    if ahead:
        yield from _listed(of, ahead)
        yield from _left_over(of, ahead)
        yield from _handed(of, ahead)
        yield from _held(of, ahead)


def _ahead(of: Reading) -> set[str]:
    """Name the columns that look ahead, and those made of them."""
    found = {name for name, values in of.columns.items() if any(is_ahead(inner) for value in values for inner in ast.walk(value))}
    answers = {name: values for name, values in of.assigned.items() if is_answer(name)}
    found |= {name for name, values in answers.items() if any(_looks_ahead(each) for value in values for each in ast.walk(value))}
    for _ in range(3):
        made = {name for name, values in of.columns.items() if any(_reads(value) & found for value in values)}
        if made <= found:
            break
        found |= made
    return found


def _looks_ahead(node: ast.AST) -> bool:
    """Tell whether an expression brings later rows to earlier ones, in pandas or in NumPy."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return (whole(node.slice.lower) or 0) > 0 and node.slice.upper is None
    return is_ahead(node)


def _held(of: Reading, ahead: set[str]) -> Iterator[Leak]:
    """A position that is made of what looks ahead."""
    for name, values in [*of.columns.items(), *of.assigned.items()]:
        for value in values if HOLDS.fullmatch(name) and name not in ahead else ():
            if wrong := _reads(value) & ahead:
                yield Leak("label", of.at(value), f"{name} is made of {min(wrong)}, which looks ahead", "decide by what is known: no label")


def _reads(node: ast.AST) -> set[str]:
    return texts_in(node) | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} | {
        each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)
    }  # fmt: skip


def _listed(of: Reading, ahead: set[str]) -> Iterator[Leak]:
    """``features = ["ofi", "up"]``, ``Recipe(features=(..., "up"))``."""
    lists = [(name, value) for name, values in of.assigned.items() if INPUTS.fullmatch(name) for value in values]
    lists += [("features", each.value) for call in of.calls for each in call.keywords if each.arg == "features"]
    for name, value in lists:
        named = _named(value)
        if wrong := named & ahead:
            yield Leak("label", of.at(value), f"{name} holds {min(wrong)}, which looks ahead", KEEP_OUT)


def _named(node: ast.AST) -> set[str]:
    """Give the columns that an expression takes: texts in lists, and what is selected; not what is left out."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return set()
    if isinstance(node, ast.Call) and last_of(node) in ("drop", "difference"):
        return set()
    if isinstance(node, ast.Subscript) and text_of(node.slice):
        return texts_in(node.slice)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return {found for each in node.elts if (found := text_of(each))} | {found for each in node.elts for found in _named(each)}
    if isinstance(node, ast.Call) and last_of(node) == "select":
        return {
            found
            for each in node.args
            for inner in ([each] if not isinstance(each, ast.List | ast.Tuple) else each.elts)
            if (found := text_of(inner))
        }
    return {found for child in ast.iter_child_nodes(node) for found in _named(child)}


def _left_over(of: Reading, ahead: set[str]) -> Iterator[Leak]:
    """Everything but a few columns, and the label not among the few."""
    answers = {name for name in ahead if name in of.columns}
    for node in of.nodes:
        if isinstance(node, ast.ListComp) and node.generators and ".columns" in ast.unparse(node.generators[0].iter):
            but = {text for each in node.generators[0].ifs for text in texts_in(each)}
            names = {each.id for check in node.generators[0].ifs for each in ast.walk(check) if isinstance(each, ast.Name)}
            but |= {text for name in names for value in of.assigned.get(name, []) for text in texts_in(value)}
            kept = {each for each in answers - but if not any(word and word in each for word in but)}
            is_chosen = any(
                "not in" in ast.unparse(each) or "!=" in ast.unparse(each) or "not " in ast.unparse(each) for each in node.generators[0].ifs
            )
            if kept and (is_chosen or not node.generators[0].ifs):
                yield Leak("label", of.at(node), f"all columns but a few are taken, {min(kept)} among them, which looks ahead", KEEP_OUT)
        if isinstance(node, ast.Call) and last_of(node) in ("drop", "exclude") and _is_input(node, of):
            kept = answers - _all_texts(node, of)
            if kept and _all_texts(node, of):
                yield Leak("label", of.at(node), f"all columns but a few are taken, {min(kept)} among them, which looks ahead", KEEP_OUT)


def _all_texts(node: ast.AST, of: Reading) -> set[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return texts_in(node) | {
        text
        for name in names
        for value in of.assigned.get(name, [])
        if isinstance(value, ast.List | ast.Tuple | ast.Set)
        for text in texts_in(value)
    }


def _is_input(node: ast.AST, of: Reading) -> bool:
    home = of.home(node)
    around = [each for each in of.ancestors(node) if isinstance(each, ast.Call)]
    return (home is not None and INPUTS.fullmatch(home) is not None) or any(
        last_of(each) in LEARNS and each.args and any(inner is node for inner in ast.walk(each.args[0])) for each in around
    )


def _handed(of: Reading, ahead: set[str]) -> Iterator[Leak]:
    """``fit(df[["ofi", "up"]], df["up"])``: what a model is handed to learn from."""
    for call in of.calls:
        if last_of(call) not in LEARNS or not call.args:
            continue
        at = 1 if last_of(call).startswith("cross_") and len(call.args) > 1 else 0
        if isinstance(given := call.args[at], ast.Dict):
            wrong = {
                text for key, value in zip(given.keys, given.values, strict=True) for text in _reads(value) | {text_of(key) or ""}
            } & ahead
        else:
            wrong = _named(given) & ahead
        if wrong:
            yield Leak("label", of.at(call), f"{last_of(call)} is handed {min(wrong)}, which looks ahead", KEEP_OUT)


def own_moves(of: Reading) -> Iterator[Leak]:
    """A label that is the move with which its features end: nothing is forecast by that."""
    for call in of.calls:
        if last_of(call) in ("fit", "partial_fit") and len(call.args) > 1:
            known, asked = of.resolved(call.args[0], 1), of.resolved(call.args[1], 1)
            is_past = re.search(r"\b(diff|pct_change)\(", asked) and not re.search(r"(shift|diff|pct_change)\(-", asked)
            if is_past and not re.search(r"shift\(|\[:-\d", known):
                yield Leak(
                    "label",
                    of.at(call),
                    "the label is the move with which its features end",
                    "ask for the move that follows: shift(-1) of it",
                )


def positions(of: Reading) -> Iterator[Leak]:
    """A position times the return of the bar whose close made it; and a simulation that fills where its signal was made."""
    for node in of.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            one, other = _name(node.left), _name(node.right)
            for holds, earns, side, move in ((one, other, node.left, node.right), (other, one, node.right, node.left)):
                if (
                    holds
                    and HOLDS.fullmatch(holds)
                    and _is_move(earns, move)
                    and not _is_later(holds, side, of)
                    and not _is_next(earns, move, of)
                ):
                    yield Leak("position", of.at(node), f"{holds} earns the move of its own bar: {ast.unparse(node)[:60]}", NEXT_BAR)
                    break
        if isinstance(node, ast.Call) and last_of(node) in ("from_signals", "from_orders"):
            given = " ".join(of.resolved(each) for each in (*node.args[1:3], *(k.value for k in node.keywords if k.arg != "price")))
            price = keyword(node, "price")
            if "shift(" not in given and (price is None or "close" in ast.unparse(price)):
                yield Leak(
                    "position",
                    of.at(node),
                    f"{last_of(node)} fills on the close of the very bar that signals",
                    "shift the signals by 1, or fill at the next open",
                )


def _name(node: ast.AST) -> str:
    """Name the column or variable that a factor is."""
    if isinstance(node, ast.Subscript):
        return text_of(node.slice) or ""
    if isinstance(node, ast.Call):
        if last_of(node) == "col" and node.args:
            return text_of(node.args[0]) or ""
        base = under(node)
        return (
            _name(base)
            if base is not None and last_of(node) in ("fillna", "fill_null", "cast", "astype", "to_numpy", "shift", "abs")
            else ""
        )
    if isinstance(node, ast.Attribute):
        return node.attr if node.attr != "values" else _name(node.value)
    return node.id if isinstance(node, ast.Name) else ""


def _is_move(name: str, node: ast.AST) -> bool:
    return EARNS.fullmatch(name) is not None or (isinstance(node, ast.Call) and last_of(node) in MOVES)


def _is_later(name: str, node: ast.AST, of: Reading) -> bool:
    """Tell whether a position was moved to the next bar: there, or where it is made."""
    made = [*of.columns.get(name, []), *of.assigned.get(name, [])]
    texts = [ast.unparse(node), *(of.resolved(each, 2) for each in made)]
    return any(re.search(r"shift\((periods=)?[1-9]|shift\(\)|fshift|\[:-\d\]", text) for text in texts) or not made


def _is_next(name: str, node: ast.AST, of: Reading) -> bool:
    """Tell whether a move is that of the bar after."""
    made = [node, *of.columns.get(name, []), *of.assigned.get(name, [])]
    return is_answer(name) or any(is_ahead(inner) for each in made for inner in ast.walk(each))
