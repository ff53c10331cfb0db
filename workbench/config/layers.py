"""Settings in layers: shipped < workspace < .env < environment < flags. Finds, merges and checks them; decides nothing by them.

Every value is kept under its dotted key (``simulation.seed``) with the name of the layer it came from, so that a mistake is told with
file, key and the nearest name that exists.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError

from workbench.config.models import Settings
from workbench.config.place import WORKSPACE_FILE, workspace_of
from workbench.config.roots import Root
from workbench.domain.errors import ConfigError

PACKAGE: Final = Path(__file__).parents[1]
SHIPPED: Final = (PACKAGE / "defaults.toml", PACKAGE / "roots.toml")
DOT_ENV: Final = ".env"  # beside the workspace's file; what git must not hold
PREFIX: Final = "WORKBENCH_"
NAMED: Final = {"IBKR_HOST": "ib.host", "IBKR_PORT": "ib.port", "EXECUTION_MODE": "mode"}  # names other tools of IB users know
NOT_SETTINGS: Final = frozenset(
    {
        "WORKBENCH_SHARED_DATA",  # read by the tests, to find real recordings
        "WORKBENCH_ARMED",  # the arming token of a live run (`runtime.live.doors`): it expires, and is no part of what decides
    }
)

Layer = dict[str, tuple[Any, str]]  # dotted key -> value, origin


# who trades at a broker does so by the smallest law, unless somebody chose another
OVER_THE_WIRE: Final[Mapping[str, Any]] = {"profile": "micro"}


class Sourced(NamedTuple):
    """One setting as `workbench settings show` prints it."""

    key: str
    value: Any
    origin: str


def load_settings(
    *,
    folder: Path | str | None = None,
    file: Path | str | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
    under: Mapping[str, Any] | None = None,
) -> Settings:
    """Read all layers and check them.

    Parameters
    ----------
    folder
        The workspace; its ``workbench.toml`` is read if it is there, and `data_folder` is relative to it. `None`: the workspace around
        the working folder, or the working folder itself where there is none.
    file
        Read instead of the workspace's file; must exist.
    environment
        `None` means the process's own, above what a ``.env`` in the workspace says. ``WORKBENCH_IB__PORT=4002`` sets ``ib.port``; lists
        are written as in TOML; ``IBKR_HOST``, ``IBKR_PORT`` and ``EXECUTION_MODE`` set ``ib.host``, ``ib.port`` and ``mode``.
    flags
        Dotted keys and values from the command line; strings are read as in the environment. A `None` was not given.
    under
        What a command sets where nobody else does: above what is shipped, below the workspace.

    Raises
    ------
    ConfigError
        For a file that cannot be read, a key that does not exist, a value that cannot be meant; it names file, key and remedy.

    Examples
    --------
    >>> settings = load_settings(folder="/nowhere", environment={"IBKR_PORT": "4002"}, flags={"mode": "observe"})
    >>> settings.mode.value, settings.ib.port, settings.simulation.stop_slippage_ticks
    ('observe', 4002, 1)
    """
    merged: Layer = {}
    for path in SHIPPED:
        merged.update(_read(path, f"shipped {path.name}"))
    merged.update({key: (value, "what the command does by itself") for key, value in (under or {}).items()})
    at = Path(folder) if folder is not None else workspace_of() or Path()
    own = Path(file) if file is not None else at / WORKSPACE_FILE
    if file is not None or own.exists():
        merged.update(_read(own, str(own)))
        if environment is None:
            merged.update(_from_environment(_dot_env(own.parent / DOT_ENV), str(own.parent / DOT_ENV)))
    merged.update(_from_environment(os.environ if environment is None else environment))
    merged.update(_from_flags(flags or {}))
    settings = _checked(merged)
    settings._folder = at  # private only to keep it out of the values
    settings._origins = {key: origin for key, (_, origin) in merged.items()}
    return settings


def load_roots(settings: Settings | None = None) -> Mapping[str, Root]:
    """Give all roots: of `settings`, or the shipped ones."""
    if settings is None:
        settings = load_settings(folder=PACKAGE, environment={})  # no workspace file lies there
    return settings.roots


def settings_with_origins(settings: Settings) -> tuple[Sourced, ...]:
    """List every setting with its value and the layer it came from, in the order of their keys' sections."""
    values = _flat(settings.model_dump(mode="json"), type(settings))
    origins = settings._origins  # private only to keep it out of the values
    return tuple(Sourced(key, value, origins.get(key, "not set")) for key, value in values if not key.endswith(".root"))


def _read(path: Path, origin: str) -> Layer:
    try:
        with path.open("rb") as file:
            body = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{origin}: cannot be read: {error.strerror or error}") from error
    return {_known(key.split("."), origin): (value, origin) for key, value in _flat(body, Settings)}


def _dot_env(path: Path) -> dict[str, str]:
    """Read lines of NAME=value, with or without quotes; blank lines, comments and a leading ``export`` are nothing."""
    found: dict[str, str] = {}
    if not path.is_file():
        return found
    for n, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, is_there, value = text.partition("=")
        if not is_there or not name.strip().isidentifier():
            raise ConfigError(f"{path}:{n}: write NAME=value, not {line.strip()!r}")
        value = value.strip()
        found[name.strip()] = value[1:-1] if value[:1] in ('"', "'") and value[-1:] == value[:1] and len(value) > 1 else value
    return found


def _from_environment(environment: Mapping[str, str], place: str = "environment") -> Layer:
    layer: Layer = {}
    for name in sorted(environment):
        if name in NAMED:
            key = NAMED[name]
        elif name.startswith(PREFIX) and name not in NOT_SETTINGS:
            key = _known(name.removeprefix(PREFIX).split("__"), f"{place} {name}")
        else:
            continue
        value = _text(environment[name], f"{place} {name}")
        if key in layer and layer[key][0] != value:
            raise ConfigError(f"{layer[key][1]} and {place} {name} both set {key}, to {layer[key][0]!r} and {value!r}; keep one")
        layer[key] = (value, f"{place} {name}")
    return layer


def _from_flags(flags: Mapping[str, Any]) -> Layer:
    layer: Layer = {}
    for key, value in flags.items():
        if value is not None:
            origin = f"flag --{key}"
            layer[_known(key.split("."), origin)] = (_text(value, origin) if isinstance(value, str) else value, origin)
    return layer


def _text(value: str, origin: str) -> Any:
    """Read a list or table as TOML writes it; everything else stays a string, which its setting knows how to read."""
    if not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin}: {value!r} is no list or table as TOML writes it: {error}") from error


def _flat(body: Mapping[str, Any], model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Walk to the values, no deeper than settings go; a table that stands where a value belongs stays whole."""
    for name, value in body.items():
        inside = _inside(model, name)
        if isinstance(value, dict) and isinstance(inside, type):
            yield from ((f"{name}.{key}", each) for key, each in _flat(value, inside))
        elif isinstance(value, dict) and inside == "roots":
            for root, table in value.items():
                if isinstance(table, dict):
                    yield from ((f"{name}.{root}.{key}", each) for key, each in table.items())
                else:
                    yield f"{name}.{root}", table
        else:
            yield name, value


def _inside(model: type[BaseModel], name: str) -> type[BaseModel] | str | None:
    """Tell what a key of `model` holds: a section, the table of roots, or `None` for a value (or no such key)."""
    field = model.model_fields.get(name)
    if field is None:
        return None
    kind = field.annotation
    if get_origin(kind) is dict and get_args(kind)[1] is Root:
        return "roots"
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _known(parts: list[str], origin: str) -> str:
    """Spell a key as settings do, whatever its case; `ConfigError` with the nearest name if there is none."""
    model: type[BaseModel] = Settings
    spelled: list[str] = []
    rest = list(parts)
    while rest:
        name = rest.pop(0).lower()
        if name not in model.model_fields or (model is Root and name == "root"):
            raise _unknown([*spelled, name, *rest], spelled, model, origin)
        spelled.append(name)
        inside = _inside(model, name)
        if inside == "roots" and rest:
            spelled.append(rest.pop(0).upper())
            inside = Root
        if isinstance(inside, type) and rest:
            model = inside
        elif inside is not None:
            raise ConfigError(
                f"{origin}: {'.'.join(spelled)} is a section; set a key in it, such as {'.'.join(spelled)}.{_example(inside)}"
            )
        elif rest:
            raise ConfigError(f"{origin}: {'.'.join(spelled)} is one value and has nothing called {'.'.join(rest)}")
    return ".".join(spelled)


def _unknown(parts: list[str], spelled: list[str], model: type[BaseModel], origin: str) -> ConfigError:
    key = ".".join(parts)
    here = [".".join([*spelled, name]) for name in model.model_fields if not (model is Root and name == "root")]
    near = get_close_matches(key, [*here, *_all_keys()], n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"known there: {', '.join(here)}"
    return ConfigError(f"{origin}: there is no setting {key}; {hint}")


def _all_keys() -> list[str]:
    sections = {name: _inside(Settings, name) for name in Settings.model_fields}
    return [f"{name}.{key}" if inside else name for name, inside in sections.items() for key in _keys_of(inside)]


def _keys_of(inside: type[BaseModel] | str | None) -> list[str]:
    return list(inside.model_fields) if isinstance(inside, type) else [""]


def _example(inside: type[BaseModel] | str) -> str:
    return next(iter(inside.model_fields)) if isinstance(inside, type) else "ES.commission"


def _checked(merged: Layer) -> Settings:
    nested: dict[str, Any] = {}
    for key, (value, _) in merged.items():
        *above, last = key.split(".")
        at = nested
        for part in above:
            at = at.setdefault(part, {})
        at[last] = value
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        raise ConfigError("\n".join(_told(each, merged) for each in error.errors())) from error


def _told(problem: Any, merged: Layer) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    found = next((name for name in (key, *_above(key)) if name in merged), None)
    text = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        beside = next((origin for name, (_, origin) in merged.items() if name.startswith(key.rpartition(".")[0] + ".")), "settings")
        return f"{beside}: {key} is missing"
    if found is None:
        origins = sorted({origin for name, (_, origin) in merged.items() if name.startswith(key + ".")} - set(_shipped_origins()))
        return f"{', '.join(origins) or 'settings'}: {key + ': ' if key else ''}{text}"
    value, origin = merged[found]
    return f"{origin}: {key} = {value!r}: {text}"


def _above(key: str) -> Iterator[str]:
    while "." in key:
        key = key.rpartition(".")[0]
        yield key


def _shipped_origins() -> tuple[str, ...]:
    return tuple(f"shipped {path.name}" for path in SHIPPED)
