"""What a person asks of logs: frames, summaries, evaluations, plots. Reads stores; no order leaves from here.

>>> from workbench.research import open_session
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from workbench.research.again import keep_frames, simulate_session
    from workbench.research.frames.back import records_of
    from workbench.research.frames.opening import open_session
    from workbench.research.frames.recorder import latest_snapshots
    from workbench.research.frames.session import Session
    from workbench.research.frames.watching import watch
    from workbench.research.leadlag.analysis import what_leads
    from workbench.research.past import history
    from workbench.research.stitching import continuous

__all__ = [
    "Session",
    "continuous",
    "history",
    "keep_frames",
    "latest_snapshots",
    "open_session",
    "records_of",
    "simulate_session",
    "watch",
    "what_leads",
]

_WHERE: Final = {
    "Session": "frames.session",
    "continuous": "stitching",
    "history": "past",
    "keep_frames": "again",
    "latest_snapshots": "frames.recorder",
    "open_session": "frames.opening",
    "records_of": "frames.back",
    "simulate_session": "again",
    "watch": "frames.watching",
    "what_leads": "leadlag.analysis",
}


def __getattr__(name: str) -> Any:
    """Import frames when one is asked for: the command line summarises sessions without them, and starts half a second sooner."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
