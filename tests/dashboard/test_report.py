"""Only the page of a run is served, and whatever it holds can do nothing: no key leads elsewhere, no script runs, nothing is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from workbench.dashboard import report
from workbench.dashboard.report import PATH, Report, address, page_of

pytestmark = pytest.mark.covers("S0-25")
KEY = "daily_report/20261119-close+30m-0f3a"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A run by itself and one by hand; and beside them what nobody may read."""
    folder = tmp_path / "data"
    for there in (folder / "schedule" / "runs" / KEY, folder / "pages" / "truth" / "20261119"):
        there.mkdir(parents=True)
        (there / "page.html").write_text(f"<h1>{there.parent.name}</h1>")
        (there / "order.json").write_text("secret")
    (tmp_path / "page.html").write_text("outside")
    (folder / "page.html").write_text("above")
    return folder


def ask(data: Path, query: str) -> HTTPResponse:
    """Ask a server that serves reports and nothing else."""

    async def asked() -> HTTPResponse:
        server = HTTPServer(Application([(PATH, Report, {"data": lambda: data})]))
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        try:
            return await AsyncHTTPClient().fetch(f"http://127.0.0.1:{sockets[0].getsockname()[1]}{query}", raise_error=False)
        finally:
            server.stop()

    return asyncio.run(asked())


def test_a_run_is_served_by_its_key_by_itself_and_by_hand(data: Path) -> None:
    for key, name in ((KEY, "daily_report"), ("hand:truth/20261119", "truth")):
        answer = ask(data, address(key))
        assert (answer.code, answer.body) == (200, f"<h1>{name}</h1>".encode())


def test_the_answer_forbids_all_that_a_page_could_do(data: Path) -> None:
    told = ask(data, address(KEY)).headers
    policy = {each.strip() for each in told["Content-Security-Policy"].split(";")}
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'self'"} <= policy
    assert not any("allow-" in each or "http" in each or "script" in each for each in policy)
    assert (
        told["X-Content-Type-Options"] == "nosniff" and told["Content-Type"].startswith("text/html") and "no-store" in told["Cache-Control"]
    )


KEYS = (
    "", "x", "/", "..", "../page.html", "../..", "hand:../..", "hand:../../x", "daily_report/..", f"../runs/{KEY}", f"/{KEY}", f"./{KEY}",
    f"{KEY}/..", f"{KEY}/", f"{KEY}\x00", f"{KEY}\n", f" {KEY}", "daily_report//20261119-close+30m-0f3a", "daily_report\\20261119",
    "hand:hand:truth/20261119", "hand:truth/.", "%2e%2e/%2e%2e", "hand:%2e%2e/x", ".parts/x", "truth/20261119", "file:/etc/passwd",
    "daily_report/20261119-close 30m-0f3a",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_no_key_leads_elsewhere(data: Path, key: str) -> None:
    assert page_of(data, key) is None
    answer = ask(data, f"{PATH}?run={quote(key, safe='')}")
    assert answer.code in (400, 404) and b"outside" not in (answer.body or b"") and b"above" not in (answer.body or b"")


def test_a_link_is_not_followed_and_a_folder_is_no_page(data: Path) -> None:
    runs = data / "schedule" / "runs"
    (runs / "evil").symlink_to(data.parent)
    (runs / "p").mkdir()
    (runs / "p" / "1").symlink_to(data)
    (runs / "p" / "2").mkdir()
    (runs / "p" / "2" / "page.html").symlink_to(data / "page.html")
    (runs / "p" / "3" / "page.html").mkdir(parents=True)
    assert [page_of(data, key) for key in ("evil/data", "p/1", "p/2", "p/3")] == [None] * 4


def test_a_data_folder_may_itself_be_a_link(data: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(data)
    assert page_of(tmp_path / "linked", KEY) is not None


def test_nothing_but_get_is_answered_and_what_is_too_large_says_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_BYTES", 3)
    answer = ask(data, address(KEY))
    assert answer.code == 413 and b"open the file itself" in answer.body
    assert ask(data, PATH).code == 404
