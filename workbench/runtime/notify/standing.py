"""What of a run must be remembered to judge its next entry: which brackets hold something, which streams are lost. Pure; kept by `follow`.

A stop that is refused with its entry leaves nothing open; one that is refused while something is held does. Three streams of a contract
that are lost together are one gap, and it ends with the last of them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from workbench.domain.decisions import AnyFact, BracketMoved
from workbench.domain.events import AnyEvent, StreamChanged

HOLDS: Final = frozenset({"exposed", "protected", "closing"})
LOST: Final = frozenset({"silent", "lost", "refused"})


class Standing(msgspec.Struct):
    """Of one run.

    Examples
    --------
    >>> standing = Standing()
    >>> [standing.gap(StreamChanged(1, stream, state, "")) for stream, state in
    ...  (("depth", "lost"), ("l1", "lost"), ("depth", "live"), ("l1", "live"), ("l1", "live"))]
    [True, None, None, False, None]
    """

    held: list[int] = []
    lost: dict[int, list[str]] = {}

    def take(self, content: AnyFact | AnyEvent) -> None:
        """Follow brackets."""
        if isinstance(content, BracketMoved):
            if content.new in HOLDS and content.ref not in self.held:
                self.held.append(content.ref)
            elif content.new not in HOLDS and content.ref in self.held:
                self.held.remove(content.ref)

    def gap(self, event: StreamChanged) -> bool | None:
        """Say whether a gap in the recording of its contract begins (True) or ends (False) with this; `None`: neither."""
        lost = self.lost.setdefault(event.contract, [])
        was = bool(lost)
        if event.state in LOST and event.stream not in lost:
            lost.append(event.stream)
        elif event.state not in LOST and event.stream in lost:
            lost.remove(event.stream)
        return None if was is bool(lost) else bool(lost)
