"""What answers do not say of an order and rules ask for: its orderRef and its leg, remembered from when it was placed. Bounded."""

from __future__ import annotations

from typing import Any, Final

from workbench.gateway.base import Client
from workbench.gateway.faults.kinds import id_of, value_in
from workbench.wire import CommissionReport, ExecutionData, Message, OpenOrder, PlaceOrder

MOST: Final = 100_000  # orders and executions remembered; beyond, the oldest are forgotten
LEGS: Final = "ESTX"


class Refs:
    """orderRef by (client id, order id) and by execution."""

    def __init__(self) -> None:
        self._of_order: dict[tuple[int, int], str] = {}
        self._of_execution: dict[str, str] = {}

    def learn(self, client: Client, message: Message) -> None:
        """Remember what a message says about an order."""
        if isinstance(message, (PlaceOrder, OpenOrder)) and message.order.order_ref:
            owner = client.id if isinstance(message, PlaceOrder) else message.order.client_id
            _put(self._of_order, (owner, id_of(message) or 0), message.order.order_ref)
        elif isinstance(message, ExecutionData) and message.execution.order_ref:
            _put(self._of_execution, message.execution.exec_id, message.execution.order_ref)

    def ref(self, client: Client, message: Message) -> str | None:
        """Find the orderRef of whatever order a message is about."""
        if said := value_in(message, "order_ref"):
            return str(said)
        if isinstance(message, CommissionReport):
            return self._of_execution.get(message.exec_id)
        owner = getattr(message, "client_id", client.id)
        return self._of_order.get((owner, id_of(message) or 0))

    def value(self, client: Client, message: Message, name: str) -> Any:
        """Give what a rule asks for: a field, ``order_ref``, or ``leg``, the last part of a reference ``...:S``."""
        if name not in ("order_ref", "leg"):
            return value_in(message, name)
        ref = self.ref(client, message)
        if name == "order_ref" or ref is None:
            return ref
        leg = ref.rpartition(":")[2]
        return leg if leg in LEGS else None

    def left(self, client: Client) -> None:
        """Orders outlive their client's socket: nothing is forgotten."""


def _put(there: dict[Any, str], key: Any, ref: str) -> None:
    if key not in there and len(there) >= MOST:
        del there[next(iter(there))]
    there[key] = ref
