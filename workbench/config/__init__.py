"""Layered settings and the roots they name: what a run is told before it starts. Reads files once; decides nothing."""

from workbench.config.layers import OVER_THE_WIRE, Sourced, load_roots, load_settings, settings_with_origins
from workbench.config.models import (
    ClockSettings,
    EngineSettings,
    IbSettings,
    LearningSettings,
    Mode,
    RecordingsSettings,
    RetentionSettings,
    Settings,
    SimulationSettings,
)
from workbench.config.place import WORKSPACE_FILE, workspace_of
from workbench.config.roots import Root

__all__ = [
    "OVER_THE_WIRE",
    "WORKSPACE_FILE",
    "ClockSettings",
    "EngineSettings",
    "IbSettings",
    "LearningSettings",
    "Mode",
    "RecordingsSettings",
    "RetentionSettings",
    "Root",
    "Settings",
    "SimulationSettings",
    "Sourced",
    "load_roots",
    "load_settings",
    "settings_with_origins",
    "workspace_of",
]
