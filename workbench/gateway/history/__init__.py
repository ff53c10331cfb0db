"""The past at the simulated broker: bars, ticks, first times, schedules. What happens now is the business of `streams`."""

from workbench.gateway.history.service import services

__all__ = ["services"]
