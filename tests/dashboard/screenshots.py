"""The pictures of the page in docs/images, made anew by ``make screenshots``: a demo day trades, and a browser looks at it. No test.

The demo is the same at each start, so the pictures are too, up to the second in which they are taken.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.dashboard.browser import Browser, opened
from tests.dashboard.serving import ROOT, serving

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 300_000
FROM = "10:20"  # of the demo day, New York: regular hours, every model warm
PACE = "20"


class Shot(NamedTuple):
    """One picture."""

    name: str
    width: int
    height: int
    is_dark: bool = False
    is_phone: bool = False
    scale: float = 1.0


SHOTS = (
    Shot("dashboard-light", 1_440, 1_029),
    Shot("dashboard-dark", 1_440, 1_029, is_dark=True),
    Shot("dashboard-phone", 390, 1_000, is_phone=True, scale=2.0),
)


def main() -> None:
    """Trade, look, write."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        words = [sys.executable, "-m", "workbench", "demo", "--data", str(data), "--no-wire", "--pace", PACE, "--from", FROM]
        with subprocess.Popen(words, cwd=folder, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL) as trading:
            try:
                with opened() as browser, serving(data, Path(folder)) as server:
                    for shot in SHOTS:
                        take(browser, server.address, shot)
            finally:
                trading.terminate()


def take(browser: Browser, address: str, shot: Shot) -> None:
    """Wait until the day is where it is to be seen, and write one picture."""
    tab = browser.tab()
    tab.look(shot.width, shot.height, is_dark=shot.is_dark, is_phone=shot.is_phone, scale=shot.scale)
    tab.go(address)
    hour, minute = FROM.split(":")
    tab.wait_for(".now", rf"^{hour}:(?!{minute})")
    tab.wait_for(".signs", rf"pace {PACE}\D")
    path = IMAGES / f"{shot.name}.png"
    tab.picture(path, whole=False)
    tab.close()
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"{path.name} is larger than {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main()
