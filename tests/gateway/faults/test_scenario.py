"""A scenario's file: what is read, and what is refused with its place."""

from __future__ import annotations

import pytest

from workbench.domain.errors import ConfigError
from workbench.gateway.faults import load_scenario
from workbench.gateway.faults.scenario import parse_scenario

RULE = "[[rules]]\nwhen = {{ {when} }}\nwhat = [{{ {what} }}]\n"


@pytest.mark.parametrize(
    ("when", "what", "said"),
    [
        ("after_s = 5", 'do = "explode"', "explode"),
        ("after_s = 5", 'do = "say", kode = 5', "kode"),
        ("aftr_s = 5", 'do = "say", code = 5', "aftr_s"),
        ("after_s = -5", 'do = "say", code = 5', ">= 0"),
        ('after_s = 5, on = "PlaceOrder"', 'do = "say", code = 5', "exactly one of after_s, at and on"),
        ("nth = 5", 'do = "say", code = 5', "exactly one of after_s, at and on"),
        ('on = "PlaceOder"', 'do = "say", code = 5', "did you mean PlaceOrder"),
        ('on = "orders", nth = 1, chance = 0.5', 'do = "say", code = 5', "only one of nth"),
        ("after_s = 5, nth = 2", 'do = "say", code = 5', "go with `on`"),
        ("after_s = 5", 'do = "refuse", code = 5', "acts on a message"),
        ('on = "TickPrice"', 'do = "refuse", code = 5', "request, and TickPrice is none"),
        ('on = "PlaceOrder"', 'do = "duplicate"', "answer to a client, and PlaceOrder is none"),
        ("after_s = 5", 'do = "mute", what = ["TickPrize"]', "did you mean TickPrice"),
        ("after_s = 5", 'do = "mute", what = []', "length >= 1"),
        ("after_s = 5", 'do = "say", code = 5, to = "subject"', "needs a message"),
        ('at = "25:00"', 'do = "say", code = 5', "no time of day"),
        ('on = "TickPrice", every_s = 5', 'do = "say", code = 5', "every_s goes with after_s"),
        ("after_s = 5", 'do = "bytes", hex = "xyz"', "regex"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(when: str, what: str, said: str):
    with pytest.raises(ConfigError, match=r"mine") as refused:
        parse_scenario(RULE.format(when=when, what=what), "mine")
    assert said in str(refused.value)


def test_unknown_keys_and_broken_toml_are_refused():
    with pytest.raises(ConfigError, match="weather"):
        parse_scenario("weather = 5", "mine")
    with pytest.raises(ConfigError, match="mine"):
        parse_scenario("rules = [", "mine")


def test_a_word_that_is_none_says_what_is_near_and_where_to_read():
    for when, what, near in (
        ("after_s = 5", 'do = "disconect"', "disconnect"),
        ("aftr_s = 5", 'do = "say", code = 5', "after_s"),
        ("after_s = 5", 'do = "say", kode = 5', "code"),
    ):
        with pytest.raises(ConfigError, match=rf"near: .*{near}.*docs/gateway.md"):
            parse_scenario(RULE.format(when=when, what=what), "mine")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="no text file"):
        load_scenario(tmp_path / "mine.toml")


def test_a_name_that_is_none_says_what_is_near(tmp_path):
    with pytest.raises(ConfigError, match="half_open"):
        load_scenario("half_opn")
    file = tmp_path / "mine.toml"
    file.write_text(RULE.format(when="after_s = 5", what='do = "say", code = 1100'))
    assert load_scenario(str(file)).rules[0].what[0].code == 1100
