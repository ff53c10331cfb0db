"""Every error the workbench raises, drawn as a tree. A refusal is not here: it is a value with a reason (`decisions.Refused`).

::

    WorkbenchError           what happened, to what, and what to do
    +-- ConfigError          a setting, a file of settings or a command line that cannot be meant
    +-- DataError            data from outside that cannot be read, or not as declared
    |   +-- StoreError       a store of ours that is missing, damaged or of another version
    +-- VenueError           the other side of a socket misbehaved
    +-- InvariantError       what must always hold does not: entries halt, stops stay, the process ends
"""

from __future__ import annotations


class WorkbenchError(Exception):
    """Base of all errors of the workbench; its text is meant for the person at the screen."""


class ConfigError(WorkbenchError):
    """A setting or an argument that cannot be meant. The text names it, says why, and what is allowed."""


class DataError(WorkbenchError):
    """Outside data that cannot be read as declared. The text names file, line and remedy; nothing was written."""


class StoreError(DataError):
    """One of our own files is missing, damaged, or of a version this code does not know."""


class VenueError(WorkbenchError):
    """A venue answered what its protocol does not allow, or not at all."""


class InvariantError(WorkbenchError):
    """Something that must always hold does not. Never caught inside the core."""
