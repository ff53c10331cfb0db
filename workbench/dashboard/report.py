"""The page that a run left, served to be read in a frame. It may hold any HTML: nothing of it runs, loads, or reaches the page around it.

Rules
-----
1. Only ``page.html`` in the folder of a run is served, found by the run's key; a key with a path in it, a link, or whatever else lies
   there, is not found.
2. The answer itself forbids scripts, forms, frames, and every address (``Content-Security-Policy: sandbox``), also in a tab of its own:
   the document has an origin that nobody else has, and no cookie of ours. Nothing is sent anywhere; only for a frame within it a browser
   may open a connection over which nothing is said (Chromium does, before it asks the policy).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from workbench.dashboard.door import Plain
from workbench.dashboard.ran import HAND
from workbench.store.folders import Folders

PATH: Final = "/report"
PAGE: Final = "page.html"
KEY: Final = re.compile(r"(?P<hand>hand:)?(?P<page>[A-Za-z0-9_][\w.-]*)/(?P<run>\w[\w.+-]*)")
MOST_BYTES: Final = 64_000_000  # a browser shows no more with pleasure
POLICY: Final = ("sandbox", "default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", "font-src data:", "frame-ancestors 'self'")
GONE: Final = "<!doctype html><meta charset=utf-8><title>no page</title><p>There is no page of this run."
LARGE: Final = "<!doctype html><meta charset=utf-8><title>too large</title><p>This page has more than 64 MB: open the file itself."


def address(key: str) -> str:
    """Give where the page of a run is served.

    >>> address("daily_report/20261120-close+30m-0f3a")
    '/report?run=daily_report%2F20261120-close%2B30m-0f3a'
    """
    return f"{PATH}?{urlencode({'run': key})}"


def page_of(data: Path, key: str) -> Path | None:
    """Find the page that a run left, `None` if there is none, or the key could mean anything else.

    >>> page_of(Path("data"), "../../etc/passwd") is None
    True
    """
    found = KEY.fullmatch(key)
    if found is None:
        return None
    above = data / "pages" if found["hand"] == HAND else Folders(data).schedule / "runs"
    path = above.resolve() / found["page"] / found["run"] / PAGE
    return path if path.is_file() and path.resolve() == path else None


class Report(Plain):
    """Serves the page of one run; ``data`` gives the folder that is looked at now."""

    headers = Plain.headers | {
        "Content-Security-Policy": "; ".join(POLICY),
        "Content-Type": "text/html; charset=utf-8",
        "X-Frame-Options": "SAMEORIGIN",  # it is the page of runs that shows it
    }

    def initialize(self, data: Callable[[], Path]) -> None:
        self._data = data

    async def get(self) -> None:
        """Answer with the page, or say that there is none."""
        path = page_of(self._data(), self.get_query_argument("run", "", strip=False))
        if path is None:
            self.set_status(404)
            self.write(GONE)
        elif path.stat().st_size > MOST_BYTES:
            self.set_status(413)
            self.write(LARGE)
        else:
            self.write(await asyncio.to_thread(path.read_bytes))
