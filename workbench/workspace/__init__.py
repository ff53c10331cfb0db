"""A place of one's own: a folder with settings, law, features, strategies and models that belong to a user and survive upgrades.

`things_of` finds what there is, `check` holds a thing against the rules of its kind, `make_workspace` and `make_thing` write files to
begin with. Nothing here runs a market.
"""

from workbench.workspace.checking import Finding, Report, check, check_all
from workbench.workspace.loading import things_of
from workbench.workspace.things import Kind, Problem, Thing, Things
from workbench.workspace.writing import make_thing, make_workspace

__all__ = ["Finding", "Kind", "Problem", "Report", "Thing", "Things", "check", "check_all", "make_thing", "make_workspace", "things_of"]
