"""The table of frames is what the documentation says, and says it in the house's words."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path

import pytest

from tests.research.conftest import Traded
from workbench.research import Session
from workbench.research.frames.columns import FRAMES, REAL, TIME, as_markdown

PAGE = Path(__file__).parents[3] / "docs" / "sessions.md"
UNITS = ("_pts", "_usd", "_s", "_frac", "_size")
COUNTED = {"size", "volume", "signed_volume", "qty", "ofi", "rv", "p_up", "confidence", "value", "threshold", "r"}  # their text says what


@pytest.mark.covers("S3-41")
@pytest.mark.parametrize("name", FRAMES)
def test_the_page_holds_the_table_of_every_frame(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert as_markdown(name) in page, f"write this into {PAGE.name}:\n\n### {name}: {FRAMES[name].row}\n\n{as_markdown(name)}\n"
    assert f"### {name}: {FRAMES[name].row}" in page


@pytest.mark.parametrize("kind", FRAMES.values(), ids=list(FRAMES))
def test_numbers_carry_their_unit_and_counts_their_n(kind: object) -> None:
    for column in kind.columns:
        if column.dtype == REAL:
            assert column.name.endswith(UNITS) or column.name in COUNTED, column.name
        if column.dtype == TIME:
            assert column.name in ("time", "event_time", "opened", "closed")


def test_every_frame_begins_as_the_reader_of_another_expects() -> None:
    for name, kind in FRAMES.items():
        names = [column.name for column in kind.columns]
        if name in ("quotes", "prints", "depth", "bars"):
            assert names[:3] == ["time", "symbol", "seq"]
        elif name in ("decisions", "refusals", "orders", "fills"):
            assert names[:4] == ["time", "symbol", "strategy", "run"]
        assert len(set(names)) == len(names)


def test_what_the_page_shows_runs(traded: Traded, tmp_path: Path) -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        text = block.replace("data/demo", str(traded.data)).replace("data/what-if", str(tmp_path))
        ran = eval(compile(text, PAGE.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)  # as a notebook runs a cell
        if ran is not None:
            asyncio.run(ran)
    assert isinstance(names["again"], Session) and names["again"].source == "ES a tick wider"
