"""``workbench constitution show | check``: every figure of a law with its unit, and whether a file can be one."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

import workbench as package
from tests.commands.calling import workbench
from workbench.commands.constitution import unit_of
from workbench.risk.constitution import Constitution, parse
from workbench.runtime import build

pytestmark = pytest.mark.covers("S2-43", "S0-24")
TEMPLATE = Path(package.__file__).parent / "workspace" / "templates" / "constitution.toml.tmpl"


def test_every_figure_is_shown_with_the_digest_a_run_carries(here: Path) -> None:
    said, told = workbench("constitution", "show", "micro"), json.loads(workbench("constitution", "show", "micro", "--json").out)
    law = build.constitution("micro")
    assert said.code == 0 and law.digest in said.out and told["digest"] == law.digest
    for part in ("risk", "sessions", "data", "execution"):
        for name in msgspec.to_builtins(getattr(law, part)):
            assert re.search(rf"^{part} +{name} ", said.out, re.MULTILINE), name
    assert re.search(r"max_loss_per_trade_usd +15 +USD", said.out)


def test_a_figure_that_counts_something_has_a_unit() -> None:
    without = {name for part in Constitution.__annotations__ if part != "profile"
               for name in type(getattr(build.constitution("micro"), part)).__struct_fields__ if not unit_of(name)}  # fmt: skip
    assert without == {
        "eqs_weights", "foreign", "foreign_by_root", "groups", "horizon", "horizons", "max_entry_changes", "max_violations",
        "no_entry_windows", "phases", "roll", "sizing", "tiers", "window_zone", "ask_margin",
    }  # fmt: skip


def test_a_file_is_checked_and_what_is_wrong_is_said(here: Path) -> None:
    good = TEMPLATE.read_text()
    (here / "mine.toml").write_text(good)
    said = workbench("constitution", "check", "mine.toml")
    assert said.code == 0 and "can be used" in said.text
    for old, new, why in (
        ("max_heat_frac = 0.06", "max_heat_frac = 0.6", "risk.max_heat_frac = 0.6 is outside"),
        ("[data]", "typo = 1\n[data]", "typo"),
        ("min_stop_ticks = 2\n", "min_stop_ticks = 300\n", "min_stop_ticks is above max_stop_ticks"),
        ("[data]", 'no_entry_windows = ["9:30-9:35"]\n[data]', "no window such as 09:30-09:35"),
        ("[data]", "[data", "mine.toml"),
    ):
        (here / "mine.toml").write_text(good.replace(old, new, 1))
        said = workbench("constitution", "check", "mine.toml")
        assert said.code == 2 and why in said.text, said.text


def test_every_line_of_the_template_may_be_put_in_force() -> None:
    text = re.sub(r"^# (?=[a-z_]+ = )", "", TEMPLATE.read_text(), flags=re.MULTILINE)
    law = parse(tomllib.loads(text))
    assert law.risk.max_correlation == 0.7 and law.risk.sizing == "atr" and law.sessions.tiers[1].strategies == ("first",)
    assert law.execution.volatility_exit == 3.0 and law.data.min_volume == 10_000
