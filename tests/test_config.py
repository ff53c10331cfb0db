"""Settings come in layers, know their origin, and refuse what cannot be meant in words that help."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.data import shared
from workbench import calendars
from workbench.config import OVER_THE_WIRE, Mode, Settings, load_roots, load_settings, settings_with_origins
from workbench.domain.contracts import ContractType
from workbench.domain.errors import ConfigError

MICROS_OF = {"MES": "ES", "MNQ": "NQ", "M2K": "RTY", "MYM": "YM"}


def workspace(folder: Path, text: str) -> Path:
    (folder / "workbench.toml").write_text(text)
    return folder


def load(folder: Path | str = "/nowhere", environment: dict[str, str] | None = None, **flags: object) -> Settings:
    return load_settings(
        folder=folder, environment=environment or {}, flags={key.replace("__", "."): value for key, value in flags.items()}
    )


def origin(settings: Settings, key: str) -> str:
    return next(each.origin for each in settings_with_origins(settings) if each.key == key)


# what is shipped


@pytest.mark.covers("S4-27")
def test_shipped_settings_are_paper_on_this_machine() -> None:
    settings = load()
    assert settings.mode is Mode.PAPER
    assert (settings.ib.host, settings.ib.port, settings.ib.account) == ("127.0.0.1", 7497, None)
    assert settings.log_calendar == settings.account_calendar == calendars.LOG_CALENDAR
    assert settings.engine.feature_bars_s == (5, 60, 300)


def test_every_shipped_root_is_valid_and_makes_a_contract() -> None:
    roots = load_roots()
    assert set(roots) == {"ES", "MES", "NQ", "MNQ", "RTY", "M2K", "YM", "MYM", "GC", "CL", "SPY", "QQQ", "IWM", "AAPL"}
    for at, (name, root) in enumerate(roots.items(), start=1):
        expiry = date(2026, 12, 18) if root.type is ContractType.FUTURE else None
        contract = root.contract(at, expiry)
        assert (contract.root, contract.id, contract.calendar) == (name, at, root.calendar)
        assert root.lead is None or root.lead in roots
        assert calendars.phases(root.calendar, date(2026, 1, 1), date(2026, 1, 2))
        assert root.commission_micros(1) > 0


def test_a_micro_is_a_tenth_of_its_big_sister() -> None:
    roots = load_roots()
    for small, big in MICROS_OF.items():
        assert roots[small].contract(1, "2026-12-18").quantum_value * 10 == roots[big].contract(2, "2026-12-18").quantum_value
        assert roots[small].margin_micros(10, 0) == roots[big].margin_micros(1, 0)
        assert roots[small].lead == big


def test_shares_quote_finer_than_they_may_be_ordered() -> None:
    roots = load_roots()
    for name in ("SPY", "QQQ", "IWM", "AAPL"):
        assert (roots[name].price_quantum, roots[name].order_increment) == ("0.0001", "0.01")


def test_multipliers_and_ticks_agree_with_an_independent_list() -> None:
    rows = [line.split(",") for line in shared("lean/Data/symbol-properties/symbol-properties-database.csv").read_text().splitlines()]
    listed = {row[1]: row for row in rows if len(row) > 6 and row[2] == "future" and row[0] in ("cme", "cbot", "comex", "nymex")}
    for name, root in load_roots().items():
        if root.type is ContractType.FUTURE:
            row = listed[name]
            assert (row[0].upper(), row[4]) == (root.exchange, root.currency)
            assert (float(row[5]), float(row[6])) == (float(root.multiplier), float(root.order_increment))


def test_margins_are_no_less_than_the_last_known_history() -> None:
    for name, root in load_roots().items():
        folder = {"CME": "cme", "CBOT": "cbot"}.get(root.exchange)
        if root.type is ContractType.FUTURE and folder:
            last = shared(f"lean/Data/future/{folder}/margins/{name}.csv").read_text().splitlines()[-1].split(",")
            assert root.margin_micros(1, 0) >= int(last[1]) * 1_000_000


def test_commissions_round_up_and_know_their_minimum() -> None:
    roots = load_roots()
    assert roots["ES"].commission_micros(-2) == 4_500_000
    assert roots["SPY"].commission_micros(1) == 350_000
    assert roots["SPY"].commission_micros(1_000) == 3_500_000
    assert roots["SPY"].commission_micros(0) == 0
    assert roots["SPY"].margin_micros(100, 68_842_310_000) == 34_421_155_000


# layers


@pytest.mark.covers("S0-23", "S3-01", "S4-01")
def test_each_layer_stands_above_the_one_before(tmp_path: Path) -> None:
    workspace(tmp_path, "[simulation]\norder_latency_ns = 1\nstop_slippage_ticks = 1\nseed = 1\n")
    environment = {"WORKBENCH_SIMULATION__STOP_SLIPPAGE_TICKS": "2", "WORKBENCH_SIMULATION__SEED": "2"}
    settings = load(tmp_path, environment, simulation__seed=3)
    assert (settings.simulation.order_latency_ns, settings.simulation.stop_slippage_ticks, settings.simulation.seed) == (1, 2, 3)
    assert settings.simulation.queue == load().simulation.queue
    assert origin(settings, "simulation.order_latency_ns") == str(tmp_path / "workbench.toml")
    assert origin(settings, "simulation.stop_slippage_ticks") == "environment WORKBENCH_SIMULATION__STOP_SLIPPAGE_TICKS"
    assert origin(settings, "simulation.seed") == "flag --simulation.seed"
    assert origin(settings, "simulation.queue") == "shipped defaults.toml"
    assert origin(settings, "roots.ES.multiplier") == "shipped roots.toml"
    assert origin(settings, "ib.account") == "not set"


def test_names_that_ib_users_know_are_read() -> None:
    settings = load(environment={"IBKR_HOST": "10.0.0.2", "IBKR_PORT": "4002", "EXECUTION_MODE": "OBSERVE"})
    assert (settings.ib.host, settings.ib.port, settings.mode) == ("10.0.0.2", 4002, Mode.OBSERVE)


def test_two_names_for_one_setting_must_agree() -> None:
    with pytest.raises(ConfigError, match=r"EXECUTION_MODE and environment WORKBENCH_MODE both set mode, to 'paper' and 'live'"):
        load(environment={"EXECUTION_MODE": "paper", "WORKBENCH_MODE": "live"})
    assert load(environment={"EXECUTION_MODE": "live", "WORKBENCH_MODE": "live"}).mode is Mode.LIVE


def test_lists_and_roots_can_come_from_the_environment() -> None:
    environment = {"WORKBENCH_ENGINE__FEATURE_BARS_S": "[5, 30]", "WORKBENCH_ROOTS__ES__COMMISSION": "2.10", "WORKBENCH_ACTIVE": '["CL"]'}
    settings = load(environment=environment)
    assert settings.engine.feature_bars_s == (5, 30)
    assert settings.roots["ES"].commission == "2.10"
    assert settings.active == ("CL",)


def test_a_workspace_adds_a_root(tmp_path: Path) -> None:
    table = Path(__file__).parents[1].joinpath("workbench", "roots.toml").read_text().split("[roots.CL]")[1].split("[roots.")[0]
    settings = load(workspace(tmp_path, "[roots.MCL]" + table.replace('"1000"', '"100"')))
    assert settings.roots["MCL"].contract(1, "2026-11-20").symbol == "MCLZ6"
    assert origin(settings, "roots.MCL.multiplier") == str(tmp_path / "workbench.toml")


def test_the_data_folder_lies_in_the_workspace_unless_given_whole(tmp_path: Path) -> None:
    assert load(tmp_path).data_path == tmp_path / "data"
    assert load(tmp_path, data_folder="/srv/data").data_path == Path("/srv/data")


def test_a_file_can_be_named_and_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('mode = "replay"\n')
    assert load_settings(file=tmp_path / "other.toml", environment={}).mode is Mode.REPLAY
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read: No such file"):
        load_settings(file=tmp_path / "absent.toml", environment={})


def test_a_flag_that_was_not_given_sets_nothing() -> None:
    assert load(mode=None).mode is Mode.PAPER


# mistakes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[simulation]\norder_latncy_ns = 5",
            r"there is no setting simulation.order_latncy_ns; did you mean simulation.order_latency_ns\?",
        ),
        ("[simulatoin]\norder_latency_ns = 5", r"there is no setting simulatoin; did you mean simulation\?"),
        ("order_latency_ns = 5", r"did you mean simulation.order_latency_ns\?"),
        ('[roots.ES]\nmultiplyer = "5"', "did you mean roots.ES.multiplier?"),
        ('[roots.ES]\nroot = "NQ"', "there is no setting roots.ES.root"),
        ("[nonsense]\nzzz = 1", "there is no setting nonsense; known there: mode, data_folder"),
        ("[mode]\nname = 1", r"mode = \{'name': 1\}: Input should be"),
        ("ib = 5", "ib is a section; set a key in it, such as ib.host"),
        ("roots = 5", "roots is a section; set a key in it, such as roots.ES.commission"),
        ('[ib]\nport = "seven"', "ib.port = 'seven': Input should be a valid integer"),
        ("[ib]\nport = 70000", "ib.port = 70000: Input should be less than or equal to 65535"),
        ("[engine]\nfeature_bars_s = [5, 7]", "engine.feature_bars_s = .* rising multiples of 5 s"),
        ("[engine]\nfeature_bars_s = [60]", "engine.feature_bars_s = .* the first must be the barrier's 5 s"),
        ('mode = "yolo"', "mode = 'yolo': Input should be 'demo', 'replay'"),
        ('[simulation]\nqueue = "none"', "simulation.queue = 'none'"),
        ("[simulation]\nstop_slippage_ticks = -1", "simulation.stop_slippage_ticks = -1"),
        ("[roots.ES]\nmultiplier = 0.5", "roots.ES.multiplier = 0.5: write decimals in quotes"),
        ('[roots.ES]\nmultiplier = "-5"', "roots.ES.multiplier = '-5': needs a positive decimal number"),
        ('[roots.ES]\norder_increment = "0.3"', "roots.ES: order_increment 0.3 is no whole number of price quanta"),
        ('[roots.ES]\ninitial_margin_frac = "0.1"', "roots.ES: needs one of `initial_margin`"),
        ('[roots.ES]\nmonths = "ZH"', "roots.ES: months must be codes"),
        ('[roots.SPY]\nmonths = "H"\nexpires = "third_friday"', "a future, and only a future"),
        ('[roots.MCL]\ntype = "future"', "roots.MCL.exchange is missing"),
        ('active = ["ES", "ZB"]', r"no \[roots.ZB\] is defined"),
        ('active = ["ES", "ES"]', "each once"),
        ('[roots.ES]\nlead = "ESX"', r"no \[roots.ESX\] is defined"),
        ("mode = ", "not TOML: Invalid value"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        load(workspace(tmp_path, text))
    assert "workbench.toml" in str(caught.value) or "settings" in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (
            {"WORKBENCH_SIMULATION__ORDER_LATENCY": "5"},
            r"environment WORKBENCH_SIMULATION__ORDER_LATENCY: .*mean simulation.order_latency_ns\?",
        ),
        ({"WORKBENCH_IB__PORT": "x"}, "environment WORKBENCH_IB__PORT: ib.port = 'x'"),
        ({"WORKBENCH_ACTIVE": "[ES]"}, "environment WORKBENCH_ACTIVE: .* is no list or table as TOML writes it"),
        ({"WORKBENCH_IB__PORT__X": "1"}, "ib.port is one value and has nothing called X"),
        ({"IBKR_PORT": "0"}, "environment IBKR_PORT: ib.port = '0'"),
    ],
)
def test_a_mistake_in_the_environment_is_told_with_its_name(environment: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load(environment=environment)


def test_variables_that_are_no_settings_are_left_alone() -> None:
    assert load(environment={"WORKBENCH_SHARED_DATA": "/x", "PATH": "/bin"}).digest == load().digest


def test_a_mistaken_flag_is_told_with_its_name() -> None:
    with pytest.raises(ConfigError, match=r"flag --ib.prot: there is no setting ib.prot; did you mean ib.port\?"):
        load(ib__prot=5)


def test_all_mistakes_of_values_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load(ib__port=0, simulation__queue="none")
    assert len(str(caught.value).splitlines()) == 2


# values


def test_settings_do_not_change() -> None:
    settings = load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.ib.port = 1
    with pytest.raises(ValidationError, match="frozen"):
        settings.roots["ES"].multiplier = "1"


def test_the_digest_is_of_the_values_and_not_of_where_they_came_from(tmp_path: Path) -> None:
    plain = load()
    assert load(workspace(tmp_path, f"[ib]\nport = {plain.ib.port}\n")).digest == plain.digest
    assert load(ib__port=4002).digest == plain.digest  # where, not what
    assert load(simulation__seed=4).digest != plain.digest
    assert load(environment={"WORKBENCH_ROOTS__ES__COMMISSION": "2.26"}).digest != plain.digest
    assert len(plain.digest) == 64


def test_the_digest_does_not_depend_on_the_hash_seed() -> None:
    code = "from workbench.config import load_settings; print(load_settings(folder='/nowhere', environment={}).digest)"
    told = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("0", "1")
    }
    assert told == {load().digest + "\n"}


def test_every_setting_is_shown_once_with_its_origin() -> None:
    settings = load()
    shown = settings_with_origins(settings)
    keys = [each.key for each in shown]
    assert len(set(keys)) == len(keys)
    assert {"mode", "ib.port", "roots.ES.commission", "learning.recipes"} <= set(keys)
    assert json.dumps([each.value for each in shown])
    assert {each.origin for each in shown} == {"shipped defaults.toml", "shipped roots.toml", "not set"}


@given(st.dictionaries(st.sampled_from(["ib.port", "simulation.seed", "simulation.order_latency_ns"]), st.integers(1, 65_535)))
def test_the_last_layer_wins_whatever_it_sets(flags: dict[str, int]) -> None:
    settings = load_settings(folder="/nowhere", environment={}, flags=flags)
    shown = {each.key: each.value for each in settings_with_origins(settings)}
    assert {key: shown[key] for key in flags} == flags


# from a root to a contract


@pytest.mark.parametrize(
    ("root", "expiry", "told"),
    [
        ("ES", None, "ES is a future: it needs an expiry"),
        ("SPY", "2026-12-18", "SPY is a stock: it has no expiry"),
        ("ES", "2026-11-20", "ES lists the months HMUZ; 2026-11-20 is an expiry of X"),
        ("GC", "2026-10-28", "GC lists the months GJMQZ"),
    ],
)
def test_a_contract_that_cannot_be_meant_is_refused(root: str, expiry: str | None, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_roots()[root].contract(1, expiry)
    with pytest.raises(ConfigError, match="id must be positive"):
        load_roots()["SPY"].contract(0)


def test_shares_have_no_delivery_months() -> None:
    with pytest.raises(ConfigError, match="SPY is a stock"):
        _ = load_roots()["SPY"].listing


def test_at_a_broker_the_smallest_law_holds_unless_somebody_chose_another(tmp_path: Path) -> None:
    assert load_settings(folder=tmp_path, environment={}, under=OVER_THE_WIRE).profile == "micro"
    assert load_settings(folder=tmp_path, environment={"WORKBENCH_PROFILE": "demo"}, under=OVER_THE_WIRE).profile == "demo"
    assert load_settings(folder=tmp_path, environment={}, flags={"profile": "standard"}, under=OVER_THE_WIRE).profile == "standard"
