"""From names to a setup: what does not exist is told with what does, and calendars become numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.replay.world import SESSION, settings
from workbench.domain.contracts import Contract
from workbench.domain.errors import ConfigError
from workbench.domain.units import HOUR, MICROS, SECOND
from workbench.engine import Engine
from workbench.learning.models import DEFAULT, RECIPES
from workbench.runtime import build
from workbench.simulation.matching.models import PerContract, PerShare
from workbench.strategies import CATALOGUE

pytestmark = pytest.mark.covers("S0-04", "S0-24", "S3-44")
BOTH = [("learned", DEFAULT), ("vwap_reversion", "")]


@pytest.fixture(scope="module")
def contracts() -> tuple[Contract, ...]:
    return build.fronts(settings(), ["ES", "NQ", "SPY", "QQQ"], SESSION)


def made(contracts: tuple[Contract, ...], **changes: object) -> build.Setup:
    given = {"sessions": [SESSION], "law": build.constitution("demo"), "account": "DUSIM1", "strategies": BOTH} | changes
    return build.setup(settings(), contracts, given.pop("sessions"), given.pop("law"), **given)


def utc(ns: int) -> str:
    return datetime.fromtimestamp(ns // SECOND, UTC).isoformat(timespec="minutes")[:-6]


# ---------------------------------------------------------------------- names
@pytest.mark.parametrize(
    ("strategies", "said"),
    [
        ([("lerned", DEFAULT)], ["lerned", *CATALOGUE]),
        ([("learned", "flow")], ["'flow'", *RECIPES]),
    ],
    ids=["strategy", "recipe"],
)
def test_a_name_nobody_has_is_told_with_the_names_there_are(
    contracts: tuple[Contract, ...], strategies: list[tuple[str, str]], said: list[str]
) -> None:
    with pytest.raises(ConfigError) as told:
        made(contracts, strategies=strategies)
    assert all(name in str(told.value) for name in said)


def test_a_root_or_a_law_nobody_has_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no root 'EZ'; there are "):
        build.fronts(settings(), ["EZ"], SESSION)
    with pytest.raises(ConfigError, match="no constitution 'mikro'; there are demo, micro"):
        build.constitution("mikro")


def test_a_strategy_that_follows_a_learner_needs_to_be_told_which(contracts: tuple[Contract, ...]) -> None:
    with pytest.raises(ConfigError, match="recipe"):
        made(contracts, strategies=[("learned", "")])


def test_contracts_in_another_currency_are_refused(contracts: tuple[Contract, ...]) -> None:
    foreign = msgspec.structs.replace(contracts[0], currency="EUR")
    with pytest.raises(ConfigError, match="EUR need a recorded rate"):
        made((foreign, *contracts[1:]))


# ---------------------------------------------------------------------- laws
def test_a_law_of_the_workspace_goes_before_the_shipped_one(tmp_path: Path) -> None:
    text = (build.CONSTITUTIONS / "micro.toml").read_text().replace("max_entries_per_day = 2", "max_entries_per_day = 1")
    (tmp_path / "micro.toml").write_text(text)
    assert build.constitution("micro", folder=tmp_path).risk.max_entries_per_day == 1
    assert build.constitution("demo", folder=tmp_path) == build.constitution("demo")


@pytest.mark.parametrize("text", ["profile = ", "profile = 'micro'", "[risk]\nmax = 1"], ids=["no TOML", "tables missing", "unknown field"])
def test_a_law_that_cannot_be_meant_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "micro.toml").write_text(text)
    with pytest.raises(ConfigError):
        build.constitution("micro", folder=tmp_path)


# ---------------------------------------------------------------------- contracts and what they cost
def test_the_contract_that_leads_is_the_one_of_the_session(contracts: tuple[Contract, ...]) -> None:
    assert [(c.id, c.symbol) for c in contracts] == [(1, "ESZ6"), (2, "NQZ6"), (3, "SPY"), (4, "QQQ")]
    [before, after] = (build.fronts(settings(), ["ES"], day)[0].symbol for day in (20260309, 20260318))
    assert (before, after) == ("ESH6", "ESM6")
    assert build.fronts(settings(), ["SPY"], SESSION, first_id=7)[0].id == 7


def test_what_trading_costs_and_binds_is_what_settings_say(contracts: tuple[Contract, ...]) -> None:
    es, _, spy, _ = (build.terms(settings(), contract) for contract in contracts)
    roots = settings().roots
    assert es.fee_micros == float(roots["ES"].commission) * MICROS and es.margin_micros == float(roots["ES"].initial_margin or 0) * MICROS
    assert spy.margin_frac == float(roots["SPY"].initial_margin_frac or 0) and spy.fee_min_micros > 0
    model = build.fills(settings())
    assert isinstance(model.fees["ES"], PerContract) and isinstance(model.fees["SPY"], PerShare)
    for each, root in ((es, "ES"), (spy, "SPY")):  # what is assumed before a trade is what it costs
        assert [each.fee(qty) for qty in (0, 1, 7, 900)] == [model.fees[root].total(qty) for qty in (0, 1, 7, 900)]
    assert model.latency.order_ns == settings().simulation.order_latency_ns


# ---------------------------------------------------------------------- the setup
def test_leaders_recipes_and_lengths_come_from_settings(contracts: tuple[Contract, ...]) -> None:
    setup = made(contracts)
    assert setup.leaders == {2: 1, 3: 1, 4: 2}  # NQ and SPY follow ES, QQQ follows NQ
    assert made((contracts[0], contracts[3])).leaders == {}  # who leads must be there
    assert [(recipe.name, ids) for recipe, ids in setup.recipes] == [(DEFAULT, (1, 2, 3, 4))]
    assert setup.lengths_ns == tuple(s * SECOND for s in settings().engine.feature_bars_s)
    assert setup.traders == tuple(BOTH) and setup.account == "DUSIM1" and setup.kinds == {}
    assert Engine(setup).n_features > 50


def test_two_strategies_with_one_recipe_share_one_learner(contracts: tuple[Contract, ...]) -> None:
    setup = made(contracts, strategies=[("learned", DEFAULT), ("learned_bars", DEFAULT)])
    assert len(setup.recipes) == 1 and len(setup.strategies) == 2


@pytest.mark.covers("S0-06", "S4-20")
def test_account_days_and_closes_are_cut_from_calendars(contracts: tuple[Contract, ...]) -> None:
    setup = made(contracts)
    days = {day: utc(start) for start, day in setup.account_days}
    assert days[20261119] == "2026-11-18T23:00" and days[20261120] == "2026-11-19T23:00"  # 18:00 in New York
    assert list(setup.account_days) == sorted(setup.account_days)
    globex, nyse = [utc(ns) for ns in setup.closes[1]], [utc(ns) for ns in setup.closes[3]]
    assert "2026-11-19T22:00" in globex and "2026-11-27T18:15" in globex  # the day after Thanksgiving ends early
    assert len(setup.closes[3]) > 200 and list(setup.closes[3]) == sorted(setup.closes[3])
    assert "2026-11-26T21:00" not in nyse and setup.closes[1] == setup.closes[2]


def test_days_reach_over_the_turn_of_a_year(contracts: tuple[Contract, ...]) -> None:
    setup = made(contracts, sessions=[20261231, 20270104])
    days = [day for _, day in setup.account_days]
    assert {20261231, 20270104} <= set(days)
    last = made(contracts, sessions=[20261231])
    assert any(start > last.account_days[days.index(20261231)][0] + 24 * HOUR for start, _ in last.account_days)


def test_sessions_may_be_anything_that_can_be_gone_through(contracts: tuple[Contract, ...]) -> None:
    assert made(contracts, sessions=iter([SESSION])) == made(contracts)
