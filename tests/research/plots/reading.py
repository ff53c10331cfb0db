"""What is drawn, read back from a plot: elements, figures, words. No test of its own."""

from __future__ import annotations

from typing import Any

import holoviews as hv
from bokeh.models import Axis, GridPlot
from bokeh.models.annotations import Title
from bokeh.models.plots import Plot


def overlays(plot: Any) -> list[Any]:
    """Every panel, changing ones as they are now."""
    panels = list(plot) if isinstance(plot, hv.Layout) else [plot]
    return [panel[()] if isinstance(panel, hv.DynamicMap) else panel for panel in panels]


def elements(plot: Any, kind: type, label: str | None = None) -> list[Any]:
    found = [each for panel in overlays(plot) for each in panel.traverse(lambda e: e, [kind])]
    return found if label is None else [each for each in found if each.label == label]


def column(element: Any, name: str) -> list[Any]:
    return element.dimension_values(name, flat=True).tolist()


def figures(plot: Any) -> list[Plot]:
    """Figures, from the top down."""
    root = hv.render(plot)
    return [child for child, _, _ in root.children] if isinstance(root, GridPlot) else [root]


def title(shown: list[Plot]) -> str:
    return next(each.title.text for each in shown if each.title.text)


def subtitle(shown: list[Plot]) -> str:
    return next(each.text for figure in shown for each in figure.above if isinstance(each, Title))


def axis_labels(shown: list[Plot]) -> list[str]:
    return [axis.axis_label or "" for figure in shown for axis in figure.select({"type": Axis})]
