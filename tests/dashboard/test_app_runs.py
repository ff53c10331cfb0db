"""The page of runs in a real browser: a day is clicked, a report opened; what runs is followed; what a page holds can do nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.dashboard.browser import FIND_ALL, Browser, Tab
from tests.dashboard.ran import fortnight, left, number, schedule
from tests.dashboard.serving import serving
from workbench.clock import SystemClock
from workbench.domain.units import SECOND
from workbench.pipelines.schedule.ledger import LOCK, Ledger, Run, State
from workbench.store.whole import only_one

pytestmark = [pytest.mark.proof, pytest.mark.covers("S1-12", "S1-30", "S0-25")]
HOSTILE = """<!doctype html><title>evil</title><meta http-equiv="refresh" content="0;url=http://127.0.0.1:PORT/away"><h1>Still here</h1>
<script>document.body.dataset.ran = 1; parent.document.title = "taken"; fetch("http://127.0.0.1:PORT/told")</script>
<img src="http://127.0.0.1:PORT/seen.png" onerror="top.location = 'http://127.0.0.1:PORT/top'"><link rel="stylesheet" href="http://127.0.0.1:PORT/s.css">
<iframe src="http://127.0.0.1:PORT/inner"></iframe>
<form action="http://127.0.0.1:PORT/sent"><input autofocus onfocus="this.form.submit()"></form>
<object data="http://127.0.0.1:PORT/object"></object><svg onload="top.hacked = 1"></svg>"""
WIDTHS = (320, 390, 768, 1_024, 1_440)


def yesterday() -> date:
    """Give the last weekday that is over."""
    day = datetime.fromtimestamp(SystemClock().now_ns() // SECOND, UTC).date() - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "workbench.toml").write_text("")
    fortnight(folder / "data", last=yesterday(), n_days=10, every=60)
    schedule(folder / "pipelines")
    return folder / "data"


@pytest.fixture(scope="module")
def tab(browser: Browser, data: Path) -> Iterator[Tab]:
    """The page of runs, open at a desk, for all tests of this file."""
    with serving(data, data.parent) as server:
        tab = browser.tab()
        tab.look(1_440)
        tab.go(server.address)
        tab.wait("location.search === '' && document.readyState === 'complete'", "let in")
        tab.go(f"{server.base}runs")
        tab.wait_for(".foot", "read in")
        yield tab
        tab.close()


def click(tab: Tab, selector: str, pattern: str = "") -> None:
    """Click the first element whose text matches, as a person does: with what it leads to."""
    tab.wait_for(selector, pattern)
    tab.ask(f"({FIND_ALL})({selector!r}).find((each) => new RegExp({pattern!r}).test(each.innerText)).click()")


def test_a_day_is_clicked_and_its_report_opened(browser: Browser, tab: Tab) -> None:
    tab.ask("window.isSame = true")
    assert "1 page failed" in tab.text(".state .word") and "not heard" in tab.text(".notes .bad")
    click(tab, ".cell", "^failed$")
    tab.wait_for(".picked", f"^data_quality · {yesterday()} show all: 1 run$")
    assert tab.text("#runs .tag, .list .tag") == "failed" and "14 % of the minutes" in tab.text(".list .reason")
    click(tab, ".list .run")
    tab.wait_for(".opened", rf"data_quality\s+of {yesterday()}, close.30m")
    assert "It came to 6.0 USD" in browser.frame("data_quality").wait_for("body", "What did the session")
    assert tab.ask("window.isSame") and "run=data_quality%2F" in tab.ask("location.hash")
    tab.reload()
    assert tab.wait_for(".opened", "data_quality")
    click(tab, ".picked a", "show all")
    tab.wait_for(".picked", "^all pages")
    assert not tab.troubles


def test_a_page_that_holds_anything_can_do_nothing(browser: Browser, tab: Tab, data: Path, tmp_path: Path) -> None:
    folder = data / "pages" / "evil" / "1"
    with trap() as free, trap() as kept:
        (tmp_path / "page.html").write_text(HOSTILE.replace("PORT", str(free.getsockname()[1])))
        left(folder, seconds=1.0, peak_mb=1.0)
        (folder / "page.html").write_text(HOSTILE.replace("PORT", str(kept.getsockname()[1])))
        elsewhere = browser.tab()
        elsewhere.go((tmp_path / "page.html").as_uri())  # where nothing forbids it, it does what it wants
        until = time.monotonic() + 30
        while not is_asked(free):
            assert time.monotonic() < until, "the page is harmless: nothing is shown by this"
        elsewhere.go("about:blank")
        elsewhere.close()
        tab.ask("location.hash = '#run=hand%3Aevil%2F1'")
        frame = browser.frame("evil")
        assert frame.wait_for("h1", "Still here") and frame.ask("document.body.dataset.ran ?? null") is None
        assert frame.ask("origin") == "null"
        with pytest.raises(AssertionError, match="sandboxed and lacks the 'allow-same-origin' flag"):
            frame.ask("document.cookie")
        time.sleep(1)  # what it would have asked for
        assert not is_asked(kept)
    assert tab.ask("document.title").endswith("workbench") and tab.ask("location.pathname") == "/runs"
    assert tab.ask("fetch('/report?run=..%2F..%2Fworkbench.toml').then((answer) => answer.status)") == 404
    tab.troubles.clear()  # what the browser forbade, in its own words
    tab.ask("location.hash = ''")


@contextmanager
def trap() -> Iterator[socket.socket]:
    """Whoever connects to it was not kept from it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        yield server


def is_asked(trap: socket.socket) -> bool:
    """Say whether anybody has sent something; a browser opens a connection for a frame that it then does not load, and is silent."""
    while True:
        try:
            connection = trap.accept()[0]
        except BlockingIOError:
            return False
        with connection:
            connection.settimeout(0.5)
            try:
                if connection.recv(1):
                    return True
            except TimeoutError:
                continue


def test_what_runs_is_followed_without_a_reload(tab: Tab, data: Path) -> None:
    tab.ask("window.isSame = true")
    ledger, now_ns = Ledger(data, is_written=True), SystemClock().now_ns()
    session = number(yesterday())
    key = f"retrain/{session}-close-ab"
    folder = ledger.folder_of(key)
    with only_one(folder / LOCK, "busy"):
        assert ledger.claim(Run(key=key, page="retrain", digest="ab", session=session, slot="close", due_ns=now_ns, begun_ns=now_ns))
        tab.wait_for(".list .run", "retrain[^]*running")
        assert "running" in tab.texts(".cell") and tab.text(".signs li:nth-child(2)") == "running 1"
        left(folder, seconds=42.0, peak_mb=700.0)
        ledger.end(key, State.DONE, now_ns + 42 * SECOND)
    tab.wait_for(".list .run", "retrain[^]*42 s · 700 MB")
    assert "running" not in tab.texts(".cell") and tab.ask("window.isSame")


def test_no_width_needs_scrolling_sideways_in_light_and_in_dark(tab: Tab) -> None:
    for width in WIDTHS:
        tab.look(width, 844, is_phone=width < 700, is_dark=width in (390, 1_440))
        assert tab.ask("document.documentElement.scrollWidth") <= width
        cut = tab.ask(f"({FIND_ALL})('*').filter((each) => each.getBoundingClientRect().right > {width + 1}).map((each) => each.className)")
        assert not [each for each in cut if each], (width, cut)
        assert "failed" in [text for text in tab.texts(".cell") if text] and tab.texts(".chart.dots .most")
    tab.look(1_440)


def test_an_empty_folder_says_what_to_do_and_the_page_then_shows_what_ran(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "workbench.toml").write_text("")
    with serving(tmp_path / "data", tmp_path) as server:
        tab = browser.tab()
        tab.go(server.address)
        tab.wait("location.search === '' && document.readyState === 'complete'", "let in")
        tab.go(f"{server.base}runs")
        assert "workbench schedule run" in tab.wait_for(".advice", "No page has run here yet")
        fortnight(tmp_path / "data", last=yesterday(), n_days=1, every=360)
        tab.wait_for(".cell", "ok")
        assert not tab.troubles
        tab.close()
