"""Why an order was sent: from the order back to the records it stands on, as a story. Reads stores; decides nothing."""

from workbench.research.why.order import Order, find_order
from workbench.research.why.story import Step, Story
from workbench.research.why.walking import why_order

__all__ = ["Order", "Step", "Story", "find_order", "why_order"]
