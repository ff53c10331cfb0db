"""The engine: records and events in, commands out, facts beside. One log gives one answer, bit for bit."""

from workbench.engine.engine import Engine
from workbench.engine.setup import Setup

__all__ = ["Engine", "Setup"]
