"""A contract for import-linter: what must not be imported, by whom; a package that is not there yet binds nobody. No test of its own.

The shipped kind refuses a contract that names an absent package, so a rule could be written down only after the code it is meant for.
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain.contract import ContractCheck


class ForbiddenWherePresent(ForbiddenContract):
    """`forbidden`, for those of its modules of ours that exist. `test_house` checks that the others are at least floors of the house."""

    type_name = "forbidden_where_present"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Leave out what is absent, then check as ever."""
        for option in ("source_modules", "forbidden_modules"):
            named = getattr(self, option)
            setattr(self, option, {each for each in named if not _is_absent(each.expression, graph)})
        return super().check(graph, verbose)


def _is_absent(module: str, graph: ImportGraph) -> bool:
    return module.startswith("workbench.") and module not in graph.modules
