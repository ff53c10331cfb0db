"""The live edge of the runtime: record, observe, paper, live; one process over one venue. Imports no broker's library, no calendar."""

from workbench.runtime.live.begin import Plan
from workbench.runtime.live.doors import Armed, Door, must_be_allowed, token
from workbench.runtime.live.history import HistorySource, Needs, WarmUp
from workbench.runtime.live.hours import Calendars, Hours
from workbench.runtime.live.line import Edge, Line
from workbench.runtime.live.recalling import Recalled
from workbench.runtime.live.runner import Ended, Runner
from workbench.runtime.live.stages import News, Stage

__all__ = [
    "Armed",
    "Calendars",
    "Door",
    "Edge",
    "Ended",
    "HistorySource",
    "Hours",
    "Line",
    "Needs",
    "News",
    "Plan",
    "Recalled",
    "Runner",
    "Stage",
    "WarmUp",
    "must_be_allowed",
    "token",
]
