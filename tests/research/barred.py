"""Sessions of imported minute bars, traded by a rule of a workspace's own: what somebody has who brings a CSV file and an idea."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Final

from tests.runtime.folders import HEAD, import_bars
from workbench.config import Settings, load_settings
from workbench.runtime import play
from workbench.runtime.logged import open_log

SESSIONS: Final = (20260126, 20260127)
RULE: Final = '''"""Buy above the middle, sell below it. For tests."""

from typing import NamedTuple

from workbench.domain.decisions import ExitWish
from workbench.domain.units import MINUTE
from workbench.strategies.base import at_market


class Every(NamedTuple):
    """Always wishes, and stays seven minutes, or until what it bought is oversold."""

    name: str = "every"
    needs: tuple[str, ...] = ("rsi_14_1m", "atr_14_1m")

    def propose(self, view):
        rsi, reach = view["rsi_14_1m"], view["atr_14_1m"]
        if rsi is None or not reach:
            return None
        return at_market(view, 1 if rsi > 50 else -1, stop_pts=2 * reach, target_pts=2 * reach, hold_ns=7 * MINUTE)

    def manage(self, view, position):
        rsi = view["rsi_14_1m"]
        return ExitWish("oversold") if rsi is not None and position.side > 0 and rsi < 40 else None
'''


def minutes(date: str, *, n: int = 150, seed: int = 1) -> str:
    """Write minutes of a market that wanders, from 9:30 New York; the header is not among them."""
    drawn, px, rows = random.Random(seed), 27_600, []
    for minute in range(9 * 60 + 30, 9 * 60 + 30 + n):
        open_, px = px, px + drawn.randint(-9, 9)
        high, low = max(open_, px) + drawn.randint(0, 4), min(open_, px) - drawn.randint(0, 4)
        prices = ",".join(f"{each / 4:.2f}" for each in (open_, high, low, px))
        rows.append(f"{date} {minute // 60:02}:{minute % 60:02},{prices},{drawn.randint(100, 400)}\n")
    return "".join(rows)


def workspace(folder: Path) -> Settings:
    """Make a workspace with `RULE` in it."""
    (folder / "strategies").mkdir(parents=True)
    (folder / "workbench.toml").write_text("")
    (folder / "strategies" / "every.py").write_text(RULE)
    return load_settings(folder=folder, environment={})


def traded(folder: Path) -> Settings:
    """Import two sessions of minutes of ES into ``folder/data`` and trade each with `RULE`."""
    settings, data = workspace(folder / "mine"), folder / "data"
    import_bars(data, folder, "ESH6", rows=f"{HEAD}\n{minutes('2026-01-26')}{minutes('2026-01-27', seed=2)}")
    for session in SESSIONS:
        logged = open_log(data, session)
        asyncio.run(play.trade_anew(settings, logged, play.setup_of(settings, logged, "demo", [("every", "")])))
    return settings
