"""A run over the wire beside the demo: the simulated gateway and the live edge as processes, and what came of them."""

from workbench.runtime.rehearsal.ending import ended_by_sigterm, told_until_heard
from workbench.runtime.rehearsal.outcome import Wired
from workbench.runtime.rehearsal.wired import Rehearsal

__all__ = ["Rehearsal", "Wired", "ended_by_sigterm", "told_until_heard"]
