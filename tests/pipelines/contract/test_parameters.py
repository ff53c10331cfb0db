"""A value that is no parameter, or not of its kind, is refused; what is given is read as its kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import Parameter, bind, parameters, parameters_of
from workbench.pipelines.contract.parameters import wrong_lines

WANTED = (
    Parameter("session", "int", 20261119, ""),
    Parameter("share_frac", "float", 0.5, ""),
    Parameter("name", "str", "x", ""),
    Parameter("replay", "bool", True, ""),
)


def test_values_are_read_as_their_kind() -> None:
    given = {"session": "20261120", "share_frac": "0.25", "name": "7", "replay": "no"}
    assert bind(WANTED, given) == {"session": 20261120, "share_frac": 0.25, "name": "7", "replay": False}
    assert bind(WANTED, {"share_frac": 2, "replay": False})["share_frac"] == 2.0
    assert bind(WANTED, {}) == {"session": 20261119, "share_frac": 0.5, "name": "x", "replay": True}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sesion": 1}, "there is no parameter 'sesion'; did you mean session?"),
        ({"q": 1}, "there are session, share_frac, name, replay"),
        ({"session": "tomorrow"}, "parameter session is of kind int, which 'tomorrow' is not; the default is 20261119"),
        ({"session": 1.0}, "kind int"),
        ({"session": True}, "kind int"),
        ({"share_frac": "nan"}, "kind float"),
        ({"share_frac": float("inf")}, "kind float"),
        ({"replay": "perhaps"}, "kind bool"),
        ({"name": 7}, "kind str"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        bind(WANTED, given)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("n: int = 3", Parameter("n", "int", 3, "")),
        ("n: int = 3  # how many", Parameter("n", "int", 3, "how many")),
        ("horizon: int = 30  # minutes ahead [1..240] min", Parameter("horizon", "int", 30, "minutes ahead", "min", 1, 240)),
        ("n: int = 3  # [0..]", Parameter("n", "int", 3, "", "", 0, None)),
        ("x: float = -2  # no", None),
        ("x: float = -2.5  # below [..-1.5] pts", Parameter("x", "float", -2.5, "below", "pts", None, -1.5)),
        ("x: float = 2.5  # a round trip [..] USD", Parameter("x", "float", 2.5, "a round trip", "USD")),
        ('h: str = "all"  # which {regular, all}', Parameter("h", "str", "all", "which", choices=("regular", "all"))),
        ("""h: str = "a, b"  # {"a, b", 'c d', e}""", Parameter("h", "str", "a, b", "", choices=("a, b", "c d", "e"))),
        ("n: int = 5  # a bar {5, 60} s", Parameter("n", "int", 5, "a bar", "s", choices=(5, 60))),
        ('news: str = "env:NEWS_TOKEN"  # asks [secret]', Parameter("news", "str", "env:NEWS_TOKEN", "asks", is_secret=True)),
        ('api_key: str = "env:KEY"  # [secret]', Parameter("api_key", "str", "env:KEY", "", is_secret=True)),
        ('name: str = "#1 {x}"  # é: not a limit', Parameter("name", "str", "#1 {x}", "é: not a limit")),
        ('name: str = "é"  # which', Parameter("name", "str", "é", "which")),
        ("is_up: bool = True  # or down", Parameter("is_up", "bool", True, "or down")),
        ("n: int = (\n    3  # no\n)  # yes [1..]", Parameter("n", "int", 3, "yes", "", 1)),
    ],
)
def test_a_line_says_what_the_value_may_be(line: str, said: Parameter | None) -> None:
    wrong = list(wrong_lines(line))
    assert bool(wrong) == (said is None)
    assert said is None or list(parameters_of(line)) == [said]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("n: int = 3  # [1-5]", "[1-5] is no range of a number; limits stand at the end of the text"),
        ("n: int = 3  # [1..5] minutes ahead", "limits stand at the end of the text"),
        ("n: int = 3  # [1..5", "limits stand at the end of the text"),
        ("n: int = 3  # [1..5] {3, 4}", "limits stand at the end of the text"),
        ("n: int = 3  # [5..1]", "[5..1] is empty"),
        ("n: int = 3  # [1.5..5]", "'1.5' is no end of a range of int"),
        ("x: float = 3.0  # [nan..5]", "'nan' is no end of a range of float"),
        ('x: str = "a"  # [1..5]', "[1..5] is no range of a number"),
        ("x: bool = True  # [0..1]", "[0..1] is no range of a number"),
        ("x: bool = True  # {yes, no}", "a bool has no choices but yes and no"),
        ('x: str = "a"  # {a}', "{a} is no choice: name two values or more"),
        ('x: str = "c"  # {a, b}', "the default of x: 'c' is none of a, b"),
        ("n: int = 3  # {1, two}", "{1, two} holds what is not of kind int"),
        ("n: int = 30  # ahead [1..24] h", "the default of n: 30 lies outside 1..24 h"),
        ("n: int = 3  # [secret]", "a secret is of kind str"),
        ('x: str = "hunter2hunter2"  # [secret]', "a secret is told by reference, env:NAME; what is there is not shown"),
        ('token: str = "x"', "token looks like a secret, and a page shows its parameters"),
        ("_n: int = 3", "_n begins with an underscore"),
        ("max: int = 3", "max is a name of Python or of the page itself"),
        ("match: int = 3", "match is a name of Python"),
        ("result: int = 3", "result is a name of Python or of the page itself"),
        ("n: int = 1\nn: int = 2", "n is a parameter already, on line 1"),
        ("n = 3", "write NAME: KIND = LITERAL"),
        ("n: int", "write NAME: KIND = LITERAL"),
        ("n: list = [1]", "write NAME: KIND = LITERAL"),
        ("n: int = 1 + 2", "write NAME: KIND = LITERAL"),
        ("n: float = 1e999", "write NAME: KIND = LITERAL"),
        ("import math", "write NAME: KIND = LITERAL"),
        ("n.m: int = 3", "write NAME: KIND = LITERAL"),
    ],
)
def test_a_line_that_is_no_parameter_says_what_is_wrong(line: str, said: str) -> None:
    told = [text for _, text in wrong_lines(line)]
    assert told and said in told[-1], told
    assert "hunter2" not in " ".join(told)


LIMITED = tuple(
    parameters_of(
        """horizon: int = 30  # minutes ahead [1..240] min
share: float = 0.5  # [0..1]
hours: str = "regular"  # {regular, all}
bars_s: int = 60  # {5, 60} s
news: str = "env:NEWS_TOKEN"  # [secret]"""
    )
)


@pytest.mark.covers("S3-02")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"horizon": 0}, "parameter horizon: 0 lies outside 1..240 min; the default is 30"),
        ({"horizon": "241"}, "parameter horizon: 241 lies outside 1..240 min"),
        ({"share": "1.01"}, "parameter share: 1.01 lies outside 0..1"),
        ({"hours": "regulr"}, "parameter hours: 'regulr' is none of regular, all; did you mean regular?"),
        ({"bars_s": 61}, "parameter bars_s: 61 is none of 5, 60"),
        (
            {"news": "hunter2"},
            "parameter news: a secret is told by reference, env:NAME; what is there is not shown; the default is 'env:NEWS",
        ),
        ({"news": 7_654_321}, "parameter news is of kind str, which what was given is not"),
    ],
)
def test_a_value_outside_its_limits_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        bind(LIMITED, given)
    assert said in str(error.value) and "hunter2" not in str(error.value) and "7654321" not in str(error.value)


def test_what_the_guide_and_the_module_show_is_so() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "your-page.md").read_text(encoding="utf-8")
    lines = [line for line in guide.splitlines() if re.match(r"\w+: (int|float|str) = ", line)]
    shown = re.findall(r"^``(\w+: .*?  # .*?)``(?: |$)", parameters.__doc__ or "", flags=re.MULTILINE)
    assert len(lines) == 6 and len(shown) >= 6
    plain = [re.sub(r"((?:\]|\})(?: [^ ]+)?)   *.*$", r"\1", line) for line in lines]
    for line in plain + [each for each in shown if not each.startswith("name")]:
        assert not list(wrong_lines(line)), line


def test_the_ends_of_a_range_belong_to_it() -> None:
    given = {"horizon": 240, "share": 0, "hours": "all", "bars_s": "5", "news": "env:OTHER"}
    assert bind(LIMITED, given) == given | {"share": 0.0, "bars_s": 5}
    assert [each.may_be for each in LIMITED] == ["1..240 min", "0..1", "regular, all", "5, 60 s", "env:NAME"]
