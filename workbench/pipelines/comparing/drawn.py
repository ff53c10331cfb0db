"""Figures as the data they were drawn of: the JSON that Bokeh, HoloViews, Panel and Plotly leave in a notebook. Draws nothing."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from workbench.pipelines.comparing.tolerance import Tolerance

GZIP: Final = b"\x1f\x8b"  # how Bokeh packs arrays
DOCUMENTS: Final = re.compile(r"docs_json\s*=\s*(?=[{'\"])")
UNNAMED: Final = frozenset({"id", "docid", "root_ids", "roots_ids", "model_id", "elementid", "version", "uid", "plot_id"})
IDENTITY: Final = re.compile(r"p\d{3,}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")


def documents(script: str) -> Iterator[Any]:
    """Find the figures in a script.

    >>> list(documents("var docs_json = {'x': 1}")), list(documents('const docs_json = {"x": 1};'))
    ([], [{'x': 1}])
    """
    for found in DOCUMENTS.finditer(script):
        rest = script[found.end() :]
        if rest[0] == "'":  # the JSON as a text within the script
            rest = json.dumps(rest[1 : rest.find("'", 1)].encode().decode("unicode_escape"))
        try:
            made, _ = json.JSONDecoder().raw_decode(rest)
            yield json.loads(made) if isinstance(made, str) else made
        except ValueError:
            continue


def differs(stored: Any, fresh: Any, tolerance: Tolerance, at: str = "figure") -> str:
    """Say where two figures differ first, by the path to it; nothing if they are drawn of the same data. Names of parts do not count."""
    one, other = _array(stored), _array(fresh)
    if one is not None and other is not None:
        return _arrays(one, other, tolerance, at)
    if isinstance(stored, Mapping) and isinstance(fresh, Mapping):
        return _mappings(stored, fresh, tolerance, at)
    if isinstance(stored, list) and isinstance(fresh, list):
        if len(stored) != len(fresh):
            return f"{at}: {len(fresh)} where {len(stored)} were"
        said = (differs(*pair, tolerance, f"{at}[{n}]") for n, pair in enumerate(zip(stored, fresh, strict=True)))
        return next(filter(None, said), "")
    if _is_number(stored) and _is_number(fresh):
        return "" if tolerance.close(stored, fresh) else f"{at}: {fresh:.12g} where {stored:.12g} was"
    if isinstance(stored, str) and isinstance(fresh, str):
        if IDENTITY.fullmatch(stored) and IDENTITY.fullmatch(fresh):
            return ""
        said_text = tolerance.texts(stored, fresh)
        return f"{at}: {said_text}" if said_text else ""
    return "" if stored == fresh else f"{at}: {str(fresh)[:40]!r} where {str(stored)[:40]!r} was"


def _mappings(stored: Mapping[str, Any], fresh: Mapping[str, Any], tolerance: Tolerance, at: str) -> str:
    one, other = ({_name(key, n): value for n, (key, value) in enumerate(each.items()) if key not in UNNAMED} for each in (stored, fresh))
    if one.keys() != other.keys():
        return f"{at}: only one of them has {', '.join(sorted(one.keys() ^ other.keys()))}"
    return next(filter(None, (differs(one[key], other[key], tolerance, f"{at}.{key}") for key in one)), "")


def _name(key: str, n: int) -> str:
    return f"#{n}" if IDENTITY.fullmatch(key) else key


def _array(of: Any) -> np.ndarray[Any, Any] | None:
    """Give the numbers of an array: a list of nothing else, or as Bokeh packs it."""
    if isinstance(of, Mapping) and "dtype" in of:
        packed = of.get("array", {}).get("data") if isinstance(of.get("array"), Mapping) else of.get("bdata")
        if isinstance(packed, str):
            raw = base64.b64decode(packed)
            raw = gzip.decompress(raw) if raw[:2] == GZIP else raw
            kind = np.dtype(str(of["dtype"]) if of["dtype"] != "bool" else "u1").newbyteorder(">" if of.get("order") == "big" else "<")
            values = np.frombuffer(raw, kind).astype(float)
            return values.reshape(of["shape"]) if isinstance(of.get("shape"), list) else values
    if isinstance(of, list) and of and all(each is None or _is_number(each) for each in of):
        return np.array([np.nan if each is None else each for each in of], dtype=float)
    return None


def _arrays(stored: np.ndarray[Any, Any], fresh: np.ndarray[Any, Any], tolerance: Tolerance, at: str) -> str:
    if stored.shape != fresh.shape:
        return f"{at}: {fresh.shape} values where {stored.shape} were"
    fine = np.isclose(fresh, stored, rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True)
    if bool(fine.all()):
        return ""
    n = int(np.flatnonzero(~fine.ravel())[0])
    more = f" ({int((~fine).sum())} of {fine.size})"
    return f"{at}[{n}]: {fresh.ravel()[n]:.12g} where {stored.ravel()[n]:.12g} was{more}"


def _is_number(of: Any) -> bool:
    return isinstance(of, int | float) and not isinstance(of, bool)
