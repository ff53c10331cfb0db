"""`save`: a plot as one file that opens anywhere, without a server and without a request. Writes that file; draws nothing of its own."""

from __future__ import annotations

import logging
from html import escape
from pathlib import Path
from typing import Any, Final

import holoviews as hv
from bokeh.embed import components
from bokeh.models import Toolbar
from bokeh.resources import Resources

from workbench.research.palette import DARK_PAGE, LIGHT_PAGE

PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=760">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ margin: 0; padding: 12px 16px; background: {light}; }}
@media (prefers-color-scheme: dark) {{ body {{ background: {dark}; }} }}
</style>
<script>{bokeh}</script>
</head>
<body>
{place}
{script}
</body>
</html>
"""


def save(plot: Any, path: Path | str, *, title: str = "") -> Path:
    """Write a plot as a web page of its own: everything inside, light or dark as its reader's machine is.

    A zoomable plot keeps what it shows now: there is no kernel behind a file.

    Parameters
    ----------
    plot
        What a function of `workbench.research.plots` gave, or any HoloViews object.
    path
        File to write; its folder must be there.
    title
        Of the browser's tab; empty: the name of the file.

    Returns
    -------
    pathlib.Path
        The file, some 1.4 MB of BokehJS and the data of the plot.
    """
    file = Path(path)
    model = hv.render(plot, backend="bokeh")
    for toolbar in model.select({"type": Toolbar}):
        toolbar.logo = None
    said = logging.getLogger("bokeh.embed.util")
    said.addFilter(_is_of_ours)
    try:
        script, place = components(model)
    finally:
        said.removeFilter(_is_of_ours)
    bokeh = "\n".join(Resources(mode="inline", components=["bokeh"]).js_raw)  # the core alone: extensions of others would ask for files
    parts = {"title": escape(title or file.stem), "bokeh": bokeh, "place": place, "script": script}
    file.write_text(PAGE.format(**parts, light=LIGHT_PAGE, dark=DARK_PAGE), encoding="utf-8")
    return file


def _is_of_ours(record: logging.LogRecord) -> bool:
    """Keep back that a zoomable plot will not be drawn anew in a file: the docstring of `save` says so."""
    return "real Python" not in record.getMessage()
