"""What can be wrong on the wire. Two errors, both of the other side's making.

::

    VenueError
    +-- WireError      a message that says something the protocol does not: which message, which field, what was there
        +-- FrameError the stream of frames itself cannot be read on: the connection is of no more use
"""

from __future__ import annotations

from workbench.domain.errors import VenueError


class WireError(VenueError):
    """A message cannot be read or written. The text names message and field; nothing of the message was taken."""


class FrameError(WireError):
    """The frames of a stream cannot be told apart any longer (a length over the limit, a greeting that is none)."""
