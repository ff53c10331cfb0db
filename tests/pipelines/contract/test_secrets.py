"""A secret is told by reference, looked up where it is needed, and shows nothing of itself."""

from __future__ import annotations

import copy
import pickle

import pytest

from workbench.domain.errors import ConfigError
from workbench.pipelines.contract import looks_secret, referred, secret, variable

VALUE = "k-5521-abcdef"
THERE = {"NEWS_TOKEN": VALUE, "EMPTY": ""}


def test_a_secret_shows_only_where_it_comes_from() -> None:
    key = secret("env:NEWS_TOKEN", THERE)
    assert key.reveal() == VALUE
    assert VALUE not in f"{key} {key!r} {[key]} {key.__class__} {dir(key)}"
    for store in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="a secret is not stored"):
            store(key)


@pytest.mark.parametrize("reference", ["NEWS_TOKEN", "env:", "env:NEWS-TOKEN", "env:A b", VALUE, "env:1A", "", "ENV:A"])
def test_what_is_no_reference_is_refused_without_being_shown(reference: str) -> None:
    assert variable(reference) is None
    with pytest.raises(ConfigError, match="a secret is told by reference: env:NAME") as error:
        secret(reference, THERE)
    assert VALUE not in str(error.value)


def test_a_reference_to_nothing_is_told_before_anything_starts() -> None:
    assert referred({"news": "env:NEWS_TOKEN", "n": 3}, THERE) == {"NEWS_TOKEN"}
    for name in ("NONE", "EMPTY"):
        with pytest.raises(ConfigError, match=f"parameter news refers to {name}, and the environment has no variable of that name"):
            referred({"news": f"env:{name}"}, THERE)
        with pytest.raises(ConfigError, match=f"the environment has no {name}"):
            secret(f"env:{name}", THERE)


def test_names_that_hold_secrets_are_known() -> None:
    assert all(
        map(looks_secret, ("api_key", "APIKEY", "password", "passwd", "github_token", "client_secret", "CREDENTIALS", "private_key"))
    )
    assert not any(map(looks_secret, ("key", "session", "symbol", "pass_frac", "author")))
