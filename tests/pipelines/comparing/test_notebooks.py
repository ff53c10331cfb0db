"""A notebook run again is held against what it showed: numbers within what it declares, tables by value, figures by their data."""

from __future__ import annotations

import copy
import json
from typing import Any

import bokeh.embed
import bokeh.plotting
import numpy as np
import pandas as pd
import pytest
from bokeh.document import Document

from workbench.domain.errors import ConfigError
from workbench.pipelines.comparing import Tolerance, compare, compare_outputs, let_differ, tolerance_of, uncompared

TIGHT = {"rtol": 1e-6, "atol": 0.0, "ignore": [r"took [\d.]+ s"]}


def figure(values: list[float]) -> dict[str, Any]:
    """Give what Bokeh leaves of a line in a notebook, with names of its own."""
    drawn = bokeh.plotting.figure(title="Did it rise?")
    drawn.line(np.arange(len(values)), np.array(values))
    Document().add_root(drawn)
    made = bokeh.embed.json_item(drawn)["doc"]
    script = f"(function(root) {{ const docs_json = {json.dumps({made['roots'][0]['id']: made})}; }})(window);"
    return {
        "text/html": f'<div id="{made["roots"][0]["id"]}"></div><script type="text/javascript">{script}</script>',
        "text/plain": "figure",
    }


def notebook(
    *, text: str = "", frame: pd.DataFrame | None = None, line: list[float] | None = None, more: dict[str, Any] | None = None
) -> Any:
    outputs: list[dict[str, Any]] = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
    if frame is not None:
        data = {"text/html": frame.to_html(), "text/plain": repr(frame)}
        outputs.append({"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1})
    if line is not None:
        outputs.append({"output_type": "display_data", "data": figure(line), "metadata": {}})
    cells = [
        {"cell_type": "markdown", "metadata": {"tags": ["title"]}, "source": "# What?"},
        {"cell_type": "code", "metadata": {"tags": ["work"]} | (more or {}), "source": ["a = 1\n", "a"], "outputs": outputs},
    ]
    return {"cells": cells, "metadata": {"workbench": {"tolerance": TIGHT}}, "nbformat": 4, "nbformat_minor": 5}


def told(stored: Any, fresh: Any) -> list[str]:
    return [str(each) for each in compare(stored, fresh)]


def frame(value: float) -> pd.DataFrame:
    return pd.DataFrame({"symbol": ["ES", "SPY"], "pnl_usd": [value, 2.25]})


def test_numbers_in_text_may_differ_as_far_as_is_declared_and_no_further() -> None:
    stored = notebook(text="won 1,000,000 of 3, took 1.25 s\n")
    assert told(stored, notebook(text="won 1,000,000.9 of 3, took 17 s\n")) == []
    assert told(stored, notebook(text="won 1,000,002 of 3, took 2 s\n")) == ["cell 2 (work), stdout: 1000002 where 1000000 was"]
    assert told(stored, notebook(text="lost 1,000,000 of 3, took 2 s\n")) == ["cell 2 (work), stdout: 'lost' where 'won' was"]
    assert told(stored, notebook(text="won 1,000,000 of 3 and more\n"))[0].startswith("cell 2 (work), stdout: ")


def test_tables_are_compared_by_value_not_by_how_they_are_set() -> None:
    stored = notebook(frame=frame(1704.3))
    assert told(stored, notebook(frame=frame(1704.3000001))) == []
    moved = told(stored, notebook(frame=frame(1705.3)))
    assert moved == [
        "cell 2 (work), output 1, text/html: table 1, row 1, pnl_usd: 1705.3 where 1704.3 was",
        "cell 2 (work), output 1, text/plain: 1705.3 where 1704.3 was",
    ]
    restyled = notebook(frame=frame(1704.3))
    data = restyled["cells"][1]["outputs"][0]["data"]
    data["text/html"] = data["text/html"].replace("<table", "<style>td {color: red}</style><table id='T_77'")
    assert told(stored, restyled) == []
    assert "has 2 rows" in told(stored, notebook(frame=frame(1704.3)[:1]))[0]


def test_figures_are_compared_by_their_data_whatever_their_parts_are_called() -> None:
    stored = notebook(line=[1.0, 2.0, 3.0])
    assert told(stored, notebook(line=[1.0, 2.0, 3.0000001])) == []
    found = told(stored, notebook(line=[1.0, 2.5, 3.0]))
    assert len(found) == 1 and "2.5 where 2 was (1 of 3)" in found[0]
    assert "(4,) values where (3,) were" in told(stored, notebook(line=[1.0, 2.0, 3.0, 4.0]))[0]


def test_a_date_is_no_number_and_a_name_with_a_digit_is_none_either() -> None:
    far = Tolerance(atol=1e9)
    assert far.texts("ESZ6 at 2026-11-19 10:30:05", "ESZ6 at 2026-11-19 10:30:06")
    assert far.texts("ESZ6", "ESH7") and far.texts("10ms", "11ms") and not far.texts("10 ms", "11 ms")
    assert not Tolerance(rtol=0.1).texts("\N{MINUS SIGN}1.05 (nan)", "-1.0 (nan)") and Tolerance(rtol=0.1).texts("nan", "1")


def test_a_cell_may_declare_its_own_and_nothing_declared_is_nothing_allowed() -> None:
    stored = notebook(text="1.0", more={"workbench": {"tolerance": {"atol": 0.5}}})
    assert told(stored, notebook(text="1.4")) == [] and told(stored, notebook(text="1.6"))
    stored["metadata"], stored["cells"][1]["metadata"] = {}, {"tags": []}
    assert told(stored, notebook(text="1.0000000001")) and told(stored, notebook(text="1.0")) == []


@pytest.mark.parametrize("said", [{"rtol": -1}, {"rtol": "a"}, {"rtool": 1}, {"ignore": ["("]}, {"atol": float("inf")}, 7])
def test_a_tolerance_that_cannot_be_meant_is_refused(said: object) -> None:
    with pytest.raises(ConfigError, match="is no tolerance"):
        tolerance_of({"workbench": {"tolerance": said}})


def test_what_is_not_there_any_more_what_is_new_and_what_failed_is_said() -> None:
    stored = notebook(text="1", frame=frame(1.0))
    fresh = copy.deepcopy(stored)
    fresh["cells"][1]["outputs"] = [{"output_type": "error", "ename": "KeyError", "evalue": "'a'", "traceback": []}]
    assert [each.where for each in compare(stored, fresh)] == ["stdout", "error", "outputs"]
    fresh["cells"][1]["source"] = "b"
    assert told(stored, fresh) == ["cell 2 (work), source: the cell is another one"]
    fresh["cells"].append(fresh["cells"][1])
    assert "2 cells of code where 1 were" in told(stored, fresh)[-1]


def test_injected_parameters_are_no_cell_and_streams_may_be_cut_anywhere() -> None:
    stored, fresh = notebook(text="one two"), notebook(text="one")
    fresh["cells"][1]["outputs"].append({"output_type": "stream", "name": "stdout", "text": " two"})
    fresh["cells"].insert(1, {"cell_type": "code", "metadata": {"tags": ["injected-parameters"]}, "source": "n = 3", "outputs": []})
    assert told(stored, fresh) == []


def test_pictures_are_not_compared_and_that_is_said() -> None:
    one, other = ([{"output_type": "display_data", "data": {"image/png": data, "text/plain": "won 3"}}] for data in ("AA", "BB"))
    assert compare_outputs(one, other) == []
    stored = notebook()
    stored["cells"][1]["outputs"] = one
    assert uncompared(stored) == ["cell 2: image/png not compared"]


def test_what_a_notebook_lets_differ_is_told() -> None:
    stored = notebook()
    stored["metadata"] = {}
    assert let_differ(stored) == []
    stored["metadata"] = {"workbench": {"tolerance": {"rtol": 0.5, "ignore": ["took .* s"]}}}
    stored["cells"][1]["metadata"] = {"tags": ["nbval-ignore-output"]}
    assert let_differ(stored) == ["numbers by 50%, texts like 'took .* s'", "all that cell 2 shows"]
    stored["cells"][1]["metadata"] = {"workbench": {"tolerance": {"atol": 2}}}
    assert let_differ(stored)[1:] == ["in cell 2 numbers by 2"]
