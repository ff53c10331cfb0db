"""What goes wrong, when somebody wants it to: scenarios of rules, by hand in TOML, by name from `scenarios/`, or made in code.

The services of the gateway know nothing of faults. Rules stand between the clients' requests and them, between their answers and the
clients, and above the sockets.
"""

from workbench.gateway.faults.actions import Action
from workbench.gateway.faults.injector import Injector
from workbench.gateway.faults.scenario import Rule, Scenario, When, load_scenario, shipped

__all__ = ["Action", "Injector", "Rule", "Scenario", "When", "load_scenario", "shipped"]
