"""Findings in source, of single expressions that reach past the bar: windows, fills, shifts, times. Each with what to do instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from workbench.research.leakage.leak import Leak
from workbench.research.leakage.reading import Reading, is_answer, keyword, last_of, says, text_of, texts_in, under, whole

BOTH_WAYS: Final = frozenset(
    {
        "filtfilt", "sosfiltfilt", "savgol_filter", "gaussian_filter1d", "gaussian_filter", "uniform_filter1d", "median_filter", "medfilt",
        "hilbert", "detrend", "wiener", "seasonal_decompose", "STL", "hpfilter", "bkfilter", "lowess", "find_peaks", "argrelextrema",
        "argrelmax", "argrelmin", "gradient", "irfft", "ifft", "wavedec", "zigzag", "peak_valley_pivots", "smoothed_state",
        "FixedForwardWindowIndexer",
    }
)  # fmt: skip
BRIDGES: Final = frozenset({"interpolate", "interpolate_by", "interp", "interp1d", "CubicSpline", "UnivariateSpline", "PchipInterpolator"})
BACK: Final = frozenset({"bfill", "backfill", "backward_fill"})
FILLED: Final = frozenset({"backward", "mean", "max", "min", "bfill", "backfill", "nearest"})
RUNS: Final = ("rolling", "ewm", "expanding", "cum", "shift", "ffill", "diff", "pct_change", "forward_fill")
HAPPENED: Final = frozenset({"event_time", "event_ns", "exchange_time", "ts_event"})
BY_TIME: Final = frozenset(
    {"join_asof", "merge_asof", "sort", "sort_values", "set_index", "group_by_dynamic", "resample", "rolling", "upsample"}
)
SHIFTS: Final = frozenset({"shift", "diff", "pct_change", "tshift", "slice_shift", "bshift"})
TIMES: Final = ("time", "ts", "timestamp", "date", "datetime", "index", "end", "start", "minute", "hour", "day", "session")
SQL_AHEAD: Final = re.compile(r"\bLEAD\s*\(.*\bOVER\b|\b(ROWS|RANGE|GROUPS)\s+BETWEEN\b.*\bFOLLOWING\b", re.DOTALL | re.IGNORECASE)
ENDS_HERE = "let the window end at the bar"
AS_LABEL = "a row may look ahead only to make the label: name it label_..., target_... or next_..., and keep it out of the features"


def windows(of: Reading) -> Iterator[Leak]:
    """Windows and filters with a later side, and fills from behind."""
    for call in of.calls:
        name, at = last_of(call), of.at(call)
        if says(call, "center") is True:
            yield Leak("window", at, f"{name}(center=True): half of the window lies after the bar", f"{ENDS_HERE}: leave center out")
        elif name in BOTH_WAYS:
            yield Leak("window", at, f"{name} looks at both sides of every row", f"{ENDS_HERE}: a rolling or exponential mean of the past")
        elif name == "convolve" and says(call, "mode") in (None, "same", "full") and not _is_mode(call, "valid"):
            yield Leak(
                "window",
                at,
                "convolve in this mode has a later side",
                f'{ENDS_HERE}: mode="valid", and what comes out belongs to the last row',
            )
        elif name in BRIDGES:
            yield Leak("window", at, f"{name} draws a line to a later value", "carry the last known value on: forward fill")
        elif name in BACK or _filled(call) in FILLED:
            how = name if name in BACK else f"{name}({_filled(call)!r})"
            yield Leak(
                "window",
                at,
                f"{how} fills a hole with what came after it, or with a number of the whole",
                "carry the last known value on: forward fill",
            )
        elif says(call, "reverse") is True and name.startswith("cum"):
            yield Leak("window", at, f"{name}(reverse=True) adds up from the end", "add up from the beginning")
        elif name.startswith(RUNS) and _is_reversed(under(call), of):
            yield Leak("window", at, f"{name} runs over rows in reversed order", "let rows run from the oldest to the newest")


def _is_mode(call: ast.Call, mode: str) -> bool:
    return any(text_of(each) == mode for each in call.args)


def _filled(call: ast.Call) -> str | None:
    """Give how holes are filled, where it is by a strategy or by a number of the whole column."""
    name = last_of(call)
    if name in ("fillna", "fill_null", "reindex", "fill_nan"):
        told = says(call, "strategy") or says(call, "method")
        if isinstance(told, str):
            return told
        first = call.args[0] if call.args else keyword(call, "value")
        return last_of(first) if isinstance(first, ast.Call) and last_of(first) in FILLED else None
    return "nearest" if name == "nearest" and isinstance(call.func, ast.Attribute) else None


def _is_reversed(node: ast.AST | None, of: Reading) -> bool:
    while node is not None:
        if isinstance(node, ast.Name):
            return any(_turned(value) for value in of.assigned.get(node.id, []))
        if _turned(node):
            return True
        node = under(node) if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Subscript | ast.Attribute) else None
    return False


def _turned(node: ast.AST) -> bool:
    """Tell whether an expression turns rows round."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return node.slice.lower is None and node.slice.upper is None and whole(node.slice.step) == -1
    if isinstance(node, ast.Call):
        is_down = says(node, "ascending") is False or says(node, "descending") is True
        by_time = last_of(node) == "sort_index" or bool(texts_in(node) & set(TIMES))
        return last_of(node) in ("reverse", "flip", "flipud") or (
            last_of(node) in ("sort_index", "sort", "sort_values") and is_down and by_time
        )
    return False


def shifts(of: Reading) -> Iterator[Leak]:
    """Rows that stand beside later ones."""
    for node in of.nodes:
        if isinstance(node, ast.Call):
            yield from _shifted(node, of)
            yield from _padded(node, of)
        elif isinstance(node, ast.Subscript):
            yield from _ahead(node, of)
        elif isinstance(node, ast.Assign):
            yield from _moved_up(node, of)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_AHEAD.search(node.value):
            yield Leak("shift", of.at(node), "the query brings later rows to earlier ones", AS_LABEL)
    for call in of.calls:
        if last_of(call) in ("fit", "partial_fit") and len(call.args) > 1 and _starts(call.args[0], of) and _stops(call.args[1], of):
            yield Leak(
                "shift",
                of.at(call),
                "fitted on rows that are later than their labels",
                "fit(X[:-1], y[1:]): what was known first, then what came of it",
            )


def is_ahead(call: ast.AST) -> bool:
    """Tell whether a call brings later rows to earlier ones: ``shift(-1)``, ``np.roll``."""
    if not isinstance(call, ast.Call):
        return False
    name = last_of(call)
    if name in SHIFTS:
        steps = [*call.args[:1], *(each for name in ("periods", "n") if (each := keyword(call, name)) is not None)]
        back = keyword(call, "freq")
        return any(_is_below(each) for each in steps) or (text_of(back) or "").startswith("-")
    return name == "roll" or (name in ("lead", "next_row") and isinstance(call.func, ast.Attribute))


def _is_below(node: ast.AST) -> bool:
    if (number := whole(node)) is not None:
        return number < 0
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _shifted(call: ast.Call, of: Reading) -> Iterator[Leak]:
    name, at = last_of(call), of.at(call)
    if is_ahead(call) and not _is_for_a_label(call, of):
        what = (
            "roll brings the end of the array to its beginning"
            if name == "roll"
            else f"{ast.unparse(call)[-60:]} brings later rows to earlier ones"
        )
        yield Leak("shift", at, what, AS_LABEL)
    if name == "offset_by" and call.args and (text_of(call.args[0]) or "").startswith("-") and _is_time(of.home(call), call):
        yield Leak("time", at, "times are set back: rows seem known before they were", "a row keeps the time at which it was known")
    if name in ("join_asof", "merge_asof"):
        how = says(call, "strategy") or says(call, "direction")
        if how in ("forward", "nearest"):
            yield Leak("time", at, f"{name} takes the {how} row, which may come later", "join backward: the last row that was known")
    if name in BY_TIME and not (name == "rolling" and not HAPPENED & texts_in(call)) and (stamps := HAPPENED & _texts_of(call)):
        yield Leak(
            "time", at, f"{name} goes by {min(stamps)}: when it happened, not when it was known here", "go by time, when it was known"
        )
    if name in ("alias", "rename", "with_columns", "select") and _takes_the_event_for_the_time(call, of):
        yield Leak("time", at, "the time of the event takes the place of the time it was known", "go by time, when it was known")
    if name in ("group_by_dynamic", "resample") and isinstance(call.func, ast.Attribute):
        yield from _labelled_left(call, of)


def _padded(call: ast.Call, of: Reading) -> Iterator[Leak]:
    """``np.append(x[1:], 0)``: what is one row shorter is filled up at its end."""
    if last_of(call) not in ("append", "concatenate", "hstack", "pad") or not call.args or under(call) is None or is_answer(of.home(call)):
        return
    parts = call.args[0].elts if isinstance(call.args[0], ast.List | ast.Tuple) else call.args[:1]
    is_numpy = ast.unparse(call.func).startswith(("np.", "numpy."))
    if _is_padded_in_front(call):
        return
    if is_numpy and parts and any(_cut(each, 1) for each in ast.walk(parts[0])) and not _is_differenced(parts[0]):
        yield Leak("shift", of.at(call), "what begins at a later row is filled up at its end: rows move to earlier ones", AS_LABEL)


def _is_padded_in_front(call: ast.Call) -> bool:
    """``np.pad(x, (1, 0))``: rows stay where they are."""
    width = call.args[1] if len(call.args) > 1 else keyword(call, "pad_width")
    return last_of(call) == "pad" and isinstance(width, ast.Tuple | ast.List) and len(width.elts) == 2 and whole(width.elts[1]) == 0


def _is_differenced(node: ast.AST) -> bool:
    return last_of(node) == "diff"


def _moved_up(node: ast.Assign, of: Reading) -> Iterator[Leak]:
    """``out[:-1] = x[1:]``."""
    if _cut(node.targets[0], -1) and any(_cut(each, 1) for each in ast.walk(node.value)):
        target = node.targets[0]
        name = target.value.id if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) else None
        if not is_answer(name):
            yield Leak("shift", of.at(node), "later rows are written to earlier places", AS_LABEL)


def _texts_of(call: ast.Call) -> set[str]:
    """Give the texts among the arguments, not those of what it is called on."""
    return {each for node in (*call.args, *call.keywords) for each in texts_in(node)}


def _takes_the_event_for_the_time(call: ast.Call, of: Reading) -> bool:
    name, into = last_of(call), under(call)
    if name == "alias":
        return bool(call.args) and text_of(call.args[0]) in TIMES and into is not None and bool(HAPPENED & texts_in(into))
    if name == "rename":
        pairs = [
            (text_of(k), text_of(v))
            for each in ast.walk(call)
            if isinstance(each, ast.Dict)
            for k, v in zip(each.keys, each.values, strict=True)
        ]
        return any(key in HAPPENED and value in TIMES for key, value in pairs)
    return any(each.arg in TIMES and bool(HAPPENED & texts_in(each.value)) for each in call.keywords)


def _labelled_left(call: ast.Call, of: Reading) -> Iterator[Leak]:
    name = last_of(call)
    chain = [last_of(above) for above in of.ancestors(call) if isinstance(above, ast.Call)]
    if says(call, "label") == "right" or "shift" in chain or (name == "resample" and chain[:1] in (["ffill"], ["asfreq"])):
        return
    if name == "resample" and not (call.args or call.keywords):
        return
    yield Leak(
        "time", of.at(call), f"{name} labels what it gathers with the time at which it began", 'label="right": a bar is known at its end'
    )


def _is_for_a_label(node: ast.AST, of: Reading) -> bool:
    """Tell whether what looks ahead is kept as what is to be forecast, or is handed to a fit as that."""
    for above in of.ancestors(node):
        if isinstance(above, ast.Call) and last_of(above) in (
            "fit",
            "partial_fit",
            "score",
            "roc_auc_score",
            "accuracy_score",
            "brier_score_loss",
        ):
            return not (above.args and any(inner is node for inner in ast.walk(above.args[0]))) or last_of(above).endswith("_score")
    return is_answer(of.home(node))


def _is_time(home: str | None, node: ast.AST) -> bool:
    return home is None or home in TIMES or bool(texts_in(node) & set(TIMES))


def _ahead(node: ast.Subscript, of: Reading) -> Iterator[Leak]:
    """``x[i + 1]`` and ``x[i - 5 : i + 6]`` of a loop over rows."""
    if not isinstance(node.ctx, ast.Load):
        return
    loops = _loops(node, of)
    index = node.slice
    if isinstance(index, ast.Slice):
        is_ahead_, lower = _steps_ahead(index.upper, loops) > 1, _steps_ahead(index.lower, loops)
        is_ahead_ = is_ahead_ or (lower >= 1 and index.upper is None)
    else:
        is_ahead_ = _steps_ahead(index, loops) >= 1
    if is_ahead_ and not is_answer(of.home(node)) and not of.within(node, "update", "learn_one", "propose"):
        yield Leak("shift", of.at(node), f"{ast.unparse(node)[:60]} is read at row {'/'.join(sorted(loops))}", AS_LABEL)


def _loops(node: ast.AST, of: Reading) -> set[str]:
    """Name the loop variables around a node that count rows."""
    found = set()
    for above in of.ancestors(node):
        pairs = [(above.target, above.iter)] if isinstance(above, ast.For) else []
        if isinstance(above, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
            pairs = [(each.target, each.iter) for each in above.generators]
        for target, over in pairs:
            if isinstance(target, ast.Name) and last_of(over) == "range":
                found.add(target.id)
            elif isinstance(target, ast.Tuple) and last_of(over) in ("enumerate", "iterrows") and isinstance(target.elts[0], ast.Name):
                found.add(target.elts[0].id)
    return found


def _steps_ahead(node: ast.AST | None, loops: set[str]) -> int:
    """Give how far past a loop variable an index lies; a name beside it counts as far."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        names = [each.id for each in (node.left, node.right) if isinstance(each, ast.Name)]
        if any(name in loops for name in names):
            numbers = [number for each in (node.left, node.right) if (number := whole(each)) is not None]
            return numbers[0] if numbers else 2
    return 0


def _starts(node: ast.AST, of: Reading) -> bool:
    return any(_cut(each, 1) for each in _meant(node, of))


def _stops(node: ast.AST, of: Reading) -> bool:
    return any(_cut(each, -1) for each in _meant(node, of))


def _meant(node: ast.AST, of: Reading) -> list[ast.AST]:
    return [node, *(of.assigned.get(node.id, []) if isinstance(node, ast.Name) else [])]


def _cut(node: ast.AST, sign: int) -> bool:
    if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)):
        return False
    lower, upper = whole(node.slice.lower), whole(node.slice.upper)
    return (lower or 0) > 0 and upper is None if sign > 0 else (upper or 0) < 0 and not lower


def set_back(of: Reading) -> Iterator[Leak]:
    """Times from which a span is taken away: what was known at noon seems known before."""
    for node in of.nodes:
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)):
            continue
        span = ast.unparse(node.right)
        is_span = span.startswith(
            ("pd.Timedelta", "Timedelta", "pd.offsets", "timedelta", "dt.timedelta", "pl.duration", "np.timedelta64", "pd.DateOffset")
        )
        if is_span and of.home(node) in ("time", "index", "ts", "timestamp", "datetime"):
            yield Leak(
                "time", of.at(node), "times are set back: rows seem known before they were", "a row keeps the time at which it was known"
            )
