"""Whether a notebook, run again, shows what it showed: numbers within what it declares, tables by value, figures by their data.

What a notebook declares stands in its metadata, and in that of a cell where that cell is different:

    {"workbench": {"tolerance": {"rtol": 1e-9, "atol": 0.0, "ignore": ["took .* s"]}}}

Nothing declared is nothing allowed: then every number must be the same.
"""

from workbench.pipelines.comparing.notebooks import Difference, compare, compare_outputs, let_differ, uncompared
from workbench.pipelines.comparing.tolerance import EXACT, Tolerance, tolerance_of

__all__ = ["EXACT", "Difference", "Tolerance", "compare", "compare_outputs", "let_differ", "tolerance_of", "uncompared"]
