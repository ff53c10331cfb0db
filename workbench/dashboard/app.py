"""The server of the pages: one process beside the one that trades, on this machine only. It reads stores and can reach nothing else."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar
from zoneinfo import available_timezones

import panel as pn
from panel.io.server import get_server
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from workbench.config import Settings
from workbench.dashboard import listing, opened, recording, runs, trading
from workbench.dashboard.door import HOST, Door
from workbench.dashboard.gathering import Gathered, Gathering
from workbench.dashboard.pick import PATH as RUNS
from workbench.dashboard.pick import Pick
from workbench.dashboard.picture import Picture
from workbench.dashboard.ran import Ran, Runs
from workbench.dashboard.report import PATH, Report
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
DATA_SECTIONS: Final[dict[str, Callable[[Gathered, str], str]]] = {
    "head": recording.head,
    "whole": recording.whole,
    "streams": recording.streams,
    "charts": recording.charts,
    "holes": recording.holes,
    "leads": recording.leads,
    "foot": recording.foot,
}
RUN_SECTIONS: Final[dict[str, Callable[[Ran, Pick, str], str]]] = {
    "head": runs.head,
    "state": runs.state,
    "days": listing.days,
    "runs": listing.runs,
    "report": opened.report,
    "used": opened.used,
    "foot": runs.foot,
}
PAGES: Final = (("/", "trading"), ("/data", "data"), (RUNS, "runs"))
DATA_PERIOD_MS: Final = 10_000
RUNS_PERIOD_MS: Final = 2_000
REST: Final = 5  # times as long as a look at a recording took, before the next: it must not eat the machine that trades
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


class Look(Protocol):
    """What one look gives: it says how long it took."""

    @property
    def took_ms(self) -> float: ...


Seen = TypeVar("Seen", bound=Look)


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


class Shared(Generic[Seen]):
    """What one look gives, taken anew after a while however many pages show it, off the loop that serves them."""

    def __init__(self, look: Callable[[], Seen], period_ms: int) -> None:
        self._look, self._period_ms = look, period_ms
        self._lock = asyncio.Lock()
        self._seen: Seen | None = None
        self._seen_s = 0.0

    async def look(self) -> Seen:
        """Give what there was when somebody looked last."""
        async with self._lock:
            if self._seen is None or time.monotonic() - self._seen_s > max(self._period_ms * FRESH_S, self._seen.took_ms * REST) / 1_000:
                self._seen = await asyncio.to_thread(self._look)
                self._seen_s = time.monotonic()
            return self._seen


def page(watches: Watches) -> pn.Template:
    """Make the page of what trades for one browser."""
    wanted, zone = _argument("run"), _zone()
    watch = watches.of(wanted)

    async def seen() -> tuple[dict[str, str], str]:
        shown = await watch.picture(zone)
        return {
            name: section(shown, zone) for name, section in SECTIONS.items()
        }, f"{escape(trading.title(shown))}|{int(shown.card is None)}"

    first = {"state": '<p class="soft">Reading the stores ...</p>'}
    return _page("trading.html", "/", tuple(SECTIONS), first, seen, PERIOD_MS, wanted=wanted)


def data_page(recordings: Shared[Gathered]) -> pn.Template:
    """Make the page of what is recorded for one browser."""
    zone = _zone()

    async def seen() -> tuple[dict[str, str], str]:
        shown = await recordings.look()
        return {
            name: section(shown, zone) for name, section in DATA_SECTIONS.items()
        }, f"{escape(recording.title(shown))}|{int(not shown.session)}"

    first = {"whole": '<p class="soft">Reading the session ...</p>'}
    return _page("data.html", "/data", tuple(DATA_SECTIONS), first, seen, DATA_PERIOD_MS)


def runs_page(ran: Shared[Ran]) -> pn.Template:
    """Make the page of what ran by itself and by hand for one browser; what is picked stands behind the ``#`` of its address."""
    zone, place = _zone(), pn.state.location

    async def seen() -> tuple[dict[str, str], str]:
        shown, pick = await ran.look(), Pick.read(str(place.hash) if place is not None else "")
        return {
            name: section(shown, pick, zone) for name, section in RUN_SECTIONS.items()
        }, f"{escape(runs.title(shown))}|{int(runs.is_empty(shown))}"

    first = {"state": '<p class="soft">Reading what ran ...</p>'}
    return _page("runs.html", RUNS, tuple(RUN_SECTIONS), first, seen, RUNS_PERIOD_MS, place=place)


def _page(
    name: str,
    here: str,
    sections: tuple[str, ...],
    first: dict[str, str],
    seen: Callable[[], Any],
    period_ms: int,
    *,
    wanted: str = "",
    place: Any = None,
) -> pn.Template:
    """Make a page of sections that `seen` gives anew each period, and when something is picked at its `place`, with the tab's title."""
    css = _face("section.css")
    panes: dict[str, Any] = {
        each: _html(first.get(each, ""), stylesheets=[css], margin=0, sizing_mode="stretch_width") for each in sections
    }
    beat = _html("workbench|0", name="beat")
    parts = {"icon": "icon.html", "controls": "controls.html", "sections": name}
    text = _face("frame.html")
    for part, file in parts.items():
        text = text.replace(f"{{{{ {part} }}}}", _face(file))
    template = pn.Template(text, location=place is not None)
    for each, pane in {**panes, "beat": beat}.items():
        template.add_panel(each, pane)
    for each, value in (_variables(here, wanted) | {"has_place": place is not None}).items():
        template.add_variable(each, value)
    _keep_fresh(panes, beat, seen, period_ms, place)
    return template


def _keep_fresh(panes: dict[str, Any], beat: Any, seen: Callable[[], Any], period_ms: int, place: Any) -> None:
    """Show what is seen each period and when something is picked; say each second that the server is there."""
    n = 0

    async def refresh() -> None:
        nonlocal n
        (shown, title), n = await seen(), n + 1
        for each, html in shown.items():
            if panes[each].object != html:
                panes[each].object = html
        beat.object = f"{title}|{n}"

    async def still() -> None:
        nonlocal n
        n += 1
        beat.object = f"{str(beat.object).rpartition('|')[0]}|{n}"  # the page is silent for longer than its script believes a server

    add: Any = pn.state.add_periodic_callback  # its type knows no coroutine functions, it does
    add(refresh, period=period_ms)
    if period_ms > PERIOD_MS:
        add(still, period=PERIOD_MS)
    pn.state.onload(refresh)

    async def picked(_: Any) -> None:
        await refresh()

    if place is not None:
        place.param.watch(picked, "hash")


def _variables(here: str, wanted: str) -> dict[str, Any]:
    zone, theme = _zone(), pn.state.cookies.get("workbench_theme", "")
    return {
        "page_css": _face("page.css"),
        "page_js": _face("page.js"),
        "policy": POLICY,
        "pages": PAGES,
        "here": here,
        "zones": ZONES if zone in dict(ZONES) else ((zone, zone.rpartition("/")[2].replace("_", " ")), *ZONES),
        "zone": zone,
        "runs": [(wanted, wanted)] if wanted else [],
        "wanted": wanted,
        "html_attrs": f'data-theme="{theme}"' if theme in ("light", "dark") else "",
    }


def _zone() -> str:
    wanted = pn.state.cookies.get("workbench_zone", "")
    return wanted if wanted in available_timezones() else ZONES[0][0]


def _face(name: str) -> str:
    return (FACE / name).read_text(encoding="utf-8")


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


def make_server(
    folders: tuple[Path, ...], settings: Settings, port: int, token: str | None = None, *, places: Sequence[Path] = ()
) -> tuple[Any, Door]:
    """Make the server, bound but not started; `places` is where pages lie that could be on the schedule.

    Raises
    ------
    ConfigError
        The port is taken.
    """
    door = Door(port, token)
    watches, ran = Watches(folders, settings), Runs(folders, places)
    recordings = Shared(Gathering(folders).look, DATA_PERIOD_MS)
    looks = Shared(ran.look, RUNS_PERIOD_MS)
    pages: Any = {"/": lambda: page(watches), "/data": lambda: data_page(recordings), RUNS: lambda: runs_page(looks)}
    reports: Any = [(PATH, Report, {"data": lambda: ran.data})]
    try:
        server = get_server(pages, port, HOST, list(door.hosts), title="workbench", show=False, start=False, extra_patterns=reports)
    except OSError as error:
        raise ConfigError(f"port {port} of {HOST} cannot be had ({error.strerror}): name another one (--port)") from None
    door.guard(server._tornado)
    server.io_loop.add_callback(watches.of("").picture, ZONES[0][0])  # the first look takes longest: begin before anybody asks
    return server, door


def serve(
    folders: tuple[Path, ...],
    settings: Settings,
    port: int,
    *,
    at_start: Callable[[str], None],
    open_browser: bool,
    places: Sequence[Path] = (),
) -> None:
    """Serve until interrupted; `at_start` hears the address."""
    for name in ("asyncio", "panel.io.document", "tornado.application"):
        logging.getLogger(name).addFilter(_PageGone())
    server, door = make_server(folders, settings, port, places=places)
    server.start()
    at_start(door.address)
    if open_browser:
        import webbrowser

        webbrowser.open(door.address)
    server.io_loop.start()
