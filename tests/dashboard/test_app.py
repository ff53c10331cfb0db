"""The page in a real browser: its figures are the store's, it follows the store, fits a phone, and asks no other machine for anything."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.dashboard.browser import Browser, Tab
from tests.dashboard.running import count
from tests.dashboard.serving import ROOT, Server, serving
from tests.replay.world import World
from tests.runtime.folders import trade
from workbench.dashboard.words import money

pytestmark = pytest.mark.covers("S0-19", "S0-20", "S0-25", "S1-18", "S1-30", "S3-18")
WIDTHS = (320, 390, 768, 1_024, 1_440)


@pytest.fixture(scope="module")
def data(_open: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose run was stopped with a position, for this file alone: it is traded on."""
    return Path(shutil.copytree(_open, tmp_path_factory.mktemp("shown") / "data"))


@pytest.fixture(scope="module")
def server(browser: Browser, data: Path, workspace: Path) -> Iterator[Server]:
    with serving(data, workspace) as server:
        yield server


@pytest.fixture
def tab(browser: Browser, server: Server) -> Iterator[Tab]:
    """The page, open at a desk."""
    tab = browser.tab()
    tab.look(1_440)
    tab.go(server.address)
    tab.wait_for(".foot", r"journal entries")
    yield tab
    tab.close()


def figure(tab: Tab, name: str) -> str:
    return tab.text(f"[data-figure='{name}']").replace("USD", "").strip()


def shows(tab: Tab, data: Path) -> None:
    """Hold every figure that a journal tells against the page."""
    told = count(data)
    assert figure(tab, "realised") == money(told.realised_micros, signed=True)
    assert figure(tab, "fees paid") == money(told.fees_micros) and figure(tab, "equity") == money(told.equity_micros)
    assert figure(tab, "round trips won") == f"{told.n_won} of {told.n_trips}"
    held = tab.ask(f"({FIND}).map((each) => Math.abs(Number(each.dataset.qty)))")
    assert sorted(qty for qty in held if qty) == sorted(told.held.values())
    n_covered = len([text for text in tab.texts(".shield.covered") if "confirmed" in text])
    assert n_covered == len(told.protected & told.held.keys())
    open_micros = sum(tab.ask(f"({FIND.replace('data-qty', 'data-open')}).map((each) => Number(each.dataset.open))"))
    assert figure(tab, "today") == money(told.realised_micros + open_micros, signed=True)


FIND = """(() => {
  const found = [], look = (root) => {
    found.push(...root.querySelectorAll("[data-qty]"));
    for (const each of root.querySelectorAll("*")) if (each.shadowRoot) look(each.shadowRoot);
  };
  look(document);
  return found;
})()"""


def test_its_figures_are_the_stores_after_a_fill_and_again_after_more(tab: Tab, data: Path, of: World) -> None:
    shows(tab, data)
    assert tab.text(".pill").lower() == "paper" and "a small world" in tab.text(".mast")
    tab.wait_for(".signs", "silent")  # the run was stopped: nobody speaks for it
    n_before = count(data).n_trips
    trade(data, of)
    tab.wait_for(".state", "Ended")
    assert count(data).n_trips > n_before
    tab.wait_for("[data-figure='round trips won']", f"of {count(data).n_trips}$")
    shows(tab, data)
    assert tab.text(".word") == "Ended" and not tab.troubles


def test_it_asks_no_other_machine(tab: Tab, server: Server) -> None:
    tab.wait_for("[data-root]", "ES")
    asked = {urlsplit(each).netloc for each in tab.requests if not each.startswith(("data:", "blob:"))}
    assert asked == {urlsplit(server.address).netloc} and any(each.startswith("ws://") for each in tab.requests)
    assert len(tab.requests) > 5 and not tab.troubles
    assert tab.ask("fetch('http://127.0.0.2:9/').then(() => 'let through', () => 'refused')") == "refused"  # by the page's own policy
    assert any("Content Security Policy" in each for each in tab.troubles)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_needs_scrolling_sideways(tab: Tab, width: int) -> None:
    tab.look(width, 844, is_phone=width < 700)
    tab.wait("document.readyState === 'complete'")
    assert tab.ask("document.documentElement.scrollWidth") <= width
    every = FIND.replace("[data-qty]", "*")
    cut = tab.ask(f"({every}).filter((each) => each.getBoundingClientRect().right > {width + 1}).map((each) => each.className)")
    assert not [each for each in cut if each], cut


def test_a_reload_shows_the_same_zone_theme_and_folds(tab: Tab) -> None:
    in_new_york = tab.wait_for(".foot", "America/New_York")
    tab.ask("document.getElementById('theme').click()")
    tab.ask("document.querySelector('#refusals h2 button').click()")
    tab.reload("const zone = document.getElementById('zone'); zone.value = 'UTC'; zone.dispatchEvent(new Event('change'))")
    for _ in range(2):
        tab.wait_for(".foot", "times in UTC")
        assert tab.ask("document.documentElement.dataset.theme") == "dark" and tab.ask("document.getElementById('zone').value") == "UTC"
        assert tab.ask("getComputedStyle(document.querySelector('#refusals > div')).display") == "none"
        assert tab.ask("getComputedStyle(document.body).color") == "rgb(232, 234, 236)"
        tab.reload()
    assert "UTC" not in in_new_york


def test_it_follows_the_wish_for_dark_until_somebody_chooses(tab: Tab) -> None:
    colours = []
    for is_dark in (False, True):
        tab.look(1_440, is_dark=is_dark)
        colours.append(tab.ask("getComputedStyle(document.body).color"))
    assert colours == ["rgb(28, 32, 36)", "rgb(232, 234, 236)"]


def test_the_address_keeps_no_token_and_a_stranger_sees_nothing(tab: Tab, browser: Browser, server: Server) -> None:
    assert "token" not in tab.ask("location.href") and "workbench_pass" not in tab.ask("document.cookie")
    stranger = browser.tab()
    stranger.go(server.base)
    assert "needs the address" in stranger.wait("document.body && document.body.innerText")
    stranger.close()
    host = urlsplit(server.address).netloc
    for path in ("/", "/ws", "/autoload.js", "/metadata", "/static/js/bokeh.min.js", "/components/os/path/_js/x"):
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("GET", path)
        assert connection.getresponse().status == 403, path
        connection.close()


@pytest.mark.proof
def test_a_demo_at_a_pace_is_followed_second_by_second(browser: Browser, tmp_path: Path, workspace: Path) -> None:
    words = [sys.executable, "-m", "workbench", "demo", "--data", str(tmp_path / "data"), "--activity", "0.05", "--no-wire"]
    environment = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*words, "--pace", "300", "--from", "09:25"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as demo:
        try:
            with serving(tmp_path / "data", workspace) as server:
                tab = browser.tab()
                tab.go(server.address)
                tab.wait_for(".now", r"^09:[3-5]|^1\d:")
                assert tab.text(".word") == "Active" and "alive" in tab.text(".signs")
                clocks, said = set(), set()
                for _ in range(8):
                    clocks.add(tab.text(".now"))
                    said |= set(tab.texts(".why"))
                    tab.wait(f"!{sorted(clocks)!r}.includes(({FIND.replace('[data-qty]', '.now')})[0].innerText)", "a newer picture")
                assert len(clocks) == 8 and len(said) > 3 and not tab.troubles
                tab.close()
        finally:
            demo.terminate()


@pytest.mark.proof
def test_a_page_without_its_server_says_so(browser: Browser, over: Path, workspace: Path) -> None:
    with serving(over, workspace) as server:
        tab = browser.tab()
        tab.go(server.address)
        tab.wait_for(".foot", "journal entries")
        assert tab.ask("getComputedStyle(document.querySelector('.lost')).display") == "none"
        server.process.terminate()
        server.process.wait(10)
    tab.wait("document.body.classList.contains('is-lost')", "the page notices that its server is gone")
    assert "lost its server" in tab.text(".lost")
    tab.close()


@pytest.mark.proof
def test_an_empty_folder_says_what_to_do_and_the_page_then_shows_it(browser: Browser, tmp_path: Path, workspace: Path, of: World) -> None:
    with serving(tmp_path / "data", workspace) as server:
        tab = browser.tab()
        tab.go(server.address)
        assert "workbench demo --pace" in tab.wait_for(".advice", "Nothing has been traded here yet")
        trade(tmp_path / "data", of)
        tab.wait_for(".foot", f"{count(tmp_path / 'data').n_entries:,} journal entries")
        shows(tab, tmp_path / "data")
        tab.close()


def test_a_port_that_is_taken_is_told_in_a_sentence(server: Server, data: Path, workspace: Path) -> None:
    words = [sys.executable, "-m", "workbench", "dashboard", "--data", str(data), "--no-open", "--port", str(urlsplit(server.address).port)]
    ended = subprocess.run(words, cwd=workspace, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2 and "cannot be had" in ended.stderr and "--port" in ended.stderr and "Traceback" not in ended.stderr


def test_the_page_of_the_recording_tells_the_same_folder_and_asks_nobody_else(tab: Tab, server: Server) -> None:
    tab.go(f"{server.address.partition('?')[0]}data")
    tab.wait_for(".foot", r"records?, read in")
    assert tab.texts(".streams .row b") and "Was every minute heard" in tab.text("#streams h2")
    assert tab.texts("nav a") == ["trading", "data", "runs"] and tab.text("nav a[aria-current]") == "data"
    for width in WIDTHS:
        tab.look(width)
        assert tab.ask("document.documentElement.scrollWidth <= innerWidth")
    assert {urlsplit(each).hostname for each in tab.requests if each.startswith("http")} == {"127.0.0.1"}
