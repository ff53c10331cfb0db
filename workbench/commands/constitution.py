"""``workbench constitution show | check``: every figure of a law with its unit, and its digest. Reads and prints; changes nothing."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.domain.errors import ConfigError

if TYPE_CHECKING:
    from workbench.risk.constitution import Constitution

SHOW_HELP: Final = """Show every figure of a constitution with its unit, what its file leaves out included, and the digest a run carries.

Without a name: the one the settings name. A name is looked for in the workspace's constitutions, then among the shipped ones (micro,
standard, demo). `workbench init` writes a template to copy; a change is a new file and a restart.
"""
CHECK_HELP: Final = """Check a constitution's file: every field known, every figure within its ceiling, nothing that contradicts itself.

Ends with exit code 2 where it cannot be used, and says why.
"""
UNITS: Final = (  # endings of names, the longest first
    ("_per_minute", "a minute"), ("_per_hour", "an hour"), ("_per_day", "a day"), ("_usd", "USD"), ("_frac", "share"), ("_seconds", "s"),
    ("_ticks", "ticks"), ("_days", "days"), ("_halflife_n", "brackets"), ("_prior_n", "brackets"), ("_s", "s"),
)  # fmt: skip
NAMED: Final = {
    "min_seconds_between_entries": "s",
    "max_losses_in_row": "round trips",
    "max_contracts_per_order": "contracts",
    "max_contracts_per_account": "contracts",
    "max_open_brackets": "brackets",
    "max_leverage": "x equity",
    "max_group_leverage": "x equity",
    "max_correlation": "-1 to 1",
    "atr_stops": "ranges",
    "kelly_share": "share",
    "kelly_min_trades": "round trips",
    "min_volume": "contracts",
    "min_open_interest": "contracts",
    "entry_quality": "0 to 1",
    "hold_quality": "0 to 1",
    "kill_quality": "0 to 1",
    "eqs_entry": "0 to 1",
    "eqs_hold": "0 to 1",
    "eqs_kill": "0 to 1",
    "eqs_prior": "0 to 1",
    "min_confidence": "0 to 1",
    "trail": "ranges",
    "volatility_exit": "ranges",
    "volatility_lock_ratio": "x range",
    "volatility_lock_norm": "0 to 1",
    "max_notional_per_day_usd": "USD",
    "max_loss_per_day_usd": "USD",
}
NONE_AT_ZERO: Final = (
    "max_loss_per_week_usd", "max_loss_per_month_usd", "max_loss_per_trade_frac", "max_loss_per_day_frac", "max_leverage",
    "max_group_leverage", "max_notional_per_day_usd", "min_open_interest", "min_volume", "max_band_ticks", "volatility_exit", "trail",
    "volatility_lock_s", "spread_lock_s",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    group = typer.Typer(help="The law: what may be risked, when, and how orders look.", no_args_is_help=True)
    app.add_typer(group, name="constitution")
    group.command("show", help=SHOW_HELP)(show)
    group.command("check", help=CHECK_HELP)(check)


def show(
    profile: Annotated[str, typer.Argument(metavar="[PROFILE]", help="Name of a constitution, or a file; else the settings' own.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Print one."""
    import msgspec

    law = _found(profile)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(law) | {"digest": law.digest}))
        return
    console, table = Console(highlight=False), Table(box=None, pad_edge=False)
    console.print(f"constitution [bold]{escape(law.profile)}[/], digest {law.digest}", soft_wrap=True)
    for name in ("table", "figure", "value", "unit"):
        table.add_column(name, overflow="fold", justify="right" if name == "value" else "left")
    for part in ("risk", "sessions", "data", "execution"):
        for name, value in msgspec.to_builtins(getattr(law, part)).items():
            for shown in value if name == "tiers" and value else (value,):
                table.add_row(part, name, escape(told(name, shown)), unit_of(name))
    console.print(table)


def check(file: Annotated[Path, typer.Argument(help="A constitution's TOML file.", exists=True, dir_okay=False)]) -> None:
    """Check one."""
    law = _read(file)
    typer.echo(f"{file}: constitution {law.profile} can be used; digest {law.digest}")
    if law.profile != file.stem:
        typer.echo(f"note: settings find it by its file's name, {file.stem!r}")


def unit_of(name: str) -> str:
    """Name the unit of a figure.

    >>> unit_of("max_loss_per_week_usd"), unit_of("cover_seconds"), unit_of("max_entries_per_hour"), unit_of("sizing")
    ('USD', 's', 'an hour', '')
    """
    return NAMED.get(name) or next((unit for ending, unit in UNITS if name.endswith(ending)), "")


def told(name: str, value: Any) -> str:
    """Show a value as a person reads it.

    >>> told("max_leverage", 0.0), told("max_loss_per_day_usd", 6000.0), told("phases", ["ETH", "RTH"]), told("horizons", {})
    ('none', '6,000', 'ETH, RTH', 'none')
    """
    if (value == 0 and name in NONE_AT_ZERO and not isinstance(value, bool)) or value in ([], {}, ()):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {told(key, each)}" for key, each in value.items() if each not in ([], ()))
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return (
        f"{value:,g}"
        if isinstance(value, float) and abs(value) < 1e6
        else f"{value:,.0f}"
        if isinstance(value, int | float)
        else str(value)
    )


def _found(profile: str) -> Constitution:
    from workbench.config import load_settings
    from workbench.runtime import build

    if profile.endswith(".toml"):
        return _read(Path(profile))
    settings = load_settings()
    return build.constitution(profile or settings.profile, folder=build.laws_of(settings))


def _read(file: Path) -> Constitution:
    from workbench.risk.constitution import parse

    try:
        return parse(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from None
