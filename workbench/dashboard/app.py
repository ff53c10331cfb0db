"""The server of the pages: one process beside the one that trades, on this machine only. It reads stores and can reach nothing else."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

import panel as pn
from panel.io.server import get_server
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from workbench.config import Settings
from workbench.dashboard import trading
from workbench.dashboard.door import HOST, Door
from workbench.dashboard.picture import Picture
from workbench.dashboard.stores import Read, Stores, picture
from workbench.domain.errors import ConfigError

FACE: Final = Path(__file__).parent / "face"
PERIOD_MS: Final = 1_000
FRESH_S: Final = 0.7  # several pages share one look
MAX_WATCHES: Final = 4  # runs looked at in one process; the oldest is let go
ZONES: Final = (
    ("America/New_York", "New York"),
    ("America/Chicago", "Chicago"),
    ("UTC", "UTC"),
    ("Europe/London", "London"),
    ("Europe/Berlin", "Berlin"),
    ("Asia/Singapore", "Singapore"),
    ("Asia/Tokyo", "Tokyo"),
)
SECTIONS: Final[dict[str, Callable[[Picture, str], str]]] = {
    "head": trading.head,
    "state": trading.state,
    "funds": trading.funds,
    "limits": trading.limits,
    "lines": trading.lines,
    "forecasts": trading.forecasts,
    "refusals": trading.refusals,
    "closed": trading.closed,
    "features": trading.features,
    "foot": trading.foot,
}
# Scripts and styles of the page itself stand in it; everything else must come from this very server, and no other can be asked.
POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
    )
)


class Watch:
    """The stores of one run, looked at once a second however many pages show them, off the loop that serves them."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._lock = asyncio.Lock()
        self._read: Read | None = None
        self._read_s = 0.0

    async def picture(self, zone: str) -> Picture:
        """Give the picture of this second."""
        async with self._lock:
            if self._read is None or time.monotonic() - self._read_s > FRESH_S:
                self._read = await asyncio.to_thread(self._stores.look)
                self._read_s = time.monotonic()
            return await asyncio.to_thread(picture, self._read, self._stores, zone)


class Watches:
    """A watch for each run that somebody looks at."""

    def __init__(self, folders: tuple[Path, ...], settings: Settings) -> None:
        self._folders, self._settings = folders, settings
        self._held: dict[str, Watch] = {}

    def of(self, wanted: str) -> Watch:
        """Give the watch of a run; empty: the newest."""
        if wanted not in self._held:
            self._held[wanted] = Watch(Stores(self._folders, self._settings, wanted))
            for name in [name for name in self._held if name][: -MAX_WATCHES + 1]:
                del self._held[name]
        return self._held[wanted]


def page(watches: Watches) -> pn.Template:
    """Make the page for one browser."""
    cookies, wanted = pn.state.cookies, _argument("run")
    zone = cookies.get("workbench_zone", "")
    zone = zone if zone in available_timezones() else ZONES[0][0]
    css, text = (FACE / "section.css").read_text(encoding="utf-8"), (FACE / "page.html").read_text(encoding="utf-8")
    panes: dict[str, Any] = {name: _html("", stylesheets=[css], margin=0, sizing_mode="stretch_width") for name in SECTIONS}
    panes["state"].object = '<p class="soft">Reading the stores ...</p>'
    beat = _html("workbench|0", name="beat")
    template = pn.Template(text)
    for name, pane in {**panes, "beat": beat}.items():
        template.add_panel(name, pane)
    watch = watches.of(wanted)
    theme = cookies.get("workbench_theme", "")
    variables: dict[str, Any] = {
        "page_css": (FACE / "page.css").read_text(encoding="utf-8"),
        "page_js": (FACE / "page.js").read_text(encoding="utf-8"),
        "policy": POLICY,
        "zones": ZONES if zone in dict(ZONES) else ((zone, zone.rpartition("/")[2].replace("_", " ")), *ZONES),
        "zone": zone,
        "runs": [(wanted, wanted)] if wanted else [],
        "wanted": wanted,
        "html_attrs": f'data-theme="{theme}"' if theme in ("light", "dark") else "",
    }
    for name, value in variables.items():
        template.add_variable(name, value)
    n = 0

    async def refresh() -> None:
        nonlocal n
        shown, n = await watch.picture(zone), n + 1
        for name, section in SECTIONS.items():
            html = section(shown, zone)
            if panes[name].object != html:
                panes[name].object = html
        beat.object = f"{escape(trading.title(shown))}|{int(shown.card is None)}|{n}"

    add: Any = pn.state.add_periodic_callback  # its type knows no coroutine functions, it does
    add(refresh, period=PERIOD_MS)
    pn.state.onload(refresh)
    return template


def _html(text: str, **how: Any) -> Any:
    made: Any = pn.pane.HTML
    return made(text, **how)


def _argument(name: str) -> str:
    given = pn.state.session_args.get(name, [b""])
    return bytes(given[0]).decode("utf-8", "replace") if given else ""


class _PageGone(logging.Filter):
    """Lets a page be closed without a word: its last message had nobody to go to, which is no error."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, WebSocketClosedError | StreamClosedError) and "connection was closed" not in record.getMessage()


def make_server(folders: tuple[Path, ...], settings: Settings, port: int, token: str | None = None) -> tuple[Any, Door]:
    """Make the server, bound but not started.

    Raises
    ------
    ConfigError
        The port is taken.
    """
    door = Door(port, token)
    watches = Watches(folders, settings)
    try:
        server = get_server({"/": lambda: page(watches)}, port, HOST, list(door.hosts), title="workbench", show=False, start=False)
    except OSError as error:
        raise ConfigError(f"port {port} of {HOST} cannot be had ({error.strerror}): name another one (--port)") from None
    door.guard(server._tornado)
    server.io_loop.add_callback(watches.of("").picture, ZONES[0][0])  # the first look takes longest: begin before anybody asks
    return server, door


def serve(folders: tuple[Path, ...], settings: Settings, port: int, *, at_start: Callable[[str], None], open_browser: bool) -> None:
    """Serve until interrupted; `at_start` hears the address."""
    for name in ("asyncio", "panel.io.document", "tornado.application"):
        logging.getLogger(name).addFilter(_PageGone())
    server, door = make_server(folders, settings, port)
    server.start()
    at_start(door.address)
    if open_browser:
        import webbrowser

        webbrowser.open(door.address)
    server.io_loop.start()
