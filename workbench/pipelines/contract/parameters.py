"""The typed parameters of a page: what a line of them says, and whether a value that is given may be one. Starts nothing.

A line is ``name: kind = literal  # text``. What the value may be stands at the end of the text, in brackets or braces:

==============================================================  ================================================================
``horizon: int = 30  # minutes ahead [1..240] min``             a range, ends included, and a unit (one word, may be left out)
``least_frac: float = 0.5  # share that must be fit [0..1]``
``depth: int = 5  # rows of the book [1..]``                    one end open
``hours: str = "regular"  # which hours {regular, all}``        choices; with spaces or commas in quotes: ``{"day only", all}``
``bars_s: int = 60  # length of a bar {5, 60, 300} s``          choices with a unit
``cost_usd: float = 2.5  # a round trip [..] USD``              a unit alone
``news: str = "env:NEWS_TOKEN"  # the news service [secret]``   a secret, by reference alone: `workbench.pipelines.contract.secrets`
==============================================================  ================================================================

Kinds are bool, int, float (finite) and str. Ranges are for numbers, choices for all but bool. Brackets and braces mean nothing else, so
that a misspelt range is refused, not ignored. A name is a plain word: no keyword, no builtin, no underscore in front, and nothing that
looks like a secret unless it is declared one.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import io
import keyword
import math
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, cast

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract.secrets import looks_secret, variable

KINDS: Final[Mapping[str, type]] = {"bool": bool, "int": int, "float": float, "str": str}
TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
FORM: Final = f"write NAME: KIND = LITERAL, with one of the kinds {', '.join(KINDS)}"
LIMITS: Final = re.compile(r"(?P<text>[^\[\]{}]*?)\s*(?:\[(?P<range>[^\[\]{}]*)\]|\{(?P<choices>[^\[\]{}]*)\})(?:\s+(?P<unit>\S+))?")
HOW: Final = "limits stand at the end of the text: [LOW..HIGH] UNIT, {A, B, C} UNIT or [secret]"
TAKEN: Final = frozenset({"result", "display", "get_ipython", "In", "Out"})  # what a page has under this name already

Value = bool | int | float | str


class Parameter(NamedTuple):
    """One parameter of a page: its name, the name of its kind, what it is if nobody says otherwise, and what it means.

    `low` and `high` are the ends of its range, `None` where open; `choices` is empty where any value may be; `unit` is what it is in.
    """

    name: str
    kind: str
    default: Value
    text: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Value, ...] = ()
    is_secret: bool = False

    @property
    def may_be(self) -> str:
        """What its value may be, for a person."""
        ends = f"{'' if self.low is None else f'{self.low:g}'}..{'' if self.high is None else f'{self.high:g}'}"
        limits = "env:NAME" if self.is_secret else ", ".join(map(str, self.choices)) or (ends if ends != ".." else "")
        return " ".join(filter(None, (limits or self.kind, self.unit)))


def why_not(line: ast.stmt, comment: str = "") -> str:
    """Say what is wrong about a line of parameters, with the comment behind it; nothing if it is one."""
    if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None):
        return FORM
    kind = KINDS.get(ast.unparse(line.annotation))
    try:
        value = ast.literal_eval(line.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return FORM
    if kind is None or type(value) is not kind or (isinstance(value, float) and not math.isfinite(value)):
        return FORM
    try:
        made = _parameter(line.target.id, ast.unparse(line.annotation), cast(Value, value), comment)
    except ValueError as error:
        return str(error)
    return _unsafe(made) or (f"the default of {made.name}: {said}" if (said := _outside(made, made.default)) else "")


def wrong_lines(source: str) -> Iterator[tuple[int, str]]:
    """Say what is wrong about a cell of parameters: lines, and what is wrong about each."""
    body, comments, seen = ast.parse(source).body, comments_of(source), dict[str, int]()
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
        body = body[1:]
    for line in body:
        name = line.target.id if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) else ""
        if said := why_not(line, comments.get(line.end_lineno or line.lineno, "")):
            yield line.lineno, said
        elif name in seen:
            yield line.lineno, f"{name} is a parameter already, on line {seen[name]}"
        seen[name] = line.lineno


def parameters_of(source: str) -> Iterator[Parameter]:
    """Read the parameters off a cell in which nothing is wrong."""
    comments = comments_of(source)
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            comment = comments.get(node.end_lineno or node.lineno, "")
            yield _parameter(node.target.id, ast.unparse(node.annotation), ast.literal_eval(node.value), comment)


def comments_of(source: str) -> dict[int, str]:
    """Give the comments of a source by line."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return {}
    return {token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT}


def _parameter(name: str, kind: str, default: Value, comment: str) -> Parameter:
    """Read a line; `ValueError` says what is wrong about its limits."""
    plain = Parameter(name, kind, default, comment)
    if not set("[]{}") & set(comment):
        return plain
    found = LIMITS.fullmatch(comment)
    if found is None:
        raise ValueError(f"{HOW}, not {comment!r}")
    plain = plain._replace(text=found["text"], unit=found["unit"] or "")
    if found["choices"] is not None:
        return plain._replace(choices=_choices(kind, found["choices"]))
    if found["range"].strip() == "secret":
        if kind != "str" or plain.unit:
            raise ValueError("a secret is of kind str and has no unit")
        return plain._replace(is_secret=True)
    low, is_range, high = found["range"].partition("..")
    if not is_range or kind not in ("int", "float"):
        raise ValueError(f"[{found['range']}] is no range of a number; {HOW}")
    plain = plain._replace(low=_end(kind, low), high=_end(kind, high))
    if plain.low is not None and plain.high is not None and plain.low > plain.high:
        raise ValueError(f"[{found['range']}] is empty: its low end is above its high end")
    return plain


def _end(kind: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = KINDS[kind](text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text.strip()!r} is no end of a range of {kind}; {HOW}")
    return cast(float, value)


def _choices(kind: str, text: str) -> tuple[Value, ...]:
    if kind == "bool":
        raise ValueError("a bool has no choices but yes and no")
    words = re.findall(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,"']+))\s*(?:,|$)""", text)
    said = [double or single or bare.strip() for double, single, bare in words if double or single or bare.strip()]
    try:
        made = tuple(cast(Value, KINDS[kind](word)) for word in said)
    except ValueError:
        raise ValueError(f"{{{text}}} holds what is not of kind {kind}") from None
    if len(set(made)) < 2:
        raise ValueError(f"{{{text}}} is no choice: name two values or more, with commas between them")
    return made


def _unsafe(of: Parameter) -> str:
    name = of.name
    if name.startswith("_"):
        return f"{name} begins with an underscore, which hides it: name it by what it is"
    if keyword.issoftkeyword(name) or hasattr(builtins, name) or name in TAKEN:
        return f"{name} is a name of Python or of the page itself, which the parameter would hide: choose another"
    if looks_secret(name) and not of.is_secret and of.kind in ("str", "int"):
        return f'{name} looks like a secret, and a page shows its parameters: write {name}: str = "env:NAME"  # text [secret]'
    return ""


def _outside(of: Parameter, value: Value) -> str:
    """Say why a value of the right kind is not allowed; nothing if it is."""
    if of.is_secret:
        return "" if variable(value) else "a secret is told by reference, env:NAME; what is there is not shown"
    if of.choices and value not in of.choices:
        near = difflib.get_close_matches(str(value), [str(each) for each in of.choices], n=1)
        return f"{value!r} is none of {', '.join(map(str, of.choices))}" + (f"; did you mean {near[0]}?" if near else "")
    is_low = of.low is not None and cast(float, value) < of.low
    return f"{value!r} lies outside {of.may_be}" if is_low or (of.high is not None and cast(float, value) > of.high) else ""


def bind(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, Value]:
    """Give every parameter its value: what was given, read as its kind, or its default.

    Text is read as a person writes it at a prompt; any other value must be of the kind already (an int may stand for a float).

    Raises
    ------
    ConfigError
        For a name that is no parameter; for a value not of its kind, outside its range or none of its choices; for a secret in clear.

    Examples
    --------
    >>> wanted = (Parameter("session", "int", 20261119, "log session"), Parameter("replay", "bool", True, ""))
    >>> bind(wanted, {"session": "20261120"})
    {'session': 20261120, 'replay': True}
    >>> bind(wanted, {"sesion": 1})
    Traceback (most recent call last):
    workbench.domain.errors.ConfigError: there is no parameter 'sesion'; did you mean session?
    >>> bind(list(parameters_of("horizon: int = 30  # minutes ahead [1..240] min")), {"horizon": 500})
    Traceback (most recent call last):
    workbench.domain.errors.ConfigError: parameter horizon: 500 lies outside 1..240 min; the default is 30
    """
    names = [each.name for each in parameters]
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise ConfigError(f"there is no parameter {name!r}; {hint}")
    return {each.name: _read(each, given[each.name]) if each.name in given else each.default for each in parameters}


def _read(parameter: Parameter, value: object) -> Value:
    name, kind = parameter.kind, KINDS[parameter.kind]
    made: object = value
    if isinstance(value, str) and kind is not str:
        try:
            made = TRUTHS.get(value.lower()) if kind is bool else kind(value)
        except ValueError:
            made = None
    elif kind is float and type(value) is int:
        made = float(value)
    if type(made) is not kind or (isinstance(made, float) and not math.isfinite(made)):
        shown = "what was given" if parameter.is_secret else repr(value)
        raise ConfigError(f"parameter {parameter.name} is of kind {name}, which {shown} is not; the default is {parameter.default!r}")
    if said := _outside(parameter, cast(Value, made)):
        raise ConfigError(f"parameter {parameter.name}: {said}; the default is {parameter.default!r}")
    return cast(Value, made)
