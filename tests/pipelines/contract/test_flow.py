"""Which cell made a name: what only ran by chance is refused, and what a fresh kernel runs from the top never is."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.pipelines.contract import Cell, Finding, flow


def cells(*sources: str, tags: tuple[str, ...] = ()) -> list[Cell]:
    return [Cell(at, "code", "", source, tags) for at, source in enumerate(sources, 1)]


def told(*sources: str) -> list[tuple[int, int, str]]:
    return [(each.at, each.line, each.text.split()[0]) for each in flow(cells(*sources), of_page=False)]


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        (["x = 1", "x", "y"], [(3, 1, "y")]),
        (["y = x\nx = 1"], [(1, 1, "x")]),
        (["def f():\n    return x", "f()", "x = 1"], [(2, 1, "f")]),
        (["def f():\n    return g()\ndef g():\n    return x", "f()", "x = 1"], [(2, 1, "g")]),
        (["f = lambda: x", "f()", "x = 1"], [(2, 1, "f")]),
        (["def f(a=x): ..."], [(1, 1, "x")]),
        (["@x\ndef f(): ..."], [(1, 1, "x")]),
        (["def f(a: X): ..."], [(1, 1, "X")]),
        (["from __future__ import annotations", "def f(a: X): ...", "b: X = 1"], []),
        (["a: X = 1"], [(1, 1, "X")]),
        (["x: int", "x"], [(2, 1, "x")]),
        (["class A(B): ..."], [(1, 1, "B")]),
        (["class A:\n    x = 1\n    y = x\n    def f(self):\n        return x"], [(1, 1, "A")]),
        (["class A:\n    y = x"], [(1, 2, "x")]),
        (["[x for x in y]"], [(1, 1, "y")]),
        (["[x for x in [1]]", "x"], [(2, 1, "x")]),
        (["[y for x in [1] for y in x]", "{a: b for a, b in {}.items() if c}"], [(2, 1, "c")]),
        (["any((last := x) for x in [1])", "last"], []),
        (["sorted([1], key=lambda a: a + x)", "x = 1"], [(1, 1, "x")]),
        (["later = [lambda: x]", "x = 1"], []),
        (["later = [lambda: x]"], [(1, 1, "x")]),
        (["x = (1", "x"], []),  # told once, by its form
        (["f'{x=} {1:{width}}'"], [(1, 1, "x"), (1, 1, "width")]),
        (["x += 1"], [(1, 1, "x")]),
        (["x.y = 1", "z[0] = 1"], [(1, 1, "x"), (2, 1, "z")]),
        (["x = 1\ndel x", "x"], [(2, 1, "x")]),
        (["x = 1\nif x:\n    del x", "x"], []),
        (["x = 1", "del x\nx = 2", "x"], []),
        (["try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    error", "error"], [(2, 1, "error")]),
        (["try:\n    x\nexcept NameError:\n    x = 1", "x"], []),
        (["try:\n    x\nexcept ValueError:\n    pass"], [(1, 2, "x")]),
        (["if 1:\n    x = 1\nelse:\n    x"], [(1, 4, "x")]),
        (["for i in range(3):\n    if i:\n        x\n    x = i", "i, x"], []),
        (["while (n := 3) < 2:\n    n", "n"], []),
        (["with open('x') as f, f as g:\n    g", "f"], []),
        (["match 1:\n    case [a, *b] if c:\n        a, b\n    case {'k': d, **e}:\n        d, e, a"], [(1, 2, "c"), (1, 5, "a")]),
        (["def f():\n    global x\n    x = 1", "f()\nx"], []),
        (["def f():\n    global x\n    x += 1"], []),
        (["import a.b, c as d", "a, d", "b"], [(3, 1, "b")]),
        (["from a import b as c", "c", "b"], [(3, 1, "b")]),
        (["from a import *", "anything"], [(1, 1, "from")]),
        (["if 'x' not in globals():\n    x = 0", "x"], []),
        (["exec('x = 1')", "x"], []),
        (["print(__name__, __doc__, display, get_ipython())"], []),
        (["__file__"], [(1, 1, "__file__")]),
        (["Out[3], In[2], _12, _i4, __"], [(1, 1, name) for name in ("Out", "In", "_12", "_i4", "__")]),
        (["for _ in range(3): ...", "_"], []),
        (["await x", "y = [z async for z in w]"], [(1, 1, "x"), (2, 1, "w")]),
        (["files = !ls", "files", "%time n = 3", "n", "%run other.py", "anything"], []),
        (["%%bash\nx", "%%capture seen\ny = 1", "seen, y", "%%time\nz"], [(4, 2, "z")]),
        (["def f():\n    yield x", "f()", "x = 1"], []),
        (["def f():\n    if late:\n        return 1\n    return x", "late = 0\nf()", "x = 1"], []),
        (["def f(x=1, *y, z, **w):\n    v = x, y, z, w\n    return lambda u: (u, v)"], []),
        (["def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g"], []),
        (["import typing\ndef f() -> 'typing.Any': ..."], []),
    ],
)  # fmt: skip
def test_names_are_followed_as_python_follows_them(sources: list[str], found: list[tuple[int, int, str]]) -> None:
    assert sorted(told(*sources)) == sorted(found)


def test_it_is_said_where_a_name_is_made_if_it_is_anywhere() -> None:
    def said(*of: Cell, of_page: bool = True) -> str:
        (found,) = flow(of, of_page=of_page)
        return f"{found.text}: {found.remedy}"

    use, make = Cell(2, "code", "work", "b = a + 1"), Cell(3, "code", "work", "\na = 1")
    assert said(use, make) == "a is used, and nothing above made it: cell 3, line 2 makes it, later; what runs from the top needs it before"
    assert "cell 1, line 1 does, but that cell is scratch" in said(Cell(1, "code", "", "a = 1"), use)
    assert "cell 1, line 1 does, but that cell is scratch" in said(Cell(1, "code", "work", "a = 1", ("work", "scratch")), use)
    assert "cell 1, line 1 does, but that cell is scratch" in said(Cell(1, "raw", "", "a = 1"), use)
    assert "cell 1, line 2 deleted it" in said(Cell(1, "code", "work", "a = 1\ndel a"), use)
    assert "did you mean prices?" in said(Cell(1, "code", "work", "prices = 1"), Cell(2, "code", "work", "price"))
    assert "depends on the order of execution" in said(Cell(1, "code", "work", "Out[1]"))
    assert not flow([Cell(1, "code", "", "a = 1"), use], of_page=False)
    assert flow([Cell(1, "code", "", "a = 1", ("scratch",)), use], of_page=False) == [
        Finding(2, 1, "flow", "a is used, and nothing above made it",
                "cell 1, line 1 does, but that cell is scratch and no part of the page; tag it, or make a in a cell that is")
    ]  # fmt: skip


# ---------------------------------------------------------------------- against Python itself
NAMES = st.sampled_from("abc")
LINES = st.one_of(
    st.builds("{} = 1".format, NAMES),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} += 1".format, NAMES),
    st.builds("del {}".format, NAMES),
    st.builds("{} = [{} for {} in [1] if {}]".format, NAMES, NAMES, NAMES, NAMES),
    st.builds("{} = [({} := {}) for {} in [1]]".format, NAMES, st.just("d"), NAMES, NAMES),
    st.builds("def f({}=1):\n    {} = 2\n    return {}".format, NAMES, NAMES, NAMES),
    st.builds("g = lambda {}: {}".format, NAMES, NAMES),
    st.just("f()"),
    st.just("g(1)"),
    st.builds("if True:\n    {} = 1\nelse:\n    {}".format, NAMES, NAMES),
    st.builds("for {} in [1]:\n    {} = {}".format, NAMES, NAMES, NAMES),
    st.builds("try:\n    {}\nexcept NameError as {}:\n    {} = 1".format, NAMES, NAMES, NAMES),
    st.builds("class A:\n    {} = 1\n    {} = {}".format, NAMES, NAMES, NAMES),
    st.builds("with open('/dev/null') as {}:\n    {}".format, NAMES, NAMES),
)


def ends_in_a_name_error(sources: list[str]) -> bool:
    there: dict[str, object] = {}
    for source in sources:
        try:
            exec(source, there)
        except NameError:
            return True
        except (TypeError, AttributeError):  # 1 + a list, a call of what is no function: runs, but for what we ask
            return False
    return False


def agree(sources: list[str]) -> None:
    """What a kernel runs is refused for no name that is made anywhere; what dies of a missing name is refused, unless a call decides."""
    found = [each for each in flow(cells(*sources), of_page=False) if each.rule == "flow"]
    has_branch = any(source.startswith(("if", "try")) for source in sources)
    if not ends_in_a_name_error(sources):
        assert has_branch or all("no cell makes it" in each.remedy for each in found), (sources, found)
    elif not any(source.startswith(("try", "def", "g = ")) for source in sources):
        assert found, sources


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=6))
def test_python_agrees(sources: list[str]) -> None:
    agree(sources)


@pytest.mark.proof
@settings(max_examples=2000, derandomize=True, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=8))
def test_python_agrees_in_thousands(sources: list[str]) -> None:
    agree(sources)


# what puts names into a module from outside it, or by a decorator: nobody who reads the module can see them
FROM_OUTSIDE = {"inspect", "plistlib", "ssl", "turtle"}


@pytest.mark.proof
def test_no_module_of_the_standard_library_is_refused() -> None:
    """A third of them: each runs from top to bottom whenever it is imported, and nobody wrote them for this."""
    refused, n = [], 0
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[::3]:
        found = [each for each in flow(cells(path.read_text(encoding="utf-8")), of_page=False) if each.text[:5] != "from "]
        n += 1
        if [each for each in found if not {"__file__", "__path__", "__cached__"} & set(each.text.replace(",", " ").split())]:
            refused.append(path.stem)
    assert n > 50 and set(refused) <= FROM_OUTSIDE, refused
