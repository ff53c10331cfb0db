"""A headless Chromium for tests of pages, driven over its own debugging protocol (CDP). Where there is none, the calling test is skipped.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
PATIENCE_S = 60.0  # how long anything may take before the test says what did not come

# elements lie in shadow roots, several deep
FIND_ALL = """(selector) => {
  const found = [], look = (root) => {
    found.push(...root.querySelectorAll(selector));
    for (const each of root.querySelectorAll("*")) if (each.shadowRoot) look(each.shadowRoot);
  };
  look(document);
  return found;
}"""


def chromium() -> str:
    """Give the browser's path, or skip the calling test."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser here: install chromium (looked for {', '.join(NAMES)})")
    return found


class Tab:
    """One page in the browser."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=PATIENCE_S, max_size=None)
        self._n = 0
        self.requests: list[str] = []  # addresses of all that was asked for
        self.troubles: list[str] = []  # what the page complained about
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; what happens meanwhile is noted."""
        self._n += 1
        self._socket.send(json.dumps({"id": self._n, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == self._n:
                if "error" in said:
                    raise AssertionError(f"{method}: {said['error']}")
                return dict(said["result"])
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        params = said.get("params", {})
        match said.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.troubles.append(details.get("exception", {}).get("description", details["text"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.troubles.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def look(self, width: int, height: int = 900, *, is_phone: bool = False, is_dark: bool = False, scale: float = 1) -> None:
        """Give the page a size, and the person's wish for light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        wish = [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=wish)

    def go(self, address: str) -> None:
        """Open an address."""
        self.call("Page.navigate", url=address)

    def reload(self, by: str = "location.reload()") -> None:
        """Reload the page, by what a person does, and wait for the new one."""
        self.ask(f"(() => {{ window.isOld = true; {by}; }})()")
        self.wait("!window.isOld && document.body && document.readyState === 'complete'", "the page is loaded again")

    def ask(self, expression: str) -> Any:
        """Evaluate JavaScript; give its value."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def _peek(self, expression: str) -> Any:
        """Ask a page that may be between two documents."""
        try:
            return self.ask(expression)
        except AssertionError:
            return None

    def texts(self, selector: str) -> list[str]:
        """Give the texts of all elements that match, in shadow roots too."""
        found: list[str] = self.ask(f"({FIND_ALL})({json.dumps(selector)}).map((each) => each.innerText)")
        return found

    def text(self, selector: str) -> str:
        """Give the text of the first, empty if there is none."""
        return next(iter(self.texts(selector)), "")

    def wait(self, expression: str, what: str = "") -> Any:
        """Wait until an expression is true, and give its value."""
        until = time.monotonic() + PATIENCE_S
        while True:
            if found := self._peek(expression):
                return found
            if time.monotonic() > until:
                raise AssertionError(f"not within {PATIENCE_S:g} s: {what or expression}; troubles: {self.troubles[:3]}")
            time.sleep(0.1)  # a page says of itself that it changed to nobody outside: it is looked at

    def wait_for(self, selector: str, pattern: str = "") -> str:
        """Wait until an element is there whose text matches; give that text."""
        texts = f"({FIND_ALL})({json.dumps(selector)}).map((each) => each.innerText)"
        test = f"{texts}.find((text) => new RegExp({json.dumps(pattern)}).test(text)) ?? null"
        until = time.monotonic() + PATIENCE_S
        while (found := self._peek(test)) is None:
            if time.monotonic() > until:
                there = self.texts(selector)[:3]
                raise AssertionError(f"no {selector} with {pattern!r} within {PATIENCE_S:g} s: {there} {self.troubles[:3]}")
            time.sleep(0.1)  # a page says of itself that it changed to nobody outside: it is looked at
        return str(found)

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Write a screenshot, of the whole page or of what is seen."""
        made = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(made["data"]))

    def close(self) -> None:
        self._socket.close()


class Browser:
    """The browser process."""

    def __init__(self, profile: Path) -> None:
        command = [chromium(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"DevTools listening on (ws://(\S+?)/\S+)", line):
                self._host = found.group(2)
                break
        else:
            raise AssertionError("the browser ended before it listened")
        self._control = Tab.__new__(Tab)
        self._control._socket = websocket.create_connection(found.group(1), timeout=PATIENCE_S)
        self._control._n, self._control.requests, self._control.troubles = 0, [], []

    def tab(self) -> Tab:
        """Open a tab with nothing in it, that shares cookies with no other."""
        context = self._control.call("Target.createBrowserContext")["browserContextId"]
        target = self._control.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        return Tab(f"ws://{self._host}/devtools/page/{target}")

    def frame(self, part: str) -> Tab:
        """Give the frame whose address has this part, once it is there: a sandboxed one is a process of its own."""
        until = time.monotonic() + PATIENCE_S
        while True:
            every = self._control.call("Target.getTargets")["targetInfos"]
            if found := [each["targetId"] for each in every if each["type"] == "iframe" and part in each["url"]]:
                return Tab(f"ws://{self._host}/devtools/page/{found[-1]}")
            if time.monotonic() > until:
                raise AssertionError(f"no frame of {part} within {PATIENCE_S:g} s: {[each['url'] for each in every]}")
            time.sleep(0.1)  # a browser says of itself that a frame is there to nobody who did not ask

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._control.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, Browser(Path(profile)) as browser:
        yield browser
