"""A workspace is found from wherever one stands in it; its ``.env`` is a layer of its own; ``.env.example`` names all there is to set."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from workbench.config import Settings, load_settings, settings_with_origins, workspace_of
from workbench.config.layers import NAMED, NOT_SETTINGS, PREFIX
from workbench.domain.errors import ConfigError

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "workbench" / "workspace" / "templates" / "env.example.tmpl"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with folders in it; the working folder is the deepest of them."""
    (tmp_path / "workbench.toml").write_text("[simulation]\nseed = 5\n")
    deep = tmp_path / "notebooks" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    return tmp_path


def value(settings: Settings, key: str) -> tuple[object, str]:
    return next((each.value, each.origin) for each in settings_with_origins(settings) if each.key == key)


def test_it_is_the_nearest_folder_with_its_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workspace_of() == Path("../..") and workspace_of(place / "notebooks") == Path("../..")
    monkeypatch.chdir(place)
    assert workspace_of() == Path() and workspace_of("notebooks/deep") == Path()
    (place / "notebooks" / "workbench.toml").write_text("")
    assert workspace_of("notebooks/deep") == Path("notebooks")


def test_where_there_is_none_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert workspace_of() is None and load_settings(environment={}).workspace is None
    assert load_settings(environment={}).data_path == Path("data")


def test_settings_and_data_of_the_workspace_are_those_wherever_one_stands(place: Path) -> None:
    settings = load_settings(environment={})
    assert settings.simulation.seed == 5 and settings.workspace == Path("../..")
    assert settings.data_path.resolve() == place / "data"


def test_a_folder_that_is_named_is_not_looked_above(place: Path) -> None:
    assert load_settings(folder=".", environment={}).simulation.seed != 5


# ---------------------------------------------------------------------- .env
def test_dot_env_stands_above_the_file_and_below_the_process(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / ".env").write_text(
        "# mine\n\nWORKBENCH_SIMULATION__SEED=6\nexport IBKR_PORT = '4002'\nWORKBENCH_ACTIVE=[\"CL\"]\nOTHER_TOOL=x\nEMPTY=\n"
    )
    settings = load_settings()
    assert value(settings, "simulation.seed") == (6, "../../.env WORKBENCH_SIMULATION__SEED")
    assert settings.ib.port == 4002 and settings.active == ("CL",)
    monkeypatch.setenv("WORKBENCH_SIMULATION__SEED", "7")
    monkeypatch.setenv("WORKBENCH_IB__PORT", "4001")  # another name for what .env says: the process is above it
    settings = load_settings()
    assert value(settings, "simulation.seed") == (7, "environment WORKBENCH_SIMULATION__SEED") and settings.ib.port == 4001
    assert load_settings(environment={}).ib.port == 7497  # who hands an environment over means that one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\nWORKBENCH_IB__PORT\n", r"\.env:2: write NAME=value, not 'WORKBENCH_IB__PORT'"),
        ("WORKBENCH_IB__PROT=1\n", r"\.env WORKBENCH_IB__PROT: there is no setting ib.prot; did you mean ib.port\?"),
        ("IBKR_PORT=x\n", r"\.env IBKR_PORT: ib.port = 'x'"),
        ("a b=1\n", r"\.env:1: write NAME=value"),
    ],
)
def test_a_mistake_in_dot_env_is_told_with_its_place(place: Path, text: str, said: str) -> None:
    (place / ".env").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_settings()


def test_without_a_workspace_no_dot_env_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("WORKBENCH_MODE=live\n")
    assert load_settings().mode.value == "paper"


# ---------------------------------------------------------------------- .env.example
def lines() -> dict[str, str]:
    return dict(line[1:].split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if re.match(r"#[A-Z_]+=", line))


def read_by_us() -> set[str]:
    """Names that the product takes out of its environment by name."""
    found = set()
    for path in (ROOT / "workbench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "environ.get", "os.getenv", "getenv"):
                found |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("os.environ", "environ"):
                found |= {node.slice.value} if isinstance(node.slice, ast.Constant) else set()
    return found - {"PATH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"}  # of the machine, not of ours


def test_the_example_names_every_variable_and_no_other() -> None:
    settings = settings_with_origins(load_settings(folder="/nowhere", environment={}))
    keys = {PREFIX + each.key.upper().replace(".", "__") for each in settings if not each.key.startswith("roots.")}
    root = f"{PREFIX}ROOTS__ES__COMMISSION"  # one of many, to show how
    assert set(lines()) == keys | {root} | set(NAMED) | set(NOT_SETTINGS) | read_by_us()


def test_the_example_says_what_holds_when_nothing_is_set() -> None:
    shipped = load_settings(folder="/nowhere", environment={})
    ours = {name: text for name, text in lines().items() if name.startswith(PREFIX) or name in NAMED}
    taken = {name: text for name, text in ours.items() if text and name not in NOT_SETTINGS}
    assert load_settings(folder="/nowhere", environment=taken).model_dump() == shipped.model_dump()
    assert json.loads(lines()["WORKBENCH_ACTIVE"]) == list(shipped.active)


def test_a_workspace_gets_the_very_example() -> None:
    assert TEMPLATE.read_text() == (ROOT / ".env.example").read_text()
