"""A value that is no parameter, or not of its kind, is refused; what is given is read as its kind."""

from __future__ import annotations

import pytest

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import Parameter, bind

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
