"""Layered settings and the roots they name: what a run is told before it starts. Reads files once; decides nothing."""

from workbench.config.layers import Sourced, load_roots, load_settings, settings_with_origins
from workbench.config.models import ClockSettings, EngineSettings, IbSettings, LearningSettings, Mode, Settings, SimulationSettings
from workbench.config.roots import Root

__all__ = [
    "ClockSettings",
    "EngineSettings",
    "IbSettings",
    "LearningSettings",
    "Mode",
    "Root",
    "Settings",
    "SimulationSettings",
    "Sourced",
    "load_roots",
    "load_settings",
    "settings_with_origins",
]
