"""What a page must be before it may run: its cells, its parameters, its settings, and what has no place in it. Starts no kernel."""

from workbench.pipelines.contract.cells import MOST_FIGURES, ONCE, TAGS, Cell, complaints
from workbench.pipelines.contract.parameters import KINDS, Parameter, Value, bind
from workbench.pipelines.contract.pipeline import Pipeline, find, listed, read
from workbench.pipelines.contract.settings import TABLES, Budget, PipelineSettings, Reads, Schedule, Writes, read_settings

__all__ = [
    "KINDS",
    "MOST_FIGURES",
    "ONCE",
    "TABLES",
    "TAGS",
    "Budget",
    "Cell",
    "Parameter",
    "Pipeline",
    "PipelineSettings",
    "Reads",
    "Schedule",
    "Value",
    "Writes",
    "bind",
    "complaints",
    "find",
    "listed",
    "read",
    "read_settings",
]
