"""A cell is read whatever it holds: magics and shell are put aside, lines keep their numbers, and nothing raises."""

from __future__ import annotations

import ast

import pytest

from workbench.pipelines.contract.syntax import read_code


@pytest.mark.parametrize(
    ("source", "plain", "foreign"),
    [
        ("x = 1", "x = 1", []),
        ("%matplotlib inline\nx = 1", "pass\nx = 1", [(1, "%matplotlib")]),
        ("x = 1\n!ls -l\ny = 2", "x = 1\npass\ny = 2", [(2, "!ls")]),
        ("files = !ls *.csv", "files = None", [(1, "!ls")]),
        ("a, b = %fetch x", "a, b = None", [(1, "%fetch")]),
        ("if x:\n    !ls\n    %cd ..", "if x:\n    pass\n    pass", [(2, "!ls"), (3, "%cd")]),
        ("%time y = f(x)", "y = f(x)", [(1, "%time")]),
        ("?print", "pass", [(1, "?print")]),
        ("print?", "pass", [(1, "?")]),
        ("a.b??", "pass", [(1, "?")]),
        ("!ls \\\n  -l\nx = 1", "pass\npass\nx = 1", [(1, "!ls")]),
        ("x = 7 % 3\ny = (8\n % 5)", "x = 7 % 3\ny = 8 % 5", []),
        ("%%time\nx = 1", "x = 1", [(1, "%%time")]),
        ("%%bash\nls -l | wc", "", [(1, "%%bash")]),
        ("%%capture seen\nx = 1", "seen = None\nx = 1", [(1, "%%capture")]),
        ("%%bash --out told\nls", "told = None", [(1, "%%bash")]),
        ("x = await f()", "x = await f()", []),
    ],
)
def test_what_only_ipython_understands_is_put_aside(source: str, plain: str, foreign: list[tuple[int, str]]) -> None:
    code = read_code(source)
    assert code.wrong is None and ast.unparse(code.tree) == plain and list(code.foreign) == foreign


def test_lines_keep_their_numbers() -> None:
    code = read_code("\n\n%%time\n\nx = 1")
    assert [node.lineno for node in code.tree.body] == [5]


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("x = (1", 1, "was never closed"),
        ("x = 1\nreturn x", 2, "'return' outside function"),
        ("x = 1\nbreak", 2, "'break' outside loop"),
        ("def f():\nx = 1", 2, "expected an indented block"),
        ("a\x00b", 1, "cannot"),
        ("x = " + "+".join(["1"] * 3000), 1, "nested"),
        ("(" * 500 + ")" * 500, 1, ""),
    ],
)
def test_what_cannot_be_read_says_where(source: str, line: int, said: str) -> None:
    code = read_code(source)
    assert code.wrong is not None and code.wrong[0] == line and said in code.wrong[1] and not code.tree.body


@pytest.mark.parametrize("source", ["%run other.py", "x = 1\n%store -r y"])
def test_magics_that_make_names_unseen_are_known(source: str) -> None:
    assert read_code(source).is_open
