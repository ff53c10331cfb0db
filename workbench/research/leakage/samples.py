"""Findings in source about numbers of the whole sample: what is scaled, fitted, gathered or chosen by all there is. Each with a remedy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from workbench.research.leakage.leak import Leak
from workbench.research.leakage.reading import Reading, keyword, last_of, says, text_of, texts_in, under, whole
from workbench.research.leakage.windows import TIMES

REDUCES: Final = frozenset(
    {
        "mean", "std", "var", "min", "max", "median", "quantile", "percentile", "sum", "mode", "last", "nanmean", "nanstd", "nanmin",
        "nanmax", "nanmedian", "nanquantile", "nanpercentile", "average", "mad", "skew", "kurt",
    }
)  # fmt: skip
SPREADS: Final = frozenset(
    {"zscore", "minmax_scale", "robust_scale", "quantile_transform", "power_transform", "maxabs_scale", "rankdata", "rank", "qcut", "scale"}
)
BOUNDS: Final = frozenset({"clip", "between", "is_between", "digitize", "searchsorted", "cut", "winsorize"})
LINES: Final = frozenset({"polyfit", "linregress", "lstsq", "curve_fit"})
LEARNT: Final = re.compile(
    r"\w*(Scaler|Encoder|Transformer|Imputer|PCA|KMeans|Discretizer|SVD|ICA|Mixture|Normalizer|TSNE|UMAP|NMF|HMM|KBest|SelectFrom\w+|DBSCAN)"
)
CUT: Final = re.compile(
    r"train|past|before|warm|histor|in_sample|fold|\[[^\[\]]*:[^\[\]]+\]|\.iloc\[[^\]]*:[^\]]+\]|\.loc\[[^\]]*:[^\]]+\]|head\(|slice\(|\.until|"
    r"[\"']?(time|date|session|index)[\"']?\]?\)? ?<|rolling|expanding|ewm|cum|shift\("
)
IN_ORDER: Final = re.compile(r"TimeSeries|Purged|Walk|Embargo|Rolling|Expanding")
MANY: Final = frozenset({"learn_many", "predict_many", "predict_proba_many", "transform_many"})
ASKS: Final = frozenset({"predict", "predict_proba", "score", "decision_function", "predict_log_proba"})
WEIGHTS: Final = re.compile(r"volume|open_interest|\boi\b|turnover|liquid", re.IGNORECASE)
BEST: Final = frozenset({"idxmax", "idxmin", "nlargest", "nsmallest", "arg_max", "top_k", "bottom_k", "argmax"})
PAST_ALONE = "take it from the past alone: rolling(...), expanding(), or the rows of the training span"
TRAIN_ALONE = "fit it on the training span alone, inside a Pipeline that each fold fits anew"


def samples(of: Reading) -> Iterator[Leak]:
    """Rows that are compared with a number of the whole: ``(x - x.mean()) / x.std()``, a rank, a share of the total."""
    scalars = _scalars(of)
    for node in of.nodes:
        if _is_the_past(node, of):
            continue
        if isinstance(node, ast.BinOp | ast.Compare) and not _is_inside(node, of):
            taken, rows = set[str](), set[str]()
            _look(node, scalars, taken, rows)
            if both := taken & rows:
                yield Leak(
                    "sample",
                    of.at(node),
                    f"rows of {min(both)} are measured by a number of all of it: {ast.unparse(node)[:70]}",
                    PAST_ALONE,
                )
        if isinstance(node, ast.AugAssign):
            yield from _in_place(node, scalars, of)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _counts(node.left, of) and _is_length(node.right, of):
            yield Leak(
                "sample",
                of.at(node),
                "how many rows there are going to be is known at the first",
                "measure time by the session's own hours",
            )
        if isinstance(node, ast.Call):
            yield from _spread(node, of)
            yield from _gathered(node, of)
            yield from _bounded(node, scalars, of)


def _in_place(node: ast.AugAssign, scalars: dict[str, str], of: Reading) -> Iterator[Leak]:
    """``x -= x.mean()``."""
    taken, rows = set[str](), set[str]()
    _look(node.value, scalars, taken, rows)
    if (root := _root(node.target)) in taken:
        yield Leak("sample", of.at(node), f"rows of {root} are measured by a number of all of it: {ast.unparse(node)[:70]}", PAST_ALONE)


def _bounded(call: ast.Call, scalars: dict[str, str], of: Reading) -> Iterator[Leak]:
    """``x.clip(lo, hi)`` with bounds of the whole, and a line through all of it."""
    name, base, given = last_of(call), under(call), [*call.args, *(each.value for each in call.keywords)]
    if name in BOUNDS:
        is_plain = isinstance(base, ast.Name) and base.id in ("np", "pd", "pl")
        rows, bounds = (given[0], given[1:]) if is_plain and given else (base, given)
        roots = {scalars.get(each.id) if isinstance(each, ast.Name) else _reduced(each) for each in bounds} - {None}
        if rows is not None and _root(rows) in roots:
            yield Leak("sample", of.at(call), f"{name} goes by bounds of the whole", PAST_ALONE)
    elif name in LINES and not any(CUT.search(of.resolved(each, 1)) for each in call.args):
        yield Leak("fit", of.at(call), f"{name} draws its line through all rows, the later ones too", TRAIN_ALONE)


def _is_the_past(node: ast.AST, of: Reading) -> bool:
    """Tell whether what a node sees is a window or a moment already: in a feature's verbs, in what a window calls, ``over("time")``."""
    around = list(of.ancestors(node))
    if any(isinstance(each, ast.Call) and last_of(each) == "over" and _is_of_a_moment(each) for each in around):
        return True
    if of.within(node, "update", "learn_one", "propose") or any(isinstance(each, ast.Lambda) for each in around):
        return True
    return any(isinstance(each, ast.FunctionDef) and each.name in _called_on_windows(of) for each in around)


def _called_on_windows(of: Reading) -> set[str]:
    """Name the functions that are handed to a rolling window, or made a feature of the last bars."""
    calls = [
        call
        for call in of.calls
        if last_of(call) in ("inline", "rolling_map", "apply") and (last_of(call) != "apply" or "rolling" in ast.unparse(call.func))
    ]
    return {each.id for call in calls for each in call.args if isinstance(each, ast.Name)}


def _is_inside(node: ast.AST, of: Reading) -> bool:
    return any(isinstance(each, ast.BinOp | ast.Compare) for each in of.ancestors(node) if not isinstance(each, ast.stmt))


def _scalars(of: Reading) -> dict[str, str]:
    """Name the variables that hold one number of a whole column, each with what it was taken of."""
    found = {}
    for name, values in of.assigned.items():
        for value in values:
            if (root := _reduced(value)) is not None:
                found[name] = root
    return found


def _reduced(node: ast.AST) -> str | None:
    """Give what a number is taken of, if an expression is one number of a whole column: ``df`` for ``df["x"].mean()``."""
    if isinstance(node, ast.Call) and last_of(node) in REDUCES:
        if keyword(node, "axis") is not None and says(node, "axis") in (1, "columns"):
            return None
        base = under(node)
        if isinstance(base, ast.Name) and base.id in ("np", "numpy", "stats", "statistics", "math"):
            base = node.args[0] if node.args else None
        return None if base is None or CUT.search(ast.unparse(base)) else _root(base)
    if isinstance(node, ast.Subscript) and whole(node.slice) == -1:
        base = node.value.value if isinstance(node.value, ast.Attribute) and node.value.attr in ("iloc", "iat", "values") else node.value
        return None if CUT.search(ast.unparse(base)) else _root(base)
    if isinstance(node, ast.Call) and last_of(node) in ("float", "int", "round", "item"):
        inner = node.args[0] if node.args else under(node)
        return None if inner is None else _reduced(inner)
    return None


def _root(node: ast.AST) -> str | None:
    """Name the frame, or the series, that an expression goes back to."""
    while True:
        if isinstance(node, ast.Call):
            if last_of(node) == "col":
                return "the frame"
            if last_of(node) in ("range", "arange", "enumerate", "list", "sorted", "groupby", "group_by"):
                return None
            node = under(node) or (node.args[0] if node.args else node.func)
        elif isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
            node = node.value
        elif isinstance(node, ast.BinOp):
            node = node.left
        elif isinstance(node, ast.UnaryOp):
            node = node.operand
        else:
            return node.id if isinstance(node, ast.Name) else None


def _look(node: ast.AST, scalars: dict[str, str], taken: set[str], rows: set[str]) -> None:
    """Sort what is in an expression into numbers of a whole and rows."""
    if (root := _reduced(node)) is not None:
        taken.add(root)
        return
    if isinstance(node, ast.Name):
        if node.id in scalars:
            taken.add(scalars[node.id])
        else:
            rows.add(node.id)
        return
    if isinstance(node, ast.Call):
        if last_of(node) == "col":
            rows.add("the frame")
            return
        if CUT.search(f"{last_of(node)}(") or last_of(node) in ("over", "len", "item", "first", *REDUCES):
            return
        inner = [base] if (base := under(node)) is not None and not isinstance(base, ast.Name) else []
        if isinstance(base, ast.Name) and base.id not in ("np", "numpy", "pd", "pl", "math"):
            inner = [base]
        for each in (*inner, *node.args):
            _look(each, scalars, taken, rows)
        return
    if isinstance(node, ast.Subscript):
        is_one = whole(node.slice) is not None or isinstance(node.slice, ast.Slice | ast.Name)
        if not is_one and (root := _root(node.value)) is not None:
            rows.add(root)
        return
    if isinstance(node, ast.Attribute):
        if (root := _root(node)) is not None:
            rows.add(root)
        return
    for child in ast.iter_child_nodes(node):
        _look(child, scalars, taken, rows)


def _is_length(node: ast.AST, of: Reading) -> bool:
    text = of.resolved(node, 1) if isinstance(node, ast.Name) else ast.unparse(node)
    return bool(re.search(r"\blen\(|\.shape\[0\]|\.height\b|\.size\b|pl\.len\(\)|\.count\(\)", text)) and "[" not in text.replace(
        ".shape[0]", ""
    )


def _counts(node: ast.AST, of: Reading) -> bool:
    return bool(re.search(r"arange|range\(|enumerate|row_index|cum_count|cumcount|\.index\b|int_range|\bi\b", of.resolved(node, 1)))


def _spread(call: ast.Call, of: Reading) -> Iterator[Leak]:
    name = last_of(call)
    base = under(call)
    if name not in SPREADS or (base is None and not isinstance(call.func, ast.Name)):
        return
    text = ast.unparse(call.func) if base is not None else ""
    around = " ".join(ast.unparse(above)[len(ast.unparse(call)) :] for above in of.ancestors(call) if isinstance(above, ast.Call))
    is_across = says(call, "axis") in (1, "columns") or any(f"'{each}'" in text + around for each in TIMES) or "rolling" in text
    given = call.args[0] if call.args else None
    if is_across or CUT.search(text) or (given is not None and CUT.search(of.resolved(given, 1))):
        return
    yield Leak("sample", of.at(call), f"{name} places every row among all rows, the later ones too", PAST_ALONE)


def _gathered(call: ast.Call, of: Reading) -> Iterator[Leak]:
    """Give what gathers a group and hands it to every row of the group."""
    name, base = last_of(call), under(call)
    how = call.args[0] if call.args else None
    if name == "transform" and base is not None and ("groupby" in ast.unparse(base) or "resample" in ast.unparse(base)):
        told = text_of(how) or (last_of(how) if how is not None else "")
        if told in REDUCES | {"size", "count", "nunique", "rank"}:
            yield Leak("sample", of.at(call), f"every row of a group is told its {told}, which later rows made", PAST_ALONE)
    if name == "over" and base is not None and (inner := _gathers(base)) and not _is_of_a_moment(call):
        yield Leak("sample", of.at(call), f"every row of a group is told its {inner}, which later rows made", PAST_ALONE)
    if name in ("join", "merge", "map", "map_dict", "replace", "replace_strict") and base is not None:
        for other in [*call.args[:1], *(each for key in ("right", "other") if (each := keyword(call, key)) is not None)]:
            text = of.resolved(other, 1)
            keys = texts_in(call)
            is_gathered = re.search(r"group_?by\(|unique\([^)]*last|drop_duplicates\([^)]*last|value_counts\(|pivot_table\(", text)
            if (
                is_gathered
                and not re.search(r"shift\(|dynamic|rolling|cum", text)
                and not keys & {"time", "seq"}
                and _same_rows(base, other, of)
            ):
                yield Leak("sample", of.at(call), "what all rows of a group came to is joined back to each of them", PAST_ALONE)


def _is_of_a_moment(call: ast.Call) -> bool:
    """Tell whether a group is what is known at one moment: ``over("time")``, across contracts."""
    names = [text_of(each) or (text_of(each.args[0]) if isinstance(each, ast.Call) and each.args else None) for each in call.args]
    return any(
        name in ("time", "timestamp", "ts") and not (isinstance(each, ast.Call) and last_of(each) != "col")
        for name, each in zip(names, call.args, strict=True)
    )


def _gathers(node: ast.AST) -> str:
    """Name the number of a whole group that an expression ends in: ``mean``; empty for ``cum_sum``, ``shift``, ``rolling_mean``."""
    if isinstance(node, ast.BinOp):
        return _gathers(node.left) or _gathers(node.right)
    name = last_of(node) if isinstance(node, ast.Call) else ""
    return name if name in REDUCES | {"rank", "len", "count", "n_unique"} and "col" in ast.unparse(node) else ""


def _same_rows(base: ast.AST, other: ast.AST, of: Reading) -> bool:
    root = _root(base)
    return root is not None and (root == "the frame" or re.search(rf"\b{re.escape(root)}\b", of.resolved(other, 3)) is not None)


def fits(of: Reading) -> Iterator[Leak]:
    """What is fitted on the rows that it is asked about afterwards, and folds that are not in order."""
    for call in of.calls:
        name, at = last_of(call), of.at(call)
        if name in MANY:
            yield Leak("fit", at, f"{name} takes a whole block at once, and changes it", "learn_one and predict_one, row by row")
        elif name in (
            "cross_val_score",
            "cross_val_predict",
            "cross_validate",
            "GridSearchCV",
            "RandomizedSearchCV",
            "HalvingGridSearchCV",
        ):
            folds = keyword(call, "cv")
            if folds is None or not IN_ORDER.search(of.resolved(folds, 2)):
                yield Leak(
                    "fit",
                    at,
                    f"{name} learns from later rows what it is asked about earlier ones",
                    "cv=TimeSeriesSplit(..., gap=...), purged by the label's horizon",
                )
        elif name == "train_test_split" and says(call, "shuffle") is not False:
            yield Leak(
                "fit",
                at,
                "train_test_split draws its test rows from between the training rows",
                "shuffle=False, and a gap as long as the label's horizon",
            )
        elif name in ("KFold", "StratifiedKFold", "ShuffleSplit", "StratifiedShuffleSplit", "RepeatedKFold") and _is_split(call, of):
            yield Leak(
                "fit", at, f"{name} lets later rows teach earlier ones", "TimeSeriesSplit(..., gap=...), purged by the label's horizon"
            )
        elif name in ("fit_transform", "fit_predict") or (name == "fit" and LEARNT.fullmatch(_maker(call, of))):
            if call.args and not _is_cut(call.args[0], of) and not of.within(call, "learn_one", "update"):
                yield Leak("fit", at, f"{ast.unparse(call.func)[-60:]} learns from all rows, the later ones too", TRAIN_ALONE)
        elif name == "fit" and call.args and not _is_cut(call.args[0], of) and (asked := _asked(call, of)):
            yield Leak(
                "fit", at, f"it is fitted on the rows that {asked} asks it about", "fit on what came before, ask about what came after"
            )


def _is_split(call: ast.Call, of: Reading) -> bool:
    return not any(isinstance(each, ast.keyword) and each.arg == "cv" for each in of.ancestors(call))  # told there


def _maker(call: ast.Call, of: Reading) -> str:
    base = under(call)
    if isinstance(base, ast.Name):
        values = of.assigned.get(base.id, [])
        return last_of(values[-1]) if values else ""
    return last_of(base) if base is not None else ""


def _is_cut(node: ast.AST, of: Reading) -> bool:
    return CUT.search(of.resolved(node, 2)) is not None


def _asked(fit: ast.Call, of: Reading) -> str:
    given = ast.unparse(fit.args[0])
    base = under(fit)
    model = ast.unparse(base) if base is not None else ""
    holder = of.home(fit)
    for call in of.calls:
        by = under(call)
        if (
            last_of(call) in ASKS
            and call.args
            and by is not None
            and ast.unparse(call.args[0]) == given
            and ast.unparse(by) in (model, holder, ast.unparse(fit))
        ):
            return last_of(call)
    return ""


def choices(of: Reading) -> Iterator[Leak]:
    """Rows, contracts and columns chosen by what happened to them later."""
    for call in of.calls:
        name, at, base = last_of(call), of.at(call), under(call)
        if name in ("unique", "drop_duplicates") and says(call, "keep") == "last":
            yield Leak("choice", at, "of rows that are alike the last is kept: the first one is told what came after it", 'keep="first"')
        elif name == "dropna" and (says(call, "axis") in (1, "columns")):
            yield Leak(
                "choice", at, "contracts with a hole anywhere are left out from the beginning", "let each stand as long as it was there"
            )
        elif name in BEST and base is not None:
            text = f"{of.resolved(base, 2)} {' '.join(texts_in(call))}"
            if (WEIGHTS.search(text) or ("corr" in text)) and not CUT.search(text):
                yield Leak(
                    "choice", at, f"{name} chooses by what all rows came to", "choose by the day before: shift(1), or by the training span"
                )
        elif name in ("isin", "is_in") and call.args and (last := _of_the_end(call.args[0], of)):
            yield Leak(
                "choice", at, f"what is there at the end is chosen from the beginning on ({last})", "choose by what was listed at each time"
            )
        elif name in ("sort", "sort_values", "head", "tail", "top_k") and base is not None and _by_outcome(call, of):
            yield Leak("choice", at, "rows are chosen by their outcome", "choose by what was known: no label, no profit")


def _of_the_end(node: ast.AST, of: Reading) -> str:
    text = of.resolved(node, 2)
    found = re.search(
        r"\.iloc\[-1\]|\.tail\(\d*\)|== [\w\.\[\]'\"]*\.max\(\)|\.last\(\)|\[-1\]|== max\(|pl\.col\('\w+'\) == pl\.col\('\w+'\)\.max\(\)",
        text,
    )
    return found.group() if found else ""


def _by_outcome(call: ast.Call, of: Reading) -> bool:
    """Tell whether a few rows are taken of what was sorted by a label or a profit."""
    if last_of(call) not in ("head", "tail"):
        return False
    base: ast.AST | None = under(call)
    while base is not None:
        if isinstance(base, ast.Name):
            values = of.assigned.get(base.id, [])
            base = values[-1] if values and base.id not in texts_in(values[-1]) and last_of(values[-1]).startswith("sort") else None
        elif isinstance(base, ast.Call) and last_of(base) in ("sort", "sort_values"):
            made = [each for name in texts_in(base) for each in of.columns.get(name, [])]
            return any(re.search(r"shift\(-|pct_change\(-|diff\(-", ast.unparse(each)) for each in made)
        else:
            base = under(base)
    return False
