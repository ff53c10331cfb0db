"""The same sweep by vectorbt, in a process of its own: an independent word on the kernel's, and its pages of plots. Never imported here.

What vectorbt does to a future unless it is told otherwise, and what is done about it here:

========================================  ===================================================================================
It knows no multiplier                    prices are handed over as the worth of one contract in USD, sizes are whole contracts
Too little cash cuts an order, silently   there is always enough: 100,000 USD had made 0.4 contracts of ES out of one
It fills on the signal's own close        a signal is moved to the bar behind it, and filled at that bar's open
One order a bar                           leaving at a session's last close is a bar of its own behind it
Fees by the order                         by the contract: a reversal pays for both sides
Returns are of the cash                   none are given: P&L is in USD; what it is a return on is for you to say
========================================  ===================================================================================

It cannot say a stop, a target or a time as the kernel means them, nor trade at prices of 0 and below: those are refused. Its licence is
Apache 2.0 with the Commons Clause: free to use, not to be sold as a service.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.errors import ConfigError, DataError
from workbench.domain.units import MICROS
from workbench.research.sweeps import kernels
from workbench.research.sweeps.rules import Config, Rule
from workbench.research.sweeps.series import Series
from workbench.research.sweeps.sweep import EXITS, Grid, configurations
from workbench.research.sweeps.sweep import sweep as by_kernel
from workbench.research.sweeps.swept import Hold, swept
from workbench.research.sweeps.terms import Terms

CHUNK: Final = 25  # configurations at once: 350,000 bars of a hundred took vectorbt 2.9 GB
ENTER: Final = kernels.BUY | kernels.SELL
LEAVE: Final = kernels.LEAVE_LONG | kernels.LEAVE_SHORT
NUMBERS: Final = ("n_trips", "won_frac", "pnl_usd", "fees_usd", "drawdown_usd", "sharpe")


Rows = dict[str, Any]  # arrays, see `_rows`


class Vectorbt:
    """vectorbt at work; starting it takes seconds, so ask it several things.

    Examples
    --------
    >>> with Vectorbt() as vbt:     # doctest: +SKIP
    ...     vbt.sweep(bars, Cross(), {"fast": [5, 10], "slow": [20, 40]}, terms_of("ES"))
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vectorbt-")
        words = [sys.executable, "-W", "ignore", "-m", "workbench.research.sweeps.vbt_process"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own program

    def sweep(
        self,
        bars: pl.DataFrame,
        rule: Rule,
        grid: Grid,
        terms: Terms,
        *,
        hold: Hold = "session",
        data: Path | str | None = None,
        family: str | None = None,
    ) -> pl.DataFrame:
        """Try every configuration of a grid, as `sweeps.sweep` does, which counts them.

        Returns
        -------
        polars.DataFrame
            The numbers of each configuration, then n_trips won_frac pnl_usd fees_usd drawdown_usd sharpe as `sweeps.sweep` has them.

        Raises
        ------
        ConfigError
            The grid asks for a stop, a target or a time, or means nothing.
        DataError
            The bars cannot be swept, have a price of 0 or below, or a signal wants two orders of one bar.
        """
        series, configs = swept(bars, rule, terms, hold).series, _plain(rule, grid)
        rows, fill, made = _rows(series, terms, hold), rule.over(series), []
        for begin in range(0, len(configs), CHUNK):
            some = configs[begin : begin + CHUNK]
            acts = np.stack([_acts(rows, fill(config)) for config in some], axis=1)
            told = self._ask({"do": "sweep"}, terms, rows, acts)
            made += [config | dict(zip(NUMBERS, numbers, strict=True)) for config, numbers in zip(some, told["numbers"], strict=True)]
        by_kernel(bars, rule, configs, terms, hold=hold, data=data, family=family)  # the same trials, and a hundredth of the time
        return pl.DataFrame(made, infer_schema_length=None)

    def page(self, bars: pl.DataFrame, rule: Rule, config: Config, terms: Terms, path: Path | str, *, hold: Hold = "session") -> Path:
        """Write vectorbt's own plots of one configuration as a page that needs nothing from outside (some 6 MB): orders, trips, P&L."""
        series, (chosen,) = swept(bars, rule, terms, hold).series, _plain(rule, [config])
        rows = _rows(series, terms, hold)
        acts = _acts(rows, rule.over(series)(chosen))[:, None]
        times = series.frame["time"].dt.epoch("ns").to_numpy()
        self._ask({"do": "page", "path": str(Path(path).absolute())}, terms, rows, acts, times[rows["bar"]] + rows["is_end"])
        return Path(path)

    def _ask(
        self, question: dict[str, Any], terms: Terms, rows: Rows, acts: npt.NDArray[np.uint8], times: npt.NDArray[np.int64] | None = None
    ) -> dict[str, Any]:
        path = Path(self._folder.name) / "rows.npz"
        np.savez(path, acts=acts, times=np.arange(len(acts)) if times is None else times, **rows)
        slip = terms.slippage_ticks * terms.tick * terms.worth_micros / MICROS
        question |= {"rows": str(path), "slip_usd": slip, "fee_usd": terms.fee_micros / MICROS, "qty": terms.qty}
        assert self._process.stdin is not None and self._process.stdout is not None  # both are pipes
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):  # whatever else its libraries say is no answer
                answer: dict[str, Any] = json.loads(line)
                if "error" in answer:
                    raise DataError(f"vectorbt: {answer['error']}")
                return answer
        raise DataError(f"vectorbt ended with {self._process.wait()}; what it said stands above")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
        self._folder.cleanup()


def _plain(rule: Rule, grid: Grid) -> list[dict[str, float]]:
    configs = configurations(rule, grid)
    if any(config.get(name) for config in configs for name in EXITS):
        raise ConfigError(f"vectorbt cannot say {', '.join(EXITS)} as they are meant here: leave them out, or use sweeps.sweep")
    return configs


def _rows(series: Series, terms: Terms, hold: Hold) -> Rows:
    """Lay out what vectorbt walks over: the bars, and behind each session that is left at its end a row at its last close.

    ``price`` and ``close``, USD of one contract; ``bar``, the bar that a row is; ``is_end``, a last close as a row of its own; ``is_last``,
    the last row of its bar; ``begins``, nothing was wished for it yet.
    """
    usd = terms.worth_micros / MICROS
    bar, is_end = np.arange(len(series.close)), np.zeros(len(series.close), np.bool_)
    if hold == "session":
        bar, is_end = np.insert(bar, series.edges[1:], series.edges[1:] - 1), np.insert(is_end, series.edges[1:], True)
    price = np.where(is_end, series.close[bar], series.open[bar])
    lowest = int(min(price.min(), series.close.min())) - terms.slippage_ticks * terms.tick
    if lowest <= 0:
        raise DataError("vectorbt trades at no price of 0 or below: use sweeps.sweep")
    begins = np.isin(bar, series.edges[:-1] if hold == "session" else [0])
    is_last = np.append(bar[1:] != bar[:-1], True)
    made = {"price": price * usd, "close": series.close[bar] * usd, "bar": bar, "is_end": is_end, "is_last": is_last}
    return made | {"begins": begins & ~is_end}


def _acts(rows: Rows, signal: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Move signals to the row where they are filled."""
    acts = np.where(rows["begins"], np.uint8(0), signal[rows["bar"] - 1])
    acts = np.where(rows["is_end"], np.uint8(LEAVE), acts)
    buys, sells = (acts & kernels.BUY) != 0, (acts & kernels.SELL) != 0
    if (buys & ((acts & (kernels.SELL | kernels.LEAVE_LONG)) != 0)).any() or (sells & ((acts & kernels.LEAVE_SHORT) != 0)).any():
        raise DataError("a signal enters on one side and leaves that same side, or enters on both: vectorbt has one order a bar")
    return acts
