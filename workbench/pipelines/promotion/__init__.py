"""From a notebook to what runs: gates in their order, evidence for each, and a record that hangs on a digest. Nothing is scheduled here.

`promoted` says whether what lies in a folder is what was promoted; whoever runs anything by itself asks it first.
"""

from workbench.pipelines.promotion.keeping import pages_of, promoted, recorded
from workbench.pipelines.promotion.record import Passed, Promoted

__all__ = ["Passed", "Promoted", "pages_of", "promoted", "recorded"]
