"""What a person asks of logs: frames, summaries, evaluations, plots. Reads stores; no order leaves from here.

>>> from workbench.research import open_session
"""

from __future__ import annotations

from workbench.research.frames.session import Session, open_session

__all__ = ["Session", "open_session"]
