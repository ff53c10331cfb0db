"""nbval with a declared tolerance: a plugin, ``pytest --nbval -p tests.notebooks.tolerant``. Tests nothing itself.

A notebook, or a cell, that declares a tolerance (`workbench.pipelines.comparing`) is held against it; one that declares none is compared by
nbval, word for word.
"""

from __future__ import annotations

from typing import Any

from nbval.plugin import IPyNbCell

from workbench.pipelines.comparing import EXACT, compare_outputs, tolerance_of

_strict = IPyNbCell.compare_outputs


def _compared(self: Any, test: Any, ref: Any, skip_compare: Any = None) -> bool:
    tolerance = tolerance_of(self.cell.metadata, tolerance_of(self.parent.nb.metadata))
    if tolerance is EXACT:
        return bool(_strict(self, test, ref, skip_compare))
    found = compare_outputs(ref, test, tolerance)
    self.comparison_traceback = [f"{where}: {text}" for where, text in found]
    return not found


def pytest_configure() -> None:
    IPyNbCell.compare_outputs = _compared
