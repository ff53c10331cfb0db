"""Many configurations of a rule over one series of bars, filled at the next bar's open: screening, no proof. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.config import load_settings
from workbench.domain.errors import ConfigError
from workbench.domain.units import MICROS
from workbench.research.cluster import spread
from workbench.research.sweeps import kernels
from workbench.research.sweeps.counting import note_sweep, periods_of
from workbench.research.sweeps.rules import Config, Rule, Signal
from workbench.research.sweeps.series import Ints
from workbench.research.sweeps.swept import Hold, Swept, swept
from workbench.research.sweeps.terms import Terms

EXITS: Final = ("stop_ticks", "target_ticks", "hold_bars")  # numbers every rule's grid may name; 0: none
SHARE: Final = 64  # configurations that go to a machine at a time
Floats = npt.NDArray[np.float64]
Grid = Mapping[str, Iterable[float]] | Sequence[Config]
_NO_TRIPS: Final = np.zeros((0, kernels.TRIP), np.int64)
_NO_BARS: Final = np.zeros(0, np.int64)
_WHY: Final = {kernels.STOP: "stop", kernels.TARGET: "target", kernels.SIGNAL: "signal", kernels.TIME: "time", kernels.SESSION: "session"}


class Walked(NamedTuple):
    """What one configuration came to, in whole numbers."""

    totals: Ints
    squares: float
    blocks: Ints


def sweep(
    bars: pl.DataFrame,
    rule: Rule,
    grid: Grid,
    terms: Terms,
    *,
    hold: Hold = "session",
    data: Path | str | None = None,
    family: str | None = None,
    address: str | None = None,
) -> pl.DataFrame:
    """Try every configuration of a grid, and count it as a trial (`research.trials`).

    A signal is known at its bar's close and filled at the next bar's open, slippage to the worse. Within a bar the stop comes first; a
    target must be passed. Positions are whole contracts. What a rule read of the past is its own; what it costs is in every number.

    Parameters
    ----------
    bars
        Of one contract: ``time open_pts high_pts low_pts close_pts``, ``session`` where there are several; other columns are a rule's.
    grid
        Values of each number of the rule, and of ``stop_ticks target_ticks hold_bars`` (0: none): all combinations that make sense
        together. Or configurations, one by one.
    hold
        ``session``: nothing is held over a session's end, it is left at the last close. ``overnight``: positions stay.
    data
        Folder whose ledger counts the trials; `None`: that of the settings.
    family
        What they are tried as part of; `None`: the notebook's name, else the rule's.
    address
        Of a dask scheduler whose machines walk them; `None`: that of the settings (``compute.address``), empty: this process.

    Returns
    -------
    polars.DataFrame
        The numbers of each configuration, then n_trips, won_frac (null without trips), pnl_usd [after fees, what is open at its last
        close], fees_usd, drawdown_usd [of closes, 0 or below], open_usd, held_frac [bars], n_stops, n_targets, sharpe [mean over spread
        of the P&L of a bar; null where nothing moved].

    Raises
    ------
    ConfigError
        The grid names a number the rule has not, leaves one out, or nothing of it makes sense.
    DataError
        The bars cannot be swept.

    Examples
    --------
    In a notebook: ``sweep(day.bars("ES", "1m"), Cross(), {"fast": range(2, 20), "slow": range(20, 80, 5)}, terms_of("ES"))``.
    """
    of, configs = swept(bars, rule, terms, hold), configurations(rule, grid)
    walked = _counted(of, configs, data, family, address)
    rows = [_row(config, each, len(of.series.close)) for config, each in zip(configs, walked, strict=True)]
    return pl.DataFrame(rows, infer_schema_length=None)


def by_session(
    bars: pl.DataFrame,
    rule: Rule,
    grid: Grid,
    terms: Terms,
    *,
    hold: Hold = "session",
    data: Path | str | None = None,
    family: str | None = None,
    address: str | None = None,
) -> Ints:
    """Give the P&L of every session and configuration in money micros, a row a session: what a walk-forward chooses by.

    What a configuration knows of the past it may have read in the session before; what it *traded* is cut at session ends. All are
    counted as trials, as `sweep` counts them.
    """
    of, configs = swept(bars, rule, terms, hold), configurations(rule, grid)
    return np.stack([each.blocks for each in _counted(of, configs, data, family, address)], axis=1)


def per_bar(
    bars: pl.DataFrame,
    rule: Rule,
    config: Config,
    terms: Terms,
    *,
    hold: Hold = "session",
    data: Path | str | None = None,
    family: str | None = None,
) -> pl.DataFrame:
    """Give one configuration bar by bar: time, pnl_usd [of the bar, after fees], equity_usd. It is a trial, as `sweep` counts it."""
    of, chosen = swept(bars, rule, terms, hold), configurations(rule, [config])
    _counted(of, chosen, data, family, "")
    equity = np.zeros(len(of.series.close), np.int64)
    walk(of, rule.over(of.series)(chosen[0]), chosen[0], equity=equity)
    pnl = np.diff(equity, prepend=0) / MICROS
    return pl.DataFrame([of.series.frame["time"], pl.Series("pnl_usd", pnl), pl.Series("equity_usd", equity / MICROS)])


def trips(
    bars: pl.DataFrame,
    rule: Rule,
    config: Config,
    terms: Terms,
    *,
    hold: Hold = "session",
    data: Path | str | None = None,
    family: str | None = None,
) -> pl.DataFrame:
    """Give the trips of one configuration: opened, closed [time of their bars], side, entry_pts, exit_pts, pnl_usd, why; open: null.

    It is a trial, as `sweep` counts it.
    """
    of, chosen = swept(bars, rule, terms, hold), configurations(rule, [config])
    (walked,) = _counted(of, chosen, data, family, "")
    room = np.zeros((int(walked.totals[kernels.N_TRIPS]) + 1, kernels.TRIP), np.int64)
    walk(of, rule.over(of.series)(chosen[0]), chosen[0], room=room)
    made = room[room[:, 0] != 0]
    side, came, went, entry, exit_, why = made.T
    is_over, point = went >= 0, terms.quantum.numerator / terms.quantum.denominator
    pnl = (side * (exit_ - entry) * terms.worth_micros - 2 * terms.fee_micros) * terms.qty / MICROS
    time = of.series.frame["time"]
    frame = pl.DataFrame(
        [
            time.gather(came).alias("opened"), time.gather(np.where(is_over, went, 0)).alias("closed"),
            pl.Series("side", side), pl.Series("entry_pts", entry * point), pl.Series("exit_pts", exit_ * point), pl.Series("pnl_usd", pnl),
            pl.Series("why", [_WHY.get(int(each)) for each in why], pl.String),
        ]
    )  # fmt: skip
    shut = pl.Series("", is_over)
    return frame.with_columns(pl.when(shut).then(pl.col(name)).alias(name) for name in ("closed", "exit_pts", "pnl_usd"))


def _counted(of: Swept, configs: Sequence[Config], data: Path | str | None, family: str | None, address: str | None) -> list[Walked]:
    where = load_settings().compute.address if address is None else address
    share = SHARE if where else len(configs)
    shares = [configs[at : at + share] for at in range(0, len(configs), share)]
    told = [each for some in spread(partial(_walked, of), shares, address=where) for each in some]
    note_sweep(of, [(config, earned) for config, (_, earned) in zip(configs, told, strict=True)], data, family)
    return [walked for walked, _ in told]


def _walked(of: Swept, configs: Sequence[Config]) -> list[tuple[Walked, Floats]]:
    """Walk some configurations, here or on a machine of a cluster: what each came to, and what it earned in every period."""
    fill, periods = of.rule.over(of.series), periods_of(of.series)
    equity = _NO_BARS if periods.ends is None else np.zeros(len(of.series.close), np.int64)
    made = []
    for config in configs:
        walked = walk(of, fill(config), config, equity=equity)
        made.append((walked, periods.earned(walked.blocks, equity)))
    return made


def walk(of: Swept, signal: Signal, config: Config, *, room: Ints = _NO_TRIPS, equity: Ints = _NO_BARS) -> Walked:
    """Trade one configuration's signal."""
    series, _, terms, hold = of
    exits = np.array([int(config.get(name, 0)) * (terms.tick if name != "hold_bars" else 1) for name in EXITS], np.int64)
    paid = np.array([terms.slippage_ticks * terms.tick, terms.fee_micros, terms.worth_micros, terms.qty], np.int64)
    totals, squares, blocks = np.zeros(kernels.N_TOTALS, np.int64), np.zeros(1), np.zeros(len(series.edges) - 1, np.int64)
    kernels.walk(
        series.open, series.high, series.low, series.close, series.moved2, series.edges, int(hold == "session"), signal, paid, exits,
        totals, squares, blocks, room, equity,
    )  # fmt: skip
    return Walked(totals, float(squares[0]), blocks)


def configurations(rule: Rule, grid: Grid) -> list[dict[str, float]]:
    """List what a grid means for a rule: those of its combinations that make sense together."""
    given = [dict(each) for each in (_products(grid) if isinstance(grid, Mapping) else grid)]
    for config in given:
        if missing := [name for name in rule.parameters if name not in config]:
            raise ConfigError(f"the grid leaves out {', '.join(missing)}")
        if unknown := [name for name in config if name not in (*rule.parameters, *EXITS)]:
            raise ConfigError(f"{', '.join(unknown)}: numbers here are {', '.join((*rule.parameters, *EXITS))}")
        if any(config.get(name, 0) < 0 or config.get(name, 0) != int(config.get(name, 0)) for name in EXITS):
            raise ConfigError(f"{', '.join(EXITS)} are whole numbers, 0 or more: {config}")
    fitting = [config for config in given if rule.fits(config)]
    if not fitting:
        raise ConfigError("nothing of the grid makes sense for the rule")
    return fitting


def _products(grid: Mapping[str, Iterable[float]]) -> Iterator[dict[str, float]]:
    names = list(grid)
    for values in product(*(list(grid[name]) for name in names)):
        yield dict(zip(names, values, strict=True))


def _row(config: Config, walked: Walked, n_bars: int) -> dict[str, float | int | None]:
    t = [int(each) for each in walked.totals]
    n, pnl = t[kernels.N_TRIPS], t[kernels.PNL]
    mean, square = pnl / n_bars, walked.squares / n_bars
    spread = max(square - mean * mean, 0.0) ** 0.5
    return {
        **config,
        "n_trips": n,
        "won_frac": t[kernels.N_WON] / n if n else None,
        "pnl_usd": pnl / MICROS,
        "fees_usd": t[kernels.FEES] / MICROS,
        "drawdown_usd": -t[kernels.DRAWDOWN] / MICROS,
        "open_usd": t[kernels.OPEN] / MICROS,
        "held_frac": t[kernels.N_HELD] / n_bars,
        "n_stops": t[kernels.N_STOPS],
        "n_targets": t[kernels.N_TARGETS],
        "sharpe": mean / spread if spread > 0 else None,
    }
