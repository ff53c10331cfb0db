"""How a notebook gets what draws plots: from the installed packages, so that no page of ours asks the outside for anything.

HoloViews would load BokehJS and four style sheets of Panel from their makers' servers. The scripts are put into the notebook instead;
the style sheets are left out: they dress widgets, and a plot has none. A page that was loaded anew has lost the scripts while the kernel
has not lost its imports: the next plot brings them again.
"""

from __future__ import annotations

import sys
from typing import Any

import holoviews as hv
from bokeh.models import ImportedStyleSheet
from bokeh.models.ui import UIElement
from holoviews.plotting.bokeh.renderer import BokehRenderer

_pages: set[str] = set()  # those that were given the scripts


class OfflineRenderer(BokehRenderer):  # type: ignore[misc]
    """HoloViews' own renderer for Bokeh, less what it would load from elsewhere."""

    def _render_panel(self, plot: Any, embed: bool = False, comm: bool = True) -> Any:
        if _page() not in _pages:
            load()
        if _keep_inside not in plot.layout._hooks:
            plot.layout._hooks.append(_keep_inside)
        return super()._render_panel(plot, embed, comm)


def load() -> None:
    """Make HoloViews draw with Bokeh and, in a notebook, give the page its scripts (3 MB)."""
    hv.extension("bokeh", logo=False, inline=True)
    if not isinstance(hv.Store.renderers["bokeh"], OfflineRenderer):
        hv.Store.renderers["bokeh"] = OfflineRenderer.instance()
    _pages.add(_page())


def _page() -> str:
    """Name the page a cell was run from: a page that is loaded anew speaks to its kernel in a new session. Empty outside notebooks."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel = getattr(shell, "kernel", None)
    return "" if kernel is None else str(kernel.get_parent().get("header", {}).get("session", ""))


def _keep_inside(_viewable: Any, root: Any) -> None:
    for model in root.select({"type": UIElement}):
        model.stylesheets = [sheet for sheet in model.stylesheets if not isinstance(sheet, ImportedStyleSheet)]
