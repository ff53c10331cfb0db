"""The account over several sessions: what each run earned, put end to end. A frame in, a frame out; reads no store, draws nothing."""

from __future__ import annotations

from typing import Final

import polars as pl

EARNED: Final = ("realised_usd", "open_pnl_usd")


def joined(equity: pl.DataFrame) -> pl.DataFrame:
    """Carry what was realised from run to run, so that a range of sessions is one account.

    The frame ``equity`` of a session tells each run from its own beginning: a simulation always begins with the same money, and what a
    run found open counts from its entry. Here every run begins where the one above it ended.

    Parameters
    ----------
    equity
        The frame ``equity`` of a session or a range.

    Returns
    -------
    polars.DataFrame
        time, run; realised_usd [after costs, of all runs so far], open_pnl_usd, pnl_usd [both together], drawdown_usd [below the best
        so far, of all runs]. Of one run these are its own columns.

    Examples
    --------
    >>> two = pl.DataFrame({"time": [1, 2, 3, 4], "run": ["a", "a", "b", "b"], "realised_usd": [0.0, -5.0, 0.0, 3.0],
    ...                     "open_pnl_usd": [0.0, 0.0, 0.0, 1.0]})
    >>> joined(two)["pnl_usd"].to_list(), joined(two)["drawdown_usd"].to_list()
    ([0.0, -5.0, -5.0, -1.0], [0.0, -5.0, -5.0, -1.0])
    """
    own = equity.select("time", "run", *EARNED).with_columns(pnl_usd=pl.col("realised_usd") + pl.col("open_pnl_usd"))
    names = ("realised_usd", "pnl_usd")
    firsts = (pl.col(name).first().alias(f"{name}_first") for name in names)
    ends = own.group_by("run", maintain_order=True).agg(*firsts, *(pl.col(name).last() for name in names))
    before = ends.select("run", *(_before(name).alias(f"{name}_before") for name in names))
    whole = own.join(before, on="run", how="left", maintain_order="left").with_columns(
        pl.col(name) + pl.col(f"{name}_before") for name in names
    )
    return whole.select("time", "run", *EARNED, "pnl_usd", (pl.col("pnl_usd") - pl.col("pnl_usd").cum_max()).alias("drawdown_usd"))


def _before(name: str) -> pl.Expr:
    """Give what the runs above had earned at their ends, less what each but the first had already when it began."""
    ended = pl.col(name).shift(1, fill_value=0.0).cum_sum()
    begun = pl.when(pl.int_range(pl.len()) > 0).then(pl.col(f"{name}_first")).otherwise(0.0).cum_sum()
    return ended - begun
