"""`save`: one small file, everything inside, no request to anywhere."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import holoviews as hv
import pytest
from bokeh.resources import Resources

from workbench.research import Session
from workbench.research.palette import DARK_PAGE, LIGHT_PAGE
from workbench.research.plots import depth, price, save

BOKEH_BYTES = sum(len(part) for part in Resources(mode="inline", components=["bokeh"]).js_raw)
ASKING = re.compile(r"""(?:src|href)\s*=\s*["'](?!data:|#)|@import|url\(\s*["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def pages(day: Session, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("pages")
    made = {"price": price(day, "ES"), "depth": depth(day, "ES")}
    return [save(plot, folder / f"{name}.html", title=f"{name} <of> ES").read_text() for name, plot in made.items()]


def test_a_page_asks_for_nothing(pages: list[str]) -> None:
    for page in pages:
        start = page.index("<script>")
        own = page[:start] + page[start + BOKEH_BYTES :]  # BokehJS itself names addresses in comments and licences
        assert not ASKING.findall(own), ASKING.findall(own)
        assert "static/extensions" not in page


def test_a_page_is_small_beside_what_draws_it(pages: list[str]) -> None:
    assert all(len(page.encode()) - BOKEH_BYTES < 1_000_000 for page in pages)


def test_a_page_is_light_or_dark_as_its_reader_likes_it(pages: list[str]) -> None:
    for page in pages:
        assert LIGHT_PAGE in page and f"prefers-color-scheme: dark) {{ body {{ background: {DARK_PAGE}" in page
        assert "<title>price &lt;of&gt; ES</title>" in page or "<title>depth &lt;of&gt; ES</title>" in page


def test_saving_says_nothing_of_callbacks(day: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        path = save(price(day, "ES"), tmp_path / "price.html")
    assert path == tmp_path / "price.html" and caplog.text == ""
    assert not logging.getLogger("bokeh.embed.util").filters


def test_anything_of_holoviews_can_be_saved(tmp_path: Path) -> None:
    page = save(hv.Curve([1, 2, 3]), str(tmp_path / "any.html")).read_text()
    assert "<title>any</title>" in page
