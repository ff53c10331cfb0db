"""What a page must be before it may run: its cells, its parameters, its settings, and what has no place in it. Starts no kernel."""

from workbench.pipelines.contract.cells import MOST_FIGURES, ONCE, TAGS, Cell, Finding, cell_of, complaints, form
from workbench.pipelines.contract.findings import findings, order
from workbench.pipelines.contract.flow import flow
from workbench.pipelines.contract.notebook import load
from workbench.pipelines.contract.parameters import KINDS, Parameter, Value, bind, parameters_of
from workbench.pipelines.contract.pipeline import Checked, Pipeline, admit, check, find, listed, read
from workbench.pipelines.contract.secrets import Secret, looks_secret, referred, secret, variable
from workbench.pipelines.contract.settings import TABLES, Budget, PipelineSettings, Reads, Schedule, Writes, read_settings

__all__ = [
    "KINDS",
    "MOST_FIGURES",
    "ONCE",
    "TABLES",
    "TAGS",
    "Budget",
    "Cell",
    "Checked",
    "Finding",
    "Parameter",
    "Pipeline",
    "PipelineSettings",
    "Reads",
    "Schedule",
    "Secret",
    "Value",
    "Writes",
    "admit",
    "bind",
    "cell_of",
    "check",
    "complaints",
    "find",
    "findings",
    "flow",
    "form",
    "listed",
    "load",
    "looks_secret",
    "order",
    "parameters_of",
    "read",
    "read_settings",
    "referred",
    "secret",
    "variable",
]
