"""Source is read as a person would read it: what is found stands where it says, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.research.leakage import look_for_leaks
from workbench.research.leakage.leak import KINDS
from workbench.research.leakage.static import in_cells, in_file, in_notebook, in_source

ROOT = Path(__file__).parents[3]
DECIDE = [path for folder in ("features", "strategies", "learning/models") for path in (ROOT / "workbench" / folder).rglob("*.py")]
BOOKS = [*(ROOT / "notebooks").rglob("*.ipynb"), *(ROOT / "pipelines").rglob("*.ipynb")]


def test_a_finding_in_a_notebook_names_cell_and_line():
    (found,) = in_cells(["import polars as pl\n%matplotlib inline", "# a remark\nx = df['close'].bfill()"], "idea.ipynb")
    assert found.where == "idea.ipynb, cell 2, line 2" and found.kind == "window" and "forward fill" in found.remedy


def test_every_finding_has_a_kind_that_is_explained():
    found = in_source("a = x.shift(-1)\nb = x.bfill()\nc = np.random.rand()\nd = (x - x.mean()) / x.std()")
    assert {leak.kind for leak in found} == {"shift", "window", "chance", "sample"} <= set(KINDS)
    assert all(leak.remedy and leak.text for leak in found)


@pytest.mark.parametrize(
    "source",
    [
        "label = df.close.shift(-1) > df.close",
        "df['target_5m'] = df.close.pct_change(-5)",
        "frame = bars.with_columns(next_return=pl.col('close').shift(-1) / pl.col('close') - 1)",
        "model.fit(X[:-1], np.sign(close.shift(-1) - close)[:-1])",
    ],
)
def test_a_label_may_look_ahead(source):
    assert in_source(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "df['x'] = df.close.shift(-1)",
        "x = np.roll(close, 3)",
        "x = df.iloc[::-1].rolling(5).mean()",
        "x = df.close.rolling(pd.api.indexers.FixedForwardWindowIndexer(window_size=5)).mean()",
        "x = quotes.sort('event_time')",
        "x = bars.rename({'event_time': 'time'})",
        "x = df.fillna(df.mean())",
        "x = scipy.stats.zscore(df.close)",
        "x = df.close.rank(pct=True)",
        "model.fit(X[1:], y[:-1])",
        "df['p'] = np.where(df.close.shift(-1) > df.close, 1, -1)",
        "universe = prices.dropna(axis=1)",
        "x = df.sample(frac=1)",
        "means = [sum(x[i - 5 : i + 6]) / 11 for i in range(5, len(x) - 6)]",
        "frame = frame.with_columns(apart=(pl.col('x') - pl.col('x').mean()).over('session'))",
        "features = ['ofi', 'target']\ndf['target'] = df.close.shift(-1)",
    ],
)
def test_one_line_is_enough_to_look_ahead(source):
    assert in_source(source)


@pytest.mark.parametrize(
    "source",
    [
        "moved = np.pad(x[1:] / x[:-1] - 1, (1, 0))",
        "moved = np.pad(x[1:] - x[:-1], pad_width=(1, 0))",
        "moved = np.concatenate([[0.0], x[1:] - x[:-1]])",
        "frame = frame.with_columns(apart=((pl.col('x') - pl.col('x').mean()) / pl.col('x').std()).over('time'))",
        "text = 'whoever is to LEAD (or not) comes first'",
        "text = 'select one of the following'",
        "rows = con.sql('select close, lag(close) over (order by time) from bars')",
        "rows = con.sql('SELECT avg(x) OVER (ORDER BY t ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) FROM bars')",
    ],
)
def test_what_stands_at_its_own_row_is_no_leak(source):
    assert in_source(f"import numpy as np\n{source}\n") == []


@pytest.mark.parametrize(
    "source",
    [
        "moved = np.pad(x[1:] / x[:-1] - 1, (0, 1))",
        "moved = np.pad(x[1:], 1)[1:]",
        "rows = con.sql('select close, lead(close) over (order by time) from bars')",
        "rows = con.sql('SELECT LEAD(close, 1) IGNORE NULLS OVER w FROM bars WINDOW w AS (ORDER BY time)')",
        "rows = con.sql('select avg(x) over (order by t rows between 1 preceding and 5 following) from bars')",
    ],
)
def test_later_rows_are_seen_in_arrays_and_queries_in_whatever_letters(source):
    assert [leak.kind for leak in in_source(f"import numpy as np\n{source}\n")] == ["shift"]


def test_what_is_no_python_is_said():
    assert [leak.kind for leak in in_cells(["x = ("])] == ["unknown"]


def test_one_class_of_a_file_can_be_read_alone(tmp_path):
    (tmp_path / "two.py").write_text("class A:\n    x = df.close.bfill()\n\nclass B:\n    x = df.close.shift(-1)\n")
    assert [leak.kind for leak in in_file(tmp_path / "two.py", alone="B")] == ["shift"]
    assert look_for_leaks(tmp_path / "two.py") == in_file(tmp_path / "two.py")


def test_the_shipped_library_reads_clean():
    found = [leak for path in DECIDE for leak in in_file(path, decides=True)] + [leak for path in BOOKS for leak in in_notebook(path)]
    assert found == [] and len(DECIDE) > 30 and len(BOOKS) >= 12
